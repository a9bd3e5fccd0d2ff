"""Frames cross the virtual switch only as its configuration says; hosts are namespaces, there is no Docker here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from netmiko import ConnectHandler

from tests.lldpd import a_real_lldpd
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.lab.waiting import until

PASSWORD = "a-password"
SWITCH = "dp-switch"
HOSTS = ("dp-h1", "dp-h2", "dp-h3")
MANAGEMENT = "10.77.0.2"


def run(words: str) -> str:
    return subprocess.run(words.split(), check=True, capture_output=True, text=True).stdout


def in_switch(words: str) -> str:
    return run(f"ip netns exec {SWITCH} {words}")


def pings(host: str, address: str, *, tries: int = 4) -> bool:
    """Probe some times: the first probe may meet a neighbour entry that is still being resolved."""
    command = f"ip netns exec {host} ping -n -q -c 1 -W 1 {address}".split()
    return any(
        subprocess.run(command, capture_output=True, check=False).returncode == 0 for _ in range(tries)
    )


def address(host: str, *addresses: str, vlan: int | None = None, gateway: str = "") -> None:
    """Give a host addresses, on its cable or on an 802.1Q device of it."""
    device = "eth0" if vlan is None else f"eth0.{vlan}"
    if vlan is not None:
        run(f"ip -n {host} link add link eth0 name {device} type vlan id {vlan}")
        run(f"ip -n {host} link set {device} up")
    for each in addresses:
        run(f"ip -n {host} address add {each} dev {device}" + (" nodad" if ":" in each else ""))
    if gateway:
        run(f"ip -n {host} route add default via {gateway}")


@dataclass(frozen=True)
class Switch:
    """The switch, seen by its operator."""

    connection: Any  # netmiko's class is made at run time

    def configure(self, *lines: str) -> None:
        output = self.connection.send_config_set(list(lines))
        assert "%" not in output, output

    def show(self, command: str) -> str:
        return str(self.connection.send_command(command))


@contextmanager
def cabled(ports: tuple[str, ...]) -> Iterator[None]:
    """Build the namespaces: the switch with a management port, and a host on each of its ports."""
    with ExitStack() as stack:
        for name in (SWITCH, *HOSTS):
            run(f"ip netns add {name}")
            stack.callback(run, f"ip netns delete {name}")
            run(f"ip -n {name} link set lo up")
        run(f"ip link add dp-mgmt type veth peer name mgmt0 netns {SWITCH}")
        run("ip address add 10.77.0.1/24 dev dp-mgmt")
        run(f"ip -n {SWITCH} address add {MANAGEMENT}/24 dev mgmt0")
        run("ip link set dp-mgmt up")
        run(f"ip -n {SWITCH} link set mgmt0 up")
        for host, port in zip(HOSTS, ports, strict=True):
            run(f"ip link add name eth0 netns {host} type veth peer name {port} netns {SWITCH}")
            run(f"ip -n {host} link set eth0 up")
        yield


@contextmanager
def started(folder: Path, model: str, ports: tuple[str, ...], *options: str) -> Iterator[Switch]:
    """Cable everything, start the switch in its namespace, log in over SSH."""
    ready, password, log = folder / "ready", folder / "password", folder / "log"
    password.write_text(PASSWORD)
    command = [
        *("ip", "netns", "exec", SWITCH, sys.executable, "-m", "trunkline.lab.command", "switch"),
        *("--listen", f"{MANAGEMENT}:22", "--model", model, "--dataplane", "bridge", "--user", "u"),
        *("--password-file", str(password), "--ready-file", str(ready), *options),
    ]
    with cabled(ports), log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            until(ready.exists, subject="switch", what="it is not ready", seconds=60, because=log.read_text)
            login = {"device_type": "cisco_ios", "host": MANAGEMENT, "username": "u"}
            with ConnectHandler(**login, password=PASSWORD, secret=PASSWORD) as connection:
                connection.enable()
                yield Switch(connection)
        finally:
            process.terminate()
            assert process.wait(20) == 0, log.read_text()
        assert "br0" not in in_switch("ip -br link")


@pytest.fixture
def catalyst(tmp_path: Path) -> Iterator[Switch]:
    with started(tmp_path, "catalyst-l3", ("Gi1-0-1", "Gi1-0-2", "Te1-1-1")) as switch:
        yield switch


def test_a_tagged_frame_crosses_while_both_ports_allow_its_vlan_and_the_vlan_is_active(
    catalyst: Switch,
) -> None:
    address(HOSTS[0], "10.10.0.1/24", "fd00:10::1/64", vlan=10)
    address(HOSTS[1], "10.10.0.2/24", "fd00:10::2/64", vlan=10)
    trunk = ("switchport mode trunk", "switchport trunk allowed vlan none")

    catalyst.configure("interface range Gi1/0/1 - 2", *trunk, "vlan 10", "exit")
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    catalyst.configure("interface Gi1/0/1", "switchport trunk allowed vlan add 10")
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    catalyst.configure("interface Gi1/0/2", "switchport trunk allowed vlan add 10")
    assert pings(HOSTS[0], "10.10.0.2")
    assert pings(HOSTS[0], "fd00:10::2")

    table = catalyst.show("show mac address-table dynamic vlan 10")
    assert "Gi1/0/1" in table
    assert "Gi1/0/2" in table
    catalyst.configure("vlan 10", "state suspend", "exit")
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)
    catalyst.configure("vlan 10", "state active", "exit")
    assert pings(HOSTS[0], "10.10.0.2")
    catalyst.configure("no vlan 10")
    assert not pings(HOSTS[0], "10.10.0.2", tries=1)


def test_untagged_frames_are_in_the_access_or_native_vlan(catalyst: Switch) -> None:
    address(HOSTS[0], "10.20.0.1/24")
    address(HOSTS[1], "10.20.0.2/24")

    assert pings(HOSTS[0], "10.20.0.2"), "both are in VLAN 1 from the start"
    catalyst.configure(
        "vlan 20,30", "interface Gi1/0/1", "switchport mode access", "switchport access vlan 20"
    )
    assert not pings(HOSTS[0], "10.20.0.2", tries=1)
    catalyst.configure("interface Gi1/0/2", "switchport mode trunk", "switchport trunk native vlan 20")
    assert pings(HOSTS[0], "10.20.0.2")
    catalyst.configure("interface Gi1/0/2", "switchport trunk allowed vlan 30")
    assert not pings(HOSTS[0], "10.20.0.2", tries=1)


def test_svis_route_between_vlans_only_when_routing_is_on(catalyst: Switch) -> None:
    for host, vlan in ((HOSTS[0], 10), (HOSTS[1], 20)):
        address(host, f"10.{vlan}.0.2/24", f"fd00:{vlan}::2/64", gateway=f"10.{vlan}.0.1")
        run(f"ip -n {host} route add default via fd00:{vlan}::1")
    catalyst.configure(
        *("vlan 10,20", "interface Gi1/0/1", "switchport access vlan 10"),
        *("interface Gi1/0/2", "switchport access vlan 20"),
        *("interface Vlan10", "ip address 10.10.0.1 255.255.255.0", "ipv6 address fd00:10::1/64"),
        *("ip address 10.11.0.1 255.255.255.0 secondary",),
        *("interface Vlan20", "ip address 10.20.0.1 255.255.255.0", "ipv6 address fd00:20::1/64"),
    )

    assert pings(HOSTS[0], "10.10.0.1")
    assert pings(HOSTS[0], "fd00:10::1")
    assert not pings(HOSTS[0], "10.20.0.2", tries=1)
    assert not pings(HOSTS[0], "fd00:20::2", tries=1)
    catalyst.configure("ip routing", "ipv6 unicast-routing")
    assert pings(HOSTS[0], "10.20.0.2")
    assert pings(HOSTS[0], "fd00:20::2")
    assert "10.11.0.1/24" in in_switch("ip -br address show Vlan10")

    catalyst.configure("interface Vlan20", "ip address 10.20.0.9 255.255.255.0")
    assert in_switch("ip -br -4 address show Vlan20").split()[2:] == ["10.20.0.9/24"]
    catalyst.configure("interface Vlan10", "no ip address 10.11.0.1 255.255.255.0 secondary")
    assert in_switch("ip -br -4 address show Vlan10").split()[2:] == ["10.10.0.1/24"]
    catalyst.configure("interface Vlan10", "shutdown")
    assert not pings(HOSTS[0], "10.10.0.1", tries=1)
    catalyst.configure("interface Vlan10", "no shutdown")
    assert pings(HOSTS[0], "10.10.0.1")
    assert pings(HOSTS[0], "fd00:10::1")


def test_a_port_that_is_shut_or_unplugged_has_no_link_on_either_end(catalyst: Switch) -> None:
    assert "connected" in catalyst.show("show interfaces Te1/1/1 status")
    catalyst.configure("interface Te1/1/1", "shutdown")
    assert "LOWER_UP" not in run(f"ip -n {HOSTS[2]} -br link show eth0")
    assert "disabled" in catalyst.show("show interfaces Te1/1/1 status")
    catalyst.configure("interface Te1/1/1", "no shutdown")
    run(f"ip -n {HOSTS[2]} link set eth0 down")
    assert "notconnect" in catalyst.show("show interfaces Te1/1/1 status")
    assert "notconnect" in catalyst.show("show interfaces Gi1/0/9 status")


def test_the_management_port_is_not_part_of_the_switch(catalyst: Switch) -> None:
    address(HOSTS[0], "10.10.0.2/24", gateway="10.10.0.1")
    catalyst.configure("ip routing", "interface Vlan1", "ip address 10.10.0.1 255.255.255.0", "no shutdown")

    run(f"ip route add 10.10.0.0/24 via {MANAGEMENT}")  # an answer would find its way

    assert pings(HOSTS[0], "10.10.0.1")
    assert not pings(HOSTS[0], "10.77.0.1", tries=1)


def test_a_reload_takes_back_what_was_not_saved(catalyst: Switch) -> None:
    address(HOSTS[0], "10.20.0.1/24")
    address(HOSTS[1], "10.20.0.2/24")
    catalyst.show("write memory")
    catalyst.configure("interface Gi1/0/1", "shutdown")
    assert not pings(HOSTS[0], "10.20.0.2", tries=1)

    catalyst.connection.write_channel("reload\nno\n\n")
    until(lambda: pings(HOSTS[0], "10.20.0.2", tries=1), subject="switch", what="no reload", seconds=20)


def test_a_router_on_a_stick_routes_between_its_sub_interfaces(tmp_path: Path) -> None:
    address_map = "GigabitEthernet0/0=p0,GigabitEthernet0/1=p1,GigabitEthernet0/2=p2"
    with started(tmp_path, "isr-router", ("p0", "p1", "p2"), "--port-map", address_map) as router:
        address(HOSTS[0], "10.10.0.2/24", "fd00:10::2/64", vlan=10)
        address(HOSTS[0], "10.20.0.2/24", vlan=20)
        address(HOSTS[1], "10.30.0.2/24", "fd00:30::2/64", gateway="10.30.0.1")
        run(f"ip -n {HOSTS[1]} route add default via fd00:30::1")
        run(f"ip -n {HOSTS[0]} route add 10.30.0.0/24 via 10.10.0.1")
        run(f"ip -n {HOSTS[0]} route add fd00:30::/64 via fd00:10::1")
        router.configure(
            *("ipv6 unicast-routing", "interface Gi0/0.10", "encapsulation dot1Q 10"),
            *("ip address 10.10.0.1 255.255.255.0", "ipv6 address fd00:10::1/64"),
            *("interface Gi0/1", "ip address 10.30.0.1 255.255.255.0", "ipv6 address fd00:30::1/64"),
            "no shutdown",
        )
        assert not pings(HOSTS[0], "10.10.0.1", tries=1), "the port under the sub-interface is off"
        router.configure("interface Gi0/0", "no shutdown")
        assert pings(HOSTS[0], "10.10.0.1")
        assert pings(HOSTS[0], "10.30.0.2")
        assert pings(HOSTS[0], "fd00:30::2")

        router.configure("interface Gi0/0.10", "no ip address", "encapsulation dot1Q 20")
        router.configure("interface Gi0/0.10", "ip address 10.20.0.1 255.255.255.0")
        assert pings(HOSTS[0], "10.20.0.1")
        assert not pings(HOSTS[0], "10.10.0.1", tries=1)
        router.configure("interface Gi0/0.10", "no ip address", "no encapsulation dot1Q 20")
        assert not pings(HOSTS[0], "10.20.0.1", tries=1)


def test_a_switch_and_its_hosts_see_each_other_by_lldp_and_hosts_not_one_another(
    catalyst: Switch, tmp_path: Path
) -> None:
    def neighbors() -> dict[str, str]:
        outputs = {query.command: catalyst.show(query.command) for query in CiscoIos().peer_queries(None)}
        return {peer.port: peer.far_description for peer in CiscoIos().peers(outputs, None)}

    catalyst.configure("lldp run")
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(a_real_lldpd(("ip", "netns", "exec", host), log=tmp_path / f"{host}.lldpd"))
            for host in HOSTS[:2]
        ]
        both = {"GigabitEthernet1/0/1": "eth0", "GigabitEthernet1/0/2": "eth0"}
        until(lambda: neighbors() == both, subject="switch", what="it does not hear its hosts", seconds=60)
        # The next change is said at once, to those that listen by now.
        catalyst.configure("ip domain name example.net")
        for number, host in enumerate(hosts, start=1):
            until(lambda host=host: host.peers(), subject="lldpd", what="it hears nobody", seconds=60)  # type: ignore[misc]
            (peer,) = host.peers()
            assert (peer.port, peer.name, peer.far_port) == ("eth0", "sw1.example.net", f"Gi1/0/{number}")
            assert peer.far_description == f"GigabitEthernet1/0/{number}"
            assert "bridge" in peer.capabilities
