"""A Linux machine that switches, as tests log in to it: a real sshd in namespaces of its own, cabled to two hosts.

Needs root. The machine's management port is a veth to where the test runs; its ports p1 and p2 lead to two namespaces.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.builders import a_switch
from trunkline.drivers.switch.dialect import Dialect
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.drivers.switch.host_keys import scan_host_key
from trunkline.drivers.switch.login import connect
from trunkline.drivers.switch.session import Session
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unreachable
from trunkline.orchestrator.intents import PortRule
from trunkline.orchestrator.models import Credentials, PortName, SecretRef, Switch

SWITCH, HOSTS = "ls-switch", ("ls-h1", "ls-h2")
P1, P2 = PortName("p1"), PortName("p2")
RULES: Mapping[PortName, PortRule] = {P1: PortRule(port=P1), P2: PortRule(port=P2)}
ADDRESS, PORT = "10.78.0.2", 2222
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
SSHD_CONFIG = f"""
ListenAddress {ADDRESS}
Port {PORT}
HostKey {{folder}}/host_key
AuthorizedKeysFile {{folder}}/login_key.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
StrictModes no
UseDNS no
UsePAM no
"""
OVS_START = """
[ -c /dev/net/tun ] || modprobe tun
mkdir -p /run/openvswitch
ovsdb-tool create {folder}/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --pidfile --detach --log-file={folder}/db.log {folder}/conf.db
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach --disable-system --log-file={folder}/vswitchd.log
"""
"""Open vSwitch in the way that needs nothing of the kernel but sockets and taps: its own datapath."""

EXPERIMENTAL = 0x88B5
"""The EtherType of IEEE 802 for experiments."""
SENDER = """
import socket, time
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("eth0", 0))
tag = (0x8100).to_bytes(2, "big") + ({vlan}).to_bytes(2, "big")
frame = b"\\xff" * 6 + bytes.fromhex("020000000001") + tag + ({protocol}).to_bytes(2, "big") + bytes(46)
for _ in range(3):
    link.send(frame)
    time.sleep(0.1)
"""


def run(words: str) -> str:
    return subprocess.run(words.split(), check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class LinuxSwitch:
    """The machine, seen by its operator."""

    pid: int
    inventory: Switch

    def run(self, words: str) -> str:
        return run(f"{' '.join(self.enter)} {words}")

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", "--target", str(self.pid), "--mount", "--net", "--pid")

    def script(self, *lines: str) -> None:
        """Run lines of shell there; the first that fails is the end."""
        for line in lines:
            subprocess.run([*self.enter, "sh", "-ec", line], check=True, capture_output=True)

    def log_in(self, dialect: Dialect) -> Session:
        return connect(self.inventory, dialect.grammar, secrets=_no_secret)


def _no_secret(reference: SecretRef) -> str:
    raise AssertionError(f"{reference} is not needed: root logs in with a key")


@contextmanager
def a_linux_switch(folder: Path, *lines: str, platform: str = "linux_bridge") -> Iterator[LinuxSwitch]:
    """Cable everything, run some lines of shell on the machine, start its sshd."""
    assert SSHD is not None, "sshd is not installed; `make setup` installs openssh-server"
    if platform == "openvswitch":
        assert shutil.which("ovs-vswitchd"), "Open vSwitch is not installed; `make setup` installs it"
    start = OVS_START.format(folder=folder) if platform == "openvswitch" else ""
    for key in ("host_key", "login_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(folder=folder))
    words = ("mount -t tmpfs tmpfs /run", "mkdir /run/sshd", start, *lines)
    script = "\n".join((*words, f"exec {SSHD} -D -e -f {folder}/sshd_config"))
    with _cabled(), (folder / "log").open("wb") as log:
        machine = subprocess.Popen(
            [
                *("ip", "netns", "exec", SWITCH, "unshare", "--mount", "--pid", "--fork", "--mount-proc"),
                *("--propagation", "private", "--kill-child=KILL", "sh", "-exc", script),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            pin = _wait_for_ssh(machine, folder / "log")
            children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split()
            login = Credentials(username="root", key_file=str(folder / "login_key"))
            switch = a_switch(driver=platform, address=ADDRESS, port=PORT, credentials=login, host_key=pin)
            yield LinuxSwitch(int(children[0]), switch)
        finally:
            machine.kill()
            machine.wait()


def _wait_for_ssh(machine: subprocess.Popen[bytes], log: Path) -> str:
    found: list[str] = []

    def answers() -> bool:
        assert machine.poll() is None, log.read_text()
        try:
            key = scan_host_key(a_switch(address=ADDRESS, port=PORT))
        except Unreachable:
            return False
        found.append(f"{key.type} {key.base64}")
        return True

    until(answers, subject="sshd", what="it does not answer", seconds=60, because=log.read_text)
    return found[0]


@contextmanager
def _cabled() -> Iterator[None]:
    with ExitStack() as stack:
        for name in (SWITCH, *HOSTS):
            run(f"ip netns add {name}")
            stack.callback(run, f"ip netns delete {name}")
            run(f"ip -n {name} link set lo up")
        run(f"ip link add ls-mgmt type veth peer name mgmt0 netns {SWITCH}")
        stack.callback(run, "ip link delete ls-mgmt")  # a namespace goes only some time after its deletion
        run("ip address add 10.78.0.1/24 dev ls-mgmt")
        run(f"ip -n {SWITCH} address add {ADDRESS}/24 dev mgmt0")
        run("ip link set ls-mgmt up")
        run(f"ip -n {SWITCH} link set mgmt0 up")
        for host, port in zip(HOSTS, (P1, P2), strict=True):
            run(f"ip link add name eth0 netns {host} type veth peer name {port} netns {SWITCH}")
            run(f"ip -n {SWITCH} link set {port} up")
            run(f"ip -n {host} link set eth0 up")
        yield


@contextmanager
def a_linux_driver(machine: LinuxSwitch, dialect: Dialect, **changes: object) -> Iterator[SwitchDriver]:
    switch = replace(machine.inventory, **changes)  # type: ignore[arg-type]  # tests pass the field's own type
    session = machine.log_in(dialect)
    try:
        yield SwitchDriver(switch, dialect, session)
    finally:
        session.close()


def pings(host: str, address: str, *, tries: int = 4) -> bool:
    """Probe some times: the first probe may meet a neighbour entry that is still being resolved."""
    command: Sequence[str] = f"ip netns exec {host} ping -n -q -c 1 -W 1 {address}".split()
    return any(
        subprocess.run(command, capture_output=True, check=False).returncode == 0 for _ in range(tries)
    )


def crosses(vlan: int, *, seconds: float = 2.0) -> bool:
    """Say whether a tagged broadcast frame of the first host reaches the second one, tagged; no 802.1Q is needed."""
    listen = ["ip", "netns", "exec", HOSTS[1], "tcpdump", "--immediate-mode", "-nn", "-c", "1", "-i", "eth0"]
    words = [*listen, f"vlan {vlan} and ether proto {EXPERIMENTAL}"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tcpdump:
        assert tcpdump.stderr is not None
        while "listening" not in (line := tcpdump.stderr.readline()):
            assert line, "tcpdump ended"
        program = SENDER.format(vlan=vlan, protocol=EXPERIMENTAL)
        subprocess.run(["ip", "netns", "exec", HOSTS[0], sys.executable, "-c", program], check=True)
        try:
            return tcpdump.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            tcpdump.kill()
            return False
