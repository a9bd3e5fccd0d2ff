"""What ``trunkline lab up`` runs inside the lab kernel: builds the lab, says that it is up, stays until it is ended."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from trunkline.lab import console
from trunkline.lab.building import Lab, default_out
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.topology import NodeName
from trunkline.lab.topology_file import load
from trunkline.orchestrator.errors import OrchestratorError

STATE = "lab.json"
# One script per node: it runs the words after it with what `trunkline` must know in their environment.
AT_HOME = Path("/run/trunkline-lab/at-home")


def main(topology: str, inventory: str = "") -> int:
    """Build, start Trunkline unless there is no inventory, stay; the exit status is 1 if that fails."""
    out = default_out()
    try:
        with ExitStack() as stack:
            lab = stack.enter_context(Lab(load(topology), out=out, say=print))
            plane = (
                ControlPlane(lab, Path(inventory).read_text(encoding="utf-8"), say=print)
                if inventory
                else None
            )
            write_homes(lab, plane.environment if plane else {})
            if plane is not None:
                stack.enter_context(plane)
            write_state(lab, out / STATE, inventory=inventory)
            signal.pause()
    except (OrchestratorError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def write_homes(lab: Lab, environment: dict[str, str]) -> None:
    """Write the scripts of AT_HOME; ``trunkline lab shell`` goes through them before it enters a node."""
    AT_HOME.mkdir()
    for name in [NodeName("management"), *lab.hosts, *lab.switches]:
        words = dict(environment) | ({"TRUNKLINE_HOST": str(name)} if name in lab.hosts else {})
        if switch := lab.switches.get(name):
            words |= {
                console.ADDRESS: switch.address,
                console.USER: switch.user,
                console.PASSWORD: switch.password,
                console.KEY: str(switch.key_file) if switch.key_file.exists() else "",
            }
        exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in words.items())
        script = AT_HOME / name
        script.write_text(f'#!/bin/sh\n{exports}exec "$@"\n')
        script.chmod(0o700)


def write_state(lab: Lab, path: Path, *, inventory: str) -> None:
    """Tell the outside what there is; complete when the file is there."""
    state = {
        "topology": lab.topology.source,
        "inventory": inventory,
        "redis": lab.redis_url,
        "hosts": {
            host.name: {"address": host.address, "docker": host.spec.docker} for host in lab.hosts.values()
        },
        "switches": {
            switch.name: {
                "address": switch.address,
                "platform": switch.spec.platform,
                "model": switch.spec.model,
                "user": switch.user,
                "password": switch.password,
            }
            for switch in lab.switches.values()
        },
    }
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(state, indent=2))
    draft.replace(path)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a real stream here
    raise SystemExit(main(*sys.argv[1:]))
