"""What a host knows of its cabling when its lldpcli is not what it should be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.drivers.test_lldpcli import an_interface, printed
from trunkline.drivers.host import peers as asking
from trunkline.drivers.host.peers import peers


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose lldpcli is found first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def install(folder: Path, script: str) -> None:
    program = folder / "lldpcli"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_peers_are_what_lldpcli_prints(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(printed(an_interface("eno1"), an_interface("eno2")))
    install(programs, f'echo "$*" > {tmp_path}/words\necho a warning >&2\ncat {tmp_path}/answer')
    assert [(peer.port, peer.name, peer.far_port) for peer in peers()] == [
        ("eno1", "sw1", "Gi1/0/1"),
        ("eno2", "sw1", "Gi1/0/1"),
    ]
    assert (tmp_path / "words").read_text() == "-f json0 show neighbors\n"


@pytest.mark.parametrize(
    "script",
    [
        "echo unable to connect to socket >&2; exit 1",
        """echo '{"lldp": [{"interface": [{"name": "eno1", "via": "LLDP"}]}]}'; exit 1""",
        "echo nonsense",
        "exit 0",
        "kill -9 $$",
    ],
    ids=["not running", "failed", "nonsense", "silent", "killed"],
)
def test_without_an_answer_nothing_is_known(programs: Path, script: str) -> None:
    install(programs, script)
    assert peers() == ()


def test_without_lldpd_nothing_is_known(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_SBIN", str(programs))
    monkeypatch.setenv("PATH", str(programs))
    assert peers() == ()


def test_a_program_that_may_not_be_run_is_none(programs: Path) -> None:
    (programs / "lldpcli").write_text("no program")
    (programs / "lldpcli").chmod(0o755)
    assert peers() == ()


def test_one_that_hangs_is_ended(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LIMIT_SECONDS", 0.2)
    install(programs, "exec sleep 60")
    before = time.monotonic()
    assert peers() == ()
    assert time.monotonic() - before < 20


def test_one_that_floods_is_ended(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 10_000)
    monkeypatch.setattr(asking, "LIMIT_SECONDS", 600)  # it is not the time that ends it
    install(programs, "exec yes")
    assert peers() == ()
