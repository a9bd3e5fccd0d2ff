"""`trunkline demo`: boots the lab kernel and tells the story in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)

TIMEOUT_SECONDS = 600


@app.command()
def demo(
    backend: Annotated[
        str | None, typer.Option(help="native, uml or qemu; default: what works here.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the logs of every process.")] = Path("build/demo"),
) -> None:
    """Show the main job on real VLANs: two Docker hosts, a switch, containers that get their network."""
    from trunkline.lab.kernel import choose, requested, run

    sys.stdout.write(f"lab kernel: {choose(backend)}; logs in {out}\n")
    sys.stdout.flush()
    status = run(
        [sys.executable, "-m", "trunkline.lab.demo.story"],
        out=out.absolute(),
        timeout_seconds=TIMEOUT_SECONDS,
        backend=requested(backend),
    )
    raise typer.Exit(status)
