"""Port names as people shorten them -> the long form that devices print."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CISCO = {
    "AppGigabitEthernet": ("ap",),
    "Ethernet": ("e", "eth"),
    "FastEthernet": ("fa",),
    "FiveGigabitEthernet": ("fi",),
    "FortyGigabitEthernet": ("fo",),
    "GigabitEthernet": ("g", "gi", "gig", "gige"),
    "HundredGigE": ("h", "hu"),
    "Port-channel": ("po", "portchannel"),
    "TenGigabitEthernet": ("te",),
    "TwentyFiveGigE": ("twe",),
    "TwoGigabitEthernet": ("tw",),
}
"""Long form -> abbreviations that a plain prefix comparison would not settle, in lower case."""
_BY_DRIVER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "arista_eos": {"Ethernet": ("e", "et", "eth"), "Port-Channel": ("po", "portchannel")},
    "cisco_nxos": {"Ethernet": ("e", "eth"), "port-channel": ("po", "portchannel")},
    # These print short names, and only those.
    "cisco_s300": {
        "fa": ("fastethernet",),
        "gi": ("g", "gig", "gigabitethernet"),
        "te": ("tengigabitethernet",),
        "Po": ("port-channel", "portchannel"),
    },
}
"""As above, for drivers that write ports in a way of their own."""

_NO_PORTS = ("vlan", "loopback", "tunnel", "bdi", "nve")
_SHAPE = re.compile(r"([A-Za-z][A-Za-z-]*?)\s*(\d+(?:/\d+){0,3})")
_ANY_SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,62}")


def canonical_port(text: str, *, driver: str) -> str:
    """Give the port's name as its device prints it, ``Gi1/0/3`` -> ``GigabitEthernet1/0/3``.

    Some drivers have a table of their own, others whose names start with ``cisco`` use that of IOS; for the rest the
    text stays as it is.

    Raises:
        ValueError: no port can be called that; the message says what would be right.
    """
    name = text.strip()
    names = _BY_DRIVER.get(driver, _CISCO if driver.startswith("cisco") else None)
    if names is None:
        if not _ANY_SHAPE.fullmatch(name):
            raise ValueError("is not a port name; letters, digits and _ . / : - only")
        return name
    parent, dot, _ = name.partition(".")
    if dot and _SHAPE.fullmatch(parent):
        raise ValueError(f"names a sub-interface, which is Trunkline's to make; write {parent}")
    shape = _SHAPE.fullmatch(name)
    if shape is None:
        raise ValueError("is not a port name; write for example GigabitEthernet1/0/3 or Gi1/0/3")
    word, number = shape.groups()
    if word.lower().startswith(_NO_PORTS):
        raise ValueError(f"{word}{number} is no cabled port; name the physical port or the Port-channel")
    matches = _long_forms(word.lower(), names)
    if len(matches) > 1:
        raise ValueError(f"may be {' or '.join(f'{each}{number}' for each in matches)}; write it out")
    return f"{matches[0] if matches else word}{number}"


def _long_forms(word: str, names: Mapping[str, tuple[str, ...]]) -> list[str]:
    for name, short in names.items():
        if word in short or word == name.lower():
            return [name]
    return [name for name in names if name.lower().startswith(word)]
