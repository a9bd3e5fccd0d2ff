"""The links a host must have before Docker starts: its worker writes them down, its agent makes them after a reboot.

Docker starts containers on a macvlan network only when the link below it is there, and makes one of its own if it is
not, which would not be ours. At that moment neither Redis nor the network may be there yet, so a local file says which.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.intents import LinkIntent
from trunkline.orchestrator.vlans import vid

if TYPE_CHECKING:
    from trunkline.orchestrator.sync.protocols import Links

log = structlog.get_logger(__name__)

FILE = "links.json"


def write_links(folder: Path, links: Sequence[LinkIntent]) -> None:
    """Keep the links for the next boot; a file that is there whole or not at all, written only when it changes."""
    text = json.dumps([asdict(link) for link in sorted(links, key=lambda link: link.name)], indent=2)
    path = folder / FILE
    try:
        if path.exists() and path.read_bytes() == text.encode():
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            # Else a power cut soon after may leave the name without the content (rename(2) promises no order).
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        log.warning("links.unwritten", path=str(path), error=error.strerror)


def restore_links(folder: Path, links: Links) -> int:
    """Make every link of the file that is missing; gives how many. What cannot be made is logged and left."""
    try:
        entries = json.loads((folder / FILE).read_text(encoding="utf-8"))
        wanted = [LinkIntent(**entry | {"vlan": vid(entry["vlan"])}) for entry in entries]
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("links.unreadable", path=str(folder / FILE), error=str(error))
        return 0
    made = 0
    for link in wanted:
        try:
            made += links.ensure(link)
        except OrchestratorError as error:
            log.warning("link.unrestored", link=link.name, error=str(error))
    if made:
        log.info("links.restored", count=made)
    return made
