"""The addresses of an interface, as the played devices keep them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, ip_interface
from typing import Self

from trunkline.drivers.switch.models.console import RefusedError
from trunkline.orchestrator.models import Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a platform refuses; ``{address}`` is what it was given, ``{network}`` its network.

    Attributes:
        overlaps: Another interface, ``{other}``, has addresses of that network.
        secondary_first: The primary address cannot go while there are others.
        absent: There is no such address.
        one_primary: A further address is marked as one, so a plain one takes the primary one's place.
    """

    overlaps: str
    secondary_first: str
    absent: str
    one_primary: bool = True


@dataclass(slots=True)
class Layer3:
    """A layer 3 interface; the first IPv4 address is the primary one, ``others`` are lines that we never write."""

    ipv4: list[IPv4Interface] = field(default_factory=list)
    ipv6: list[Interface] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    shutdown: bool = False

    def change(
        self, words: Sequence[str], wording: Wording, elsewhere: Iterable[tuple[str, Self]], *, no: bool
    ) -> None:
        """Give or take an address; without a known line it is none of an interface.

        Args:
            words: The line without its ``no``.
            wording: How the platform refuses.
            elsewhere: Every interface by name, this one too.
            no: Whether it is taken.

        Raises:
            RefusedError: the platform does not do it.
        """
        address, further = address_in(words)
        shown = " ".join(words[2:])
        if no:
            self._remove(address, wording, shown)
            return
        for name, other in elsewhere:
            if other is not self and any(
                address.network.overlaps(each.network)
                for each in (*other.ipv4, *other.ipv6)
                if each.version == address.version
            ):
                raise RefusedError(
                    wording.overlaps.format(address=shown, network=address.network, other=name)
                )
        if not isinstance(address, IPv4Interface):
            self.ipv6 += [] if address in self.ipv6 else [address]
        elif further or not wording.one_primary:
            self.ipv4 += [] if address in self.ipv4 else [address]
        else:
            self.ipv4[:1] = [address]

    def _remove(self, address: Interface, wording: Wording, shown: str) -> None:
        held: list[Interface] = [*self.ipv4, *self.ipv6]
        if address not in held:
            raise RefusedError(wording.absent.format(address=shown, network=address.network))
        if wording.one_primary and len(self.ipv4) > 1 and address == self.ipv4[0]:
            raise RefusedError(wording.secondary_first.format(address=shown, network=address.network))
        self.ipv4 = [each for each in self.ipv4 if each != address]
        self.ipv6 = [each for each in self.ipv6 if each != address]

    def lines(self, *, masks: bool = False, secondary: str = " secondary") -> list[str]:
        """Print them as they are configured."""
        shown = [f"{each.ip} {each.netmask}" if masks else f"{each}" for each in self.ipv4]
        found = [f"ip address {text}{secondary if index else ''}" for index, text in enumerate(shown)]
        return [*found, *(f"ipv6 address {each}" for each in self.ipv6)]


def address_in(words: Sequence[str]) -> tuple[Interface, bool]:
    """Read ``ip address A/L``, ``ip address A M``, with ``secondary`` or ``sub``, and ``ipv6 address A/L``.

    Raises:
        RefusedError: it is something else.
    """
    further = words[-1] in {"secondary", "sub"}
    try:
        match words[:-1] if further else words:
            case ["ip" | "ipv6", "address", text] if "/" in text:
                return ip_interface(text), further
            case ["ip", "address", ip, mask]:
                return ip_interface(f"{ip}/{mask}"), further
            case _:
                raise RefusedError
    except ValueError as error:
        raise RefusedError from error
