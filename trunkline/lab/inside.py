"""Runs a command inside the lab kernel: ``python -m trunkline.lab.inside [options] -- pytest tests/e2e``.

Used by ``make test``. The command's output comes live, its exit status is ours. ``{out}`` in an argument becomes the
folder whose changes stay, such as ``--junitxml={out}/e2e.xml``; all other changes to files are forgotten.
Already inside (a nested call), the command is simply run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from trunkline.lab.kernel import choose, inside, requested, run
from trunkline.orchestrator.errors import OrchestratorError

OUT = Path("build/lab")
TIMEOUT_SECONDS = 900
TIMED_OUT = 124  # as timeout(1)


def main() -> int:
    """Read the command line, run the command, give its exit status."""
    arguments = _arguments()
    out = arguments.out.absolute()
    command = [word.replace("{out}", str(out)) for word in arguments.command]
    if inside():
        return subprocess.run(command, check=False).returncode
    backend = choose(arguments.backend)
    sys.stdout.write(f"lab kernel: {backend}; results in {out}\n")
    try:
        return run(
            command,
            out=out,
            timeout_seconds=arguments.timeout,
            backend=requested(arguments.backend),
            env={name: os.environ[name] for name in arguments.pass_env if name in os.environ},
        )
    except TimeoutError:
        sys.stderr.write(f"lab kernel: ended after {arguments.timeout:g} s, the limit\n")
        return TIMED_OUT
    except KeyboardInterrupt:
        return 130
    except OrchestratorError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trunkline.lab.inside", description=__doc__)
    parser.add_argument("--backend", help="native, uml or qemu; default: $LAB_BACKEND, else what works here")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for results; default {OUT}")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_SECONDS, help="seconds until it is ended")
    parser.add_argument(
        "--pass-env", action="append", default=[], metavar="NAME", help="a variable to pass on"
    )
    parser.add_argument("command", nargs="+", help="program and arguments, after --")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
