"""`trunkline drivers`, with the example plug-in as somebody would install it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from tests.integration.cli.site import PROGRAM, Said, Shell
from tests.plugins import EXAMPLE, install, install_example
from trunkline.drivers.command import app
from trunkline.drivers.registry import registrations
from trunkline.drivers.switch.conformance.checks import CHECKS

OURS = sorted(each.platform for each in registrations() if each.distribution == "trunkline")
BOTH = json.dumps(["cisco_ios", "acme_os"])
BROKEN = """\
from dataclasses import replace
import re
from acme_os.dialect import AcmeOs

class Broken(AcmeOs):
    platform = "broken_os"
    grammar = replace(AcmeOs.grammar, rejected=re.compile("never"))

class Crashing(AcmeOs):
    def parse(self, outputs, scope):
        return scope.no_such_thing
"""
VLANS = """\
sw1#show vlan brief

VLAN Name                             Status    Ports
---- -------------------------------- --------- -------------------------------
1    default                          active    Gi1/0/2
10   tl-web                           active    \r
*Nov 24 04:00:00.123: %LINK-3-UPDOWN: Interface Gi1/0/9, changed state to up
20   \x1b[2Jbad\u202ename\x9b               active
sw1#
"""
SVI = "interface Vlan10\n ip address 172.31.0.1 255.255.0.0\nend\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example plug-in, and with one that is broken."""
    folder = install_example(tmp_path_factory.mktemp("plugin"))
    points = "[trunkline.dialects]\nbroken_os = broken_one:Broken\ncrashing_os = broken_one:Crashing\n"
    points += "[trunkline.device_models]\nbroken_os = acme_os.device:AcmeModel\n"
    return install(folder, "broken", points, {"broken_one": BROKEN})


@pytest.fixture
def shell(site: Path, tmp_path: Path) -> Shell:
    env = {name: text for name, text in os.environ.items() if not name.startswith(("TRUNKLINE_", "COLUMNS"))}
    return Shell(tmp_path, env | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"})


def parsed(said: Said) -> dict[str, Any]:
    assert said.status == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def rows(said: Said) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in said.out.splitlines()}


def test_a_plug_in_is_listed_and_not_loaded_until_it_is_allowed(shell: Shell) -> None:
    before = shell("drivers", "list")
    refused = shell("drivers", "test", "acme_os")
    after = shell("drivers", "list", TRUNKLINE_DIALECTS=BOTH)

    assert rows(before)["acme_os"] == ["trunkline-acme-os", "1.0", "no", "not", "loaded"]
    assert rows(before)["cisco_ios"][-3:] == ["yes", "verified", "yes"]
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "trunkline: platform acme_os: is installed but not allowed; name it in TRUNKLINE_DIALECTS\n"
    )
    assert rows(after)["acme_os"] == ["trunkline-acme-os", "1.0", "yes", "blind", "no"]


def test_the_list_for_programs(shell: Shell, tmp_path: Path) -> None:
    folder = install(tmp_path / "p", "lost", "[trunkline.dialects]\nlost_os = lost_one:Lost\n", {})
    path = f"{shell.env['PYTHONPATH']}{os.pathsep}{folder}"

    said = shell("drivers", "list", "-o", "json", PYTHONPATH=path, TRUNKLINE_DIALECTS='["lost_os"]')

    found = {row["platform"]: row for row in json.loads(said.out)}
    assert said.status == 0
    assert found["acme_os"] == {
        "platform": "acme_os",
        "distribution": "trunkline-acme-os",
        "version": "1.0",
        "allowed": False,
        "blind": None,
        "discovers": None,
        "error": "",
    }
    assert "cannot be loaded: ModuleNotFoundError" in found["lost_os"]["error"]


def test_the_example_conforms_and_says_so(shell: Shell) -> None:
    said = shell("drivers", "test", "acme_os", TRUNKLINE_DIALECTS=BOTH)
    data = shell("drivers", "test", "acme_os", "-o", "json", TRUNKLINE_DIALECTS=BOTH)

    assert (said.status, said.err) == (0, "")
    assert [line.split()[:2] for line in said.out.splitlines()[1:]] == [
        ["ok", row["check"]] for row in json.loads(data.out)
    ]
    assert {row["outcome"] for row in json.loads(data.out)} == {"ok"}


def test_a_dialect_that_does_not_conform_fails_and_the_check_is_named(shell: Shell) -> None:
    said = shell("drivers", "test", "broken_os", TRUNKLINE_DIALECTS='["broken_os"]')

    assert said.status == 1
    failed = [line for line in said.out.splitlines() if line.startswith("failed")]
    assert len(failed) == 1
    assert failed[0].split()[1] == "refusals"
    assert "grammar.rejected does not know 'error: unknown command'" in failed[0]


def test_without_a_device_model_what_needs_a_device_is_skipped(shell: Shell) -> None:
    said = shell("drivers", "test", "crashing_os", TRUNKLINE_DIALECTS='["crashing_os"]')

    assert said.status == 0
    assert rows(said)["ok"] != []
    assert "skipped  round-trip" in said.out
    assert "brings no device model" in said.err


@pytest.mark.parametrize("platform", OURS)
def test_of_our_own_dialects_every_check_runs_and_none_is_skipped(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_DIALECTS", json.dumps([platform]))

    said = CliRunner().invoke(app, ["test", platform, "-o", "json"])

    assert {row["check"]: row["outcome"] for row in json.loads(said.stdout)} == {
        check.name: "ok" for check in CHECKS
    }
    assert (said.exit_code, said.stderr) == (0, "")


def test_a_second_device_of_a_platform_is_tested_too_and_named(shell: Shell, tmp_path: Path) -> None:
    points = "[trunkline.device_models]\nacme_os.old = old_one:Old\n"
    old = "from acme_os.device import AcmeModel\n\nclass Old(AcmeModel):\n    unreadable = ()\n"
    path = f"{shell.env['PYTHONPATH']}{os.pathsep}{install(tmp_path / 'p', 'old', points, {'old_one': old})}"

    said = shell("drivers", "test", "acme_os", TRUNKLINE_DIALECTS=BOTH, PYTHONPATH=path)

    assert said.status == 1
    (failed,) = [line for line in said.out.splitlines() if line.startswith("failed")]
    assert "acme_os.old: the device model's `unreadable` is empty" in failed


def test_no_test_library_and_no_ssh_is_imported_for_it(shell: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PROGRAM, "drivers", "test", "acme_os"],
        env=shell.env | {"TRUNKLINE_DIALECTS": BOTH},
        capture_output=True,
        text=True,
        check=True,
    )

    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "trunkline.drivers.switch.conformance.checks" in modules
    assert modules & {"pytest", "hypothesis", "netmiko", "paramiko", "redis", "celery", "docker"} == set()


def test_what_a_dialect_knows_is_shown(shell: Shell) -> None:
    said = shell("drivers", "show", "acme_os", TRUNKLINE_DIALECTS=BOTH)
    data = parsed(shell("drivers", "show", "acme_os", "-o", "json", TRUNKLINE_DIALECTS=BOTH))

    assert said.status == 0
    for words in (
        "trunkline-acme-os 1.0",
        "blind",
        "`save config`",
        "show port eth1",
        "tagged (?:add|remove)",
    ):
        assert words in said.out
    assert data["modes"][1] == {"shown": r"port \S+", "mode": "port"}
    assert data["sample"]["port"] == "eth1"
    assert "Acme OS has no sub-interfaces" in data["unsupported"]["make a gateway on the sub-interface, IPv4"]
    assert data["discovery"] is None
    assert "cannot tell what its ports are cabled to" in said.out
    cisco = parsed(shell("drivers", "show", "cisco_ios", "-o", "json"))
    assert "make a port a trunk (adopt)" not in cisco["unsupported"]
    assert cisco["discovery"] == {
        "peers": ["show lldp neighbors detail", "show cdp neighbors detail"],
        "stations": ["show mac address-table"],
    }
    assert "asks for neighbors  show lldp neighbors detail" in shell("drivers", "show", "cisco_ios").out


def test_the_examples_own_tests_pass_where_nothing_of_this_checkout_is(shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=shell.env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert f"{len(CHECKS)} passed" in done.stdout


def test_a_captured_table_is_read_without_what_the_session_takes_off(shell: Shell) -> None:
    shell.write(VLANS, "vlans.txt")

    found = parsed(
        shell("drivers", "parse", "cisco_ios", "--command", "Show  VLAN brief", "vlans.txt", "-o", "json")
    )
    again = shell("drivers", "parse", "cisco_ios", "-c", "show vlan brief", "-", given=VLANS)

    assert [(row["vlan"], row["active"]) for row in found["vlans"]] == [(1, True), (10, True), (20, True)]
    assert found["commands"] == ["show vlan brief"]
    assert "show vtp status" in found["read_without"]
    assert "read without the output of `show vtp status`" in again.err
    assert YAML(typ="safe").load(again.out) == found


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_nothing_a_device_said_drives_the_terminal(shell: Shell, form: str) -> None:
    said = shell("drivers", "parse", "cisco_ios", "-c", "show vlan brief", "-", "-o", form, given=VLANS)

    assert said.status == 0
    assert "bad" in said.out
    assert all(character == "\n" or " " <= character <= "~" for character in said.out + said.err)


@pytest.mark.parametrize(
    ("command", "text", "part", "expected"),
    [
        ("show running-config interface Vlan10", SVI, "gateways", {"vlan": 10, "parent": None}),
        (
            "show running-config interface GigabitEthernet0/0.10",
            "interface GigabitEthernet0/0.10\n encapsulation dot1Q 10\nend\n",
            "gateways",
            {"vlan": 10, "parent": "GigabitEthernet0/0", "tagged": 10},
        ),
        (
            "show interfaces GigabitEthernet1/0/7 switchport",
            "Name: Gi1/0/7\nSwitchport: Enabled\nAdministrative Mode: trunk\nTrunking VLANs Enabled: 1,5-7\n",
            "ports",
            {"port": "GigabitEthernet1/0/7", "mode": "trunk", "allowed": "1,5-7"},
        ),
        (
            "show mac address-table vlan 10",
            "Vlan    Mac Address       Type        Ports\n 10  0200.0000.0001  DYNAMIC  Gi1/0/1\n",
            "macs",
            {"vlan": 10, "port": "GigabitEthernet1/0/1", "macs": ["02:00:00:00:00:01"]},
        ),
    ],
)
def test_the_command_says_what_is_read(
    shell: Shell, command: str, text: str, part: str, expected: dict[str, Any]
) -> None:
    found = parsed(shell("drivers", "parse", "cisco_ios", "-c", command, "-", "-o", "json", given=text))

    (row,) = found[part]
    assert {key: row[key] for key in expected} == expected


def test_options_say_more_than_the_command(shell: Shell) -> None:
    text = "Vlan    Mac Address       Type        Ports\n 10  0200.0000.0001  DYNAMIC  Gi1/0/9\n"
    command = ("drivers", "parse", "cisco_ios", "-c", "show mac address-table vlan 10", "-", "-o", "json")

    found = parsed(shell(*command, "--port", "GigabitEthernet1/0/9", given=text))
    on_a_stick = parsed(
        shell(
            *command[:4],
            "show running-config interface Gi0.10",
            "-",
            "-o",
            "json",
            "--gateway",
            "Gi0:10",
            given=SVI,
        )
    )
    wrong = shell(*command, "--vlan", "5000", given=text)

    assert [(row["port"], len(row["macs"])) for row in found["macs"]] == [("GigabitEthernet1/0/9", 1)]
    assert on_a_stick["gateways"][0]["parent"] == "Gi0"
    assert (wrong.status, wrong.out) == (1, "")
    assert "option --vlan: '5000' is no VLAN id" in wrong.err


def test_several_outputs_are_read_together(shell: Shell) -> None:
    first, second = shell.write(VLANS, "vlans.txt"), shell.write(SVI, "svi.txt")
    commands = ("-c", "show vlan brief", "-c", "show running-config interface Vlan10")

    found = parsed(shell("drivers", "parse", "cisco_ios", *commands, first, second, "-o", "json"))
    lost = shell("drivers", "parse", "cisco_ios", *commands, first)

    assert len(found["vlans"]) == 3
    assert found["gateways"][0]["addresses"] == ["172.31.0.1/16"]
    assert lost.status == 1
    assert "2 commands and 1 files; name the command of every file" in lost.err


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("show vlan", VLANS, "command 'show vlan': is none that it asks a device; it asks"),
        ("show vlan", VLANS, "`show vlan brief`"),
        ("show \x1b[2J", VLANS, r"command 'show \x1b[2J'"),
        (
            "show vlan brief",
            "% Auth\x1b[2J failed",
            r"is no answer to `show vlan brief` that it believes: '% Auth\x1b[2J",
        ),
        ("show vlan brief", "", "that it believes: ''"),
        (
            "show vlan brief",
            VLANS.replace("20   ", "4095 "),
            "its output cannot be read: `show vlan brief`: 4095",
        ),
    ],
)
def test_what_cannot_be_read_is_told_and_why(shell: Shell, command: str, text: str, words: str) -> None:
    said = shell("drivers", "parse", "cisco_ios", "-c", command, "-", given=text)

    assert (said.status, said.out) == (1, "")
    assert words in said.err
    assert said.err.startswith("trunkline: platform cisco_ios: ")
    assert len(said.err.splitlines()) == 1
    assert "\x1b" not in said.err


def test_a_dialect_that_crashes_on_output_is_told_as_a_defect(shell: Shell) -> None:
    said = shell(
        "drivers",
        "parse",
        "crashing_os",
        "-c",
        "show vlans",
        "-",
        given="VLAN  NAME  STATE\n",
        TRUNKLINE_DIALECTS='["crashing_os"]',
    )

    assert said.status == 1
    assert "unforeseen AttributeError" in said.err
    assert "of Trunkline or of a plug-in" in said.err


def test_a_file_or_a_platform_that_is_not_there_is_named(shell: Shell) -> None:
    for words, text in (
        (("parse", "cisco_ios", "-c", "show vlan brief", "none.txt"), "file none.txt: cannot be read"),
        (
            ("parse", "none_os", "-c", "show vlan brief", "-"),
            "platform none_os: has no dialect; installed are:",
        ),
        (("show", "none_os"), "platform none_os: has no dialect"),
        (("test", "none_os"), "platform none_os: has no dialect"),
    ):
        said = shell("drivers", *words)
        assert (said.status, said.out) == (1, "")
        assert text in said.err


def test_an_answer_about_all_ports_is_read_as_all_of_them(shell: Shell, tmp_path: Path) -> None:
    ports = "\n\n".join(
        f"Name: Gi1/0/{number}\nSwitchport: Enabled\nAdministrative Mode: trunk\n"
        f"Trunking Native Mode VLAN: 1 (default)\nTrunking VLANs Enabled: {number},100"
        for number in (1, 2)
    )
    (tmp_path / "all").write_text(f"sw1#show interfaces switchport\n{ports}\n\nsw1#\n")

    said = shell(
        "drivers", "parse", "cisco_ios", "--command", "show interfaces switchport", "all", "-o", "json"
    )

    found = {row["port"]: row["allowed"] for row in parsed(said)["ports"]}
    assert found == {"GigabitEthernet1/0/1": "1,100", "GigabitEthernet1/0/2": "2,100"}


def test_what_was_heard_and_learned_is_read_too(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "heard").write_text(
        "------------------------------------------------\nLocal Intf: Gi1/0/3\nChassis id: 0200.0000.0001\n"
        "Port id: eth0\nPort Description: eth0\nSystem Name: h1\n\nSystem Description:\nLinux\n\n"
        "Time remaining: 100 seconds\nSystem Capabilities: S\nEnabled Capabilities: S\n"
        "Management Addresses - not advertised\n\n\nTotal entries displayed: 1\n"
    )
    (tmp_path / "learned").write_text(
        "          Mac Address Table\n-------------------------------------------\n\n"
        "Vlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n"
        "  10    0200.0000.0001    DYNAMIC     Gi1/0/3\n"
    )
    heard = ("--command", "show lldp neighbors detail", "heard")
    learned = ("--command", "show mac address-table", "learned")

    said = shell("drivers", "parse", "cisco_ios", *heard, *learned, "-o", "json")

    found = parsed(said)
    (peer,) = found["peers"]
    assert (peer["port"], peer["name"], peer["far_port"]) == ("GigabitEthernet1/0/3", "h1", "eth0")
    assert found["stations"] == [{"port": "GigabitEthernet1/0/3", "vlan": 10, "macs": ["02:00:00:00:00:01"]}]

    (tmp_path / "heard").write_text("nonsense\n")
    refused = shell("drivers", "parse", "cisco_ios", *heard)
    assert refused.status == 1
    assert "is no answer to `show lldp neighbors detail` that it believes" in refused.err
