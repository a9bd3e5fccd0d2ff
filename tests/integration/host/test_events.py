"""The event stream of a real engine, and of a recorded one."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.dockerd import PrivateEngine
from trunkline.drivers.host.events import SILENCE, EngineEvent, parse_event, read_events
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.errors import Unreachable

# docker-py leaves a socket that could not connect to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def until(stream: Iterator[EngineEvent], action: str) -> list[EngineEvent]:
    """Read up to the first event of that action; pytest's time limit is the deadline."""
    found = []
    for event in stream:
        found.append(event)
        if event.action == action:
            return found
    raise AssertionError(f"the stream ended: {found}")


@pytest.mark.root
class TestARealStream:
    def test_events_come_in_order_and_none_between_opening_and_reading_is_missed(
        self, dockerd: PrivateEngine, engine: Engine
    ) -> None:
        stream = engine.events()
        # Only now, before anything is read.
        container = dockerd.run("c1")
        dockerd.docker("rm", "--force", "c1")
        found = until(stream, "destroy")
        assert [
            (event.kind, event.action) for event in found if event.action not in {"die", "disconnect"}
        ] == [
            ("container", "create"),
            ("network", "connect"),
            ("container", "start"),
            ("container", "destroy"),
        ]
        assert {"die", "disconnect"} <= {event.action for event in found}
        assert {event.container for event in found} == {container}
        assert [event.time for event in found] == sorted(event.time for event in found)

    def test_since_tells_what_happened_before(self, dockerd: PrivateEngine, engine: Engine) -> None:
        stream = engine.events()
        dockerd.run("c1")
        before = until(stream, "start")[-1]
        second = dockerd.run("c2")
        found = until(engine.events(before.time + 0.000001), "start")
        assert {event.container for event in found} == {second}

    def test_silence_is_told_and_nothing_is_lost_or_told_twice_over_it(self, dockerd: PrivateEngine) -> None:
        stream = read_events(dockerd.url, silence_seconds=0.3)
        first = dockerd.run("c1")
        assert until(stream, "start")[-1].container == first
        silent = next(stream)
        assert (silent.kind, silent.container) == (SILENCE, "")
        second = dockerd.run("c2")
        found = [event for event in until(stream, "start") if event.kind != SILENCE]
        assert [(event.action, event.container) for event in found] == [
            ("create", second),
            ("connect", second),
            ("start", second),
        ]

    def test_an_engine_that_hangs_is_unreachable_after_the_silence(
        self, dockerd: PrivateEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("trunkline.drivers.host.client.TIMEOUT_SECONDS", 1)
        stream = read_events(dockerd.url, silence_seconds=0.3)
        with dockerd.frozen():
            began = time.monotonic()
            with pytest.raises(Unreachable):
                list(stream)
            assert time.monotonic() - began < 10

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_the_end_of_the_stream_is_an_error(
        self, dockerd: PrivateEngine, engine: Engine, number: signal.Signals
    ) -> None:
        lost, stream = engine.events(), engine.events()
        dockerd.stop(number)
        try:
            with pytest.raises(Unreachable, match=r"its event stream (ended|broke)"):
                list(stream)
            with pytest.raises(Unreachable, match="is dockerd running"):
                engine.events()
        finally:
            dockerd.start()
        # Also when the engine is back before anybody looks: what happened between is lost.
        with pytest.raises(Unreachable, match=r"its event stream (ended|broke)"):
            until(lost, SILENCE)


@contextmanager
def playing(*answers: list[int], ends: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Play an engine whose event streams tell these times, one list per request, and then are silent or end.

    No real engine can be made to have its events exactly while a stream is opened anew. Gives its URL and what
    ``since`` each request asked for.
    """
    over, asked, left = threading.Event(), list[str](), iter(answers)

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            events = url.path.endswith("/events")
            if events:
                asked.append(parse_qs(url.query).get("since", [""])[0])
            self.close_connection = True
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if not events:
                self.say(b'{"ApiVersion": "1.41"}')
                self.say(b"")
                return
            for time_nano in next(left, []):
                event = {"Type": "container", "Action": "start", "Actor": {"ID": "a"}, "timeNano": time_nano}
                self.say(json.dumps(event).encode() + b"\n")
            if ends:
                self.say(b"")
            else:
                over.wait(20)

        def say(self, chunk: bytes) -> None:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

        def log_message(self, *words: object) -> None:
            """Keep the test's output to itself."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_port}", asked
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_what_happened_while_the_stream_was_opened_anew_is_told_once() -> None:
    second = 1_000_000_000
    later = 4_000_000_000 * second
    with playing([later], [later, later + 1]) as (url, asked):
        # Long enough for a slow machine to tell the first event within.
        stream = read_events(url, silence_seconds=1.0)
        found = [next(stream) for _ in range(3)]
        assert [event.action for event in found] == ["start", SILENCE, "start"]
        assert asked == ["", "4000000000.000000000"]
        next(stream)
        assert asked[2] == "4000000000.000000001"
        stream.close()  # type: ignore[attr-defined]  # it is a generator


def test_a_stream_that_ends_properly_is_an_error_too() -> None:
    with playing([4], [], ends=True) as (url, asked):
        stream = read_events(url, silence_seconds=5)
        assert next(stream).action == "start"
        with pytest.raises(Unreachable, match="its event stream ended; dockerd stops or restarts"):
            next(stream)
        assert len(asked) == 1


def test_every_recorded_event_is_read(captures: Path) -> None:
    lines = (captures / "docker" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    recorded = [raw for raw in map(json.loads, lines) if "_marker" not in raw]
    assert len(recorded) > 100
    for raw in recorded:
        event = parse_event(raw)
        assert event.kind == raw["Type"]
        assert raw["Action"].startswith(event.action)
        assert event.time == pytest.approx(raw["time"], abs=1)
        if raw["Type"] == "container":
            assert event.container == raw["Actor"]["ID"]
        elif raw["Action"] in {"connect", "disconnect"}:
            assert len(event.container) == 64
        else:
            assert event.container == ""


@pytest.mark.parametrize(
    ("raw", "action", "container"),
    [
        ({}, "", ""),
        ({"Type": "container", "Action": "exec_start: sh -c x", "Actor": {"ID": "a"}}, "exec_start", "a"),
        (
            {"Type": "container", "Action": "health_status: healthy", "Actor": {"ID": "a"}},
            "health_status",
            "a",
        ),
        ({"Type": "network", "Action": "destroy", "Actor": {"ID": "n", "Attributes": None}}, "destroy", ""),
    ],
)
def test_odd_events_are_read_without_inventing_anything(
    raw: dict[str, object], action: str, container: str
) -> None:
    event = parse_event(raw)
    assert (event.action, event.container) == (action, container)
