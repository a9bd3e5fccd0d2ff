"""LLDP as it is on the cable (IEEE 802.1AB): what a switch says of itself, and what it understands of others. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

ETHERTYPE = 0x88CC
GROUP = bytes.fromhex("0180c200000e")
"""Nearest bridge (7.1): no bridge passes it on."""
GROUPS = frozenset({GROUP, bytes.fromhex("0180c2000003"), bytes.fromhex("0180c2000000")})
HOLD_SECONDS = 120
LETTERS = "OPBWRTCS"
"""Capabilities by their bits (table 8-4) as IOS prints them: other, repeater, bridge, WLAN, router, telephone, DOCSIS,
station."""
_END, _CHASSIS, _PORT, _TTL, _PORT_DESCRIPTION, _NAME, _DESCRIPTION, _CAPABILITIES, _MANAGEMENT = range(9)
_CHASSIS_MAC, _PORT_MAC, _PORT_NAME = 4, 3, 5
_CHASSIS_ADDRESS, _PORT_ADDRESS = 5, 4
_IPV4, _IPV6 = 1, 2  # IANA address families
_HEADER, _LONGEST = 14, 511
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """What LLDP heard on a port. MACs are dotted.

    Attributes:
        capabilities: Letters with commas: what it can.
        enabled: What of it is enabled; None: all.
        hold_seconds: How long it counts after it was heard.
        remaining_seconds: How long it counts from now.
    """

    port: str
    system_name: str
    port_id: str
    chassis_id: str = "0200.0000.0001"
    port_description: str = ""
    system_description: str = "Linux"
    capabilities: str = "S"
    enabled: str | None = None
    management_address: str = ""
    hold_seconds: int = HOLD_SECONDS
    remaining_seconds: int = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a switch says on one port.

    Attributes:
        chassis: Its hardware address, dotted.
        source: That of the port, dotted.
        capabilities: Letters: what it can.
        enabled: Letters: what of it is enabled.
        hold_seconds: How long it counts; 0 takes it back.
    """

    chassis: str
    source: str
    port_id: str
    port_description: str
    system_name: str
    system_description: str
    capabilities: str
    enabled: str
    management_address: IPv4Address | None = None
    hold_seconds: int = HOLD_SECONDS


def encode(said: Announcement) -> bytes:
    """Write a frame."""
    bits = b"".join(_bits(letters).to_bytes(2, "big") for letters in (said.capabilities, said.enabled))
    parts = [
        (_CHASSIS, bytes([_CHASSIS_MAC]) + _bytes_of(said.chassis)),
        (_PORT, bytes([_PORT_NAME]) + said.port_id.encode()),
        (_TTL, said.hold_seconds.to_bytes(2, "big")),
    ]
    if said.hold_seconds:
        parts += [
            (_PORT_DESCRIPTION, said.port_description.encode()[:255]),
            (_NAME, said.system_name.encode()[:255]),
            (_DESCRIPTION, said.system_description.encode()[:255]),
            (_CAPABILITIES, bits),
        ]
        if said.management_address is not None:
            address = bytes([_IPV4]) + said.management_address.packed
            # Interface numbering "unknown", number 0, no object identifier (8.5.9).
            parts.append((_MANAGEMENT, bytes([len(address)]) + address + bytes([1, 0, 0, 0, 0, 0])))
    body = b"".join(_tlv(kind, value) for kind, value in (*parts, (_END, b"")))
    return GROUP + _bytes_of(said.source) + ETHERTYPE.to_bytes(2, "big") + body


def decode(frame: bytes, port: str) -> Neighbor | None:
    """Read a frame that was heard on a port; None for one that is not as it must be (9.2.7.7)."""
    if frame[:6] not in GROUPS or frame[12:_HEADER] != ETHERTYPE.to_bytes(2, "big"):
        return None
    try:
        parts = list(_parts(frame[_HEADER:]))
    except ValueError:
        return None
    values = dict(reversed(parts))  # of what is there twice, the first
    if [kind for kind, _ in parts[:3]] != [_CHASSIS, _PORT, _TTL] or len(values[_TTL]) < 2:  # noqa: PLR2004  # octets
        return None
    if len(values[_CHASSIS]) < 2 or len(values[_PORT]) < 2:  # noqa: PLR2004  # a subtype and at least one octet
        return None
    hold = int.from_bytes(values[_TTL][:2], "big")
    can = values.get(_CAPABILITIES, b"").ljust(4, b"\0")
    return Neighbor(
        port=port,
        chassis_id=_id(values[_CHASSIS], mac=_CHASSIS_MAC, address=_CHASSIS_ADDRESS),
        port_id=_id(values[_PORT], mac=_PORT_MAC, address=_PORT_ADDRESS),
        port_description=_text(values.get(_PORT_DESCRIPTION, b"")),
        system_name=_text(values.get(_NAME, b"")),
        system_description=_text(values.get(_DESCRIPTION, b"")),
        capabilities=_letters(can[:2]),
        enabled=_letters(can[2:4]),
        management_address=_address(values.get(_MANAGEMENT, b"")[1:]),
        hold_seconds=hold,
        remaining_seconds=hold,
    )


def _parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a frame into its parts.

    Raises:
        ValueError: it ends in the middle of one, or without an end.
    """
    while True:
        head = int.from_bytes(body[:2], "big")
        kind, length = head >> 9, head & _LONGEST
        if len(body) < 2 + length:
            raise ValueError("cut off")
        if kind == _END:
            return
        yield kind, body[2 : 2 + length]
        body = body[2 + length :]


def _tlv(kind: int, value: bytes) -> bytes:
    return (kind << 9 | len(value)).to_bytes(2, "big") + value


def _id(value: bytes, *, mac: int, address: int) -> str:
    subtype, rest = value[0], value[1:]
    if subtype == mac:
        return _dotted(rest)
    return _address(rest) if subtype == address else _text(rest)


def _address(value: bytes) -> str:
    """Read an address family and an address; empty for a family that is not known."""
    if not value or len(value) < 1 + _ADDRESS_BYTES.get(value[0], len(value)):
        return ""
    return str(ip_address(value[1 : 1 + _ADDRESS_BYTES[value[0]]]))


def _text(value: bytes) -> str:
    """Read text. Lines stay lines, as they do on a real terminal; other control characters are not printed."""
    text = value.decode(errors="replace")
    return "".join(each if each.isprintable() or each == "\n" else "?" for each in text)


def _letters(bits: bytes) -> str:
    number = int.from_bytes(bits, "big")
    found = [letter for place, letter in enumerate(LETTERS) if number >> place & 1]
    # IOS begins with the bridge.
    return ",".join(sorted(found, key="BTCWRPSO".index))


def _bits(letters: str) -> int:
    return sum(1 << LETTERS.index(letter) for letter in letters)


def _dotted(mac: bytes) -> str:
    digits = mac.hex()
    return ".".join(digits[index : index + 4] for index in range(0, len(digits), 4))


def _bytes_of(dotted: str) -> bytes:
    return bytes.fromhex(dotted.replace(".", ""))
