"""Builds a running lab from a topology, inside the lab kernel, and takes it down again.

Switches are network namespaces with a process that is their command line; hosts have namespaces of their own for
network, files, names and processes, and a Docker engine. The management namespace is the one we run in.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from trunkline.lab import cabling, linux_switch
from trunkline.lab.capture import Capture
from trunkline.lab.images import pack_busybox
from trunkline.lab.kernel import inside
from trunkline.lab.nodes import ENTRANCES, Host, Node, entrance
from trunkline.lab.processes import Process
from trunkline.lab.switches import Switch
from trunkline.lab.topology import LabHost, LabSwitch, NodeName, Topology
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unsupported

FOLDER = Path("/run/trunkline-lab")
REDIS_PORT = 6379
SWITCH_COMMAND = "trunkline.lab.switch.command"
STOP_SECONDS = 5
INIT_SECONDS = 30
Item = TypeVar("Item")

# Run by every host as its process 1; a disposition of "ignore" survives exec and makes the kernel reap orphans.
HOST_INIT = """
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in /run /var/lib/docker /etc/docker /var/lib/trunkline /etc/trunkline; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
mkdir -p /run/docker/plugins /run/containerd
echo 'version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]' > /run/containerd/config.toml
hostname "$1"
trap '' CHLD
echo ready
exec sleep infinity
"""


class Lab:
    """A built lab; a context manager.

    Args:
        topology: What to build.
        out: Folder for logs, normally the one shared with the machine.
        say: Called with a sentence as each step ends.

    Attributes:
        hosts: The built hosts by name.
        switches: The built switches by name.
        management: The namespace of Redis, workers and tests.
    """

    def __init__(self, topology: Topology, *, out: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.topology = topology
        self.logs = out / "logs"
        self.hosts: dict[NodeName, Host] = {}
        self.switches: dict[NodeName, Switch] = {}
        self.management = Node("management", enter=(), logs=self.logs)
        self._say = say
        self._began = time.monotonic()

    @property
    def broker_url(self) -> str:
        """Redis database for Celery."""
        return f"redis://{self.topology.address}:{REDIS_PORT}/0"

    @property
    def redis_url(self) -> str:
        """Redis database for the record."""
        return f"redis://{self.topology.address}:{REDIS_PORT}/1"

    def host(self, name: str) -> Host:
        """Give a host by name."""
        return self.hosts[NodeName(name)]

    def switch(self, name: str) -> Switch:
        """Give a switch by name."""
        return self.switches[NodeName(name)]

    def capture(self, switch: str, port: str, filter_words: str = "") -> Capture:
        """Record frames on a switch port; a context manager, see ``Capture``."""
        return self.switch(switch).capture(cabling.device_of(port), filter_words)

    def __enter__(self) -> Self:
        if not inside():
            raise Unsupported(
                "it can only be built inside the lab kernel",
                subject="lab",
                fix="use `trunkline lab up` or `python -m trunkline.lab.inside -- COMMAND`",
            )
        try:
            self._build()
        except BaseException:
            self.close(force=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(force=kind is not None)

    def close(self, *, force: bool = False) -> None:
        """Stop every program (at once if ``force``), then remove hosts, namespaces and cables."""
        patience = 0 if force else STOP_SECONDS
        self.management.stop_processes(seconds=patience)
        for host in self.hosts.values():
            if host.engine is not None:  # its containers ignore SIGTERM; the end of the host ends them
                host.processes.remove(host.engine)
            host.stop_processes(seconds=patience)
            host.init.kill()
            if host.engine is not None:
                host.engine.kill()
        for switch in self.switches.values():
            switch.power_off(seconds=patience)
        cabling.apply(cabling.remove_commands(self.topology), forgiving=True)
        self.hosts.clear()
        self.switches.clear()
        shutil.rmtree(FOLDER, ignore_errors=True)

    def _build(self) -> None:
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        ENTRANCES.mkdir(parents=True)
        cabling.apply(cabling.build_commands(self.topology))
        for spec in self.topology.switches.values():
            self._add_switch(spec)
        for host in self.topology.hosts.values():
            self._add_host(host)
        self._done("network, hosts and switches are there")
        redis = self.start_redis()
        archive = pack_busybox(FOLDER / "busybox.tar")
        docker_hosts = [host for host in self.hosts.values() if host.spec.docker]
        for docker_host in docker_hosts:
            docker_host.start_docker()

        if find_spec(
            SWITCH_COMMAND
        ):  # until the virtual switch is part of the package, its cables just end there
            for switch in self.switches.values():
                switch.start(self._switch_command(switch))
        self.wait_for_redis(redis)
        self._done("Redis answers")
        if docker_hosts:
            _each(docker_hosts, Host.wait_for_docker)
            self._done("Docker answers on " + ", ".join(host.name for host in docker_hosts))
            _each(docker_hosts, lambda host: host.import_image(archive))
            self._done("image busybox is there")
        if self.switches:
            _each(self.switches.values(), Switch.wait_until_up)
            self._done("SSH answers on " + ", ".join(self.switches))

    def _done(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:5.1f} s  {what}")

    def _add_switch(self, spec: LabSwitch) -> None:
        cabling.apply(cabling.switch_commands(self.topology, spec), namespace=spec.name)
        folder = FOLDER / spec.name
        folder.mkdir(parents=True)
        enter: tuple[str, ...] = ("nsenter", f"--net=/run/netns/{spec.name}", "--")
        init = None
        if spec.platform != "ios":
            init = Node(spec.name, enter=(), logs=self.logs).popen(
                linux_switch.boot_command(spec), name="init"
            )
            init.wait_for_log("ready", seconds=INIT_SECONDS)
            enter = linux_switch.enter_words(init.pid)
        self._write_entrance(spec.name, enter)
        self.switches[spec.name] = Switch(spec, enter=enter, logs=self.logs, folder=folder, init=init)

    def _switch_command(self, switch: Switch) -> list[str]:
        if switch.spec.model is None:
            return linux_switch.start_command(switch.spec, folder=switch.folder, logs=self.logs)
        switch.password_file.touch(mode=0o600)
        switch.password_file.write_text(secrets.token_urlsafe(12) + "\n")
        config = switch.folder / "startup-config"
        config.write_text(switch.spec.startup_config)
        return [
            *(sys.executable, "-m", "trunkline.lab.command", "switch"),
            *("--listen", f"{switch.address}:22", "--model", switch.spec.model, "--dataplane", "bridge"),
            *("--user", switch.user, "--password-file", str(switch.password_file)),
            *("--startup-config", str(config), "--latency-ms", str(switch.spec.latency_ms)),
        ]

    def _add_host(self, spec: LabHost) -> None:
        holder = Node(spec.name, enter=(), logs=self.logs)
        namespaces = ("--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL")
        init = holder.popen(
            [
                *("nsenter", f"--net=/run/netns/{spec.name}", "--"),
                *("unshare", *namespaces, "--propagation", "private", "--"),
                *("sh", "-ec", HOST_INIT, "init", spec.name),
            ],
            name="init",
        )
        init.wait_for_log("ready", seconds=INIT_SECONDS)
        kinds = ("--mount", "--uts", "--ipc", "--net", "--pid")
        enter = ("nsenter", "--target", str(init.pid), *kinds, "--wd=/", "--")
        self._write_entrance(spec.name, enter)
        self.hosts[spec.name] = Host(spec, enter=enter, logs=self.logs, init=init)
        cabling.apply(cabling.host_commands(self.topology, spec), namespace=spec.name)

    def _write_entrance(self, name: NodeName, enter: Iterable[str]) -> None:
        script = entrance(name)
        script.write_text(f'#!/bin/sh\nexec {shlex.join(enter)} "$@"\n')
        script.chmod(0o755)

    def start_redis(self) -> Process:
        """Start Redis, or start it again on its own files after its process ended; `wait_for_redis` waits for it."""
        folder = FOLDER / "redis"
        folder.mkdir(exist_ok=True)
        options = ["--bind", str(self.topology.address), "--port", str(REDIS_PORT), "--dir", str(folder)]
        options += ["--protected-mode", "no", "--save", "", "--appendonly", "yes"]
        options += ["--maxmemory-policy", "noeviction", "--appendfsync", "always"]
        return self.management.popen(["redis-server", *options], name="redis")

    def wait_for_redis(self, server: Process) -> None:
        """Wait until Redis answers.

        Raises:
            Unreachable: It ended, or did not answer in time.
        """

        def answers() -> bool:
            server.require_alive()
            with contextlib.suppress(OSError):
                address = (str(self.topology.address), REDIS_PORT)
                with socket.create_connection(address, timeout=2) as client:
                    client.sendall(b"PING\r\n")
                    return client.recv(5) == b"+PONG"
            return False

        until(answers, subject="redis", what="it does not answer", seconds=30, because=server.tail)


def _each(items: Iterable[Item], act: Callable[[Item], None]) -> None:
    """Act on all at once; the first failure is raised when all are done."""
    everything = list(items)
    with ThreadPoolExecutor(max_workers=max(1, len(everything))) as pool:
        for result in [pool.submit(act, item) for item in everything]:
            result.result()


def default_out() -> Path:
    """Give the folder shared with the machine."""
    return Path(os.environ["TRUNKLINE_LAB_OUT"])
