"""The shape of the inventory file: what may be written, by pydantic, which also exports it as JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from trunkline.orchestrator.inventory import readers
from trunkline.orchestrator.models import Address, GatewayPlace, Network, PortName, SecretRef, SwitchName
from trunkline.orchestrator.vlans import Vid, VlanSet


def _text(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example]})


def _as_list(value: object) -> object:
    """Let people write one thing where a list of one is meant."""
    return value if value is None or isinstance(value, list) else [value]


Text = Annotated[str, PlainValidator(readers.read_text), WithJsonSchema({"type": "string"})]
Flag = Annotated[bool, PlainValidator(readers.read_flag), WithJsonSchema({"type": "boolean"})]
Number = Annotated[int, PlainValidator(readers.read_number), WithJsonSchema({"type": "integer"})]
Count = Annotated[int, PlainValidator(readers.read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Vlan = Annotated[
    Vid,
    PlainValidator(readers.read_vlan),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 4094}),
]
Vlans = Annotated[
    VlanSet,
    PlainValidator(readers.read_vlans),
    WithJsonSchema({"type": ["string", "integer", "array"], "examples": ["10,20-29"]}),
]
Seconds = Annotated[
    float,
    PlainValidator(readers.read_duration),
    WithJsonSchema({"type": ["number", "string"], "examples": ["30s", "10m", 600]}),
]
Share = Annotated[
    float,
    PlainValidator(readers.read_share),
    WithJsonSchema({"type": ["number", "string"], "examples": [0.2]}),
]
NetworkText = Annotated[Network, PlainValidator(readers.read_network), _text("172.31.0.0/16")]
AddressText = Annotated[Address, PlainValidator(readers.read_address), _text("172.31.0.1")]
Span = Annotated[tuple[Address, Address], PlainValidator(readers.read_span), _text("172.31.4.0-172.31.4.255")]
End = Annotated[tuple[SwitchName, PortName], PlainValidator(readers.read_end), _text("sw1:Gi1/0/3")]
Secret = Annotated[
    SecretRef,
    PlainValidator(readers.read_secret_ref),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"file": {"type": "string"}, "env": {"type": "string"}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
    ),
]
SystemName = Annotated[str, PlainValidator(readers.read_system_name), _text("core1.example.net")]
Jump = Annotated[str, PlainValidator(readers.read_jump), _text("ops@bastion.example.net:22")]
Patience = Annotated[
    float,
    PlainValidator(readers.read_patience),
    WithJsonSchema({"type": "number", "minimum": 1, "maximum": 20}),
]
Minutes = Annotated[
    int,
    PlainValidator(readers.read_revert_minutes),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 120}),
]
OpenTrunk = Literal["leave", "restrict"]
HostKey = Annotated[str, PlainValidator(readers.read_host_key), _text("ssh-ed25519 AAAA...")]
DeviceAddress = Annotated[str, PlainValidator(readers.read_device_address), _text("192.168.0.2")]
Driver = Annotated[str, PlainValidator(readers.read_driver), _text("cisco_ios")]
Nic = Annotated[str, PlainValidator(readers.read_nic), _text("eth0")]
EngineUrl = Annotated[str, PlainValidator(readers.read_engine), _text("unix:///var/run/docker.sock")]
GatewayText = Annotated[
    GatewayPlace,
    PlainValidator(readers.read_gateway),
    WithJsonSchema(
        {
            "oneOf": [
                {"const": "external"},
                {"type": "object", "required": ["svi"], "properties": {"svi": {"type": "string"}}},
                {
                    "type": "object",
                    "required": ["router", "interface"],
                    "properties": {"router": {"type": "string"}, "interface": {"type": "string"}},
                },
            ]
        }
    ),
]
Names = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]


class Edge(BaseModel):
    """A mapping of the file; keys that nobody knows are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class CredentialsEdge(Edge):
    """How to log in to a switch."""

    username: Text = Field(examples=["trunkline"])
    password: Secret | None = Field(None, description="Where the password is.")
    enable: Secret | None = Field(None, description="Where the enable secret is; default: the password's.")
    key_file: Text | None = Field(None, description="Path of a private key.")


class SwitchEdge(Edge):
    """A switch or router that Trunkline configures."""

    driver: Driver = Field(examples=["cisco_ios"])
    address: DeviceAddress = Field(examples=["192.168.0.2"])
    port: Number = Field(22, description="TCP port of SSH.")
    credentials: CredentialsEdge = Field(
        examples=["{username: trunkline, password: {file: /run/secrets/sw1}}"]
    )
    host_key: HostKey | None = Field(None, description="Pinned public key of the device.")
    kind: Literal["l3switch", "l2switch", "router"] = Field(examples=["l3switch"])
    mode: Literal["observe", "enforce"] = Field("observe", description="observe writes nothing.")
    protected_ports: Names = Field((), description="Ports that are never written.")
    protected_vlans: Vlans = Field(VlanSet(), description="VLANs that are never touched.")
    managed_vlans: Vlans = Field(VlanSet.every(), description="The only VLANs that may be touched.")
    save_after: Seconds = Field(30.0, description="The configuration is saved this long after a change.")
    system_name: SystemName | None = Field(
        None, description="What LLDP and CDP call it; default: its name here."
    )
    jump: Jump | None = Field(None, description="SSH host on the way to it, [user@]host[:port].")
    patience: Patience = Field(1.0, description="Every deadline is so many times as long.")
    compare: Literal["ports", "device"] = Field(
        "ports", description="device reads the whole configuration before and after every change."
    )
    revert_timer: Minutes = Field(
        0, description="Minutes after which the switch takes back what was not confirmed; 0 is never."
    )


class UplinkEdge(Edge):
    """A cable from a NIC to a switch port."""

    nic: Nic = Field(examples=["eth0"])
    port: End = Field(examples=["sw1:Gi1/0/1"])
    native_vlan: Vlan | None = Field(None, description="The VLAN the port carries untagged.")
    adopt: Flag = Field(default=False, description="Trunkline may turn the port into a trunk.")
    open_trunk: OpenTrunk = Field(
        "leave", description="A trunk that carries every VLAN is left so, or restricted to what is needed."
    )
    any_peer: Flag = Field(default=False, description="Whoever announces himself there by LLDP or CDP.")


class HostEdge(Edge):
    """A Docker host."""

    uplinks: tuple[UplinkEdge, ...] = Field(examples=["[{nic: eth0, port: sw1:Gi1/0/1}]"])
    docker: EngineUrl = "unix:///var/run/docker.sock"
    system_name: SystemName | None = Field(None, description="What LLDP calls it; default: its name here.")


class LinkEdge(Edge):
    """A cable between two switches, or a switch and a router. A list of the two ends is enough."""

    ends: tuple[End, ...] = Field(examples=["[sw1:Te1/1/1, sw2:Te1/1/1]"])
    adopt: Flag = False
    open_trunk: OpenTrunk = "leave"
    any_peer: Flag = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"ends": value} if isinstance(value, list) else value


class SubnetEdge(Edge):
    """A subnet of a segment. The subnet's text alone is enough."""

    subnet: NetworkText = Field(examples=["172.31.0.0/16"])
    gateway: AddressText | None = None
    ranges: Annotated[tuple[Span, ...], BeforeValidator(_as_list)] = Field(
        (), description="Addresses to hand out; default: all usable ones."
    )
    exclude: Annotated[tuple[Span, ...], BeforeValidator(_as_list)] = Field(
        (), description="Addresses never handed out."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"subnet": value} if isinstance(value, str) else value


class SegmentEdge(Edge):
    """A named VLAN with its addresses."""

    vlan: Vlan = Field(examples=["10"])
    subnets: tuple[SubnetEdge, ...] = Field(examples=["[{subnet: 172.31.0.0/16, gateway: 172.31.0.1}]"])
    gateway: GatewayText = Field(examples=["{svi: sw1}"])
    mtu: Number = 1500
    trunk: Literal["on-demand", "always"] = "on-demand"
    grace: Seconds = Field(600.0, description="How long an unused VLAN stays on a port.")
    quarantine: Seconds | None = Field(
        None,
        description="How long a released address rests; unset, 5 minutes, and up to 4 hours while an engine older than "
        "Docker 28 does not announce its addresses.",
    )
    default_route: Flag = True
    networks: Literal["declared", "on-demand"] = Field(
        "declared",
        description="The Docker network is on every allowed host, or only where something asks for it.",
    )
    prune: Literal["container", "network"] = Field(
        "container", description="What a VLAN leaves the port with: the last container, or the last network."
    )
    host_access: Flag = False
    clear_neighbors: Flag = Field(
        default=False,
        description="Its gateway forgets the ARP or ND entry of an address that goes to another MAC.",
    )


class RuleEdge(Edge):
    """These hosts may use these segments; "*" stands for all."""

    hosts: Names = Field(examples=["[h1]"])
    segments: Names = Field(examples=["[web]"])


class LimitsEdge(Edge):
    """More removals than this in one pass stop and ask."""

    removals_per_pass: Count = 20
    removals_share: Share = 0.2


class InventoryEdge(Edge):
    """The Trunkline inventory."""

    switches: dict[str, SwitchEdge] = {}
    hosts: dict[str, HostEdge] = {}
    segments: dict[str, SegmentEdge] = {}
    links: tuple[LinkEdge, ...] = ()
    policy: tuple[RuleEdge, ...] = ()
    limits: LimitsEdge = LimitsEdge()


def schema() -> dict[str, Any]:  # a JSON document has no closer type
    """Give the inventory file's JSON Schema, for editors."""
    return InventoryEdge.model_json_schema()


def edge_at(model: type[Edge], steps: tuple[str | int, ...]) -> type[Edge]:
    """Find the model that describes what is at ``steps`` inside ``model``."""
    for step in steps:
        if isinstance(step, str) and step in model.model_fields:
            model = _edge_in(model.model_fields[step].annotation) or model
    return model


def _edge_in(annotation: object) -> type[Edge] | None:
    if isinstance(annotation, type) and issubclass(annotation, Edge):
        return annotation
    return next((found for part in get_args(annotation) if (found := _edge_in(part))), None)
