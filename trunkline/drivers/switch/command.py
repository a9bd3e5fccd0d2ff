"""`trunkline switch`: what is done to one switch by hand, from a machine that can reach it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="One switch: its host key.")


@app.callback()
def root() -> None:
    """Look after one switch."""


@app.command()
def trust(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The switch, as the inventory names it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Pin without asking.")] = False,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            metavar="SHA256:...", help="Pin only if the switch shows this one; read it on its console."
        ),
    ] = None,
) -> None:
    """Fetch the switch's SSH host key, show its fingerprint, and pin it. No credentials are sent."""
    from trunkline.drivers.switch.session import scan_host_key
    from trunkline.orchestrator.cli.output import who
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.errors import ConfigError, HostKeyRefused
    from trunkline.orchestrator.inventory import restore
    from trunkline.orchestrator.models import SwitchName, switch_key

    store, _ = open_record()
    current = store.inventory.current()
    inventory = restore(current[1]) if current else None
    switch = inventory.switches.get(SwitchName(name)) if inventory else None
    if switch is None:
        known = ", ".join(inventory.switches) if inventory else "none; run `trunkline apply FILE` first"
        raise ConfigError("is not in the inventory", subject=f"switch {name}", fix=f"known: {known}")
    key = scan_host_key(switch.address, switch.port)
    sys.stdout.write(f"{name} at {switch.address}:{switch.port} shows {key.type} {key.fingerprint}\n")
    before = store.inventory.pins().get(switch.name)
    line = f"{key.type} {key.base64}"
    if line in {before, switch.host_key}:
        sys.stdout.write("that is the key that is pinned already\n")
        return
    if before or switch.host_key:
        sys.stderr.write("WARNING: another key was pinned before; make sure that the switch was replaced\n")
    if fingerprint is not None and fingerprint != key.fingerprint:
        raise HostKeyRefused(
            f"shows {key.fingerprint}, not {fingerprint}",
            subject=f"switch {name}",
            fix="find out who answers there",
        )
    if (
        not yes
        and fingerprint is None
        and not typer.confirm("Is this the fingerprint on its console? Pin it", err=True)
    ):
        raise typer.Exit(1)
    store.inventory.pin(switch.name, line, who=who())
    store.desired.touch((switch_key(switch.name),))
    sys.stdout.write(f"pinned; {name} is read now\n")
