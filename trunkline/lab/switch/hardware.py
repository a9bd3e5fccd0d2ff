"""What a switch is made of: ports, features and the words `show version` uses. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from trunkline.orchestrator.errors import ConfigError

ModelName = Literal["catalyst-l3", "catalyst-l3-isl", "isr-router"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """One model.

    Attributes:
        model: The name on the command line of ``trunkline lab switch``.
        product: What `show version` and `show inventory` call it.
        software: The first line of `show version`.
        version: Software version as running-config prints it.
        ports: Physical ports, by long name, in the order `show` prints them.
        switching: It has switch ports, a VLAN database and SVIs; otherwise it is a router with sub-interfaces.
        isl: Its trunks know ISL too, so that the encapsulation must be chosen before ``mode trunk``.
        most_vlans: `show vtp status`, "Maximum VLANs supported locally".
    """

    model: ModelName
    product: str
    software: str
    version: str
    ports: tuple[str, ...]
    switching: bool
    isl: bool = False
    most_vlans: int = 1005

    @property
    def system_description(self) -> str:
        """What it tells its LLDP neighbours."""
        return f"{self.software}, RELEASE SOFTWARE"


def _range(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(first, last + 1))


_MODELS = (
    Hardware(
        model="catalyst-l3",
        product="C9300-48T",
        software="Cisco IOS Software [Gibraltar], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 16.12.4",
        version="16.12",
        ports=_range("GigabitEthernet1/0/", 1, 48) + _range("TenGigabitEthernet1/1/", 1, 2),
        switching=True,
        most_vlans=4094,
    ),
    Hardware(
        model="catalyst-l3-isl",
        product="WS-C3750X-48T",
        software="Cisco IOS Software, C3750E Software (C3750E-UNIVERSALK9-M), Version 15.0(2)SE11",
        version="15.0",
        ports=_range("GigabitEthernet1/0/", 1, 48) + _range("TenGigabitEthernet1/1/", 1, 2),
        switching=True,
        isl=True,
    ),
    Hardware(
        model="isr-router",
        product="CISCO2921/K9",
        software="Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M8",
        version="15.7",
        ports=_range("GigabitEthernet0/", 0, 3),
        switching=False,
    ),
)
MODELS: Mapping[str, Hardware] = MappingProxyType({hardware.model: hardware for hardware in _MODELS})


def hardware_of(model: str) -> Hardware:
    """Look a model up.

    Raises:
        ConfigError: There is no such model.
    """
    if model not in MODELS:
        raise ConfigError(
            "there is no such model", subject=f"lab switch model {model}", fix=f"known: {', '.join(MODELS)}"
        )
    return MODELS[model]
