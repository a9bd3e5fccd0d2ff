"""A Linux switch with a real lldpd, asked over a real sshd who is at its ports and who talks there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.linux_switch import HOSTS, P1, P2, SENDER, SSHD, LinuxSwitch, a_linux_switch
from tests.lldpd import LLDPD, OFTEN, a_frame, a_real_lldpd
from trunkline.drivers.switch.dialect import Discovers, DiscoversTwice, Query
from trunkline.drivers.switch.linux_bridge import LinuxBridge
from trunkline.drivers.switch.openvswitch import OpenVswitch
from trunkline.drivers.switch.reading import ask
from trunkline.drivers.switch.session import Session
from trunkline.lab.waiting import until
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(SSHD is None, reason="needs sshd (openssh-server)"),
    pytest.mark.skipif(LLDPD is None, reason="needs lldpd"),
]
HAS_OVS = pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="needs ovs-vswitchd")
WEB = Vid(10)
RUN_LLDPD = f"mkdir /run/lldpd && {LLDPD} -I p1,p2"
OVS = (
    "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev",
    "ovs-vsctl add-port br0 p1 -- set port p1 trunks=10",
    "ip link set dev br0 up",
)
FRAME = "import sys\nfrom tests.lldpd import send\nsend('eth0', bytes.fromhex(sys.argv[1]))"


class Asked:
    """A dialect and a session with its machine."""

    def __init__(
        self, machine: LinuxSwitch, dialect: LinuxBridge | OpenVswitch, session: Session, folder: Path
    ) -> None:
        self.machine, self.dialect, self.session, self.folder = machine, dialect, session, folder

    def _answers(self, queries: list[Query]) -> dict[str, str]:
        switch, grammar = self.machine.inventory, self.dialect.grammar
        return {
            each.command: ask(each, switch=switch, transport=self.session, grammar=grammar)
            for each in queries
        }

    def peers(self, port: PortName | None = None) -> list[Peer]:
        assert isinstance(self.dialect, Discovers)
        return list(self.dialect.peers(self._answers(list(self.dialect.peer_queries(port))), port))

    def stations(self) -> Mapping[tuple[PortName, Vid], frozenset[str]]:
        outputs = self._answers(list(self.dialect.station_queries()))
        if isinstance(self.dialect, DiscoversTwice):
            outputs |= self._answers(list(self.dialect.more_station_queries(outputs)))
        return self.dialect.stations(outputs)


@contextmanager
def asked(folder: Path, dialect: LinuxBridge | OpenVswitch, *lines: str) -> Iterator[Asked]:
    with a_linux_switch(folder, *lines, platform=dialect.platform) as machine:
        session = machine.log_in(dialect)
        try:
            yield Asked(machine, dialect, session, folder)
        finally:
            session.close()


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
            marks=HAS_OVS,
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


@HAS_OVS
def test_who_talks_is_told_with_port_and_vlan(tmp_path: Path) -> None:
    with asked(tmp_path, OpenVswitch(), *OVS) as switch:
        who_talks(switch)


def who_talks(switch: Asked) -> None:
    program = SENDER.format(vlan=10, protocol=0x88B5)

    def is_learned() -> bool:
        subprocess.run(["ip", "netns", "exec", HOSTS[0], sys.executable, "-c", program], check=True)
        return (P1, WEB) in switch.stations()

    wait(is_learned, "it learns no address")
    assert switch.stations()[P1, WEB] == {"02:00:00:00:00:01"}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("mkdir -p /run/none",), "it does not run"),
        (("mount -t tmpfs tmpfs /usr/sbin", "mkdir -p /run/none"), "it is not installed"),
    ],
    ids=["not running", "not installed"],
)
def test_a_machine_without_lldpd_knows_nothing(tmp_path: Path, lines: tuple[str, ...], why: str) -> None:
    with a_linux_switch(tmp_path) as machine:
        machine.script(*lines)
        session = machine.log_in(LinuxBridge())
        try:
            assert Asked(machine, LinuxBridge(), session, tmp_path).peers() == [], why
        finally:
            session.close()
