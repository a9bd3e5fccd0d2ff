"""The machines of a running lab as tests and demos use them: run a program there, look at its log, stop it."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.lab.kernel import INSIDE_VARIABLE, PATH
from trunkline.lab.processes import Process
from trunkline.lab.topology import LabHost, NodeName
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unreachable

ENTRANCES = Path("/run/trunkline-lab/enter")
KEPT = (INSIDE_VARIABLE, "TRUNKLINE_LAB_OUT", "GLIBC_TUNABLES")
DOCKER_SOCKET = "run/docker.sock"
IMAGE = "busybox"
IMAGE_COMMAND = '["/bin/sleep", "1000000"]'
DOCKERD_SECONDS = 90
# A process of its own, as distributions run it: containers outlive an engine that crashes.
CONTAINERD = (
    *(
        "containerd",
        "--config",
        "/run/containerd/config.toml",
        "--address",
        "/run/containerd/containerd.sock",
    ),
    *("--root", "/var/lib/docker/containerd-root", "--state", "/run/containerd"),
)
DOCKERD_OPTIONS = (
    *("--data-root", "/var/lib/docker", "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid"),
    *(
        "--containerd",
        "/run/containerd/containerd.sock",
        "--host",
        "unix:///run/docker.sock",
        "--storage-driver",
        "overlay2",
        "--shutdown-timeout",
        "1",
    ),
    # The lab kernel has no packet filter modules to speak of, and nothing on a VLAN needs address translation.
    *("--iptables=false", "--ip6tables=false", "--userland-proxy=false"),
)


class Node:
    """A place where programs run.

    Args:
        name: Its name.
        enter: Words before a command that put it there; empty for the management namespace.
        logs: Folder for the logs of its programs.
    """

    def __init__(self, name: str, *, enter: Sequence[str], logs: Path) -> None:
        self.name = name
        self.enter = tuple(enter)
        self.logs = logs
        self.processes: list[Process] = []

    def popen(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, *, name: str | None = None
    ) -> Process:
        """Start a program in the background; its output goes to ``<logs>/<node>-<name>.log``.

        Args:
            argv: The program; no shell is involved.
            env: Added to a small fixed environment (PATH, HOME, LANG).
            name: For the log file and messages; the program's own name if left out.
        """
        label = name or Path(argv[0]).name
        path = self.logs / f"{self.name}-{re.sub(r'[^A-Za-z0-9_.-]', '-', label)}.log"
        with path.open("ab") as log:
            child = subprocess.Popen(
                [*self.enter, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(env),
                start_new_session=True,
            )
        process = Process(f"{self.name} {label}", child, path)
        self.processes.append(process)
        return process

    def exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        check: bool = False,
        timeout_seconds: float = 60,
        input: str | None = None,  # noqa: A002  # as in subprocess.run, which everybody knows
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; output and errors are text in the result.

        Raises:
            subprocess.CalledProcessError: It failed and ``check`` was asked for.
            subprocess.TimeoutExpired: It took too long and was ended.
        """
        return subprocess.run(
            [*self.enter, *argv],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment(env),
            check=check,
            timeout=timeout_seconds,
            input=input if input is not None else "",
        )

    def pings(self, address: str, *, tries: int = 4, source: str | None = None) -> bool:
        """Say whether ``address`` answers; positive proofs allow some tries, negative ones should use one.

        The first probe after a failed one may meet a neighbour entry that is still being resolved.
        """
        origin = ["-I", source] if source else []
        command = ["ping", "-n", "-q", "-c", "1", "-W", "1", *origin, address]
        return any(self.exec(command).returncode == 0 for _ in range(tries))

    def stop_processes(self, *, seconds: float) -> None:
        """End what was started here, the youngest first."""
        for process in reversed(self.processes):
            process.ask_to_stop()
        for process in reversed(self.processes):
            process.stop(seconds=seconds)
        self.processes.clear()


class Host(Node):
    """A machine of the lab: namespaces of its own for network, files, names and processes, perhaps a Docker engine."""

    def __init__(self, spec: LabHost, *, enter: Sequence[str], logs: Path, init: Process) -> None:
        super().__init__(spec.name, enter=enter, logs=logs)
        self.spec = spec
        self.init = init
        self.engine: Process | None = None
        self._runtime: Process | None = None

    @property
    def address(self) -> str:
        """Its address in the management network."""
        return str(self.spec.management)

    @property
    def docker_url(self) -> str:
        """The engine's address for a client in the management namespace."""
        return f"unix://{self.path(DOCKER_SOCKET)}"

    def path(self, inside: str) -> Path:
        """Give the path, seen from the management namespace, of a file of this host."""
        return Path(f"/proc/{self.init.pid}/root") / inside.lstrip("/")

    def start_docker(self) -> None:
        """Start the engine; ``wait_for_docker`` waits for it."""
        if self._runtime is None or not self._runtime.alive:
            self._runtime = self.popen(CONTAINERD, name="containerd")
        command = ["dockerd", *DOCKERD_OPTIONS, f"--cgroup-parent=/{self.name}"]
        self.engine = self.popen(command, name="dockerd")

    def wait_for_docker(self) -> None:
        """Wait until the engine answers.

        Raises:
            Unreachable: It ended, or did not answer in time.
        """
        engine = self.engine
        if engine is None:
            raise RuntimeError(f"{self.name} has no Docker engine")

        def answers() -> bool:
            engine.require_alive()
            return _docker_answers(self.path(DOCKER_SOCKET))

        until(
            answers,
            subject=engine.name,
            what="it does not answer",
            seconds=DOCKERD_SECONDS,
            because=engine.tail,
        )

    def stop_docker(self, *, seconds: float = 30) -> None:
        """Stop the engine as an operator would; its containers end."""
        if self.engine is not None:
            self.engine.stop(seconds=seconds)

    def kill_docker(self) -> None:
        """End the engine as a crash would."""
        if self.engine is not None:
            self.engine.kill()

    def import_image(self, archive: Path) -> None:
        """Load the lab's image into the engine."""
        command = [*self.enter, "docker", "import", "--change", f"CMD {IMAGE_COMMAND}", "-", IMAGE]
        with archive.open("rb") as content:
            result = subprocess.run(
                command, stdin=content, capture_output=True, text=True, env=environment(None), check=False
            )
        if result.returncode != 0:
            raise Unreachable(
                f"docker import failed: {result.stderr.strip()}", subject=f"{self.name} dockerd"
            )

    def docker(
        self, *arguments: str, check: bool = True, timeout_seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run the ``docker`` command against this host's engine.

        Raises:
            RuntimeError: It failed and ``check`` was left on; the message is Docker's own.
        """
        result = self.exec(["docker", *arguments], timeout_seconds=timeout_seconds)
        if check and result.returncode != 0:
            raise RuntimeError(
                f"{self.name}: docker {shlex.join(arguments)}: status {result.returncode}: "
                f"{result.stderr.strip()}"
            )
        return result

    def container_pings(self, container: str, address: str, *, tries: int = 4) -> bool:
        """Say whether ``address`` answers to a container of this host; see ``pings`` for ``tries``."""
        family = ["-6"] if ":" in address else []
        command = ["exec", container, "ping", *family, "-c", "1", "-W", "1", address]
        return any(self.docker(*command, check=False).returncode == 0 for _ in range(tries))


def environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Give the environment of programs in the lab: little of the caller's, so that results do not depend on it."""
    path = f"{Path(sys.executable).parent}:{PATH}"
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    fixed = {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    return {**fixed, **kept, **(extra or {})}


def entrance(name: NodeName) -> Path:
    """Give the small script that runs a command on a node; ``trunkline lab shell`` uses it."""
    return ENTRANCES / name


def _docker_answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(path))
            client.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in client.recv(100)
    except OSError:
        return False
