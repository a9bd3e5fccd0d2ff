"""`trunkline switch show`, `history` and `trust`; `tasks.switch_commands` puts them beside those that queue jobs."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from typing import Annotated

import typer

from trunkline.orchestrator.cli.output import Format, Output

Name = Annotated[str, typer.Argument(metavar="NAME", help="The switch, as the inventory names it.")]


def show(name: Name, output: Output = Format.TABLE) -> None:
    """Show what was read from it last, what is wanted of it, and what of that is ours."""
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.cli.switches import show as show_switch

    store, _ = open_record()
    show_switch(store, name, as_json=output is Format.JSON)


def history(
    name: Name,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="So many of the newest.")] = 20,
    output: Output = Format.TABLE,
) -> None:
    """Show every line that was sent to it, when, by whom, why, and what came back."""
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.cli.switches import history as show_history

    store, _ = open_record()
    show_history(store, name, number, as_json=output is Format.JSON)


def trust(
    name: Name,
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
    from trunkline.drivers.switch.host_keys import scan_host_key
    from trunkline.orchestrator.cli.output import who
    from trunkline.orchestrator.cli.stores import open_record
    from trunkline.orchestrator.cli.switches import declared
    from trunkline.orchestrator.errors import HostKeyRefused
    from trunkline.orchestrator.models import switch_key
    from trunkline.orchestrator.settings import read_settings

    store, _ = open_record()
    switch = declared(store, name)
    wished = read_fingerprint(fingerprint) if fingerprint is not None else None
    subject = f"switch {name}"
    key = scan_host_key(switch, ssh_config=read_settings().ssh_config)
    sys.stdout.write(f"{name} at {switch.address}:{switch.port} shows {key.type} {key.fingerprint}\n")
    if wished is not None and wished != key.fingerprint:
        raise HostKeyRefused(
            f"shows {key.fingerprint}, not {wished}", subject=subject, fix="find out who answers there"
        )
    line = f"{key.type} {key.base64}"
    if switch.host_key is not None:
        if _same_key(line, switch.host_key):
            sys.stdout.write("that is the key in the inventory\n")
            return
        raise HostKeyRefused(
            "the inventory names another host key, and that one counts",
            subject=subject,
            fix=f"if the switch was replaced, set its host_key to {line!r} there and apply",
        )
    before = store.inventory.pins().get(switch.name)
    if before is not None and _same_key(line, before):
        sys.stdout.write("that is the key that is pinned already\n")
        return
    if before is not None:
        sys.stderr.write("WARNING: another key was pinned before; make sure that the switch was replaced\n")
    if not yes and wished is None and not _confirmed(subject, key.fingerprint):
        raise typer.Exit(1)
    store.inventory.pin(switch.name, line, who=who())
    store.desired.touch((switch_key(switch.name),))
    sys.stdout.write(f"pinned; {name} is read now\n")


def _confirmed(subject: str, shown: str) -> bool:
    from trunkline.orchestrator.errors import ConfigError

    try:
        return typer.confirm("Is this the fingerprint on its console? Pin it", err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise  # somebody pressed Ctrl-C
        raise ConfigError(
            "nobody is here to compare the fingerprint",
            subject=subject,
            fix=f"compare it with the one on its console, then say --fingerprint {shown}",
        ) from None


def read_fingerprint(text: str) -> str:
    """Read a SHA-256 fingerprint as OpenSSH, an IOS console or a person writes it.

    Raises:
        ConfigError: it is none.
    """
    from trunkline.orchestrator.errors import ConfigError

    digest = re.sub(r"^sha-?256:", "", text.strip(), flags=re.IGNORECASE).rstrip("=")
    if re.fullmatch(r"[A-Za-z0-9+/]{43}", digest):
        return f"SHA256:{digest}"
    octets = digest.replace(":", "")
    if re.fullmatch(r"[0-9A-Fa-f]{64}", octets):
        return f"SHA256:{b64encode(bytes.fromhex(octets)).decode().rstrip('=')}"
    raise ConfigError(
        f"{ascii(text)[:80]} is no SHA-256 fingerprint",
        subject="option --fingerprint",
        fix="write SHA256: and 43 characters, as `ssh-keygen -lf` shows it; MD5 is not taken",
    )


def _same_key(one: str, other: str) -> bool:
    """Compare type and key; a comment behind them says nothing."""
    return one.split()[:2] == other.split()[:2]
