"""One answer is cut out of what a device said: its echo, its prompt, and what log messages do to both."""

from __future__ import annotations

import re
import time

import pytest

from trunkline.drivers.registry import dialect, registrations
from trunkline.drivers.switch.answers import Hearing
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR

HEARING = Hearing(
    grammar=GRAMMAR, prompt=re.compile(rf"(?:^|\n){GRAMMAR.prompt.replace('{hostname}', 'sw1')}")
)
OURS = sorted(each.platform for each in registrations() if each.distribution == "trunkline")
LOG = "*Mar  1 00:00:01.000: %LINK-3-UPDOWN: Interface Gi1/0/9, changed state to up\n"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n",
        "\nsw1#",
        f"\n{LOG}",
        f"\n{LOG}{LOG}",
        f"\n{LOG}sw1#",
        "sw1(config)#",
        f"\n{LOG}\nsw1(config-if)# ",
    ],
)
@pytest.mark.parametrize(
    "shown",
    ["vlan 10", "vla\nn 10", f"vla\n{LOG}n 10", "vlan \n10", "vlan\n 10", f"vlan\n{LOG} 10", "vlan  \n 10"],
)
def test_an_echo_is_found_behind_noise_and_where_it_is_broken(before: str, shown: str) -> None:
    text = f"{before}{shown}\nsw1#"
    assert HEARING.echo_end(text, "vlan 10") == len(text) - len("\nsw1#")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vlan 1",
        "something\nvlan 10\n",
        "*Mar  1 00:00:01.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:u  logged command:vlan 10\n",
        "*Mar  1 00:00:01.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:u  logged command:vlan 10",
        "sw2#vlan 10\n",
    ],
)
def test_what_is_no_echo_is_not_taken_for_one(text: str) -> None:
    assert HEARING.echo_end(text, "vlan 10") is None


def test_an_echo_after_a_message_that_quotes_it_is_the_one_that_counts() -> None:
    quoted = "*Mar  1 00:00:01.000: %PARSER-5-CFGLOG_LOGGEDCMD: User:u  logged command:exit\n"
    assert HEARING.echo_end(f"\n{quoted}exit\nsw1#", "exit") == len(f"\n{quoted}exit")


@pytest.mark.parametrize(
    ("text", "following", "output"),
    [
        ("\nsw1#", "", ""),
        ("\na\nb\nsw1#", "", "\na\nb"),
        ("\na\nsw1# b\nsw1#", "", "\na\nsw1# b"),
        ("\na\nsw1#\nb\nsw1#", "", "\na\nsw1#\nb"),
        (f"\na\nsw1#\n{LOG}", "", "\na"),
        (f"\na\nsw1#\n{LOG}sw1#", "", "\na"),
        ("\na\nsw1#exit\nsw1#", "exit", "\na"),
        ("\na\nsw1#ex", "exit", "\na"),
        (f"\na\nsw1#\n{LOG}exit", "exit", "\na"),
        (f"\na\nsw1#ex\n{LOG}it", "exit", "\na"),
    ],
)
def test_an_answer_ends_at_the_prompt_with_nothing_else_behind_it(
    text: str, following: str, output: str
) -> None:
    found = HEARING.prompt_after(text, 0, following)
    assert found is not None
    assert text[: found[0]] == output


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("", ""),
        ("\nsw1", ""),
        ("\nsw1(config", ""),
        ("\nsw1#x", ""),
        ("\nsw1#\n*Mar  1 00:00:01.000: %LINK-3-UPDOWN: Interf", ""),
        ("\nsw1#other", "exit"),
        ("\nsw2#", ""),
    ],
)
def test_an_answer_goes_on_where_something_else_stands_behind_what_looks_like_a_prompt(
    text: str, following: str
) -> None:
    assert HEARING.prompt_after(text, 0, following) is None


def test_the_mode_after_a_prompt_that_is_shown_again_is_that_of_the_last_one() -> None:
    found = HEARING.prompt_after(f"\nsw1(config)#\n{LOG}sw1#", 0, "")
    assert found is not None
    assert GRAMMAR.mode_of(found[1]) == ""


@pytest.mark.parametrize(
    ("output", "sure", "perhaps"),
    [
        ("10   tl-web   active", False, False),
        (f"10   tl-w\n{LOG}eb   active", True, True),
        (f"10   tl-w{LOG}eb   active", False, True),
        (" description %LINK-3-UPDOWN: is what it said", False, True),
        ("000123: *Nov 26 2026 10:00:00.123 UTC: %SYS-5-CONFIG_I: Configured\n", True, True),
        ("00:00:45: %SYS-5-RESTART: System restarted\n", True, True),
        ("3w4d: %SYS-SW1-5-RESTART: System restarted\n", True, True),
    ],
)
def test_it_is_known_where_a_message_broke_in(output: str, *, sure: bool, perhaps: bool) -> None:
    assert HEARING.is_interrupted(output) is sure
    assert HEARING.may_be_interrupted(output) is perhaps


def test_what_all_ports_show_is_looked_through_quickly_and_a_message_in_it_is_found() -> None:
    port = "Name: Gi1/0/1\nSwitchport: Enabled\nAdministrative Mode: trunk\nTrunking VLANs Enabled: 10,100\n"
    table = port * 3000
    began = time.process_time()
    assert not HEARING.may_be_interrupted(table)
    assert time.process_time() - began < 0.015
    assert HEARING.may_be_interrupted(f"{table}Administrative {LOG}Mode: trunk\n{table}")


@pytest.mark.parametrize(
    "reply", [f"Command re\n{LOG}jected: no", f"{LOG}Command rejected: no", f"Command re{LOG}jected: no"]
)
def test_a_refusal_is_one_also_where_a_message_broke_into_it(reply: str) -> None:
    assert HEARING.is_refusal(reply)


def test_a_message_that_quotes_a_refusal_is_none() -> None:
    assert not HEARING.is_refusal(
        "%SYS-3-CPUHOG: % Invalid input detected at '^' marker. Command rejected: no"
    )


def test_more_before_an_echo_than_noise_is_out_of_step() -> None:
    assert HEARING.is_out_of_step("more of the table\nsw1#vlan 10\nsw1#", "vlan 10")
    assert not HEARING.is_out_of_step("more of the table\nsw1#vlan 10\n", "vlan 10"), (
        "its answer is not there yet"
    )
    assert not HEARING.is_out_of_step(f"\n{LOG}sw1#vlan 10\nsw1#", "vlan 10")


@pytest.mark.parametrize("filling", [" " * 18, "\n" * 10 + " " * 9, f"\n{LOG}" * 9 + " "])
def test_an_echo_that_is_almost_there_again_and_again_is_looked_for_in_no_time(filling: str) -> None:
    words = "switchport trunk allowed vlan add 10 11 12 13 14"
    text = f"\n{filling.join(words.split())[:-1]}x"
    started = time.monotonic()
    assert HEARING.echo_end(text, words) is None
    assert time.monotonic() - started < 1


HOSTILE = {
    "blank lines": "\n" * 20_000,
    "lines of blanks": " \n" * 10_000,
    "blanks": " " * 20_000,
    "tabs": "\t" * 20_000,
    "digits": "1" * 20_000,
    "a date without an end": "abc 1 " + "1" * 20_000,
    "a time without an end": "Mar  1 00:00:01" + "1:" * 10_000,
    "dates": "abc 1 " * 3_000,
    "times": "1d02h" * 4_000,
    "percent signs": "% " * 10_000,
    "half messages": "%A-" * 6_000,
    "prompts": "\nsw1#" * 4_000,
    "half prompts": "\nsw1(config" * 2_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("platform", OURS)
def test_a_device_cannot_keep_us_busy_with_what_it_says(platform: str, text: str) -> None:
    grammar = dialect(platform, allowed={platform}).grammar
    prompt = rf"(?:^|\n){grammar.prompt.replace('{hostname}', 'sw1')}"
    hearing = Hearing(grammar=grammar, prompt=re.compile(prompt))
    said = f"\n{text}\nx"
    started = time.process_time()
    hearing.is_refusal(said)
    hearing.is_interrupted(said)
    hearing.may_be_interrupted(said)
    hearing.is_noise(said)
    hearing.prompt_after(said, 0, "")
    hearing.prompt_after(said, 0, "vlan 10")
    hearing.echo_end(said, "vlan 10")
    assert time.process_time() - started < 2, "it was seconds, or minutes"


def test_a_refusal_is_heard_behind_blank_lines_and_in_a_line_that_quotes_ours() -> None:
    assert HEARING.is_refusal("\n" * 50 + "% Invalid input detected at '^' marker.")
    assert HEARING.is_refusal(f"  \n\n {'x' * 250}\n% Bad mask")
    assert not HEARING.is_refusal("\n \nEnter configuration commands, one per line.  End with CNTL/Z.")
