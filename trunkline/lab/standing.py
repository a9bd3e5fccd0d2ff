"""What ``trunkline lab up`` runs inside the lab kernel: builds the lab, says that it is up, stays until it is ended."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from trunkline.lab.building import Lab, default_out
from trunkline.lab.topology_file import load
from trunkline.orchestrator.errors import OrchestratorError

STATE = "lab.json"


def main(topology: str) -> int:
    """Build and stay; the exit status is 1 if it cannot be built."""
    out = default_out()
    try:
        with Lab(load(topology), out=out, say=print) as lab:
            write_state(lab, out / STATE)
            signal.pause()
    except OrchestratorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def write_state(lab: Lab, path: Path) -> None:
    """Tell the outside what there is; complete when the file is there."""
    state = {
        "topology": lab.topology.source,
        "redis": lab.redis_url,
        "hosts": {
            host.name: {"address": host.address, "docker": host.spec.docker} for host in lab.hosts.values()
        },
        "switches": {
            switch.name: {
                "address": switch.address,
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
    raise SystemExit(main(sys.argv[1]))
