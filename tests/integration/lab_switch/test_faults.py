"""Every fault of a fault file, seen by a real SSH client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import asyncssh
import pytest

from trunkline.lab.switch.server import RunningSwitch, running_switch

SECONDS = 10


@pytest.fixture
def switch() -> Iterator[RunningSwitch]:
    with running_switch() as running:
        yield running


class Client:
    """A terminal that reads until something appears."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._process = process
        self.seen = b""

    async def until(self, text: bytes) -> bytes:
        """Read until ``text`` is there; give everything up to and with it and forget it."""
        async with asyncio.timeout(SECONDS):
            while text not in self.seen:
                more = await self._process.stdout.read(65536)
                if not more:
                    raise EOFError(self.seen)
                self.seen += more
        found, text, self.seen = self.seen.partition(text)
        return found + text

    async def say(self, *lines: str, prompt: bytes = b"#") -> bytes:
        """Send lines one by one; give what came back until the last prompt."""
        answer = b""
        for line in lines:
            self._process.stdin.write(line.encode() + b"\n")
            answer = await self.until(b"\r\n") + await self.until(prompt)
        return answer

    def paste(self, text: bytes) -> None:
        """Send bytes without waiting."""
        self._process.stdin.write(text)


@asynccontextmanager
async def logged_in(switch: RunningSwitch, *, password: str | None = None) -> AsyncIterator[Client]:
    """Log in and become privileged."""
    async with asyncssh.connect(
        switch.address,
        switch.port,
        username=switch.user,
        password=switch.password if password is None else password,
        known_hosts=None,
        client_keys=None,
        config=None,
    ) as connection:
        process = await connection.create_process(encoding=None, term_type="vt100")
        client = Client(process)
        await client.until(b"sw1>")
        client.paste(b"enable\n")
        await client.until(b"Password: ")
        client.paste(switch.enable_password.encode() + b"\n")
        await client.until(b"sw1#")
        await client.say("terminal length 0")
        yield client


def with_client(switch: RunningSwitch, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Run a dialogue."""

    async def run() -> None:
        async with logged_in(switch) as client:
            await talk(client)

    asyncio.run(run())


def test_a_healthy_switch_takes_a_paste_of_300_lines_in_less_than_a_third_of_a_second(
    switch: RunningSwitch,
) -> None:
    lines = [f"vlan {100 + n}\nname n{n}\nexit" for n in range(100)]

    async def talk(client: Client) -> None:
        await client.say("configure terminal")
        began = time.perf_counter()
        client.paste(("\n".join(lines) + "\nend\n").encode())
        await client.until(b"(config)#end\r\nsw1#")
        assert time.perf_counter() - began < 0.3

    with_client(switch, talk)
    assert switch.state.vlans[199].name == "n99"


def test_latency_delays_every_answer_but_not_the_one_behind_it(switch: RunningSwitch) -> None:
    async def talk(client: Client) -> None:
        switch.set_faults(latency_ms=200)
        began = time.perf_counter()
        client.paste(b"show clock\nshow privilege\nshow clock\n")
        await client.until(b"level is 15\r\n")
        assert 0.2 <= time.perf_counter() - began < 0.4

    with_client(switch, talk)


def test_a_slow_switch_thinks_about_every_line(switch: RunningSwitch) -> None:
    async def talk(client: Client) -> None:
        switch.set_faults(slow_ms=60)
        began = time.perf_counter()
        client.paste(b"show clock\n" * 5 + b"show privilege\n")
        await client.until(b"level is 15\r\n")
        assert time.perf_counter() - began >= 0.36

    with_client(switch, talk)


@pytest.mark.parametrize(("when", "executed"), [("before", False), ("after", True)])
def test_a_session_can_be_cut_before_or_after_a_line(
    switch: RunningSwitch, when: str, *, executed: bool
) -> None:
    switch.set_faults(events=[{"matching": "^hostname", "do": "drop", "when": when}])

    async def talk(client: Client) -> None:
        await client.say("configure terminal")
        client.paste(b"hostname gone\n")
        with pytest.raises((EOFError, asyncssh.Error, ConnectionError)):
            await client.until(b"never")

    with_client(switch, talk)
    assert (switch.state.hostname == "gone") is executed


def test_the_kth_line_of_a_session_can_cut_it(switch: RunningSwitch) -> None:
    switch.set_faults(events=[{"line": 5, "do": "drop"}])

    async def talk(client: Client) -> None:
        await client.say("show clock")  # after enable, its password and terminal length: the fourth
        client.paste(b"show clock\n")
        with pytest.raises((EOFError, asyncssh.Error, ConnectionError)):
            await client.until(b"never")

    with_client(switch, talk)


def test_a_syslog_line_appears_in_the_middle_of_output(switch: RunningSwitch) -> None:
    text = "%LINK-3-UPDOWN: Interface GigabitEthernet1/0/1, changed state to down"
    switch.set_faults(events=[{"matching": "show vlan", "do": "syslog", "text": text}])

    async def talk(client: Client) -> None:
        answer = await client.say("show vlan brief", prompt=b"\nsw1#")
        assert text.encode() in answer
        assert answer.index(b"default") < answer.index(b"%LINK") < answer.index(b"trnet-default")

    with_client(switch, talk)


def test_bytes_that_are_no_utf8_appear_once(switch: RunningSwitch) -> None:
    switch.set_faults(events=[{"matching": "show vlan", "do": "garbage"}])

    async def talk(client: Client) -> None:
        assert b"\xff\xfe" in await client.say("show vlan brief")
        assert b"\xff\xfe" not in await client.say("show vlan brief")

    with_client(switch, talk)


@pytest.mark.parametrize(("key", "executed"), [(b"\n", True), (b"n", False)])
def test_a_line_may_ask_for_confirmation(switch: RunningSwitch, key: bytes, *, executed: bool) -> None:
    switch.set_faults(events=[{"matching": "^no vlan", "do": "confirm", "text": "Really?"}])
    switch.configure("vlan 10")

    async def talk(client: Client) -> None:
        await client.say("configure terminal")
        client.paste(b"no vlan 10\n")
        await client.until(b"Really? [confirm]")
        client.paste(key)
        await client.until(b"(config)#")

    with_client(switch, talk)
    assert (10 not in switch.state.vlans) is executed


def test_a_line_may_be_rejected_and_then_do_nothing(switch: RunningSwitch) -> None:
    text = "% Failed to create VLANs 10"
    switch.set_faults(events=[{"matching": "^vlan 10$", "do": "reject", "text": text, "times": 0}])

    async def talk(client: Client) -> None:
        await client.say("configure terminal")
        for _ in range(2):
            assert text.encode() in await client.say("vlan 10")
        await client.say("vlan 11", "exit")

    with_client(switch, talk)
    assert 10 not in switch.state.vlans
    assert 11 in switch.state.vlans


def test_one_may_be_thrown_out_of_configuration_mode(switch: RunningSwitch) -> None:
    switch.set_faults(events=[{"matching": "^interface", "do": "leave_config"}])

    async def talk(client: Client) -> None:
        await client.say("configure terminal")
        assert (await client.say("interface Gi1/0/1")).endswith(b"\nsw1#")
        assert b"Invalid input" in await client.say("switchport mode trunk", prompt=b"\nsw1#")

    with_client(switch, talk)


def test_a_frozen_switch_keeps_the_connection_and_says_nothing(switch: RunningSwitch) -> None:
    switch.set_faults(events=[{"matching": "show clock", "do": "freeze", "when": "before"}])

    async def talk(client: Client) -> None:
        client.paste(b"show clock\nshow privilege\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.until(b"level is 15"), 0.3)
        assert switch.sessions == 1

    with_client(switch, talk)


def test_a_line_may_take_its_time(switch: RunningSwitch) -> None:
    switch.set_faults(events=[{"matching": "show clock", "do": "delay", "seconds": 0.3, "when": "before"}])

    async def talk(client: Client) -> None:
        began = time.perf_counter()
        await client.say("show clock")
        assert time.perf_counter() - began >= 0.3

    with_client(switch, talk)


def test_output_may_come_byte_by_byte(switch: RunningSwitch) -> None:
    switch.set_faults(bytewise=True)

    async def talk(client: Client) -> None:
        assert b"trnet-default" in await client.say("show vlan brief")

    with_client(switch, talk)


def test_a_switch_may_not_echo(switch: RunningSwitch) -> None:
    async def talk(client: Client) -> None:
        switch.set_faults(echo=False)
        assert b"show privilege" not in await client.say("show privilege")

    with_client(switch, talk)


def test_sessions_beyond_the_lines_of_the_switch_are_refused(switch: RunningSwitch) -> None:
    switch.set_faults(vty_lines=1)

    async def run() -> None:
        async with logged_in(switch):
            with pytest.raises((asyncssh.Error, ConnectionError)):
                async with logged_in(switch):
                    pytest.fail("a second session was let in")
        assert switch.refused == 1
        await asyncio.to_thread(switch.wait_for_sessions, 0)
        async with logged_in(switch):
            pass

    asyncio.run(run())


def test_logins_may_be_refused_after_some(switch: RunningSwitch) -> None:
    switch.set_faults(refuse_logins_after=1)

    async def run() -> None:
        async with logged_in(switch):
            pass
        with pytest.raises((asyncssh.Error, ConnectionError)):
            async with logged_in(switch):
                pytest.fail("a second login was let in")

    asyncio.run(run())


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_wrong_password_is_refused_and_a_right_one_too_when_told_so(
    switch: RunningSwitch, password: str | None
) -> None:
    if password is None:
        switch.set_faults(bad_password=True)

    async def run() -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with logged_in(switch, password=password):
                pytest.fail("it was let in")

    asyncio.run(run())
    assert switch.logins == 0


def test_the_host_key_changes_after_a_login(switch: RunningSwitch) -> None:
    switch.set_faults(change_host_key_after=1)
    before = switch.host_key

    async def run() -> list[str]:
        keys = []
        for _ in range(2):
            key = await asyncssh.get_server_host_key(switch.address, switch.port, config=None)
            assert key is not None
            keys.append(" ".join(key.export_public_key().decode().split()[:2]))
            async with logged_in(switch):
                pass
        return keys

    keys = asyncio.run(run())
    assert keys == [before, switch.host_key]
    assert keys[0] != keys[1]


def test_reload_ends_every_session_and_forgets_what_was_not_saved(switch: RunningSwitch) -> None:
    async def talk(client: Client) -> None:
        await client.say("configure terminal", "hostname kept", prompt=b")#")
        await client.say("do write memory", prompt=b"(config)#")
        await client.say("hostname lost", prompt=b")#")
        client.paste(b"end\nreload\n")
        await client.until(b"Save? [yes/no]: ")
        client.paste(b"no\n")
        await client.until(b"Proceed with reload? [confirm]")
        client.paste(b"\n")
        with pytest.raises((EOFError, asyncssh.Error, ConnectionError)):
            await client.until(b"never")

    with_client(switch, talk)
    assert switch.state.hostname == "kept"
    assert switch.device.reloads == 1
    assert switch.sessions == 0


def test_a_single_command_can_be_given_to_ssh(switch: RunningSwitch) -> None:
    async def run() -> str:
        async with asyncssh.connect(
            switch.address,
            switch.port,
            username=switch.user,
            password=switch.password,
            known_hosts=None,
            config=None,
        ) as connection:
            return str((await connection.run("show privilege", check=True)).stdout)

    assert asyncio.run(run()).strip() == "Current privilege level is 1"


def test_the_transcript_holds_every_line_with_its_mode_and_no_password(switch: RunningSwitch) -> None:
    async def talk(client: Client) -> None:
        await client.say("configure terminal", "vlan 10", "name web", "exit", "end")

    with_client(switch, talk)
    assert [(r.line, r.mode) for r in switch.transcript] == [
        ("enable", "exec"),
        ("", "question"),
        ("terminal length 0", "enable"),
        ("configure terminal", "enable"),
        ("vlan 10", "config"),
        ("name web", "config-vlan"),
        ("exit", "config-vlan"),
        ("end", "config"),
    ]
    assert switch.config_lines == ["vlan 10", "name web", "exit"]
