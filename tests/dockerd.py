"""A real Docker engine for tests, in namespaces of its own: nothing of it outlives the ``with`` block.

Its process 1 is a shell that ends when its standard input closes, which happens however this process ends; with it
go the engine, its containers, interfaces and mounts.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from trunkline.lab.images import pack_busybox

IMAGE = "busybox"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
NEEDED = ("dockerd", "docker", "containerd", "unshare", "nsenter", "ip", "busybox")
CGROUPS = Path("/sys/fs/cgroup")

INIT = """
mount -t proc proc /proc
grep -q ' /sys/fs/cgroup' /proc/self/mounts || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
ip link set dev lo up
echo ready
read -r _ || true
"""


def why_not() -> str:
    """Say why no engine can be started here; empty when one can."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not installed; run `make setup`"
    return "" if os.geteuid() == 0 else "needs root"


class PrivateEngine:
    """A dockerd with the image ``busybox``, whose command sleeps.

    The default bridge is there, packet filtering is not. ``parents`` are interfaces a macvlan network can sit on:
    veth pairs, as Docker takes any interface by its name and not every kernel has 802.1Q.

    Args:
        parents: Those interfaces.
        live_restore: Containers outlive dockerd; they are then kept by a containerd beside it.

    Attributes:
        url: Where it listens.
        enter: Words before a command that run it where the engine runs.
    """

    def __init__(
        self, *, parents: Sequence[str] = ("eth0.10", "eth0.20"), live_restore: bool = False
    ) -> None:
        self._parents = tuple(parents)
        self._live_restore = live_restore
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            # Not below pytest's folder: the path of a socket ends at 107 characters.
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tl-dockerd-")))
            self.url = f"unix://{self.folder}/docker.sock"
            stack.callback(_remove_cgroups, self.folder.name)
            self._log = stack.enter_context((self.folder / "log").open("ab"))
            stack.enter_context(self._namespaces())
            for name in self._parents:
                self.add_parent(name)
            if self._live_restore:
                self._runtime = self._start_containerd()
            self.start()
            archive = pack_busybox(self.folder / "busybox.tar")
            self.docker("import", "--change", 'CMD ["/bin/sleep", "1000000"]', str(archive), IMAGE)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start dockerd and wait until it answers."""
        self._daemon = subprocess.Popen([*self.enter, *self._command()], stdout=self._log, stderr=self._log)
        self._until(self.answers, START_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop dockerd, or kill it with SIGKILL; containers of a killed one are ended when it starts again."""
        os.kill(self._daemon_pid(), number)
        self._daemon.wait(STOP_SECONDS)
        # A containerd that died with it is a zombie of process 1, which the next dockerd takes for a living one.
        self.inside("rm", "-f", "/run/docker/containerd/containerd.pid")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let dockerd hang: its socket accepts, nobody answers."""
        os.kill(self._daemon_pid(), signal.SIGSTOP)
        # nsenter stops itself when its child stops, and continues its child when it is continued.
        os.waitid(os.P_PID, self._daemon.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            yield
        finally:
            self._daemon.send_signal(signal.SIGCONT)
            self._until(self.answers, START_SECONDS)

    def answers(self) -> bool:
        """Say whether the API answers."""
        if self._daemon.poll() is not None:
            raise AssertionError(f"dockerd ended: {(self.folder / 'log').read_text()[-4000:]}")
        probe = ["docker", "--host", self.url, "version", "--format", "{{.Server.Version}}"]
        return subprocess.run(probe, capture_output=True, check=False, timeout=START_SECONDS).returncode == 0

    def docker(self, *words: str) -> str:
        """Run the docker command; give what it printed. A failure raises with its words."""
        return _output(["docker", "--host", self.url, *words])

    def run(self, name: str, *words: str) -> str:
        """Start a container that sleeps; give its id."""
        # A process 1 that sleeps ignores SIGTERM: every stop would take ten seconds.
        return self.docker("run", "--detach", "--stop-signal", "KILL", "--name", name, *words, IMAGE)

    def network(self, name: str) -> dict[str, Any]:
        """Describe a network by all that two of the same making have in common."""
        (found,) = json.loads(self.docker("network", "inspect", name))
        ipam = found["IPAM"]
        # The command line sends no options as an empty object, and its subnets in any order.
        ipam |= {"Options": ipam["Options"] or {}, "Config": sorted(ipam["Config"], key=str)}
        return {key: item for key, item in found.items() if key not in {"Id", "Created"}}

    def inside(self, *words: str) -> str:
        """Run a command where the engine runs."""
        return _output([*self.enter, *words])

    def add_parent(self, name: str) -> None:
        """Make an interface that a macvlan network can sit on."""
        peer = f"p{name}"[:15]
        self.inside("ip", "link", "add", "name", name, "type", "veth", "peer", "name", peer)
        self.inside("ip", "link", "set", "dev", name, "up")
        self.inside("ip", "link", "set", "dev", peer, "up")

    def clean(self) -> None:
        """Remove every container and every network that is not Docker's own."""
        containers = self.docker("ps", "--all", "--quiet").split()
        if containers:
            self.docker("rm", "--force", *containers)
        self.docker("network", "prune", "--force")

    @contextlib.contextmanager
    def _namespaces(self) -> Iterator[None]:
        kinds = ("--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--propagation", "private")
        init = subprocess.Popen(
            ["unshare", *kinds, "--", "sh", "-ec", INIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert init.stdout is not None
        assert init.stdin is not None
        try:
            ready = init.stdout.readline()
            assert ready == "ready\n", (self.folder / "log").read_text()
            children = Path(f"/proc/{init.pid}/task/{init.pid}/children").read_text(encoding="ascii").split()
            self.enter = ("nsenter", "--target", children[0], "--net", "--mount", "--pid", "--")
            yield
        finally:
            init.stdin.close()
            try:
                init.wait(STOP_SECONDS)
            finally:
                init.kill()
                init.wait()
                init.stdout.close()
            for name in ("_daemon", "_runtime"):
                if hasattr(self, name):
                    getattr(self, name).wait(STOP_SECONDS)

    def _start_containerd(self) -> subprocess.Popen[bytes]:
        """Start it; it ends with its namespaces."""
        config = self.folder / "containerd.toml"
        config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        command = ["containerd", "--config", str(config), "--address", self._containerd]
        places = ["--root", str(self.folder / "containerd"), "--state", "/run/containerd-state"]
        runtime = subprocess.Popen([*self.enter, *command, *places], stdout=self._log, stderr=self._log)
        self._until(Path(self._containerd).exists, START_SECONDS)
        return runtime

    @property
    def _containerd(self) -> str:
        return str(self.folder / "containerd.sock")

    def _command(self) -> list[str]:
        live = ["--live-restore", "--containerd", self._containerd] if self._live_restore else []
        return [
            *("dockerd", "--host", self.url, "--data-root", str(self.folder / "data")),
            *("--exec-root", "/run/docker", "--pidfile", "/run/docker.pid"),
            *("--storage-driver", "vfs", "--cgroup-parent", f"/{self.folder.name}"),
            *("--iptables=false", "--ip6tables=false", "--userland-proxy=false", "--shutdown-timeout", "1"),
            *live,
        ]

    def _daemon_pid(self) -> int:
        """Find dockerd itself, the child of the command that entered its namespaces."""
        parent = self._daemon.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        return int(children[0])

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"dockerd does not answer: {(self.folder / 'log').read_text()[-4000:]}")
            time.sleep(0.05)


def _output(command: Sequence[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout.strip()


def _remove_cgroups(name: str) -> None:
    """Remove the control groups of the containers, of either version; they are empty by now."""
    for top in [*CGROUPS.glob(name), *CGROUPS.glob(f"*/{name}")]:
        for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            top.rmdir()
