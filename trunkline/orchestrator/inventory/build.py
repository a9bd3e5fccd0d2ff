"""Plain values of the file -> models, item by item: one broken item hides nothing else that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError

from trunkline.orchestrator.inventory.document import Document, Path, Plain, Problem, did_you_mean, show
from trunkline.orchestrator.inventory.edges import (
    Edge,
    HostEdge,
    InventoryEdge,
    LimitsEdge,
    LinkEdge,
    RuleEdge,
    SegmentEdge,
    SwitchEdge,
    edge_at,
)
from trunkline.orchestrator.inventory.ports import canonical_port
from trunkline.orchestrator.inventory.readers import Wrong
from trunkline.orchestrator.models import (
    Credentials,
    GatewayPlace,
    Host,
    HostName,
    Inventory,
    Limits,
    Link,
    PortName,
    RouterGateway,
    Rule,
    Segment,
    SegmentName,
    Subnet,
    Switch,
    SwitchName,
    Uplink,
)

_SECTIONS = tuple(InventoryEdge.model_fields)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_SEGMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,28}")
_DOCKERS_OWN = frozenset({"bridge", "host", "none", "default", "ingress"})
_ENDS_OF_A_CABLE = 2
E_ = TypeVar("E_", bound=Edge)


class Builder:
    """Builds what can be built and keeps what is wrong in ``problems``."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._top = self._mapping(document.data, ())
        self._switches: dict[SwitchName, Switch] = {}

    def build(self) -> Inventory:
        """Give the inventory as far as it is sound in itself; names in it may still refer to nothing."""
        if not self._top and not self.problems:
            self._say((), "is empty", f"declare {', '.join(_SECTIONS)}")
        for key in self._top:
            if key not in _SECTIONS:
                self._say((key,), "is an unknown key", did_you_mean(key, _SECTIONS))
        self._switches = {
            SwitchName(name): self._switch(SwitchName(name), edge, path)
            for name, edge, path in self._named("switches", SwitchEdge)
        }
        return Inventory(
            switches=self._switches,
            hosts={
                HostName(name): self._host(HostName(name), edge, path)
                for name, edge, path in self._named("hosts", HostEdge)
            },
            segments={
                SegmentName(name): self._segment(SegmentName(name), edge, path)
                for name, edge, path in self._named("segments", SegmentEdge)
            },
            links=tuple(self._links()),
            policy=tuple(
                Rule(hosts=frozenset(edge.hosts), segments=frozenset(edge.segments))
                for edge, _ in self._listed("policy", RuleEdge)
            ),
            limits=self._limits(),
        )

    def declared(self, section: str) -> tuple[str, ...]:
        """Name everything that the section declares, sound or not."""
        value = self._top.get(section)
        return tuple(value) if isinstance(value, dict) else ()

    def _named(self, section: str, model: type[E_]) -> Iterator[tuple[str, E_, Path]]:
        shape = _SEGMENT_NAME if section == "segments" else _NAME
        for name, value in self._mapping(self._top.get(section), (section,)).items():
            path = (section, name)
            if not shape.fullmatch(name):
                longest = 29 if section == "segments" else 63
                fix = f"use at most {longest} letters, digits, _ or -, and start with a letter or digit"
                self._say(path, f"cannot be a name of {section}: {show(name)}", fix)
            elif section == "segments" and name.lower() in _DOCKERS_OWN:
                self._say(path, "is a name Docker keeps for itself", "choose another")
            edge = self._edge(model, value, path)
            if edge is not None:
                yield name, edge, path

    def _listed(self, section: str, model: type[E_]) -> Iterator[tuple[E_, Path]]:
        value = self._top.get(section)
        if value is None:
            return
        if not isinstance(value, list):
            self._say((section,), "is no list", "start every item with `- `")
            return
        for index, item in enumerate(value):
            edge = self._edge(model, item, (section, index))
            if edge is not None:
                yield edge, (section, index)

    def _switch(self, name: SwitchName, edge: SwitchEdge, path: Path) -> Switch:
        ports = (
            self._port(port, edge.driver, (*path, "protected_ports", index))
            for index, port in enumerate(edge.protected_ports)
        )
        return Switch(
            name=name,
            driver=edge.driver,
            address=edge.address,
            port=edge.port,
            credentials=Credentials(
                username=edge.credentials.username,
                password=edge.credentials.password,
                enable=edge.credentials.enable,
                key_file=edge.credentials.key_file,
            ),
            host_key=edge.host_key,
            kind=edge.kind,
            mode=edge.mode,
            protected_ports=frozenset(ports),
            protected_vlans=edge.protected_vlans,
            managed_vlans=edge.managed_vlans,
            save_after_seconds=edge.save_after,
            system_name=edge.system_name,
            jump=edge.jump,
            patience=edge.patience,
            revert_minutes=edge.revert_timer,
            compare=edge.compare,
        )

    def _host(self, name: HostName, edge: HostEdge, path: Path) -> Host:
        uplinks = []
        for index, each in enumerate(edge.uplinks):
            switch, port = self._end(each.port, (*path, "uplinks", index, "port"))
            uplinks.append(
                Uplink(
                    nic=each.nic,
                    switch=switch,
                    port=port,
                    native_vlan=each.native_vlan,
                    adopt=each.adopt,
                    open_trunk=each.open_trunk,
                    any_peer=each.any_peer,
                )
            )
        return Host(name=name, uplinks=tuple(uplinks), docker=edge.docker, system_name=edge.system_name)

    def _segment(self, name: SegmentName, edge: SegmentEdge, path: Path) -> Segment:
        return Segment(
            name=name,
            vlan=edge.vlan,
            subnets=tuple(
                Subnet(network=each.subnet, gateway=each.gateway, ranges=each.ranges, exclude=each.exclude)
                for each in edge.subnets
            ),
            gateway=self._gateway(edge.gateway, (*path, "gateway")),
            mtu_bytes=edge.mtu,
            trunk=edge.trunk,
            grace_seconds=edge.grace,
            quarantine_seconds=edge.quarantine,
            default_route=edge.default_route,
            networks=edge.networks,
            prune=edge.prune,
            host_access=edge.host_access,
            clear_neighbors=edge.clear_neighbors,
        )

    def _gateway(self, place: GatewayPlace, path: Path) -> GatewayPlace:
        if isinstance(place, RouterGateway):
            name, port = self._end((place.router, place.interface), path)
            return RouterGateway(router=name, interface=port)
        return place

    def _links(self) -> Iterator[Link]:
        for edge, path in self._listed("links", LinkEdge):
            if len(edge.ends) != _ENDS_OF_A_CABLE:
                self._say(path, f"has {len(edge.ends)} ends", "write [sw1:Te1/1/1, sw2:Te1/1/1]")
                continue
            one, other = (self._end(end, (*path, index)) for index, end in enumerate(edge.ends))
            yield Link(
                ends=(one, other), adopt=edge.adopt, open_trunk=edge.open_trunk, any_peer=edge.any_peer
            )

    def _limits(self) -> Limits:
        value = self._top.get("limits")
        edge = None if value is None else self._edge(LimitsEdge, value, ("limits",))
        if edge is None:
            return Limits()
        return Limits(removals_per_pass=edge.removals_per_pass, removals_share=edge.removals_share)

    def _end(self, end: tuple[SwitchName, PortName], path: Path) -> tuple[SwitchName, PortName]:
        name, port = end
        switch = self._switches.get(name)
        return name, port if switch is None else self._port(port, switch.driver, path)

    def _port(self, text: str, driver: str, path: Path) -> PortName:
        try:
            return PortName(canonical_port(text, driver=driver))
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            self._say(path, f"{show(text)} {what}", fix)
            return PortName(text)

    def _mapping(self, value: Plain, path: Path) -> Mapping[str, Plain]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._say(path, "is no mapping", "write `key: value` lines")
            return {}
        return value

    def _edge(self, model: type[E_], value: Plain, path: Path) -> E_ | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                steps = tuple(detail["loc"])
                context = detail.get("ctx", {})
                cause = context.get("error")
                if isinstance(cause, Wrong):
                    what, fix = cause.what, cause.fix
                else:
                    what, fix = _explain(model, detail["type"], steps, str(context.get("expected", "")))
                self._say((*path, *steps), what, fix)
            return None

    def _say(self, path: Path, what: str, fix: str) -> None:
        self.problems.append(Problem(path=path, what=what, fix=fix))


def _explain(model: type[Edge], kind: str, steps: Path, expected: str) -> tuple[str, str]:
    """Turn one of pydantic's findings into what is wrong and what would be right."""
    last = steps[-1] if steps else ""
    around = edge_at(model, steps[:-1])
    example = ""
    if isinstance(last, str) and last in around.model_fields:
        example = f"write for example `{last}: {next(iter(around.model_fields[last].examples or ()), '...')}`"
    match kind:
        case "extra_forbidden":
            return "is an unknown key", did_you_mean(str(last), tuple(around.model_fields))
        case "missing":
            return "is missing", example
        case "literal_error":
            return "is none of the choices", f"write {expected}"
        case "model_type" | "model_attributes_type" | "dict_type":
            keys = ", ".join(edge_at(model, steps).model_fields)
            return "is no mapping", f"write `key: value` lines; keys are {keys}"
        case _:
            return "is no list" if kind in {"tuple_type", "list_type"} else f"is not usable ({kind})", example
