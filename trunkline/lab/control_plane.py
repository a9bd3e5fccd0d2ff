"""Runs the whole of Trunkline in a built lab: workers, sweeper, an agent per host; used by the demo and by tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from trunkline.lab.ask import ask
from trunkline.lab.building import Lab
from trunkline.lab.topology import Platform
from trunkline.lab.waiting import until
from trunkline.orchestrator.store import Store, open_store

PROGRAM = str(Path(sys.executable).with_name("trunkline"))
READY_SECONDS = 180
DIALECTS: Mapping[Platform, str] = {
    "ios": "cisco_ios",
    "linux-bridge": "linux_bridge",
    "openvswitch": "openvswitch",
}
"""Which dialect the switches of the lab speak."""
STATE = Path("/run/trunkline-lab/state")


class ControlPlane:
    """Every process of Trunkline in a lab; a context manager.

    Args:
        lab: A built lab.
        inventory: YAML to apply first; ``{sw1}`` and the like stand for the management addresses of the switches,
            ``{sw1_password}`` for their password files and ``{sw1_key}`` for those of a key.
        sweep_seconds: How often everything is looked at.
        say: Called with a sentence as each step ends.
    """

    def __init__(
        self,
        lab: Lab,
        inventory: str,
        *,
        sweep_seconds: float = 5.0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.lab = lab
        self.store: Store = open_store(lab.redis_url)
        self.environment = {
            "TRUNKLINE_REDIS_URL": lab.redis_url,
            "TRUNKLINE_BROKER_URL": lab.broker_url,
            "TRUNKLINE_SWEEP_SECONDS": str(sweep_seconds),
            "TRUNKLINE_STATE_DIR": str(STATE),
            "TRUNKLINE_DIALECTS": json.dumps(sorted(DIALECTS.values())),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        places = {name: switch.address for name, switch in lab.switches.items()}
        secrets = {f"{name}_password": str(switch.password_file) for name, switch in lab.switches.items()}
        secrets |= {f"{name}_key": str(switch.key_file) for name, switch in lab.switches.items()}
        self.inventory = inventory.format(**places, **secrets)
        self._say = say

    def trunkline(self, *words: str, check: bool = True) -> str:
        """Run a ``trunkline`` command in the management namespace; gives its output.

        Raises:
            RuntimeError: it failed and ``check`` was left on.
        """
        result = self.lab.management.exec([PROGRAM, *words], env=self.environment, input=self.inventory)
        if check and result.returncode != 0:
            raise RuntimeError(
                f"trunkline {' '.join(words)}: status {result.returncode}: {result.stderr}{result.stdout}"
            )
        return result.stdout + result.stderr

    def __enter__(self) -> Self:
        self._say(self.trunkline("apply", "-").splitlines()[-1])
        for name in self.lab.switches:
            self._say(self.trunkline("switch", "trust", name, "--yes").splitlines()[0])
        management, environment = self.lab.management, self.environment
        management.popen(
            [PROGRAM, "worker", "switch", "--concurrency", "4"], environment, name="switch-worker"
        )
        management.popen(
            [PROGRAM, "worker", "control", "--concurrency", "2"], environment, name="control-worker"
        )
        for name, host in self.lab.hosts.items():
            if host.spec.docker:
                own = environment | {"TRUNKLINE_HOST": name}
                host.popen([PROGRAM, "worker", "host"], own, name="host-worker")
                host.popen([PROGRAM, "agent"], own, name="agent")
        management.popen([PROGRAM, "sweeper"], environment, name="sweeper")
        expected = {"queue:switch", "queue:control", "sweeper"}
        expected |= {
            stamp
            for name, host in self.lab.hosts.items()
            if host.spec.docker
            for stamp in (f"queue:host.{name}", f"agent:{name}")
        }
        until(
            lambda: expected <= self.store.devices.alive(),
            subject="control plane",
            what="not every process shows a sign of life",
            seconds=READY_SECONDS,
        )
        self._say(f"alive: {', '.join(sorted(expected))}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.close()

    def running_config(self, switch: str) -> str:
        """Read a switch's configuration as a person would, over an SSH session of one's own.

        Raises:
            Unreachable: it cannot be asked.
        """
        device = self.lab.switch(switch)
        return ask(device.address, user=device.user, password=device.password, command="show running-config")

    def state_of(self, host: str, segment: str) -> str:
        """Give the state of an attachment, ``absent`` when it is not on record."""
        for attachment in self.store.desired.attachments():
            if (attachment.host, attachment.segment) == (host, segment):
                return attachment.state
        return "absent"

    def wait_for(self, host: str, segment: str, state: str, *, seconds: float = 60) -> None:
        """Wait until an attachment is in a state.

        Raises:
            Unreachable: it is not in time; the message shows the whole status.
        """
        until(
            lambda: self.state_of(host, segment) == state,
            subject=f"attachment {host}/{segment}",
            what=f"is not {state}",
            seconds=seconds,
            because=lambda: self.trunkline("status", check=False),
        )
