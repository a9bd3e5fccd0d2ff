"""Whatever a switch was told, its running-config, read by another switch, gives the same state."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.lab.switch.dialogue import Console
from trunkline.lab.switch import command_line, running_config
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.state import SwitchState
from trunkline.orchestrator.vlans import VlanSet

vlans = st.integers(2, 1001)
lists = st.frozensets(vlans, min_size=1, max_size=40).map(lambda ids: str(VlanSet(ids)))
ports = st.sampled_from(["Gi1/0/1", "Gi1/0/2", "Te1/1/1"])
port_lines = st.one_of(
    lists.map(lambda text: f"switchport trunk allowed vlan {text}"),
    st.tuples(st.sampled_from(["add", "remove", "except"]), lists).map(
        lambda pair: f"switchport trunk allowed vlan {pair[0]} {pair[1]}"
    ),
    st.sampled_from(
        [
            "switchport trunk allowed vlan none",
            "no switchport trunk allowed vlan",
            "switchport trunk encapsulation dot1q",
            "switchport mode trunk",
            "switchport mode access",
            "switchport mode dynamic desirable",
            "no switchport mode",
            "switchport nonegotiate",
            "no switchport nonegotiate",
            "shutdown",
            "no shutdown",
            "description to host1, rack 7",
            "spanning-tree portfast trunk",
            "switchport port-security maximum 9",
            "switchport port-security",
            "switchport port-security violation restrict",
            "channel-group 1 mode active",
            "no switchport",
            "switchport",
            "mtu 9000",
        ]
    ),
    vlans.map(lambda number: f"switchport access vlan {number}"),
    vlans.map(lambda number: f"switchport trunk native vlan {number}"),
)
octets = st.integers(0, 3)
address_lines = st.one_of(
    octets.map(lambda n: f"ip address 10.{n}.0.1 255.255.0.0"),
    octets.map(lambda n: f"ip address 10.{n}.1.1 255.255.255.0 secondary"),
    octets.map(lambda n: f"ipv6 address fd00:{n}::1/64"),
    st.sampled_from(["no ip address", "shutdown", "no shutdown", "ipv6 address fe80::1 link-local"]),
)
port_blocks = st.tuples(ports, st.lists(port_lines, max_size=6)).map(lambda b: [f"interface {b[0]}", *b[1]])
svi_blocks = st.tuples(st.integers(1, 6), st.lists(address_lines, max_size=5)).map(
    lambda block: [f"interface Vlan{block[0]}", *block[1]]
)
vlan_blocks = st.tuples(
    lists, st.lists(st.sampled_from(["state suspend", "state active", "shutdown", "no shutdown"]), max_size=2)
).map(lambda block: [f"vlan {block[0]}", *block[1], "exit"])
named_blocks = vlans.map(lambda number: [f"vlan {number}", f"name n{number}", "exit"])
global_lines = st.sampled_from(
    [
        "hostname core1",
        "ip routing",
        "no ip routing",
        "ipv6 unicast-routing",
        "lldp run",
        "vtp domain lab",
        "vtp mode off",
        "vtp mode transparent",
        "ip domain name example.org",
        "ip route 0.0.0.0 0.0.0.0 10.0.0.254",
        "line vty 0 15",
        "no vlan 2-500",
    ]
).map(lambda line: [line])
dialogues = st.lists(
    st.one_of(port_blocks, svi_blocks, vlan_blocks, named_blocks, global_lines), max_size=12
).map(lambda blocks: [line for block in blocks for line in block])


def read_back(state: SwitchState) -> Device:
    """Boot another device of the model with the configuration."""
    other = Device.fresh(hardware_of(state.hardware.model), "Switch")
    other.flash.startup = running_config.full(state)
    command_line.boot(other)
    return other


@settings(max_examples=150, deadline=None)
@given(dialogues, st.sampled_from(["catalyst-l3", "catalyst-l3-isl"]))
def test_running_config_read_back_gives_the_same_running_config(dialogue: list[str], model: str) -> None:
    console = Console(model)
    console.type("vtp mode transparent", *dialogue, "end")
    state = console.device.state

    other = read_back(state).state

    assert running_config.full(other) == running_config.full(state)
    assert other.interfaces == state.interfaces
    assert running_config.shows_vlans(other) == running_config.shows_vlans(state)
    if running_config.shows_vlans(state):
        assert other.vlans == state.vlans | {n: v for n, v in other.vlans.items() if n not in state.vlans}


@settings(max_examples=100, deadline=None)
@given(dialogues)
def test_a_reload_brings_back_exactly_what_was_saved(dialogue: list[str]) -> None:
    console = Console()
    console.type(*dialogue, "end", "write memory")
    saved = console.device.flash.startup

    console.type("configure terminal", "hostname lost", "interface Gi1/0/3", "shutdown", "end")
    assert console.device.unsaved
    command_line.boot(console.device)

    assert running_config.full(console.device.state) == saved
    assert not console.device.unsaved


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_the_command_line(text: str) -> None:
    line = text.replace("\n", " ").replace("\r", " ")
    for mode in ("exec", "enable", "config"):
        console = Console(mode=mode)
        assert isinstance(console.type(line), str)
        assert isinstance(command_line.CommandLine(console.session).help(line), list)


def test_a_router_reads_its_own_configuration_back() -> None:
    router = Console("isr-router")
    router.quietly(
        "interface Gi0/0",
        "no shutdown",
        "interface Gi0/0.10",
        "encapsulation dot1Q 10",
        "ip address 172.31.0.1 255.255.0.0",
        "ipv6 address fd00:31::1/64",
        "interface Gi0/0.1",
        "encapsulation dot1Q 1 native",
        "no ip routing",
    )
    assert running_config.full(read_back(router.device.state).state) == running_config.full(
        router.device.state
    )


@pytest.mark.parametrize("section", ["interface Vlan10", "interface GigabitEthernet1/0/48"])
def test_running_config_has_a_section_for_every_interface(console: Console, section: str) -> None:
    console.quietly("interface Vlan10")
    assert section in running_config.full(console.device.state).splitlines()
