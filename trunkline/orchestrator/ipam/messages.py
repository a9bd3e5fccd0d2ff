"""The bodies of Docker's IPAM requests -> values. Pure; fields that a newer engine adds are left alone.

Measured on Docker 20.10 and 28.5: `Options` may be null, addresses come without a mask, and a request that Docker
repeats after a broken connection has an empty body.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_interface, ip_network
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from trunkline.orchestrator.errors import ConfigError
from trunkline.orchestrator.models import Address, Network

DRIVER = "trunkline"
"""The name of our plug-in towards Docker."""
GATEWAY = "com.docker.network.gateway"
LONGEST_OPTION = 256
SEGMENT_OPTION, GATE_OPTION, GATE_LATER = "segment", "gate", "address"
"""Options of a network: which segment it is for; and that only its addresses, not itself, wait for the switch."""


def _nothing_is_empty(value: object) -> object:
    return {} if value is None else value


def _address(value: object) -> object:
    """Read an address with or without a mask; none is empty text."""
    if not isinstance(value, str) or not value:
        return None
    return ip_interface(value).ip if "/" in value else ip_address(value)


def _network(value: object) -> object:
    return ip_network(value) if isinstance(value, str) and value else None


Options = Annotated[Mapping[str, str], BeforeValidator(_nothing_is_empty)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)


Message = TypeVar("Message", bound=_Message)


class PoolRequest(_Message):
    """`RequestPool`: a network is created, or was there before dockerd started."""

    pool: Annotated[Network | None, BeforeValidator(_network), Field(alias="Pool")] = None
    part: Annotated[Network | None, BeforeValidator(_network), Field(alias="SubPool")] = None
    options: Options = Field(alias="Options", default={})
    ipv6: bool = Field(alias="V6", default=False)


class AddressRequest(_Message):
    """`RequestAddress`: of a gateway, an auxiliary address, or a container's endpoint."""

    pool_id: str = Field(alias="PoolID", min_length=1, max_length=LONGEST_OPTION)
    address: Annotated[Address | None, BeforeValidator(_address), Field(alias="Address")] = None
    options: Options = Field(alias="Options", default={})

    @property
    def is_gateway(self) -> bool:
        """Say whether the network's gateway is asked for."""
        return self.options.get("RequestAddressType") == GATEWAY

    @property
    def mac(self) -> str:
        """Give the endpoint's MAC, in lower case; empty when none was sent."""
        return self.options.get("com.docker.network.endpoint.macaddress", "").lower()

    @property
    def container(self) -> str:
        """Give the container's name: Docker 29 and newer; empty before."""
        return self.options.get("com.docker.network.endpoint.name", "")


class AddressRelease(_Message):
    """`ReleaseAddress`: an endpoint, or a network, is gone."""

    pool_id: str = Field(alias="PoolID", min_length=1, max_length=LONGEST_OPTION)
    address: Annotated[Address, BeforeValidator(_address), Field(alias="Address")]


class PoolRelease(_Message):
    """`ReleasePool`: a network is gone."""

    pool_id: str = Field(alias="PoolID", min_length=1, max_length=LONGEST_OPTION)


def read(kind: type[Message], body: bytes) -> Message:
    """Read a body.

    Raises:
        ConfigError: it is empty, no JSON, or not of that kind.
    """
    subject = "request of the Docker engine"
    if not body.strip():
        raise ConfigError(
            "is empty: the engine repeats one whose connection broke without its content",
            subject=subject,
            fix="start the container again",
        )
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "body"
        raise ConfigError(
            f"cannot be read ({place}: {first['msg'].lower()[:80]})",
            subject=subject,
            fix="report it with the engine's version",
        ) from error
