"""The network of a topology as commands for ip."""

from __future__ import annotations

from trunkline.lab.cabling import build_commands, device_of, host_commands, remove_commands
from trunkline.lab.topology import NodeName
from trunkline.lab.topology_file import load


def test_every_port_of_the_models_has_a_name_linux_takes() -> None:
    ports = [f"GigabitEthernet1/0/{number}" for number in range(1, 49)]
    ports += [
        "TenGigabitEthernet1/1/1",
        "TenGigabitEthernet1/1/2",
        "GigabitEthernet0/0",
        "GigabitEthernet0/3",
    ]
    names = [device_of(port) for port in ports]

    assert len(set(names)) == len(ports)
    assert all(len(name) <= 15 and "/" not in name for name in names)


def test_a_cable_joins_the_hosts_interface_and_the_switch_port() -> None:
    commands = list(build_commands(load("seed")))

    assert "link add name eth0 netns host1 type veth peer name Gi1-0-1 netns sw1" in commands


def test_a_port_of_a_linux_machine_keeps_its_name() -> None:
    commands = list(build_commands(load("linux")))

    assert "link add name eth0 netns host1 type veth peer name swp1 netns sw1" in commands


def test_a_link_joins_two_switches() -> None:
    commands = list(build_commands(load("router")))

    assert "link add name Gi0-0 netns r1 type veth peer name Gi1-0-48 netns sw1" in commands


def test_a_host_has_its_addresses_and_gateways_of_both_families() -> None:
    topology = load("seed")
    commands = list(host_commands(topology, topology.hosts[NodeName("host1")]))

    assert "address add 192.168.0.11/16 dev eth0" in commands
    assert "address add fd00:192::11/64 dev eth0 nodad" in commands
    assert "route add default via 192.168.0.1 dev eth0" in commands
    assert "route add default via fd00:192::1 dev eth0" in commands


def test_everything_that_is_built_is_removed() -> None:
    topology = load("router")
    removed = " ".join(remove_commands(topology))

    for command in build_commands(topology):
        words = command.split()
        if words[:2] == ["netns", "add"]:
            assert f"netns delete {words[2]}" in removed
        elif words[:2] == ["link", "add"] and words[2] == "name" and "netns" not in words[3:5]:
            assert f"link delete dev {words[3]}" in removed
