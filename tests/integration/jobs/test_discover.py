"""`trunkline discover` on a site at work: what the switch hears, what is declared, what is proposed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from tests.integration.cli.site import Site
from tests.integration.jobs.conftest import put_back
from trunkline.lab.switch.lldp import Neighbor
from trunkline.orchestrator.inventory import load
from trunkline.orchestrator.models import HostName, PortName, SwitchName

pytestmark = pytest.mark.slow

ONE, TWO, SEVEN = (f"GigabitEthernet1/0/{number}" for number in (1, 2, 7))
H1_MAC = "0200.0000.0001"
CABLES = "declared cables lead where they should"


@pytest.fixture(autouse=True)
def quiet(site: Site) -> Iterator[None]:
    """Give every test a switch that runs LLDP and hears nobody."""
    site.switch.configure("lldp run")
    yield
    site.switch.neighbors()
    site.switch.forget_macs()


def a_neighbor(port: str, name: str, nic: str = "eth0", mac: str = "0200.0000.0099") -> Neighbor:
    return Neighbor(port=port, system_name=name, port_id=mac, chassis_id=mac, port_description=nic)


def verdict(site: Site) -> str:
    found = json.loads(site.shell("verify", "-o", "json").out)
    return next(str(each["detail"]) for each in found if each["promise"] == CABLES)


def test_what_the_switch_hears_is_shown_beside_what_is_declared(site: Site) -> None:
    site.switch.neighbors(
        a_neighbor(ONE, "h1.example.net"), a_neighbor(SEVEN, "dock 7; reboot\x07", nic="eth1")
    )
    site.switch.learn(port=ONE, vlan=100, mac=H1_MAC)

    said = site.shell("discover", "sw1")

    assert said.status == 0, said.err
    assert "\x07" not in said.out
    rows = {line.split()[1]: line for line in said.out.splitlines() if line.startswith("sw1 ")}
    assert rows[ONE].split() == [
        "sw1",
        ONE,
        "h1.example.net",
        "eth0",
        "station,",
        "lldp",
        "h1",
        "eth0",
        "host",
        "h1",
        "eth0",
    ]
    assert rows[TWO].split() == ["sw1", TWO, "host", "h2", "eth0"]
    assert "dock 7; reboot" in rows[SEVEN]
    assert "hosts:" not in said.out
    assert "has no name that an inventory could have" in said.out
    assert verdict(site) == "2 ports with a cable, nobody announced himself on 1"


def test_the_proposal_is_yaml_that_makes_the_inventory_true_when_it_is_pasted(site: Site) -> None:
    site.switch.neighbors(a_neighbor(SEVEN, "h2"), a_neighbor("GigabitEthernet1/0/9", "dock-9", nic="ens3"))

    said = site.shell("discover")

    assert said.status == 0, said.err
    yaml = YAML(typ="safe", pure=True)
    inventory, pasted = yaml.load(site.inventory()), yaml.load(said.out[said.out.index("hosts:") :])
    assert set(pasted["hosts"]) == {"h2", "dock-9"}
    for name, host in pasted["hosts"].items():
        inventory["hosts"].setdefault(name, {}).update(host)
    read = load(json.dumps(inventory), source="pasted")
    (moved,), (new,) = (read.hosts[HostName(name)].uplinks for name in ("h2", "dock-9"))
    assert (moved.nic, moved.switch, moved.port) == ("eth0", SwitchName("sw1"), PortName(SEVEN))
    assert (new.nic, new.port) == ("ens3", PortName("GigabitEthernet1/0/9"))
    applied = site.shell("apply", "--check", "-", given=json.dumps(inventory))
    assert applied.status == 0, applied.err
    assert "~ host h2" in applied.out


def test_a_host_that_does_not_speak_lldp_is_found_by_its_address(site: Site) -> None:
    """The played host h1 reports this address."""
    site.switch.learn(port=SEVEN, vlan=100, mac=H1_MAC)

    found = json.loads(site.shell("discover", "-o", "json").out)

    assert found["proposal"]["hosts"] == {"h1": {"uplinks": [{"nic": "eth0", "port": f"sw1:{SEVEN}"}]}}
    port = next(each for each in found["ports"] if each["port"] == SEVEN)
    assert port["hosts"] == [{"host": "h1", "nic": "eth0", "mac": "02:00:00:00:00:01"}]


def test_another_machine_at_a_declared_port_is_named_by_discover_and_verify(site: Site) -> None:
    site.switch.neighbors(a_neighbor(TWO, "printer"))

    said = site.shell("discover")
    fault = f"host h2 eth0 is declared at sw1:{TWO}, but printer port eth0 (lldp) is there"

    assert f"! {fault}\n" in said.out
    assert verdict(site) == fault
    assert site.shell("verify").status == 1


def test_an_unknown_switch_is_told_with_those_there_are(site: Site) -> None:
    said = site.shell("discover", "sw9")

    assert (said.status, said.out) == (1, "")
    assert "switch sw9: is not in the inventory; known: sw1" in said.err


def test_a_switch_that_cannot_tell_is_named_and_the_others_go_on(site: Site) -> None:
    site.switch.neighbors(a_neighbor(SEVEN, "dock7"))
    another = f"switches:\n{OTHER.format(secret=site.secret)}"
    site.apply(site.inventory().replace("switches:\n", another, 1))
    try:
        said = site.shell("discover")
        data = site.shell("discover", "-o", "json")
    finally:
        put_back(site)

    assert (said.status, data.status) == (1, 1)
    assert "  dock7:\n    uplinks:\n" in said.out
    assert "! sw2: " in said.out
    assert "switch sw2: " not in said.out
    assert set(json.loads(data.out)["errors"]) == {"sw2"}


OTHER = """\
  sw2:
    driver: cisco_ios
    kind: l2switch
    address: 127.0.0.1
    port: 1
    host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFnDm7tLPHIf3jyF3rBO3QTFmGHCZpIIXJ+8cRuCCGoF
    credentials:
      username: u
      password: {{file: {secret}}}
"""
