"""Makes a line of a device's configuration fit for a message: printable, short, and without a secret in it. Pure."""

from __future__ import annotations

from trunkline.orchestrator.redaction import redact

LONGEST_QUOTE = 80


def quoted(line: str) -> str:
    """Show a device's line: printable ASCII, cut, without a secret that may be in it."""
    return ascii(redact(line.strip()))[:LONGEST_QUOTE]
