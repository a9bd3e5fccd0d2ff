"""The command language of views, played: what Huawei's VRP and HPE's Comware have in common. Pure.

VLANs and ports are shown as in the published captures, interfaces as in published configurations. A trunk carries
VLAN 1 until it is told otherwise; a list has at most ten items; the VLAN of a layer 3 interface must be there and stays
while that is; VRP wants IPv6 enabled on an interface first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from ipaddress import IPv6Interface
from typing import ClassVar

from trunkline.drivers.switch.models import view_shows
from trunkline.drivers.switch.models.console import Console, Entered, RefusedError
from trunkline.drivers.switch.models.layer3 import Layer3, Wording, address_in
from trunkline.drivers.switch.models.view_setup import Setup, Trunk, ids

MOST_ITEMS = 10
PROMPTS: Mapping[str, str] = {"": "<sw1>", "config": "[sw1]", "vlan": "[sw1-vlan10]"}


class ViewSwitch(Console):
    """One switch with trunks, and with the access ports it is told of."""

    leave: ClassVar[str] = "quit"
    negation: ClassVar[str] = "undo "
    sign: ClassVar[str] = "Error: "
    svi: ClassVar[str] = "Vlanif"
    word: ClassVar[str] = "allow-pass"
    wants_ipv6: ClassVar[bool] = True

    def __init__(
        self, ports: Sequence[str], *, access: Mapping[str, int] | None = None, every: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.running = Setup(trunks={name: Trunk(others=[f"description to-{name}"]) for name in ports})
        self.running.access = dict(access or {})
        for name in every:
            self.running.trunks[name] = Trunk(allowed=set(range(1, 4095)))
        self.arp: list[str] = []
        self.saved: Setup | None = None

    @property
    def unknown(self) -> str:  # type: ignore[override]  # the same for all lines
        """Say that it does not know a line."""
        return f"        ^\n{self.sign}Unrecognized command found at '^' position."

    @property
    def wrong(self) -> str:
        """Say that there is no such interface, or number."""
        return f"                                     ^\n{self.sign}Wrong parameter found at '^' position."

    @property
    def wording(self) -> Wording:
        """Refuse addresses."""
        return Wording(
            overlaps=f"{self.sign}The address conflicts with that of another interface.",
            secondary_first=f"{self.sign}Please delete the sub address first.",
            absent=f"{self.sign}The address does not exist.",
        )

    @property
    def setup(self) -> Setup:
        """Give what lines change."""
        return self.running

    def outside(self, words: Sequence[str], *, no: bool) -> Entered | None:
        """Take a line that leads to a VLAN, to an interface, or takes one away."""
        match words:
            case ["vlan", number] if number.isdecimal():
                return self._vlan(int(number), no=no)
            case ["interface", name] if name.startswith(self.svi):
                return self._svi(int(name.removeprefix(self.svi)), no=no)
            case ["interface", name] if not no:
                if name not in {**self.setup.trunks, **self.setup.access}:
                    raise RefusedError(self.wrong)
                return "port", name
            case _:
                raise RefusedError

    def _vlan(self, number: int, *, no: bool) -> Entered | None:
        if not 1 <= number <= 4094:  # noqa: PLR2004  # VLAN ids
            raise RefusedError(self.wrong)
        if not no:
            self.setup.vlans.setdefault(number, f"VLAN {number:04}")
            return "vlan", str(number)
        if number in self.setup.svis:
            raise RefusedError(
                f"{self.sign}The VLAN has a {self.svi.upper()} interface. Please delete it first."
            )
        if self.setup.vlans.pop(number, None) is None:
            raise RefusedError(f"{self.sign}The VLAN does not exist.")
        return None

    def _svi(self, number: int, *, no: bool) -> Entered | None:
        if not no:
            if number not in self.setup.vlans:
                raise RefusedError(f"{self.sign}The VLAN does not exist.")
            self.setup.svis.setdefault(number, Layer3())
            return "svi", str(number)
        if self.setup.svis.pop(number, None) is None:
            raise RefusedError(self.wrong)
        return None

    def inside(self, words: Sequence[str], *, no: bool) -> str | None:
        """Take a line about what was entered."""
        match [self.mode, *words]:
            case ["vlan", "description", *text] if text and not no:
                self.setup.vlans[int(self.place)] = " ".join(text)
            case ["vlan", *_]:
                raise RefusedError
            case ["port", "port", "trunk", self.word, "vlan", *items]:
                self._list(items, no=no)
            case ["port", *_]:
                raise RefusedError
            case _:
                self._on_svi(self.setup.svis[int(self.place)], words, no=no)
        return None

    def _list(self, items: Sequence[str], *, no: bool) -> None:
        trunk = self.setup.trunks.get(self.place)
        if trunk is None:
            raise RefusedError(f"{self.sign}Please set the link type of the port to trunk first.")
        if len(" ".join(items).replace(" to ", "-").split()) > MOST_ITEMS:
            raise RefusedError(f"        ^\n{self.sign}Too many parameters found at '^' position.")
        named = ids(" ".join(items))
        if not named:
            raise RefusedError
        trunk.allowed = trunk.allowed - named if no else trunk.allowed | named

    def _on_svi(self, svi: Layer3, words: Sequence[str], *, no: bool) -> None:
        match words:
            case ["shutdown"]:
                svi.shutdown = not no
            case ["ipv6", "enable"] if self.wants_ipv6 and not no:
                svi.others += [] if "ipv6 enable" in svi.others else ["ipv6 enable"]
            case _:
                address, _ = address_in(words)
                if isinstance(address, IPv6Interface) and self.wants_ipv6 and "ipv6 enable" not in svi.others:
                    raise RefusedError(f"{self.sign}Please enable IPv6 on the interface first.")
                elsewhere = [(f"{self.svi}{number}", each) for number, each in self.setup.svis.items()]
                svi.change(words, self.wording, elsewhere, no=no)

    def shown(self, command: str) -> str:
        """Print what a command prints."""
        match command.split():
            case ["display", "current-configuration", "interface", name]:
                lines = self._lines(name)
                if lines is None:
                    raise RefusedError(self.wrong)
                return "\n".join(["#", f"interface {name}", *(f" {line}" for line in lines), "#", "return"])
            case ["display", "mac-address", "vlan", vlan]:
                return self._macs(vlan)
            case ["display", "arp", *_]:
                head = "IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE  INTERFACE   VPN-INSTANCE"
                return "\n".join([head, "-" * 78, *self.arp])
            case ["reset", "arp", *_, "ip", address]:
                self.arp = [row for row in self.arp if not row.startswith(f"{address} ")]
                return ""
            case _:
                return self._tables(command)

    def _tables(self, command: str) -> str:
        if command == "display vlan":
            return view_shows.vlans(self.running)
        if command == "display port vlan":
            return view_shows.ports(self.running)
        raise RefusedError

    def save(self) -> str:
        """Save, once it is let."""
        self.saved = deepcopy(self.running)
        return (
            "Now saving the current configuration to the slot 0.\nInfo: Save the configuration successfully."
        )

    def _macs(self, vlan: str) -> str:
        ruler = "-" * 79
        rows = [
            f"{mac:<15}{vlan + '/-':<9}{port:<24}dynamic"
            for (port, number), mac in self.talking.items()
            if str(number) == vlan
        ]
        head = "MAC Address    VLAN/VSI                          Learned-From        Type"
        return "\n".join([ruler, head, ruler, *rows, ruler, f"Total items displayed = {len(rows)}"])

    def _lines(self, name: str) -> list[str] | None:
        if name in self.running.trunks:
            return self.running.trunks[name].lines(self.word)
        if name in self.running.access:
            how = "access" if self.word == "permit" else "default"
            return ["port link-type access", f"port {how} vlan {self.running.access[name]}"]
        found = re.fullmatch(rf"{self.svi}(\d+)", name)
        svi = self.running.svis.get(int(found[1])) if found else None
        if svi is None:
            return None
        return [
            *svi.others,
            *svi.lines(masks=True, secondary=" sub"),
            *(["shutdown"] if svi.shutdown else []),
        ]
