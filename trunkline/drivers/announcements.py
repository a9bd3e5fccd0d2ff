"""What devices say of themselves by LLDP and CDP, made safe to keep and compare. Pure; for dialects and host drivers.

Whoever is at the other end of a cable writes it, so that it is cut, kept as printable ASCII and never acted on.
"""

from __future__ import annotations

import re

from trunkline.orchestrator.intents import Capability

LONGEST = 255
"""Characters kept of one value: as much as fits into one string of an LLDP frame (IEEE 802.1AB, 8.5)."""

_MAC = re.compile(
    r"[0-9a-f]{2}(?:([:\- ])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4})|[0-9a-f]{4}(?:([.-])[0-9a-f]{4}\2[0-9a-f]{4})"
    r"|[0-9a-f]{6}-[0-9a-f]{6}",
    re.IGNORECASE,
)
_CAPABILITIES: dict[str, Capability] = {
    # The letters and the words of LLDP (IEEE 802.1AB, table 8-4), as command lines print them.
    "b": "bridge",
    "bridge": "bridge",
    "r": "router",
    "router": "router",
    "s": "station",
    "station": "station",
    "station-only": "station",
    "stationonly": "station",
    "t": "phone",
    "telephone": "phone",
    "w": "access-point",
    "wlan": "access-point",
    "wlan-access-point": "access-point",
    "wlanaccesspoint": "access-point",
    # Those of lldpd.
    "tel": "phone",
    # Those of CDP.
    "switch": "bridge",
    "trans-bridge": "bridge",
    "source-route-bridge": "bridge",
    "host": "station",
    "phone": "phone",
}


def told(text: str) -> str:
    """Keep what may be shown of a value: printable ASCII, the rest escaped, no longer than `LONGEST`."""
    kept = text.strip()[:LONGEST]
    shown = (each if each.isascii() and each.isprintable() else ascii(each)[1:-1] for each in kept)
    return "".join(shown)[:LONGEST]


def identifier(text: str) -> str:
    """Keep a chassis or port id; a MAC in whatever notation becomes lower case with colons."""
    if _MAC.fullmatch(text.strip()) is None:
        return told(text)
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def capabilities(text: str) -> frozenset[Capability]:
    """Read a list of capabilities, letters or words; what does not matter here is left out."""
    words = re.split(r"[\s,;()/]+", text[: 4 * LONGEST].lower())
    return frozenset(_CAPABILITIES[word] for word in words if word in _CAPABILITIES)
