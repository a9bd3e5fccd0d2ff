"""Ways to a switch: through a jump host with a real sshd and a real `ssh`, and what is said when there is none."""

from __future__ import annotations

import getpass
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.integration.switch.driving import as_inventory
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.host_keys import scan_host_key
from trunkline.drivers.switch.login import connect
from trunkline.drivers.switch.session import Session
from trunkline.drivers.switch.way import open_way
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import ConfigError, LoginRefused, Unreachable
from trunkline.orchestrator.models import Switch

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/login_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
AllowTcpForwarding local
LogLevel VERBOSE
"""
CLIENT = """
Host bastion
  HostName 127.0.0.1
  Port {port}
  User {user}
Host bastion 127.0.0.1
  IdentityFile {folder}/login_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
"""


@dataclass(frozen=True)
class JumpHost:
    port: int
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def also(self, text: str) -> Path:
        path = self.folder / "other_config"
        path.write_text(text + self.config.read_text())
        return path


@pytest.fixture(scope="module")
def jump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JumpHost]:
    if SSHD is None:
        pytest.fail("sshd is missing; run `make setup`")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd does not start as root without it
    folder = tmp_path_factory.mktemp("jump")
    with _sshd(folder) as found:
        yield found


@contextmanager
def _sshd(folder: Path) -> Iterator[JumpHost]:
    port = free_port()
    for key in ("host_key", "login_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "sshd_config").write_text(SERVER.format(folder=folder, port=port))
    (folder / "ssh_config").write_text(CLIENT.format(folder=folder, port=port, user=getpass.getuser()))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([str(SSHD), "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    try:
        until(
            lambda: "Server listening" in (folder / "log").read_text(),
            subject="sshd",
            what="it does not listen",
            seconds=20,
            because=(folder / "log").read_text,
        )
        yield JumpHost(port, folder)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def running() -> Iterator[RunningSwitch]:
    with running_switch() as switch:
        yield switch


@contextmanager
def logged_in(running: RunningSwitch, switch: Switch, config: Path | None) -> Iterator[Session]:
    session = connect(switch, GRAMMAR, secrets=lambda _: running.password, ssh_config=config)
    try:
        yield session
    finally:
        session.close()


def forwarded(jump: JumpHost, running: RunningSwitch) -> int:
    return jump.log.count(f"connect_to {running.address} port {running.port}") + jump.log.count(
        f"to {running.address} port {running.port}"
    )


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("written", ["bastion", "{user}@127.0.0.1:{port}"])
def test_a_session_goes_through_the_jump_host_of_the_inventory(
    running: RunningSwitch, jump: JumpHost, written: str
) -> None:
    name = written.format(user=getpass.getuser(), port=jump.port)
    before = children()
    with logged_in(running, as_inventory(running, jump=name), jump.config) as session:
        ways = children() - before
        assert "VLAN" in session.query("show vlan brief", GRAMMAR)
        assert len(ways) == 1
    assert children() == before


def test_the_ssh_configuration_may_name_the_jump_host_and_the_address(
    running: RunningSwitch, jump: JumpHost
) -> None:
    config = jump.also(f"Host core1\n  HostName {running.address}\n  ProxyJump bastion\n")
    switch = as_inventory(running, address="core1")
    before = children()
    with logged_in(running, switch, config) as session:
        assert children() - before
        assert "VLAN" in session.query("show vlan brief", GRAMMAR)


def test_or_a_command_that_leads_there_and_that_no_shell_reads(
    running: RunningSwitch, jump: JumpHost, tmp_path: Path
) -> None:
    command = f"ssh -F {jump.config} -W %h:%p bastion ; touch {tmp_path}/run"
    config = jump.also(f"Host {running.address}\n  ProxyCommand {command}\n")
    before = children()
    with logged_in(running, as_inventory(running), config) as session:
        assert children() - before
        assert "VLAN" in session.query("show vlan brief", GRAMMAR)
    assert not (tmp_path / "run").exists()


def test_what_a_command_started_ends_with_it(running: RunningSwitch, tmp_path: Path) -> None:
    config, told = tmp_path / "config", tmp_path / "pid"
    command = f"sh -c 'sleep 600 & echo $! > {told}.new && mv {told}.new {told}; wait'"
    config.write_text(f"Host *\n  ProxyCommand {command}\n")
    way = open_way(as_inventory(running), ssh_config=config)
    until(told.exists, subject="the command", what="it does not start", seconds=10)
    way.close()
    state = Path(f"/proc/{told.read_text().strip()}/stat")
    until(
        lambda: not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z",
        subject="what the command started",
        what="it goes on",
        seconds=5,
    )


def test_without_a_word_about_it_the_way_is_straight(running: RunningSwitch, jump: JumpHost) -> None:
    before = children()
    with logged_in(running, as_inventory(running), jump.config):
        assert children() == before


def test_the_host_key_is_asked_for_through_it_too(running: RunningSwitch, jump: JumpHost) -> None:
    key = scan_host_key(as_inventory(running, jump="bastion"), ssh_config=jump.config)
    assert f"{key.type} {key.base64}" == running.host_key


def test_a_jump_host_that_refuses_us_says_so_and_no_password_is_sent(
    running: RunningSwitch, jump: JumpHost
) -> None:
    switch = as_inventory(running, jump=f"nobody@127.0.0.1:{jump.port}")
    before = children()
    with pytest.raises(Unreachable, match=r"jump host nobody@.* does not lead there: .*Permission denied"):
        connect(switch, GRAMMAR, secrets=lambda _: running.password, ssh_config=jump.config)
    assert running.logins == 0
    assert children() == before


def test_a_login_that_somebody_breaks_off_leaves_no_program_and_no_password_behind(
    running: RunningSwitch, jump: JumpHost
) -> None:
    class TimeIsUp(BaseException):
        """What a worker's time limit raises, wherever it is."""

    def stop(*_: object) -> None:
        raise TimeIsUp

    before, filters = children(), list(logging.getLogger("netmiko").filters)
    running.set_faults(slow_ms=5000)
    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    try:
        with pytest.raises(TimeIsUp):
            connect(
                as_inventory(running, jump="bastion"),
                GRAMMAR,
                secrets=lambda _: running.password,
                ssh_config=jump.config,
            )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert running.logins == 1, "it was logged in to when the time was up"
    assert children() == before
    assert logging.getLogger("netmiko").filters == filters


def test_refused_passwords_do_not_pile_up_in_a_filter_of_log_messages(running: RunningSwitch) -> None:
    before = list(logging.getLogger("netmiko").filters)
    with pytest.raises(LoginRefused):
        connect(as_inventory(running), GRAMMAR, secrets=lambda _: "wrong")
    assert logging.getLogger("netmiko").filters == before


def test_a_switch_that_the_jump_host_cannot_reach_is_named(running: RunningSwitch, jump: JumpHost) -> None:
    switch = as_inventory(running, jump="bastion", port=free_port())
    with pytest.raises(Unreachable, match="jump host bastion does not lead there"):
        connect(switch, GRAMMAR, secrets=lambda _: running.password, ssh_config=jump.config)


def test_a_jump_host_that_changed_its_key_is_not_used(running: RunningSwitch, jump: JumpHost) -> None:
    known = jump.folder / "known_hosts"
    text = known.read_text()
    other = (jump.folder / "login_key.pub").read_text()
    try:
        known.write_text(f"[127.0.0.1]:{jump.port} {other}")
        switch = as_inventory(running, jump="bastion")
        with pytest.raises(Unreachable, match=r"REMOTE HOST IDENTIFICATION HAS CHANGED|verification failed"):
            connect(switch, GRAMMAR, secrets=lambda _: running.password, ssh_config=jump.config)
    finally:
        known.write_text(text)


@pytest.mark.parametrize("jump_text", ["-oProxyCommand=touch x", "a b"])
def test_what_is_no_jump_host_becomes_no_option(running: RunningSwitch, jump_text: str) -> None:
    switch = replace(as_inventory(running), jump=jump_text)
    with pytest.raises((ConfigError, Unreachable)):
        connect(switch, GRAMMAR, secrets=lambda _: running.password)
    assert not Path("x").exists()


def test_a_configuration_that_is_not_there_is_named(running: RunningSwitch, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="check TRUNKLINE_SSH_CONFIG"):
        connect(
            as_inventory(running),
            GRAMMAR,
            secrets=lambda _: running.password,
            ssh_config=tmp_path / "none",
        )
