"""A Linux switch with a real lldpd, asked over a real sshd who is at its ports and who talks there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.linux_switch import HOSTS, P1, P2, SENDER, LinuxSwitch, a_linux_driver, a_linux_switch
from tests.lldpd import LLDPD, OFTEN, a_frame, a_real_lldpd
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.linux_bridge import LinuxBridge
from trunkline.drivers.switch.openvswitch import OpenVswitch
from trunkline.lab.waiting import until
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

pytestmark = pytest.mark.root
WEB = Vid(10)
RUN_LLDPD = f"mkdir /run/lldpd && {LLDPD} -I p1,p2"
OVS = (
    "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev",
    "ovs-vsctl add-port br0 p1 -- set port p1 trunks=10",
    "ip link set dev br0 up",
)
FRAME = "import sys\nfrom tests.lldpd import send\nsend('eth0', bytes.fromhex(sys.argv[1]))"


@dataclass(frozen=True)
class Asked:
    """A machine, and the driver that asks it."""

    machine: LinuxSwitch
    driver: SwitchDriver
    folder: Path

    def peers(self, *ports: PortName) -> list[Peer]:
        return [peer for peer in self.driver.discover().peers if not ports or peer.port in ports]


@contextmanager
def asked(folder: Path, dialect: LinuxBridge | OpenVswitch, *lines: str) -> Iterator[Asked]:
    with (
        a_linux_switch(folder, *lines, platform=dialect.platform) as machine,
        a_linux_driver(machine, dialect) as driver,
    ):
        yield Asked(machine, driver, folder)


def says(host: str, frame: bytes) -> None:
    enter = ["ip", "netns", "exec", host]
    subprocess.run([*enter, sys.executable, "-c", FRAME, frame.hex()], check=True)


def wait(condition: Callable[[], bool], what: str) -> None:
    until(condition, subject="the switch", what=what, seconds=30)


@pytest.fixture(
    params=[
        (LinuxBridge(), ()),
        pytest.param(
            (OpenVswitch(), OVS),
        ),
    ],
    ids=["linux_bridge", "openvswitch"],
)
def switch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    dialect, lines = request.param
    with asked(tmp_path, dialect, *lines, RUN_LLDPD) as opened:
        yield opened


def test_who_announces_itself_is_told_with_its_port(switch: Asked) -> None:
    assert switch.peers() == []
    switch.machine.script(*OFTEN)
    says(HOSTS[1], a_frame(b"core1\x1b[2J"))
    with a_real_lldpd(
        ("ip", "netns", "exec", HOSTS[0]), "-I", "eth0", "-S", "Debian", log=switch.folder / "host"
    ) as host:
        wait(lambda: len(switch.peers()) == 2, "it does not hear two neighbors")
        wait(lambda: len(host.peers()) == 1, "it is not heard")
        assert host.peers()[0].far_description == P1
        [real] = switch.peers(P1)
        assert (real.far_description, real.via) == ("eth0", "lldp")
        assert real.capabilities == {"station"}
    [forged] = switch.peers(P2)
    assert (forged.name, forged.far_port) == (r"core1\x1b[2J", "port1")
    assert forged.capabilities == {"bridge", "router"}


def test_who_talks_is_told_with_port_and_vlan(tmp_path: Path) -> None:
    with asked(tmp_path, OpenVswitch(), *OVS) as switch:
        who_talks(switch)


def who_talks(switch: Asked) -> None:
    program = SENDER.format(vlan=10, protocol=0x88B5)

    def is_learned() -> bool:
        subprocess.run(["ip", "netns", "exec", HOSTS[0], sys.executable, "-c", program], check=True)
        return (P1, WEB) in switch.driver.discover().stations

    wait(is_learned, "it learns no address")
    assert switch.driver.discover().stations[P1, WEB] == {"02:00:00:00:00:01"}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("mkdir -p /run/none",), "it does not run"),
        (
            ("cp $(command -v bridge) /run", "mount -t tmpfs tmpfs /usr/sbin", "cp /run/bridge /usr/sbin"),
            "it is not installed",
        ),
    ],
    ids=["not running", "not installed"],
)
def test_a_machine_without_lldpd_knows_nothing(tmp_path: Path, lines: tuple[str, ...], why: str) -> None:
    with asked(tmp_path, LinuxBridge()) as switch:
        switch.machine.script(*lines)
        assert switch.peers() == [], why
