"""Our own dialects pass our own checks on the devices that are registered for them, and defects of any are found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from trunkline.drivers.registry import device_models, dialect, registrations
from trunkline.drivers.switch.claims import Change
from trunkline.drivers.switch.conformance.checks import CHECKS, Subject, complaints
from trunkline.drivers.switch.conformance.device import DeviceModel
from trunkline.drivers.switch.conformance.suite import Conformance
from trunkline.drivers.switch.dialect import Block, Dialect, Scope
from trunkline.drivers.switch.state import PortRow, SwitchState
from trunkline.orchestrator.intents import PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import VlanSet

OURS = sorted(each.platform for each in registrations() if each.distribution == "trunkline")
DEVICES = {
    name: (platform, model)
    for platform in OURS
    for name, model in device_models(platform, allowed={platform}).items()
}


def ours(platform: str) -> Dialect:
    return dialect(platform, allowed={platform})


def test_the_page_of_drivers_calls_those_blind_that_say_so_themselves() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/drivers.md").read_text(encoding="utf-8")
    table, _ = page.split("## What they do")
    told = dict(re.findall(r"^\| `(\w+_\w+|openvswitch)`( \(blind\))? \|", table, re.MULTILINE))
    assert {name: bool(blind) for name, blind in told.items()} == {name: ours(name).blind for name in OURS}


class OnADevice(Conformance):
    """Every check, on one of the devices; pytest does not collect it by itself."""


# One class per device, so that each of them is seen to pass by name.
for _name, (_platform, _model) in DEVICES.items():
    _title = "Test" + "".join(part.capitalize() for part in re.split(r"\W|_", _name))
    globals()[_title] = type(
        _title, (OnADevice,), {"dialect": ours(_platform), "device_model": _model, "__module__": __name__}
    )


def test_every_dialect_of_ours_has_a_device() -> None:
    assert {platform for platform, _ in DEVICES.values()} == set(OURS)
    assert len(OURS) == 15


def test_a_router_is_among_the_devices_wherever_a_dialect_writes_sub_interfaces() -> None:
    routers = {name for name, (_, model) in DEVICES.items() if not model.ports}
    assert routers == {"cisco_ios.router", "linux_bridge.router"}


def faulty(
    platform: str,
    *,
    grammar: Mapping[str, object] | None = None,
    writes: Callable[[Block], Sequence[Block]] = lambda block: [block],
    reads: Callable[[PortRow], PortRow] = lambda row: row,
) -> Dialect:
    """Give one of our dialects with a fault; everything else is its own."""
    real: Any = type(ours(platform))
    spoken = replace(real.grammar, **(grammar or {}))

    class Faulty(real):  # type: ignore[misc]  # one of them
        grammar = spoken

        def render(
            self, changes: Sequence[Change], state: SwitchState, rules: Mapping[PortName, PortRule]
        ) -> Sequence[Block]:
            return [new for old in super().render(changes, state, rules) for new in writes(old)]

        def parse(self, outputs: Mapping[str, str], scope: Scope) -> SwitchState:
            state: SwitchState = super().parse(outputs, scope)
            return replace(state, ports={port: reads(row) for port, row in state.ports.items()})

    made: Dialect = Faulty()
    return made


def lines(change: Callable[[str], str | None]) -> Callable[[Block], Sequence[Block]]:
    """Change or leave out lines."""

    def changed(block: Block) -> Sequence[Block]:
        enter = change(block.enter)
        found = tuple(new for line in block.lines if (new := change(line)) is not None)
        return [] if enter is None else [replace(block, enter=enter, lines=found)]

    return changed


def instead(old: str, new: str) -> Callable[[Block], Sequence[Block]]:
    return lines(lambda line: re.sub(old, new, line))


def without(pattern: str) -> Callable[[Block], Sequence[Block]]:
    return lines(lambda line: None if re.search(pattern, line) else line)


def empty_when_open(row: PortRow) -> PortRow:
    return replace(row, allowed=VlanSet()) if row.allowed == VlanSet.every() else row


NEVER = re.compile(r"(?!)")
ANY_LINE = {"rejected": NEVER}
FAULTS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    # Interface-centric command lines.
    "NX-OS: it does not leave the VLAN, which is made when it is left": (
        "cisco_nxos",
        {"grammar": {"leave_block": "!"}},
        {"round-trip"},
    ),
    "NX-OS: a new SVI stays shut down": ("cisco_nxos", {"writes": without("^no shutdown")}, {"round-trip"}),
    "NX-OS: the list is set and not added to": (
        "cisco_nxos",
        {"writes": instead("allowed vlan add", "allowed vlan")},
        {"lines", "neighbours"},
    ),
    "EOS: a trunk without a list is read as an empty one": (
        "arista_eos",
        {"reads": empty_when_open},
        {"open-trunks"},
    ),
    "EOS: a refusal that it does not know": ("arista_eos", {"grammar": ANY_LINE}, {"refusals"}),
    "S300: the VLAN is not made first": ("cisco_s300", {"writes": without("name tl-")}, {"round-trip"}),
    "AOS-CX: an adopted port gets no list, and so opens": (
        "aruba_aoscx",
        {"writes": without(r"^vlan trunk allowed 100$")},
        {"adoption"},
    ),
    "AOS-CX: a trunk that carries all is read as an empty one": (
        "aruba_aoscx",
        {"reads": empty_when_open},
        {"open-trunks"},
    ),
    "OS10: the port is not made a trunk": (
        "dell_os10",
        {"writes": without("switchport mode trunk")},
        {"adoption"},
    ),
    # VLAN-centric ones.
    "ProCurve: the tag is not taken away": ("hp_procurve", {"writes": without("^no tagged")}, {"inverse"}),
    "ProCurve: whatever it says, it has saved": (
        "hp_procurve",
        {"grammar": {"saved": re.compile("")}},
        {"saving"},
    ),
    "Force10: the port is told untagged": (
        "dell_force10",
        {"writes": instead("^tagged", "untagged")},
        {"lines", "round-trip"},
    ),
    "FastIron: the virtual interface is not made": (
        "brocade_fastiron",
        {"writes": without("^router-interface")},
        {"round-trip"},
    ),
    "FastIron: a refusal that it does not know": (
        "brocade_fastiron",
        {"grammar": ANY_LINE},
        {"refusals"},
    ),
    "FastIron: silence is taken for saved": (
        "brocade_fastiron",
        {"grammar": {"saved": re.compile(r"\A\s*\Z|Write startup-config done")}},
        {"saving"},
    ),
    # Views.
    "VRP: IPv6 is not enabled on the interface": (
        "huawei_vrp",
        {"writes": without("^ipv6 enable")},
        {"round-trip"},
    ),
    "VRP: its question is not answered": (
        "huawei_vrp",
        {"grammar": {"save_answer": None}},
        {"saving"},
    ),
    "VRP 8: nothing is committed": (
        "huawei_vrpv8",
        {"grammar": {"commit": "", "discard": ""}},
        {"round-trip", "idempotence"},
    ),
    "VRP: it leaves with a word of another vendor": (
        "huawei_vrp",
        {"grammar": {"leave_block": "exit"}},
        {"round-trip"},
    ),
    "Comware: an open trunk is read as an empty one": (
        "hp_comware",
        {"reads": empty_when_open},
        {"open-trunks"},
    ),
    # Set lines.
    "Junos: the VLAN's interface is bound and never made": (
        "juniper_junos",
        {
            "writes": lines(
                lambda line: re.sub(r"^set interfaces irb unit (\d+)", r"set interfaces irb unit 9\1", line)
            )
        },
        {"lines", "round-trip"},
    ),
    "Junos: nothing is committed": (
        "juniper_junos",
        {"grammar": {"commit": "", "discard": ""}},
        {"round-trip"},
    ),
    # Shells.
    "Linux: the bridge itself does not join the VLAN": (
        "linux_bridge",
        {"writes": without("self$")},
        {"round-trip"},
    ),
    "Linux: an exit status says nothing": ("linux_bridge", {"grammar": ANY_LINE}, {"refusals"}),
    "Open vSwitch: the list is left empty, which opens it": (
        "openvswitch",
        {"writes": instead(" add port (\\S+) trunks 4095 --", "")},
        {"lines", "inverse"},
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_defect_of_any_command_line_turns_the_checks_red(what: str) -> None:
    platform, fault, expected = FAULTS[what]
    model = DEVICES[platform][1]

    red = failing(faulty(platform, **fault), model)

    assert expected <= red, f"red are {sorted(red) or 'none'}"


@pytest.mark.parametrize("platform", sorted({platform for platform, _, _ in FAULTS.values()}))
def test_without_a_defect_none_of_them_is_red(platform: str) -> None:
    assert failing(faulty(platform), DEVICES[platform][1]) == set()


def failing(speaker: Dialect, model: DeviceModel) -> set[str]:
    subject = Subject(dialect=speaker, model=model)
    return {
        check.name
        for check in CHECKS
        for seed in range(4 if check.by_chance else 1)
        if complaints(check, subject, Random(seed))  # noqa: S311  # the same every time, no secret
    }
