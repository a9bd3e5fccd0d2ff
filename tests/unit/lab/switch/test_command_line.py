"""What the command line understands, refuses and says: modes, prompts, abbreviations, the caret."""

from __future__ import annotations

import pytest

from tests.unit.lab.switch.dialogue import Console
from trunkline.lab.switch import command_line
from trunkline.orchestrator.errors import ConfigError


def caret(text: str) -> int:
    """Give the column of the caret."""
    first, second, *_ = text.split("\n")
    assert second == "% Invalid input detected at '^' marker."
    return first.index("^")


def test_login_lands_in_user_mode_and_enable_asks_for_the_secret() -> None:
    console = Console(mode="exec")
    assert console.prompt == "sw1>"
    console.type("enable")
    assert console.session.question is not None
    assert not console.session.question.echo
    console.quietly("wrong")
    assert console.prompt == "sw1>"
    console.quietly("secret")
    assert console.prompt == "sw1#"
    console.quietly("disable")
    assert console.prompt == "sw1>"


def test_three_wrong_secrets_end_the_question() -> None:
    console = Console(mode="exec")
    assert console.type("enable", "a", "b", "c") == "% Bad secrets\n"
    assert console.session.question is None


def test_user_mode_shows_little() -> None:
    console = Console(mode="exec")
    assert caret(console.type("show running-config")) == len("sw1>show ")
    assert caret(console.type("configure terminal")) == len("sw1>")
    assert "default" in console.type("show vlan brief")


def test_every_mode_has_its_prompt(console: Console, router: Console) -> None:
    prompts = []
    for line in (
        "vlan 10",
        "interface Gi1/0/1",
        "interface range Gi1/0/1 - 2",
        "line vty 0 4",
        "exit",
        "end",
    ):
        console.quietly(line)
        prompts.append(console.prompt)
    assert prompts == [
        "sw1(config-vlan)#",
        "sw1(config-if)#",
        "sw1(config-if-range)#",
        "sw1(config-line)#",
        "sw1(config)#",
        "sw1#",
    ]
    router.quietly("interface Gi0/0.10")
    assert router.prompt == "sw1(config-subif)#"


def test_a_long_hostname_is_cut_in_the_prompts_of_configuration_modes(console: Console) -> None:
    name = "access-switch-building-7"
    console.quietly(f"hostname {name}")
    assert console.prompt == f"{name[:20]}(config)#"
    console.quietly("end")
    assert console.prompt == f"{name}#"


def test_exit_leaves_one_mode_and_then_the_session(console: Console) -> None:
    console.quietly("interface Gi1/0/1", "exit")
    assert console.prompt == "sw1(config)#"
    console.quietly("exit")
    assert console.prompt == "sw1#"
    console.quietly("exit")
    assert console.session.closing


def test_global_commands_work_in_sub_modes_and_leave_them(console: Console) -> None:
    console.quietly("interface Gi1/0/1", "hostname core1")
    assert console.prompt == "core1(config)#"


def test_do_runs_privileged_commands_and_stays_where_it_was(console: Console) -> None:
    console.quietly("interface Gi1/0/1")
    assert "Current privilege level is 15" in console.type("do show privilege")
    assert console.prompt == "sw1(config-if)#"
    assert console.type("do") == "% Incomplete command.\n"


def test_words_may_be_abbreviated(console: Console) -> None:
    console.quietly("int gi1/0/1", "sw mo tr", "sw tr al vl 10")
    assert console.section("Gi1/0/1") == ["switchport trunk allowed vlan 10", "switchport mode trunk"]


@pytest.mark.parametrize("line", ["sh v", "sh ver", "show int st", "sh ip int br", "show mac add dyn"])
def test_an_abbreviation_that_fits_two_words_is_ambiguous(line: str) -> None:
    said = Console(mode="enable").type(line)
    assert (said == f'% Ambiguous command:  "{line}"') is (line == "sh v")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interface", "% Incomplete command.\n"),
        ("vlan", "% Incomplete command.\n"),
        ("interface Gi", "% Incomplete command.\n"),
    ],
)
def test_a_line_that_is_too_short_is_incomplete(console: Console, line: str, said: str) -> None:
    assert console.type(line) == said


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("nonsense", 2),  # `no` is a word, so the first character that does not fit is the third
        ("interface Gi1/0/99", 10),
        ("interface Gi1/0/1.10", 10),
        ("interface vlan 5000", 15),
        ("vtp mode strange", 10),
        ("ip routing now", 11),
    ],
)
def test_the_caret_stands_under_the_first_character_that_does_not_fit(
    console: Console, line: str, column: int
) -> None:
    assert caret(console.type(line)) == len(console.prompt) + column


def test_the_caret_counts_from_the_prompt_of_the_mode(console: Console) -> None:
    console.quietly("interface Gi1/0/1")
    line = "switchport trunk encapsulation dot1q"
    assert caret(console.type(line)) == len("sw1(config-if)#switchport trunk ")
    assert console.prompt == "sw1(config-if)#"


def test_an_interface_that_cannot_be_leaves_one_where_one_was(console: Console) -> None:
    console.quietly("interface Gi1/0/1")
    console.type("interface Gi1/0/99")
    assert console.prompt == "sw1(config-if)#"
    console.quietly("description still here")
    assert console.section("Gi1/0/1") == ["description still here"]


def test_comments_and_empty_lines_are_nothing(console: Console) -> None:
    console.quietly("", "   ", "!", "! vlan 10")
    assert 10 not in console.device.state.vlans


def test_a_question_mark_lists_what_may_follow(console: Console) -> None:
    line = command_line.CommandLine(console.session)
    assert "interface" in line.help("")
    assert line.help("vtp ") == ["domain", "mode", "version"]
    assert line.help("vtp mo") == ["mode"]
    console.quietly("interface Gi1/0/1")
    assert "access" in line.help("switchport mode ")


@pytest.mark.parametrize(
    ("pipe", "lines"),
    [
        ("include ^vlan|web", ["vlan 10", " name web"]),
        ("section ^vlan 10", ["vlan 10", " name web"]),
        ("sec vlan 1", ["vlan 10", " name web", "vlan 11"]),
        ("begin ^vlan 11", ["vlan 11"]),
        ("count vlan", ["Number of lines which match regexp = 2"]),
    ],
)
def test_output_is_filtered_behind_a_bar(console: Console, pipe: str, lines: list[str]) -> None:
    console.type("vtp mode transparent")
    console.quietly("vlan 10", "name web", "vlan 11", "exit")
    assert console.show(f"show running-config | {pipe}").splitlines()[: len(lines)] == lines


def test_a_filter_that_is_none_is_invalid(console: Console) -> None:
    assert caret(console.show("show running-config | hostname")) == len("sw1#show running-config | ")


def test_a_startup_configuration_that_is_complained_about_names_its_line(console: Console) -> None:
    with pytest.raises(ConfigError, match=r"boot.cfg line 2 \(switchport mode tunk\)"):
        command_line.load(console.device, "interface Gi1/0/1\n switchport mode tunk\n", source="boot.cfg")


@pytest.mark.parametrize("verb", ["write memory", "write", "wr mem"])
def test_writing_saves_what_runs(console: Console, verb: str) -> None:
    console.quietly("hostname core1", "end")
    assert console.device.unsaved
    assert console.type(verb) == "Building configuration...\n[OK]"
    assert not console.device.unsaved
    assert "hostname core1" in console.show("show startup-config")


def test_copy_asks_for_a_name_and_saves(console: Console) -> None:
    console.quietly("end", "copy running-config startup-config")
    assert console.session.question is not None
    assert console.session.question.text == "Destination filename [startup-config]? "
    assert console.type("") == "Building configuration...\n[OK]"
    assert console.device.saves == 1


def test_without_a_startup_configuration_it_says_so(console: Console) -> None:
    assert console.show("show startup-config") == "startup-config is not present"


def test_reload_asks_whether_to_save_first_and_no_means_no(console: Console) -> None:
    console.quietly("end", "reload")
    assert "Save? [yes/no]" in str(console.session.question)
    console.type("no")
    assert "Proceed with reload? [confirm]" in str(console.session.question)
    console.type("")
    assert console.device.wants_reload
    assert console.device.saves == 0
