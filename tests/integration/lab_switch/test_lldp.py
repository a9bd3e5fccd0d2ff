"""The virtual switch and a real lldpd see each other over a cable; what is heard counts as long as it was told to.

The switch is a router here: that is the model whose data plane needs no bridge of the kernel.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.host.conftest import ip, namespace
from tests.lldpd import a_frame, a_real_lldpd, send
from tests.unit.lab.switch.test_lldp import SAID
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.lab.switch.bridge import BridgeDataplane
from trunkline.lab.switch.dataplane import NoDataplane
from trunkline.lab.switch.hardware import hardware_of
from trunkline.lab.switch.lldp import encode
from trunkline.lab.switch.lldp_sockets import MOST_PER_PORT, LldpSockets
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unsupported
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import PortName

__all__ = ["namespace"]
PORT = PortName("GigabitEthernet0/0")
CONFIG = "hostname edge1\nip domain name example.net\nlldp run\ninterface GigabitEthernet0/0\n no shutdown\n"
ASK = "from trunkline.drivers.host.peers import peers\nprint(*map(repr, peers()), sep='\\n')"


@contextmanager
def a_router(config: str = CONFIG) -> Iterator[RunningSwitch]:
    """A virtual router at the far end of the namespace's cable."""
    ip("link", "set", "dev", "lo", "up")
    hardware = hardware_of("isr-router")
    dataplane = BridgeDataplane(hardware, {PORT: "peer0"})
    with running_switch(model="isr-router", startup_config=config, dataplane=dataplane) as switch:
        yield switch


def peers(switch: RunningSwitch, port: PortName | None = None) -> list[Peer]:
    dialect = CiscoIos()
    outputs = {query.command: switch.show(query.command) for query in dialect.peer_queries(port)}
    return list(dialect.peers(outputs, port))


def wait(condition: Callable[[], object], what: str) -> None:
    until(condition, subject="LLDP", what=what, seconds=30)


@pytest.mark.root
@pytest.mark.usefixtures("namespace")
class TestOnACable:
    """Frames cross a veth pair."""

    def test_the_switch_and_lldpd_see_each_other(self, tmp_path: Path) -> None:
        with (
            a_real_lldpd((), "-I", "up0", "-S", "'Debian\nGNU/Linux'", log=tmp_path / "log") as lldpd,
            a_router() as switch,
        ):
            wait(lldpd.peers, "lldpd does not hear the switch")
            (edge,) = lldpd.peers()
            assert (edge.port, edge.name, edge.far_port) == ("up0", "edge1.example.net", "Gi0/0")
            assert edge.far_description == PORT
            assert edge.capabilities == {"router"}
            asked = subprocess.run(
                [*lldpd.enter, sys.executable, "-c", ASK], check=True, capture_output=True, text=True
            )
            assert asked.stdout == f"{edge!r}\n"

            wait(lambda: peers(switch), "the switch does not hear lldpd")
            [host] = peers(switch, PORT)
            assert (host.port, host.far_description, host.via) == (PORT, "up0", "lldp")
            assert host.capabilities == {"station"}
            assert host.chassis == host.far_port

            switch.configure("no lldp run")
            wait(lambda: not lldpd.peers(), "lldpd still knows the switch that took itself back")
            assert switch.show("show lldp neighbors") == "% LLDP is not enabled"
            assert peers(switch) == []

            switch.configure("lldp run\nhostname edge2")
            wait(lambda: [each.name for each in lldpd.peers()] == ["edge2.example.net"], "no new name")
            wait(lambda: peers(switch), "the switch does not hear lldpd again")

    def test_a_hostile_neighbor_comes_back_printable(self) -> None:
        with a_router() as switch:
            send("up0", a_frame(b"core1\x1b[2J\xff\r\n"), b"\0" * 60, a_frame(b"core1")[:40])
            wait(lambda: peers(switch), "the switch hears nobody")
            [peer] = peers(switch)
            assert peer.name.startswith("core1?[2J")
            assert peer.name.isascii()
            assert peer.name.isprintable()

    def test_who_is_heard_counts_until_its_time_is_over_or_it_says_goodbye(self) -> None:
        now = [1000.0]
        sockets = LldpSockets({PORT: "peer0"}, clock=lambda: now[0])
        try:
            sockets.announce({PORT: SAID})
            send("up0", a_frame(b"a", seconds=60), a_frame(b"b", seconds=120, mac="0200000000f2"))
            wait(lambda: len(sockets.heard()) == 2, "two are not heard")
            now[0] += 59
            assert {who.system_name: who.remaining_seconds for who in sockets.heard()} == {"a": 1, "b": 61}
            now[0] += 2
            assert [who.system_name for who in sockets.heard()] == ["b"]
            send("up0", a_frame(b"b", seconds=0, mac="0200000000f2"))
            wait(lambda: not sockets.heard(), "b is still known")
        finally:
            sockets.close()

    def test_a_flood_of_neighbors_is_bounded(self) -> None:
        sockets = LldpSockets({PORT: "peer0"})
        try:
            sockets.announce({PORT: SAID})
            send(
                "up0", *(a_frame(b"x", mac=f"0200000001{number:02x}") for number in range(3 * MOST_PER_PORT))
            )
            wait(lambda: len(sockets.heard()) == MOST_PER_PORT, "not as many as there may be")
            assert len([sockets.heard() for _ in range(5)][-1]) == MOST_PER_PORT
        finally:
            sockets.close()

    def test_a_port_that_is_not_announced_on_is_not_listened_at(self) -> None:
        sockets = LldpSockets({PORT: "peer0"})
        send("up0", a_frame(b"a"))
        assert sockets.heard() == ()
        sockets.announce({"GigabitEthernet0/9": SAID})
        assert sockets.heard() == ()
        with pytest.raises(Unsupported, match="no LLDP on interface nowhere"):
            LldpSockets({PORT: "nowhere"}).announce({PORT: SAID})

    def test_what_a_switch_says_of_another_port_is_another_neighbor(self) -> None:
        sockets = LldpSockets({PORT: "peer0"})
        try:
            sockets.announce({PORT: SAID})
            send("up0", encode(SAID), a_frame(b"a"), encode(SAID))
            wait(lambda: len(sockets.heard()) == 2, "two are not heard")
        finally:
            sockets.close()


def test_a_switch_announces_itself_at_once_and_whatever_changes() -> None:
    dataplane = NoDataplane.with_all_links(hardware_of("catalyst-l3").ports)
    with running_switch(dataplane=dataplane) as switch:
        assert dataplane.said == [{}]
        switch.configure("lldp run")
        first = dataplane.said[-1]["GigabitEthernet1/0/1"]
        assert (first.system_name, first.hold_seconds) == ("sw1", 120)
        switch.configure("hostname core1")
        assert dataplane.said[-1]["GigabitEthernet1/0/1"].system_name == "core1"
        switch.configure("no lldp run")
        *_, goodbye, silence = dataplane.said
        assert goodbye["GigabitEthernet1/0/1"].hold_seconds == 0
        assert silence == {}


def test_a_switch_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.lab.switch.ssh.ANNOUNCE_SECONDS", 0.05)
    dataplane = NoDataplane.with_all_links(hardware_of("catalyst-l3").ports)
    with running_switch(startup_config="lldp run", dataplane=dataplane):
        wait(lambda: len(dataplane.said) > 3, "it is said once only")
        assert all(said for said in dataplane.said)
