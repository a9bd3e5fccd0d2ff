"""Who answers at the ports that get a VLAN, asked one by one and all at once, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.builders import a_switch_intent
from trunkline.drivers.switch.channels import View, as_told
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.dialect import Query
from trunkline.drivers.switch.strangers import FEW_PORTS, Surroundings, look_around, who_else
from trunkline.orchestrator.intents import Carries, Claim, HasVlan, Peer, PortRule
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

PORTS = tuple(PortName(f"GigabitEthernet1/0/{number}") for number in range(1, FEW_PORTS + 3))
OFF = "% CDP is not enabled"
ENTRY = """\
------------------------------------------------
Local Intf: {port}
Chassis id: 0200.0000.0{number:03}
Port id: eth0
Port Description: eth0
System Name: {name}

System Description:
{about}

Time remaining: 100 seconds
System Capabilities: S
Enabled Capabilities: S
Management Addresses - not advertised

"""


class Switch:
    """Answers as IOS does, in text."""

    def __init__(self, **names: str) -> None:
        self.entries = {
            f"Gi1/0/{key[1:]}": ENTRY.format(
                port=f"Gi1/0/{key[1:]}", number=int(key[1:]), name=name, about="Linux"
            )
            for key, name in names.items()
        }
        self.asked: list[str] = []

    def ask(self, queries: Sequence[Query]) -> Mapping[str, str]:
        return {query.command: self._answer(query) for query in queries}

    def _answer(self, query: Query) -> str:
        self.asked.append(query.command)
        if "cdp" in query.command:
            text = OFF
        else:
            chosen = [
                entry
                for port, entry in self.entries.items()
                if query.command == "show lldp neighbors detail"
                or f"GigabitEthernet{port.removeprefix('Gi')} " in query.command
            ]
            text = "".join(chosen) + f"\nTotal entries displayed: {len(chosen)}\n"
        assert query.answer.search(text), query.command
        return text


def view(count: int, **rule: object) -> View:
    values = {"peers": frozenset({"h1"}), "is_edge": True, **rule}
    rules = {port: PortRule(port=port, **values) for port in PORTS[:count]}  # type: ignore[arg-type]  # its fields
    return as_told(a_switch_intent(present=frozenset(claims(count)), ports=rules))


def claims(count: int) -> list[Claim]:
    return [
        HasVlan(vlan=Vid(10), name="tl-web"),
        *(Carries(port=port, vlan=Vid(10)) for port in PORTS[:count]),
    ]


def strangers(switch: Switch, count: int, **rule: object) -> tuple[list[str], Surroundings]:
    seen = view(count, **rule)
    around = look_around(claims(count), seen, CiscoIos(), switch.ask)
    return [cause for claim in claims(count) if (cause := who_else(claim, seen, around.peers))], around


@pytest.mark.parametrize("count", [2, len(PORTS)])
def test_another_machine_is_named_with_its_port_and_the_right_one_is_not(count: int) -> None:
    switch = Switch(p1="h1.example.net", p2="core2")
    causes, around = strangers(switch, count)
    (cause,) = causes
    assert "core2 answers on port GigabitEthernet1/0/2 by LLDP, the inventory says h1" in cause
    assert {peer.port for peer in around.peers} == set(PORTS[:2])
    assert ("show lldp neighbors detail" in switch.asked) is (count > FEW_PORTS)


def test_one_who_fills_the_listing_with_nonsense_spoils_it_for_nobody_else() -> None:
    switch = Switch(p1="h1", p2="core2")
    forged = ENTRY.format(port="Gi1/0/3", number=3, name="h1", about="Linux")
    switch.entries["Gi1/0/4"] = ENTRY.format(port="Gi1/0/4", number=4, name="evil", about=forged)
    causes, around = strangers(switch, len(PORTS))
    assert causes[0].startswith("core2 answers")
    assert "show lldp neighbors GigabitEthernet1/0/2 detail" in switch.asked
    assert not any("GigabitEthernet1/0/3" in str(peer.port) for peer in around.peers)


def test_what_cannot_be_read_counts_as_silence_and_is_told() -> None:
    class Odd(CiscoIos):
        def peers(self, outputs: Mapping[str, str], port: PortName | None) -> Sequence[Peer]:
            raise ValueError(f"nonsense\x1b[2J in {len(outputs)} answers about {port}")

    seen = view(2)
    around = look_around(claims(2), seen, Odd(), Switch().ask)
    assert around.peers == ()
    assert len(around.notes) == 2
    assert "who announces himself at port GigabitEthernet1/0/1 cannot be read: nonsense" in around.notes[0]
    assert all(note.isprintable() for note in around.notes)


def test_nobody_is_asked_where_whoever_answers_is_right_or_nothing_is_opened() -> None:
    for count, rule in ((2, {"peers": frozenset[str]()}), (0, {})):
        switch = Switch(p1="core2")
        causes, around = strangers(switch, count, **rule)
        assert causes == []
        assert around == Surroundings()
        assert switch.asked == []
