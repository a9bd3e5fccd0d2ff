"""The agent on a socket that somebody else listens on, as systemd does: a real process, killed and started again."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.site import PROGRAM, Site, a_site, stop, until
from tests.integration.ipam.plugged import post
from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import HostName
from trunkline.tasks.activation import handed_over

pytestmark = pytest.mark.slow

CAPABILITIES = {"RequiresMACAddress": True, "RequiresRequestReplay": True}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path) as built:
        built.apply()
        yield built


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "plug.sock"))
        server.listen(16)
        yield server


@contextmanager
def an_agent(site: Site, listening: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """Start the agent with the socket as descriptor 3, and LISTEN_PID its own, as only the parent of a fork can say."""
    words = shlex.join(
        [
            str(PROGRAM),
            "agent",
            "--host",
            "h1",
            "--docker",
            "unix:///nowhere/docker.sock",
            "--socket",
            "/nowhere/s",
        ]
    )
    script = f"LISTEN_FDS=1 LISTEN_PID=$$ exec {words} 3<&{listening.fileno()}"
    with subprocess.Popen(
        ["bash", "-c", script],
        env=site.shell.env,
        pass_fds=[listening.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            stop(process)


def test_a_question_that_comes_while_the_agent_is_away_is_answered_by_the_next_one(
    site: Site, listening: socket.socket
) -> None:
    path = Path(listening.getsockname())
    with an_agent(site, listening) as first:
        assert post(path, "/IpamDriver.GetCapabilities", b"")[1] == CAPABILITIES
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    answers: list[tuple[int, dict[str, Any]]] = []
    asking = threading.Thread(
        target=lambda: answers.append(post(path, "/IpamDriver.GetCapabilities", b"", seconds=30))
    )
    asking.start()
    with an_agent(site, listening):
        asking.join(30)
        assert answers == [(200, CAPABILITIES)]


def test_it_ends_in_bounded_time_though_a_question_waits_and_leaves_the_socket(
    site: Site, listening: socket.socket
) -> None:
    path = Path(listening.getsockname())
    with ExitStack() as stack:
        agent = stack.enter_context(an_agent(site, listening))
        assert post(path, "/IpamDriver.GetCapabilities", b"")[0] == 200
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
            body = b'{"Options":{"segment":"web"}}'  # nobody makes the way to the switch ready
            head = f"POST /IpamDriver.RequestPool HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            until(
                lambda: bool(site.store.desired.holders_of(HostName("h1"))), "the question is being worked at"
            )
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(15) == 0
    assert path.exists()


def test_what_is_no_listening_unix_socket_is_refused(tmp_path: Path) -> None:
    mine = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    with (
        (tmp_path / "file").open("w") as file,
        pytest.raises(ConfigError, match="something that is no socket"),
    ):
        handed_over(dict(mine), first=file.fileno())
    silent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with silent, pytest.raises(ConfigError, match="a socket of another kind"):
        handed_over(dict(mine), first=silent.fileno())
    with pytest.raises(ConfigError, match="hands over 2 sockets instead of one"):
        handed_over(mine | {"LISTEN_FDS": "2"})


def test_what_was_handed_to_another_process_is_not_taken() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "OTHER": "x"}
    assert handed_over(environment) is None
    assert environment == {"OTHER": "x"}
    assert handed_over({}) is None
