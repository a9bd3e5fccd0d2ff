"""One value of the inventory file -> one typed value. Every refusal says what would be right."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from trunkline.orchestrator.inventory.document import did_you_mean, show
from trunkline.orchestrator.models import (
    Address,
    ExternalGateway,
    GatewayPlace,
    Network,
    PortName,
    RouterGateway,
    SecretRef,
    SviGateway,
    SwitchName,
)
from trunkline.orchestrator.vlans import HIGHEST, LOWEST, Vid, VlanSet

_ENGINE = re.compile(r"unix:///[^\s]+|(?:tcp|ssh|https?)://[^\s/?#]+[^\s]*")
MOST_DIGITS = 18
LONGEST_NIC = 15
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_JUMP = re.compile(rf"(?:[A-Za-z0-9_][\w.-]{{0,63}}@)?{_HOSTNAME.pattern}(?::(?P<port>\d{{1,5}}))?")
_HIGHEST_PORT = 65535
MOST_PATIENCE = 20
MOST_MINUTES = 120
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DRIVER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NIC = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST_NIC}}}")
_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)


class Wrong(ValueError):
    """A value that cannot be used: what it is, and what would be right."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what}; {fix}")


def read_text(value: object) -> str:
    """Read a word or a line of text."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Wrong(f"is {show(value)}", "write a text of printable characters")
    return value.strip()


def read_flag(value: object) -> bool:
    """Read true or false; the words yes, no, on and off are texts in YAML 1.2."""
    if not isinstance(value, bool):
        raise Wrong(f"is {show(value)}", "write true or false")
    return value


def read_number(value: object) -> int:
    """Read a whole number; quoted digits are as good."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f"is {show(value)}", "write a whole number")
    return value


def read_count(value: object) -> int:
    """Read how many of something there may be."""
    number = read_number(value)
    if number < 0:
        raise Wrong(f"is {number}", "write 0 or more")
    return number


def read_vlan(value: object) -> Vid:
    """Read one VLAN id."""
    number = read_number(value)
    if not LOWEST <= number <= HIGHEST:
        raise Wrong(f"is {number}, which is no VLAN", f"VLAN ids run from {LOWEST} to {HIGHEST}")
    return Vid(number)


def read_vlans(value: object) -> VlanSet:
    """Read a set of VLAN ids: ``10``, ``10,20-29`` or a list of such parts."""
    parts = value if isinstance(value, list) else [value]
    found = VlanSet()
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, int | str):
            raise Wrong(f"is {show(part)}", "write VLAN ids, for example 10,20-29")
        try:
            found = VlanSet(found | VlanSet.parse(str(part)))
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            raise Wrong(f"is {show(part)}: {what}", fix or "write VLAN ids, for example 10,20-29") from None
    return found


def read_duration(value: object) -> float:
    """Read a time span in seconds: ``600``, ``30s``, ``10m``, ``1h30m``, ``2d``."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    text = value.replace(" ", "") if isinstance(value, str) else ""
    if text.isascii() and text.isdigit():
        return float(text)
    if not _DURATION.fullmatch(text):
        raise Wrong(f"is {show(value)}, which is no time span", "write 30s, 10m, 1h30m or plain seconds")
    return sum(float(count) * _SECONDS[unit] for count, unit in re.findall(r"([\d.]+)([smhd])", text))


def read_share(value: object) -> float:
    """Read a share between 0 and 1, or a percentage."""
    text = str(value)
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if isinstance(value, bool) or not 0 <= share <= 1:
        raise Wrong(f"is {show(value)}", "write a share such as 0.2 or 20%")
    return share


def read_network(value: object) -> Network:
    """Read a subnet, without host bits."""
    text = read_text(value)
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f"is {show(text)}, which is no subnet", "write for example 172.31.0.0/16") from None
    if "/" not in text:
        raise Wrong(f"is {show(text)}, without a prefix length", f"write for example {text}/24")
    if text.partition("/")[0] != str(loose.network_address) and loose != _strict(text):
        raise Wrong(f"is {show(text)}, an address inside a subnet", f"write {loose}")
    return loose


def _strict(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def read_address(value: object) -> Address:
    """Read one IPv4 or IPv6 address."""
    text = read_text(value)
    if "%" not in text:
        try:
            return ip_address(text)
        except ValueError:
            pass
    raise Wrong(f"is {show(text)}, which is no address", "write for example 172.31.0.1 or fd00:31::1")


def read_span(value: object) -> tuple[Address, Address]:
    """Read addresses: ``172.31.4.0-172.31.4.255``, one address or a block such as ``172.31.4.0/24``.

    Both ends belong to the span.
    """
    text = read_text(value)
    if "/" in text:
        block = read_network(text)
        return block.network_address, block.broadcast_address
    first, dash, last = text.partition("-")
    low = read_address(first)
    high = read_address(last) if dash else low
    if low.version != high.version:
        raise Wrong(f"is {show(text)}, which mixes IPv4 and IPv6", "write one line for each")
    if int(low) > int(high):
        raise Wrong(f"is {show(text)}, which runs backwards", f"write {high}-{low}")
    return low, high


def read_end(value: object) -> tuple[SwitchName, PortName]:
    """Read one end of a cable, ``sw1:Gi1/0/3``; the port is not canonical yet."""
    text = read_text(value)
    name, colon, port = text.partition(":")
    if not (name.strip() and colon and port.strip()):
        raise Wrong(f"is {show(text)}", "write switch and port, for example sw1:Gi1/0/3")
    return SwitchName(name.strip()), PortName(port.strip())


def read_secret_ref(value: object) -> SecretRef:
    """Read where a secret is. A secret itself is refused and not repeated in the message."""
    fix = "write {file: /path/to/it} or {env: NAME_OF_VARIABLE}"
    if not isinstance(value, dict):
        raise Wrong("holds a secret in clear text", f"{fix}, and change that secret: it has been in a file")
    if len(value) != 1 or not value.keys() <= {"file", "env"}:
        raise Wrong(f"has the keys {', '.join(show(key) for key in value) or 'of nothing'}", fix)
    kind, name = next(iter(value.items()))
    if not isinstance(name, str) or not name.strip():
        raise Wrong(f"names no {'file' if kind == 'file' else 'variable'}", fix)
    if kind == "env" and not _VARIABLE.fullmatch(name):
        raise Wrong("names no environment variable", "write {env: NAME}, letters, digits and _ only")
    return SecretRef(kind="file" if kind == "file" else "env", name=name)


def read_host_key(value: object) -> str:
    """Read an OpenSSH public key: type and base64, a comment is dropped."""
    fix = "write `ssh-ed25519 AAAA...`; `trunkline switch trust NAME` shows it"
    kind, _, rest = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
    encoded = rest.strip().partition(" ")[0]
    if kind not in _KEY_TYPES or not encoded:
        raise Wrong(f"is {show(value)}, which is no public key", fix)
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Wrong("has a second word that is not base64", fix) from None
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != kind.encode() or len(blob) <= 4 + length:
        raise Wrong(f"says {kind}, but the key inside is something else or cut off", fix)
    return f"{kind} {encoded}"


def read_device_address(value: object) -> str:
    """Read an address or a host name."""
    text = read_text(value)
    if ":" not in text and _HOSTNAME.fullmatch(text):
        return text
    return str(read_address(text))


def read_system_name(value: object) -> str:
    """Read the name under which a device announces itself."""
    text = read_text(value)
    if not _HOSTNAME.fullmatch(text):
        raise Wrong(f"is {show(text)}", "write a host name such as core1.example.net")
    return text


def read_jump(value: object) -> str:
    """Read the SSH host that leads to a device. It ends up among the words of an `ssh` command."""
    text = read_text(value)
    found = _JUMP.fullmatch(text)
    if found is None or not 0 < int(found["port"] or 22) <= _HIGHEST_PORT:
        raise Wrong(f"is {show(text)}", "write for example ops@bastion.example.net:22")
    return text


def read_patience(value: object) -> float:
    """Read by how much every deadline is stretched."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MOST_PATIENCE:
        raise Wrong(f"is {show(value)}", f"write a number from 1 to {MOST_PATIENCE}")
    return float(value)


def read_revert_minutes(value: object) -> int:
    """Read after how many minutes a device takes a change back; 0 is never."""
    number = read_number(value)
    if not 0 <= number <= MOST_MINUTES:
        raise Wrong(f"is {number}", f"write minutes from 1 to {MOST_MINUTES}, or 0 for never")
    return number


def read_driver(value: object) -> str:
    """Read a dialect's name; whether it is installed is known only where it is used."""
    text = read_text(value)
    if not _DRIVER.fullmatch(text):
        raise Wrong(f"is {show(text)}", "write a dialect's name such as cisco_ios")
    return text


def read_nic(value: object) -> str:
    """Read the name of a network interface of Linux."""
    text = read_text(value)
    if not _NIC.fullmatch(text) or text in {".", ".."}:
        raise Wrong(
            f"is {show(text)}", f"write an interface as `ip link` shows it, at most {LONGEST_NIC} long"
        )
    return text


def read_engine(value: object) -> str:
    """Read a Docker engine's URL."""
    text = read_text(value)
    if not _ENGINE.fullmatch(text):
        raise Wrong(
            f"is {show(text)}", "write for example unix:///var/run/docker.sock or tcp://127.0.0.1:2375"
        )
    return text


def read_gateway(value: object) -> GatewayPlace:
    """Read where a gateway lives; ports are not canonical yet."""
    fix = "write {svi: sw1}, {router: r1, interface: GigabitEthernet0/0} or external"
    if value == "external":
        return ExternalGateway()
    if not isinstance(value, dict):
        raise Wrong(f"is {show(value)}", fix)
    _only_keys(value, ("svi", "router", "interface"))
    if value.keys() == {"svi"}:
        return SviGateway(switch=SwitchName(read_text(value["svi"])))
    if value.keys() == {"router", "interface"}:
        interface = PortName(read_text(value["interface"]))
        return RouterGateway(router=SwitchName(read_text(value["router"])), interface=interface)
    raise Wrong(f"has the keys {', '.join(value) or 'of nothing'}", fix)


def _only_keys(value: dict[str, object], known: Sequence[str]) -> None:
    for key in value:
        if key not in known:
            raise Wrong(f"has the unknown key {show(key)}", did_you_mean(key, known))
