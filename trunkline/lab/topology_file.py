"""Reads a topology from YAML; every problem names its file, line and key and what would be right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from trunkline.lab.topology import (
    MANAGEMENT_NIC,
    Address,
    Interface,
    LabHost,
    LabSwitch,
    Model,
    Nic,
    NodeName,
    Platform,
    PortEnd,
    Topology,
)
from trunkline.orchestrator.errors import ConfigError

SHIPPED = Path(__file__).resolve().parent / "topologies"
DEFAULT = SHIPPED / "seed.yaml"
NODE = r"^[a-z][a-z0-9-]{0,11}$"  # also a network namespace and part of interface names, which end at 15
NIC = r"^[a-z][a-z0-9]{0,9}$"
IOS_PORT = r"^[A-Z][A-Za-z]*\d+(/\d+)+$"
PORT_WORDS = 2

Place = tuple[str | int, ...]
Problem = tuple[Place, str]


def _port_end(value: object) -> PortEnd:
    words = value.split() if isinstance(value, str) else []
    if len(words) != PORT_WORDS:
        raise ValueError("must be a switch and a port, such as: sw1 GigabitEthernet1/0/1")
    return PortEnd(switch=NodeName(words[0]), port=words[1])


def _two_ends(value: tuple[PortEnd, ...]) -> tuple[PortEnd, ...]:
    if len(value) != PORT_WORDS:
        raise ValueError("must name the two ends of the cable")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_End = Annotated[PortEnd, BeforeValidator(_port_end)]
_Name = Annotated[str, Field(pattern=NODE)]


class _Management(_Section):
    network: IPv4Network
    address: IPv4Address


class _Nic(_Section):
    cable: _End
    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()


class _Host(_Section):
    management: IPv4Address
    nics: dict[Annotated[str, Field(pattern=NIC)], _Nic] = {}
    docker: bool = True


class _Switch(_Section):
    platform: Platform = "ios"
    model: Model | None = None
    management: IPv4Address
    startup_config: str = ""
    latency_ms: Annotated[int, Field(ge=0, le=10_000)] = 0


class _File(_Section):
    management: _Management
    switches: dict[_Name, _Switch]
    hosts: dict[_Name, _Host]
    links: tuple[Annotated[tuple[_End, ...], AfterValidator(_two_ends)], ...] = ()


def locate(name: str | Path) -> Path:
    """Give the file that a name means: a path, or a bare name (``seed``, ``router``) of a shipped topology."""
    path = Path(name)
    shipped = SHIPPED / f"{path}.yaml"
    if len(path.parts) == 1 and not path.exists() and shipped.exists():
        return shipped
    return path.absolute()


def load(name: str | Path = DEFAULT) -> Topology:
    """Read a topology file; see ``locate`` for what the name may be.

    Raises:
        ConfigError: The file cannot be read, or is wrong; all its problems at once, one per line.
    """
    path = locate(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise ConfigError(
            f"it cannot be read ({error})",
            subject=f"topology {path}",
            fix=f"give a YAML file or one of the shipped topologies: {names}",
        ) from error
    return parse(text, source=str(path))


def parse(text: str, *, source: str) -> Topology:
    """Turn YAML text into a topology; see ``load``."""
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(
            f"{error.problem}", subject=f"topology {source}:{line}", fix="correct the YAML"
        ) from error
    try:
        topology = _topology(_File.model_validate(document), source)
    except ValidationError as error:
        found = [(tuple(item["loc"]), _sentence(item["msg"])) for item in error.errors()]
        raise _problems(document, found, source) from None
    contradictions = list(_contradictions(topology))
    if contradictions:
        raise _problems(document, contradictions, source)
    return topology


def _topology(file: _File, source: str) -> Topology:
    hosts = {
        NodeName(name): LabHost(
            name=NodeName(name),
            management=host.management,
            docker=host.docker,
            nics=tuple(Nic(name=nic, **dict(value)) for nic, value in host.nics.items()),
        )
        for name, host in file.hosts.items()
    }
    switches = {
        NodeName(name): LabSwitch(name=NodeName(name), **dict(switch))
        for name, switch in file.switches.items()
    }
    return Topology(
        source=source,
        network=file.management.network,
        address=file.management.address,
        hosts=hosts,
        switches=switches,
        links=tuple((one, other) for one, other in file.links),
    )


def _contradictions(topology: Topology) -> Iterator[Problem]:
    """Find what no single value shows: doubled names, addresses and cables, cables to nowhere."""
    for name in topology.hosts.keys() & topology.switches.keys():
        yield ("hosts", name), "a switch has this name too; every node needs a name of its own"
    for switch in topology.switches.values():
        yield from _switch_contradictions(switch)
    yield from _address_contradictions(topology)
    plugs = Counter(end for _, end in topology.cables())
    for place, end in _cable_places(topology):
        if end.switch not in topology.switches:
            yield place, f"there is no switch {end.switch}; known: {', '.join(topology.switches)}"
        elif wrong := _port_problem(topology.switches[end.switch], end.port):
            yield place, wrong
        if plugs[end] > 1:
            yield place, f"port {end} has {plugs[end]} cables; a port takes one"


def _address_contradictions(topology: Topology) -> Iterator[Problem]:
    places: dict[Place, IPv4Address] = {("management", "address"): topology.address}
    for host in topology.hosts.values():
        places["hosts", host.name, "management"] = host.management
    for switch in topology.switches.values():
        places["switches", switch.name, "management"] = switch.management
    uses = Counter(places.values())
    for place, address in places.items():
        if address not in topology.network or address == topology.network.network_address:
            yield place, f"{address} is not in the management network {topology.network}"
        if uses[address] > 1:
            yield place, f"{address} is used {uses[address]} times; every node needs its own"


def _switch_contradictions(switch: LabSwitch) -> Iterator[Problem]:
    """Find what a virtual switch lacks, and what a Linux machine has no use for."""
    place = ("switches", switch.name)
    if switch.platform == "ios":
        if switch.model is None:
            yield (*place, "model"), f"a virtual switch is one of: {', '.join(get_args(Model))}"
        return
    if switch.model is not None:
        yield (*place, "model"), f"{switch.platform} is a Linux machine and has no model; take it out"
    if switch.latency_ms:
        yield (*place, "latency_ms"), "only virtual switches answer late; take it out"


def _port_problem(switch: LabSwitch, port: str) -> str:
    if switch.platform == "ios":
        return "" if re.match(IOS_PORT, port) else f"{port} is no port; such as: GigabitEthernet1/0/1"
    if re.match(NIC, port) and port not in {"lo", MANAGEMENT_NIC}:
        return ""
    return f"{port} is no port of a Linux machine; at most 10 small letters and digits, such as: swp1"


def _cable_places(topology: Topology) -> Iterator[tuple[Place, PortEnd]]:
    for host in topology.hosts.values():
        for nic in host.nics:
            yield ("hosts", host.name, "nics", nic.name, "cable"), nic.cable
    for number, ends in enumerate(topology.links):
        for end in ends:
            yield ("links", number), end


def _sentence(message: str) -> str:
    """Take pydantic's prefix off our own words."""
    return message.removeprefix("Value error, ")


def _problems(document: object, found: list[Problem], source: str) -> ConfigError:
    lines = [f"{source}:{_line(document, place)}: {_key(place)}: {text}" for place, text in found]
    return ConfigError("\n  ".join(["", *lines]), subject="topology")


def _key(place: Place) -> str:
    return ".".join(str(part) for part in place if part != "[key]") or "the file"


def _line(document: object, place: Place) -> int:
    """Give the line (from 1) of the innermost part of a place that is in the document."""
    line = 0
    for part in place:
        position = getattr(document, "lc", None)
        known: Mapping[str | int, list[int]] = getattr(position, "data", None) or {}
        if part not in known:
            break
        line = known[part][0]
        document = document[part]  # type: ignore[index]  # it has positions, so it is a mapping or a sequence
    return line + 1
