"""A host's own view of its cabling, from a real lldpd that hears real frames."""

from __future__ import annotations

import grp
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.host.conftest import ip
from tests.lldpd import Lldpd, a_frame, a_real_lldpd, send
from trunkline.lab.waiting import until
from trunkline.orchestrator.intents import Peer

pytestmark = [pytest.mark.root, pytest.mark.usefixtures("namespace")]
ROOT = Path(__file__).parents[3]
ASK = "from trunkline.drivers.host.peers import peers\nprint(*(ascii(peer.name) for peer in peers()), sep='\\n')"


@pytest.fixture
def lldpd(namespace: None, tmp_path: Path) -> Iterator[Lldpd]:
    del namespace
    with a_real_lldpd((), "-I", "up0", log=tmp_path / "log") as running:
        yield running


def heard(lldpd: Lldpd, count: int) -> tuple[Peer, ...]:
    return until(
        lambda: found if len(found := lldpd.peers()) >= count else None,
        subject="lldpd",
        what=f"it does not hear {count} neighbors",
        seconds=30,
    )


def as_the_worker_asks(lldpd: Lldpd) -> str:
    words = [*lldpd.enter, sys.executable, "-c", ASK]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_a_neighbor_is_known_by_nic_name_and_port(lldpd: Lldpd) -> None:
    send("peer0", a_frame(b"core1"))
    (peer,) = heard(lldpd, 1)
    assert peer == Peer(
        port=ip("-br", "link", "show", "dev", "up0").split("@")[0],  # type: ignore[arg-type]  # the NIC's name
        name="core1",
        chassis="02:00:00:00:00:f1",
        far_port="port1",
        far_description="core1",
        capabilities=frozenset({"bridge", "router"}),
    )
    assert as_the_worker_asks(lldpd) == "'core1'\n"


def test_a_host_without_neighbors_knows_nothing(lldpd: Lldpd) -> None:
    assert as_the_worker_asks(lldpd) == "\n"


@pytest.mark.parametrize(
    "name",
    [
        b"\x1b[2Jescape\x07",
        b"\xff\xfe\x80 no text",
        b"two\nlines\r\n",
        b'quote " and \\ and {"lldp": [1]}',
        b"\x00zero",
        "ä\u202e".encode(),
        b"a" * 255,
    ],
)
def test_a_hostile_name_is_heard_and_comes_back_printable(lldpd: Lldpd, name: bytes) -> None:
    send("peer0", a_frame(b"sane"), a_frame(name, mac="0200000000f2"))
    found = heard(lldpd, 2)
    assert "sane" in {peer.name for peer in found}
    for peer in found:
        for text in (peer.name, peer.far_description):
            assert len(text) <= 255
            assert text.isascii()
            assert text.isprintable()
    assert "'sane'" in as_the_worker_asks(lldpd)


def test_the_worker_of_the_unit_file_may_ask_with_the_groups_that_the_manual_names(lldpd: Lldpd) -> None:
    send("peer0", a_frame(b"core1"))
    heard(lldpd, 1)
    groups = "SupplementaryGroups=_lldpd adm"
    assert groups in (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    numbers = ",".join(str(grp.getgrnam(name).gr_gid) for name in groups.partition("=")[2].split())
    # As deploy/systemd has it: root, with one capability and no new privileges.
    alone = ("setpriv", "--no-new-privs", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all")
    answers = {
        option: subprocess.run(
            [*lldpd.enter, *alone, *option.split(), sys.executable, "-c", ASK],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for option in (f"--groups {numbers}", "--clear-groups")
    }
    assert answers == {f"--groups {numbers}": "'core1'\n", "--clear-groups": "\n"}


def test_a_neighbor_that_says_goodbye_is_gone(lldpd: Lldpd) -> None:
    send("peer0", a_frame(b"core1"))
    heard(lldpd, 1)
    send("peer0", a_frame(b"core1", seconds=0))
    until(lambda: not lldpd.peers(), subject="lldpd", what="it still knows the neighbor", seconds=30)
