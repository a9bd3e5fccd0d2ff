"""`trunkline switch diff`, `backup` and `adopt` on a site at work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.screen import terminal
from tests.integration.cli.site import Said, Site
from tests.integration.jobs.conftest import put_back, settled
from trunkline.orchestrator.models import DeviceKey, SwitchName

pytestmark = pytest.mark.slow

SW1 = SwitchName("sw1")
ONE = "GigabitEthernet1/0/1"
TAKE_AWAY = f"interface {ONE}\n switchport trunk allowed vlan remove 10\nend"
OTHERS = f"""vlan 777
 name printers
interface {ONE}
 switchport trunk allowed vlan add 777
interface GigabitEthernet1/0/2
 switchport trunk allowed vlan add 778-779
interface Vlan10
 ip address 192.0.2.1 255.255.255.0 secondary
end"""
NO_OTHERS = f"""no vlan 777
interface {ONE}
 switchport trunk allowed vlan remove 777
interface GigabitEthernet1/0/2
 switchport trunk allowed vlan remove 778-779
interface Vlan10
 no ip address 192.0.2.1 255.255.255.0 secondary
end"""
CLAIMS = {"vlan:10", f"carries:{ONE}:10", "gateway:Vlan:10"}


@pytest.fixture(autouse=True)
def as_before(site: Site) -> Iterator[None]:
    """Leave the switch as it was, and ours what was ours."""
    settled(site)
    owned = site.store.devices.owned(SW1)
    yield
    site.store.devices.own(SW1, add=owned)
    site.switch.forget_macs()
    assert site.shell("jobs", "run", "reconcile", "-d", "sw1").status == 0


@pytest.fixture
def brown(site: Site) -> Iterator[Site]:
    """Give a site whose switch has all that is wanted and more, none of it by Trunkline."""
    site.switch.configure(OTHERS)
    site.store.devices.own(SW1, remove=site.store.devices.owned(SW1))
    yield site
    site.switch.configure(NO_OTHERS)


def data(said: Said) -> Any:  # whatever the command prints
    return json.loads(said.out)


def test_a_switch_that_is_as_desired_differs_in_nothing(site: Site) -> None:
    said = site.shell("switch", "diff", "sw1", "--detailed-exitcode")

    assert said.status == 0, said.err
    assert said.out.splitlines()[-1] == "as desired"


def test_what_would_be_sent_is_shown_object_by_object(site: Site) -> None:
    site.switch.configure(TAKE_AWAY)

    said = site.shell("switch", "diff", "sw1", "--detailed-exitcode")

    assert said.status == 2, said.err
    lines = said.out.splitlines()
    assert lines[:4] == ["--- sw1, as it is", "+++ sw1, as desired", f"@@ port {ONE}", "+ VLAN 10"]
    assert "   switchport trunk allowed vlan add 10" in lines
    assert data(site.shell("switch", "diff", "sw1", "-o", "json"))["changes"] == [
        ["add", f"port {ONE}", "VLAN 10"]
    ]


def test_what_stands_in_the_way_is_a_difference_though_nothing_would_be_sent(site: Site) -> None:
    site.switch.configure(f"interface {ONE}\n switchport mode access\nend")
    try:
        said = site.shell("switch", "diff", "sw1", "--detailed-exitcode")
    finally:
        site.switch.configure(f"interface {ONE}\n switchport mode trunk\nend")

    assert "would be sent" not in said.out
    assert f"! carries:{ONE}:10: " in said.out
    assert said.status == 2


def test_what_was_there_before_a_session_is_kept_and_compared(site: Site) -> None:
    kept = data(site.shell("switch", "backup", "sw1", "--list", "-o", "json"))
    first = kept[-1]["number"]
    table = site.shell("switch", "backup", "sw1", "--list").out

    shown = site.shell("switch", "backup", "sw1", "--show", str(first))
    differs = site.shell("switch", "diff", "sw1", "--since", str(first), "--detailed-exitcode")

    assert table.splitlines()[0].split() == ["BACKUP", "MADE", "LINES", "WHY"]
    assert f"! show running-config interface {ONE}\n" in shown.out
    assert " switchport trunk allowed vlan 100\n" in shown.out
    assert differs.status == 2, differs.err
    lines = differs.out.splitlines()
    assert f"--- show running-config interface {ONE}  (kept)" in lines
    assert "- switchport trunk allowed vlan 100" in lines
    assert "+ switchport trunk allowed vlan 10,100" in lines
    assert not any(line.startswith(("-!", "+!")) for line in lines)


def test_nothing_of_a_kept_text_reaches_the_switch_but_what_would_be_asked_anyway(site: Site) -> None:
    text = f"! show vlan brief\n! reload\n! show running-config interface {ONE}\n! show clock\nx\n! show ip route"
    number = site.store.backups.add(SW1, text, "forged")
    before = len(site.switch.transcript)

    said = site.shell("switch", "diff", "sw1", "--since", str(number))

    assert said.status == 0, said.err
    sent = "\n".join(map(str, site.switch.transcript[before:]))
    assert f"show running-config interface {ONE}" in sent
    assert not any(word in sent for word in ("reload", "clock", "ip route"))
    assert "# `show clock` is not asked any more, so it is not compared" in said.out


def test_a_backup_of_which_nothing_is_asked_any_more_is_not_said_to_be_the_same(site: Site) -> None:
    number = site.store.backups.add(SW1, "! show running-config interface Gi9/0/9\nx", "a port that was")

    said = site.shell("switch", "diff", "sw1", "--since", str(number), "--detailed-exitcode")

    assert (said.status, said.out) == (1, "")
    assert "nothing was compared" in said.err
    assert f"trunkline switch backup sw1 --show {number}" in said.err


def test_a_backup_that_is_not_kept_is_told_with_those_there_are(site: Site) -> None:
    for words in (("diff", "sw1", "--since", "4711"), ("backup", "sw1", "--show", "4711")):
        said = site.shell("switch", *words)

        assert (said.status, said.out) == (1, "")
        assert "switch sw1: has no session backup 4711; there are: " in said.err


def test_backup_says_where_the_file_is(site: Site) -> None:
    said = site.shell("switch", "backup", "sw1")
    told = data(site.shell("switch", "backup", "sw1", "-o", "json"))

    assert said.status == 0, said.err
    assert Path(said.out.partition(": ")[0]).read_text().count(f"interface {ONE}\n") == 1
    assert Path(told["path"]).exists()


def test_adopt_tells_what_is_so_already_what_is_foreign_and_what_could_be_ours(brown: Site) -> None:
    found = data(brown.shell("switch", "adopt", "sw1", "-o", "json"))

    assert set(found["as_desired"]) == CLAIMS
    assert (found["ours"], found["lines"], found["taken"]) == ([], [], [])
    assert f"VLAN 777 on port {ONE}" in found["foreign"]
    assert "VLANs 778-779 on port GigabitEthernet1/0/2" in found["foreign"]
    assert "VLAN 777 named printers" in found["foreign"]
    assert "192.0.2.1/24 on the gateway of VLAN 10" in found["foreign"]
    assert found["takeable"] == [f"carries:{ONE}:10", "vlan:10"]
    assert "192.0.2.1/24" in found["kept"]["gateway:Vlan:10"]
    assert brown.store.devices.owned(SW1) == frozenset()


def test_what_is_taken_is_ours_from_then_on_and_in_the_audit_trail(brown: Site) -> None:
    sent = brown.switch.running_config

    refused = brown.shell("switch", "adopt", "sw1", "--take")
    said = brown.shell("switch", "adopt", "sw1", "--take", "--yes")

    assert refused.status == 1
    assert "nobody is here to agree" in refused.err
    assert said.status == 0, said.err
    assert f"ours from now on:\n  carries:{ONE}:10\n  vlan:10\n" in said.out
    assert brown.store.devices.owned(SW1) == {f"carries:{ONE}:10", "vlan:10"}
    assert brown.switch.running_config == sent
    (operation,) = brown.store.operations.tail(1, device=DeviceKey("switch:sw1"))
    assert operation.lines == (f"! ours from now on: carries:{ONE}:10", "! ours from now on: vlan:10")
    assert "trunkline switch adopt --take" in operation.why
    assert operation.result == "ok"


def test_who_says_no_at_a_terminal_takes_nothing(brown: Site) -> None:
    with terminal(brown.shell, "switch", "adopt", "sw1", "--take") as screen:
        screen.until("[y/N]")
        screen.type("n\r")
        assert screen.status() == 1

    assert brown.store.devices.owned(SW1) == frozenset()


def test_a_vlan_that_somebody_unknown_uses_does_not_become_ours(brown: Site) -> None:
    brown.switch.learn(port=ONE, vlan=10, mac="0c0f.fee0.0001")

    found = data(brown.shell("switch", "adopt", "sw1", "--take", "--yes", "-o", "json"))

    assert found["taken"] == ["vlan:10"]
    assert "0c:0f:fe:e0:00:01 talks there" in found["kept"][f"carries:{ONE}:10"]


@pytest.mark.parametrize("command", ["diff", "backup", "adopt"])
def test_an_unknown_switch_is_told_with_those_there_are(site: Site, command: str) -> None:
    said = site.shell("switch", command, "sw9")

    assert (said.status, said.out) == (1, "")
    assert "switch sw9: is not in the inventory; known: sw1" in said.err


def test_a_switch_that_does_not_answer_is_an_error_also_as_json(site: Site) -> None:
    site.apply(site.inventory().replace(f"port: {site.switch.port}\n", "port: 1\n"))
    try:
        plain = site.shell("switch", "diff", "sw1")
        told = site.shell("switch", "adopt", "sw1", "-o", "json")
    finally:
        put_back(site)

    assert (plain.status, plain.out, told.status) == (1, "", 1)
    assert plain.err.startswith("trunkline: switch sw1: ")
    assert set(data(told)) == {"error"}
