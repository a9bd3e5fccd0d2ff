"""Who announces itself at a Cisco's ports and who talks there, read from layouts that real switches print."""

from __future__ import annotations

import pytest

from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.dialect import Discovers
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

ONE, TWO = PortName("GigabitEthernet1/0/1"), PortName("GigabitEthernet1/0/2")
NO_SUCH = "                    ^\n% Invalid input detected at '^' marker.\n\n"
RULE = "-" * 48
ENTRY = f"""{RULE}
Local Intf: {{port}}
Chassis id: {{chassis}}
Port id: {{far}}
Port Description{{description}}
System Name{{name}}

System Description:{{blank}}
{{system}}

Time remaining: 104 seconds
System Capabilities: {{can}}
Enabled Capabilities{{enabled}}
Management Addresses:
    IP: 192.0.2.9
Auto Negotiation - supported, enabled
Physical media capabilities:
    1000baseT(FD)
Media Attachment Unit type: 30
Vlan ID: - not advertised

"""
CDP_ENTRY = """-------------------------
Device ID: {name}
Entry address(es):{blank}
  IP address: 192.0.2.7
Platform: {platform},  Capabilities: {can}{blank}
Interface: {port},  Port ID (outgoing port): {far}
Holdtime : 141 sec

Version :
{system}

advertisement version: 2
Native VLAN: 1
Duplex: full

"""
SYSTEM = "Debian GNU/Linux 12 (bookworm)\nLinux 6.1\nSystem Name: nobody\nPort id: nowhere"


def lldp(port: str = "Gi1/0/1", **words: str) -> str:
    return ENTRY.format(
        port=port,
        chassis=words.get("chassis", "0200.0000.00a1"),
        far=words.get("far", "0200.0000.00a2"),
        description=words.get("description", ": eno1"),
        name=words.get("name", ": host1.example.net"),
        system=words.get("system", SYSTEM),
        can=words.get("can", "B,W,R,S"),
        enabled=words.get("enabled", ": S"),
        blank=" ",
    )


def cdp(port: str = "GigabitEthernet1/0/1", **words: str) -> str:
    return CDP_ENTRY.format(
        port=port,
        name=words.get("name", "core1.example.net"),
        platform=words.get("platform", "cisco EXAMPLE-48"),
        can=words.get("can", "Router Switch IGMP"),
        far=words.get("far", "GigabitEthernet2/0/24"),
        system=words.get("system", "Example Software, Version 1\nDevice of nobody\nInterface: nowhere"),
        blank=" ",
    )


def counted(*entries: str, said: int | None = None) -> str:
    return "\n" + "".join(entries) + f"\nTotal entries displayed: {len(entries) if said is None else said}\n"


def heard(
    lldp_text: str, cdp_text: str = "% CDP is not enabled\n", *, port: PortName | None = None
) -> list[Peer]:
    dialect = CiscoIos()
    queries = dialect.peer_queries(port)
    outputs = {each.command: text for each, text in zip(queries, (lldp_text, cdp_text), strict=True)}
    for each in queries:
        assert each.answer.search(outputs[each.command]), f"{each.command} is answered with no answer"
    return list(dialect.peers(outputs, port))


def test_a_neighbor_is_read_with_the_port_in_its_long_form() -> None:
    [peer] = heard(counted(lldp()))
    assert peer == Peer(
        port=ONE,
        name="host1.example.net",
        chassis="02:00:00:00:00:a1",
        far_port="02:00:00:00:00:a2",
        far_description="eno1",
        capabilities=frozenset({"station"}),
    )


def test_both_protocols_are_asked_about_one_port_or_about_all() -> None:
    assert isinstance(CiscoIos(), Discovers)
    assert [each.command for each in CiscoIos().peer_queries(None)] == [
        "show lldp neighbors detail",
        "show cdp neighbors detail",
    ]
    assert [each.command for each in CiscoIos().peer_queries(ONE)] == [
        f"show lldp neighbors {ONE} detail",
        f"show cdp neighbors {ONE} detail",
    ]


def test_a_neighbor_by_cdp_has_its_name_its_port_and_what_it_is() -> None:
    text = cdp() + cdp(
        port="GigabitEthernet1/0/2", name="SEP0200000000B1", can="Host Phone Two-port Mac Relay "
    )
    assert heard(counted(), text) == [
        Peer(
            port=ONE,
            name="core1.example.net",
            far_port="GigabitEthernet2/0/24",
            capabilities=frozenset({"router", "bridge"}),
            via="cdp",
        ),
        Peer(
            port=TWO,
            name="SEP0200000000B1",
            far_port="GigabitEthernet2/0/24",
            capabilities=frozenset({"station", "phone"}),
            via="cdp",
        ),
    ]


def test_several_neighbors_may_be_on_one_port() -> None:
    found = heard(counted(lldp(name=": a"), lldp(name=": b"), lldp("Gi1/0/2", name=": c")))
    assert [(peer.port, peer.name) for peer in found] == [(ONE, "a"), (ONE, "b"), (TWO, "c")]


def test_what_is_not_advertised_is_empty() -> None:
    unsaid = dict.fromkeys(("name", "description", "enabled"), " - not advertised")
    [peer] = heard(counted(lldp(can="- not advertised", **unsaid)))
    assert (peer.name, peer.far_description, peer.capabilities) == ("", "", frozenset())


def test_what_it_can_counts_where_it_does_not_say_what_is_enabled() -> None:
    [peer] = heard(counted(lldp(can="B,R", enabled=" - not advertised")))
    assert peer.capabilities == {"bridge", "router"}


@pytest.mark.parametrize("protocol", ["LLDP", "CDP"])
@pytest.mark.parametrize(
    "answer",
    [
        "% {protocol} is not enabled\n",
        "\n% {protocol} is not enabled on interface GigabitEthernet1/0/1\n",
        NO_SUCH,
        '% Ambiguous command:  "show x"\n',
        "% Incomplete command.\n",
    ],
)
@pytest.mark.parametrize("port", [None, ONE])
def test_a_device_that_does_not_speak_the_protocol_knows_nothing(
    protocol: str, answer: str, port: PortName | None
) -> None:
    text = answer.format(protocol=protocol)
    assert heard(text, text, port=port) == []


def test_nobody_is_an_answer_too() -> None:
    assert heard(counted(), "\nTotal cdp entries displayed : 0\n") == []
    assert heard(counted(), "") == []


def test_half_an_answer_is_none() -> None:
    lldp_query, cdp_query = CiscoIos().peer_queries(ONE)
    for text in ("", "Command authorization failed.\n", "sw1#", "Capability codes:\n"):
        assert lldp_query.answer.search(text) is None
    assert cdp_query.answer.search("Command authorization failed.\n") is None


@pytest.mark.parametrize(
    "name", ["a" * 300, "\x1b[2J\x07", "naïve\u202e", "x\tno switchport", "'; reload", "%s %n", "`id`"]
)
def test_a_hostile_name_comes_back_short_and_printable(name: str) -> None:
    for peer in heard(counted(lldp(name=f": {name}")), cdp(name=name)):
        assert 0 < len(peer.name) <= 255
        assert peer.name.isascii()
        assert peer.name.isprintable()


FORGED = "innocent\n\nTime remaining: 9 seconds\n" + lldp("Gi1/0/2", name=": core1", system="x")


def test_a_neighbor_that_forges_another_one_gets_the_whole_listing_refused() -> None:
    with pytest.raises(ValueError, match="`show lldp neighbors detail`: it lists 3 neighbors and counts 2"):
        heard(counted(lldp(system=FORGED), lldp("Gi1/0/3")))


def test_a_forged_total_is_no_help_since_the_last_one_counts() -> None:
    system = f"{FORGED}\nTotal entries displayed: 99"
    with pytest.raises(ValueError, match="counts 1"):
        heard(counted(lldp(system=system)))


def test_asked_about_one_port_a_forged_one_does_not_count() -> None:
    text = counted(lldp(system=FORGED), said=1)
    assert [(peer.port, peer.name) for peer in heard(text, port=ONE)] == [(ONE, "host1.example.net")]
    forged = cdp(system="x\n" + cdp(port="GigabitEthernet1/0/2", name="forged"))
    assert [(peer.port, peer.via) for peer in heard(counted(), forged, port=ONE)] == [(ONE, "cdp")]


def test_a_release_that_does_not_show_its_port_is_believed_when_asked_about_one() -> None:
    text = counted(lldp().replace("Local Intf: Gi1/0/1\n", ""))
    assert heard(text) == []
    assert [peer.port for peer in heard(text, port=ONE)] == [ONE]


MACS = """          Mac Address Table
-------------------------------------------

Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
 All    0100.0ccc.cccc    STATIC      CPU
   1    0200.0000.00c1    STATIC      Vl1
  10    0200.0000.00c2    DYNAMIC     Gi1/0/1
  10    0200.0000.00C3    DYNAMIC     Gi1/0/1
  20    0200.0000.00c2    DYNAMIC     Po1
  20    0300.0000.00c4    STATIC      Gi1/0/2
Total Mac Addresses for this criterion: 6
"""


def test_stations_are_told_by_port_and_vlan_without_the_switch_itself_and_without_groups() -> None:
    [query] = CiscoIos().station_queries()
    assert query.command == "show mac address-table"
    assert query.answer.search(MACS)
    assert CiscoIos().stations({query.command: MACS}) == {
        (ONE, 10): {"02:00:00:00:00:c2", "02:00:00:00:00:c3"},
        ("Port-channel1", 20): {"02:00:00:00:00:c2"},
    }


@pytest.mark.parametrize("text", [NO_SUCH, MACS.split(" All", maxsplit=1)[0]])
def test_a_device_without_addresses_has_no_stations(text: str) -> None:
    [query] = CiscoIos().station_queries()
    assert query.answer.search(text)
    assert CiscoIos().stations({query.command: text}) == {}
