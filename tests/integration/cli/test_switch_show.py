"""`trunkline switch show` and `history`: the record of one switch, for people and programs."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.site import Site
from trunkline.orchestrator.models import SwitchName, switch_key
from trunkline.orchestrator.store import Operation
from trunkline.orchestrator.sync.observation import Observation

SW1 = SwitchName("sw1")


def sent(site: Site, *lines: str, device: str = "switch:sw1", result: str = "ok", reply: str = "") -> None:
    operations = site.store.operations
    operation = operations.begin(Operation(who="worker", why="segment web", device=device, lines=lines))
    operations.finish(operation, result=result, reply=reply)


def test_show_tells_what_is_wanted_what_is_there_and_what_is_ours(empty: Site) -> None:
    empty.apply()
    key, store = switch_key(SW1), empty.store
    store.devices.own(SW1, add=frozenset({"vlan:10", "carries:Gi1/0/2:10"}))
    seen = Observation(
        generation=1,
        satisfied=frozenset({"vlan:10", "carries:Gi1/0/1:10"}),
        problems={"gateway:Vlan:10": "ip routing is off\x1b[31m"},
        pending=("vlan 10",),
        unsaved_since=store.now() - 60,
    )
    lease = store.devices.acquire(key, 30)
    assert lease is not None
    store.devices.applied(lease, generation=1, marks=0, observed=seen.dump())
    said = empty.shell("switch", "show", "sw1")
    assert said.status == 0
    rows = {line.split()[0]: line for line in said.out.splitlines() if line[:4] in {"vlan", "carr", "gate"}}
    assert rows["vlan:10"].split()[1:] == ["there", "yes"]
    assert rows["carries:Gi1/0/1:10"].split()[1:] == ["there"]
    assert "not wanted any more" in rows["carries:Gi1/0/2:10"]
    assert "ip routing is off" in rows["gateway:Vlan:10"]
    assert "\x1b" not in said.out
    assert "not saved since" in said.out
    told = json.loads(empty.shell("switch", "show", "sw1", "-o", "json").out)
    assert (told["ours"], told["pending"]) == (["carries:Gi1/0/2:10", "vlan:10"], ["vlan 10"])


def test_history_tells_every_line_of_that_switch_and_what_came_back(empty: Site) -> None:
    empty.apply()
    assert empty.shell("switch", "history", "sw1").out == "nothing was ever sent to sw1\n"
    sent(empty, "vlan 10", " name tl-web")
    for _ in range(600):
        sent(empty, "ip link add", device="host:h1")
    sent(empty, "vlan 11", result="failed", reply="% Bad VLAN")
    said = empty.shell("switch", "history", "sw1").out
    assert said.index("    vlan 10\n     name tl-web\n") < said.index("    vlan 11\n    -> % Bad VLAN\n")
    assert "worker: segment web" in said
    assert "ip link add" not in said
    (newest,) = json.loads(empty.shell("switch", "history", "sw1", "-n", "1", "-o", "json").out)
    assert (newest["lines"], newest["result"]) == (["vlan 11"], "failed")


@pytest.mark.parametrize("command", ["show", "history"])
def test_an_unknown_switch_is_told_with_those_there_are(empty: Site, command: str) -> None:
    empty.apply()
    said = empty.shell("switch", command, "sw9")
    assert said.status == 1
    assert "switch sw9: is not in the inventory; known: sw1" in said.err
