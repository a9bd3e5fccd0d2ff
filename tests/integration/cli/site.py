"""A site for the command line: Redis as deployed, a switch over real SSH, and the installed program as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.integration.store.servers import Server
from tests.integration.sync.site import TRUNKS
from trunkline.lab.switch.server import RunningSwitch, running_switch
from trunkline.orchestrator.models import HostName
from trunkline.orchestrator.store import Store, open_store

PROGRAM = Path(sys.executable).with_name("trunkline")
DEADLINE_SECONDS = 40.0
INVENTORY = """\
switches:
  sw1:
    driver: cisco_ios
    kind: l3switch
    mode: {mode}
    address: {address}
    port: {port}
    credentials:
      username: {user}
      password: {{file: {secret}}}
{host_key}    managed_vlans: 2-99
    save_after: 0

hosts:
  h1:
    uplinks: [{{nic: eth0, port: sw1:Gi1/0/1, native_vlan: 100}}]
  h2:
    uplinks: [{{nic: eth0, port: sw1:Gi1/0/2, native_vlan: 100}}]

segments:
  web:
    vlan: 10
    subnets: [{{subnet: 172.31.0.0/16, gateway: 172.31.0.1}}]
    gateway: {{svi: sw1}}
    grace: 0
    networks: on-demand

policy:
  - {{hosts: ["*"], segments: ["*"]}}
"""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, or fail saying which."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs the installed `trunkline` with the environment of one site."""

    folder: Path
    env: dict[str, str]

    def __call__(self, *words: str, given: str | bytes | None = None, **env: str) -> Said:
        """Run a command to its end. No command, whatever it is given, shows a traceback."""
        text = given.encode() if isinstance(given, str) else given
        done = subprocess.run(
            [PROGRAM, *words],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            env=self.env | env,
            cwd=self.folder,
            timeout=DEADLINE_SECONDS * 2,
            check=False,
        )
        said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in said.out + said.err, said.err
        return said

    @contextmanager
    def running(self, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process in the background; its words go to a file. It is stopped at the end."""
        name = "-".join(Path(word).name for word in command)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.env, cwd=ROOT, start_new_session=True
            )
            try:
                yield process
            finally:
                stop(process)

    def write(self, text: str, name: str = "inventory.yaml") -> str:
        """Write a file beside the site; give its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


def stop(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """End a process of ours, politely first."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@dataclass
class Site:
    """One switch, two hosts, one segment, nobody working unless started."""

    redis: Server
    switch: RunningSwitch
    store: Store
    shell: Shell
    secret: Path
    processes: ExitStack = field(default_factory=ExitStack)

    def inventory(self, *, mode: str = "enforce", host_key: str | None = None) -> str:
        """Write the site's inventory; with its switch's own host key unless told otherwise."""
        key = self.switch.host_key if host_key is None else host_key
        return INVENTORY.format(
            mode=mode,
            address=self.switch.address,
            port=self.switch.port,
            user=self.switch.user,
            secret=self.secret,
            host_key=f"    host_key: {key}\n" if key else "",
        )

    def apply(self, text: str | None = None) -> None:
        """Apply an inventory, whatever it drops."""
        said = self.shell("apply", "--force", "-", given=text or self.inventory())
        assert said.status == 0, said.err
        for host in ("h1", "h2"):
            self.store.ledger.told(HostName(host))  # nothing runs here that could have been forgotten

    def start(self, *role: str) -> subprocess.Popen[bytes]:
        """Start `trunkline worker ROLE` or another process of the program for the rest of the site."""
        return self.processes.enter_context(self.shell.running(PROGRAM, *role))

    def until_alive(self, *stamps: str) -> None:
        """Wait until these processes have shown that they work."""
        until(lambda: set(stamps) <= self.store.devices.alive(), f"{stamps} are alive")


@contextmanager
def a_site(folder: Path) -> Iterator[Site]:
    """Start Redis and the switch; apply nothing, start no worker."""
    secret = folder / "password"
    data = folder / "redis"
    data.mkdir()
    with ExitStack() as stack:
        redis = stack.enter_context(Server(data))
        switch = stack.enter_context(running_switch(startup_config=TRUNKS))
        secret.write_text(switch.password)
        env = {key: text for key, text in os.environ.items() if not key.startswith(("TRUNKLINE_", "COLUMNS"))}
        env |= {
            # Compiled once for all sites and kept out of the checkout: an installed program is compiled too.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder.parent / "bytecode"),
            "TRUNKLINE_REDIS_URL": redis.url,
            "TRUNKLINE_BROKER_URL": redis.url.removesuffix("/1") + "/0",
            "TRUNKLINE_STATE_DIR": str(folder / "state"),
        }
        store = open_store(redis.url)
        stack.callback(store.close)
        processes = stack.enter_context(ExitStack())
        yield Site(
            redis=redis,
            switch=switch,
            store=store,
            shell=Shell(folder, env),
            secret=secret,
            processes=processes,
        )
