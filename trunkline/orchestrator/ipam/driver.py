"""The six calls of Docker's IPAM protocol: what is asked -> what is answered. Called by the socket's threads.

Two speeds: `RequestPool` may wait until switch and link are ready, `RequestAddress` is one call to the ledger, which
also knows whether they are. What this host was given before is answered from its own book: dockerd asks for it again
at every start, when neither Redis nor the network may be there yet. No call speaks to Docker: it holds locks meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

import structlog

from trunkline.orchestrator.addressing import placeholder
from trunkline.orchestrator.errors import (
    AddressError,
    ConfigError,
    GateClosed,
    LedgerClosed,
    PolicyDenied,
    StoreUnavailable,
)
from trunkline.orchestrator.ipam.book import Book, BookedEndpoint, Release
from trunkline.orchestrator.ipam.messages import (
    GATE_LATER,
    GATE_OPTION,
    SEGMENT_OPTION,
    AddressRelease,
    AddressRequest,
    PoolRelease,
    PoolRequest,
    read,
)
from trunkline.orchestrator.ipam.pool_ids import PoolId
from trunkline.orchestrator.models import (
    Address,
    HostName,
    Inventory,
    Network,
    Segment,
    SegmentName,
    Subnet,
)
from trunkline.orchestrator.store import LedgerLease, Owner
from trunkline.orchestrator.store.ledger import Ledger

log = structlog.get_logger(__name__)

Answer = Mapping[str, object]
POOL_SECONDS, ADDRESS_SECONDS, POLL_SECONDS = 45.0, 10.0, 0.2
UNSEEN_SECONDS = 60.0
"""So long an address that was given may wait for its interface to show."""
DELIVERIES = 64
GATEWAY_DATA = "com.docker.network.gateway"
LIVE = frozenset({"PENDING", "ACTIVE"})


class Gate(Protocol):
    """Makes a segment's way to this host ready."""

    def open(self, segment: SegmentName, seconds: float) -> None:
        """Wait until it is ready.

        Raises:
            OrchestratorError: it is not, after that time; says why.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class IpamDriver:
    """Answers for one host.

    Attributes:
        host: Which.
        inventory: Reads the current inventory.
        ledger: Who has which address.
        book: What this host knows by itself.
        gate: Makes switch and link ready.
        link_is_up: Whether the segment's link is on this host; asked of the kernel alone.
        to_deliver: Set when there is something to release.
        telling: Held while a release is told: two who do at once could tell one again after its address was given anew.
    """

    host: HostName
    inventory: Callable[[], Inventory]
    ledger: Ledger
    book: Book
    gate: Gate
    link_is_up: Callable[[SegmentName], bool]
    to_deliver: threading.Event
    telling: threading.Lock = field(default_factory=threading.Lock)

    def request_pool(self, body: bytes) -> Answer:
        """Open a pool for a network that is created, or that dockerd has from before."""
        ask = read(PoolRequest, body)
        name = SegmentName(ask.options.get(SEGMENT_OPTION, ""))
        if ask.pool is not None:
            known = PoolId(segment=name, subnet=ask.pool, part=ask.part)
            # dockerd repeats what it had when it starts, and nobody can open a gate without Redis.
            gateway = self.book.gateway(str(known))
            if gateway is not None and self._has_link(name):
                return _pool_answer(known, gateway)
        segment = self._segment(name)
        subnet = _subnet(segment, ask)
        pool = PoolId(segment=segment.name, subnet=subnet.network, part=ask.part)
        if ask.options.get(GATE_OPTION) != GATE_LATER:
            self.gate.open(segment.name, POOL_SECONDS)
        gateway = f"{subnet.gateway}/{subnet.network.prefixlen}" if subnet.gateway else ""
        self.book.open_pool(str(pool), gateway)
        log.info("ipam.pool", host=self.host, segment=segment.name, pool=str(subnet.network))
        return _pool_answer(pool, gateway)

    def release_pool(self, body: bytes) -> Answer:
        """Forget a pool. Another network of the same segment may go on with it: it is opened again when asked for."""
        self.book.close_pool(read(PoolRelease, body).pool_id)
        return {}

    def request_address(self, body: bytes) -> Answer:
        """Give an endpoint its address; a network its gateway."""
        ask = read(AddressRequest, body)
        pool = PoolId.parse(ask.pool_id)
        if ask.is_gateway:
            return _address_answer(self._gateway(pool, ask))
        if ask.address is not None and not ask.mac:
            # Repeated by dockerd at its start. With a MAC it is a new start: the ledger may have given the address to
            # somebody else since this host had it, as after a power cut that nobody released anything before.
            known = self.book.find(ask.pool_id, ask.address)
            if known is not None:
                return _address_answer(known.interface)
        segment = self._segment(pool.segment)
        subnet = _of_network(segment, pool)
        self._let_go_first(ask)
        if ask.address is not None and not ask.mac:
            address, mac = ask.address, self._keep(segment, ask.address)
        else:
            address, mac = self._lease(segment, pool, ask).address, ask.mac
        interface = f"{address}/{subnet.network.prefixlen}"
        self.book.enter(ask.pool_id, BookedEndpoint(address=address, interface=interface, mac=mac))
        return _address_answer(interface)

    def release_address(self, body: bytes) -> Answer:
        """Note that an address is free again; the ledger is told as soon as it answers."""
        ask = read(AddressRelease, body)
        if self.book.release(ask.pool_id, ask.address):
            self.to_deliver.set()
        return {}

    def release_those_gone(self, present: Collection[str], *, booted: bool = False) -> int:
        """Release what endpoints had that are gone, of whose end nobody told: a host that lost its power, for one.

        Docker asks for their addresses again, with other MACs. What was given just now may not have shown yet; and
        of what ends here by mistake the host's worker tells the ledger again, as soon as it sees it in use.

        Args:
            present: The MACs that this host's interfaces take in.
            booted: Docker has not started yet, so that nothing was given just now.

        Returns:
            How many.
        """
        gone = [
            (pool, endpoint)
            for pool, endpoint in self.book.given_before(time.time() - (0.0 if booted else UNSEEN_SECONDS))
            if endpoint.mac and endpoint.mac not in present
        ]
        for pool, endpoint in gone:
            self.book.release(pool, endpoint.address)
            log.info("ipam.gone", host=self.host, address=str(endpoint.address), mac=endpoint.mac)
        if gone:
            self.to_deliver.set()
        return len(gone)

    def deliver(self) -> bool:
        """Tell the ledger of releases; True when none is left.

        Raises:
            StoreUnavailable: Redis does not answer; what was not told stays noted.
        """
        for release in self.book.releases(DELIVERIES):
            self._deliver(release)
        return not self.book.releases(1)

    def _deliver(self, release: Release) -> None:
        """Tell the ledger of one release, unless somebody else did since it was read."""
        with self.telling:
            if self.book.is_due(release):
                self._tell(release)

    def _tell(self, release: Release) -> None:
        pool = PoolId.parse(release.pool)
        segment = self.inventory().segments.get(pool.segment)
        if segment is not None:
            try:
                if release.mac:
                    done = self.ledger.release_endpoint(
                        segment, address=release.address, host=self.host, mac=release.mac
                    )
                else:
                    done = self.ledger.unreserve(segment, release.address, by=self._name)
            except AddressError as error:
                log.warning("ipam.stray", host=self.host, address=str(release.address), error=str(error))
            else:
                log.info("ipam.released", host=self.host, address=str(release.address), changed=done)
        self.book.delivered(release.number)

    def _has_link(self, name: SegmentName) -> bool:
        try:
            return self.link_is_up(name)
        except (StoreUnavailable, ConfigError):
            return True  # links are restored before dockerd starts; without the record nobody knows more

    def _segment(self, name: SegmentName) -> Segment:
        """Find a segment that this host may use.

        Raises:
            ConfigError: there is none of that name.
            PolicyDenied: the policy does not let this host use it.
        """
        inventory = self.inventory()
        mine = sorted(each for each in inventory.segments if inventory.allows(self.host, each))
        choice = f"say --ipam-opt segment=NAME; {self.host} may use {', '.join(mine) or 'none'}"
        if not name:
            raise ConfigError("names no segment", subject="network", fix=choice)
        if name not in inventory.segments:
            close = get_close_matches(name, inventory.segments, n=1)
            fix = f"did you mean {close[0]}?" if close else choice
            raise ConfigError("is not in the inventory", subject=f"segment {_shown(name)}", fix=fix)
        if name not in mine:
            raise PolicyDenied(
                f"host {self.host} may not use it",
                subject=f"segment {name}",
                fix="allow it under `policy` in the inventory and apply again",
            )
        return inventory.segments[name]

    def _gateway(self, pool: PoolId, ask: AddressRequest) -> str:
        """Give the gateway with the pool's mask, as the inventory has it.

        Docker before 28 asks for one even where none is; it gets an address that no container has.

        Raises:
            AddressError: another one was asked for.
        """
        gateway = self.book.gateway(ask.pool_id)
        if not gateway:
            # The book knows a subnet without one: dockerd repeats this question too, when the record may be away.
            subnet = Subnet(network=pool.subnet)
            if gateway is None:
                subnet = _of_network(self._segment(pool.segment), pool)
            gateway = f"{placeholder(subnet)}/{subnet.network.prefixlen}"
        if ask.address is not None and str(ask.address) != gateway.partition("/")[0]:
            raise AddressError(
                f"is not its gateway, which is {gateway.partition('/')[0]}",
                subject=f"address {ask.address} of segment {pool.segment}",
                fix="create the network without --gateway, or with that one",
            )
        return gateway

    def _lease(self, segment: Segment, pool: PoolId, ask: AddressRequest) -> LedgerLease:
        def allocate() -> LedgerLease:
            return self.ledger.allocate(
                segment,
                family=pool.family,
                owner=Owner.by_mac(self.host, ask.mac),
                host=self.host,
                name=ask.container,
                wanted=ask.address,
                mac=ask.mac,
                gated=True,
                # `--ip` may name any address of the subnet, also outside `--ip-range`.
                within=pool.subnet if ask.address is not None else pool.part or pool.subnet,
            )

        try:
            return self._patiently(allocate)
        except GateClosed as closed:
            log.info("ipam.waits", host=self.host, segment=segment.name, state=closed.state)
            self.gate.open(segment.name, ADDRESS_SECONDS)
            return allocate()

    def _patiently(self, allocate: Callable[[], LedgerLease]) -> LedgerLease:
        """Wait while the hosts tell a new record what they use: that takes them a moment."""
        last = time.monotonic() + ADDRESS_SECONDS
        while True:
            try:
                return allocate()
            except LedgerClosed:
                if time.monotonic() > last:
                    raise
                time.sleep(POLL_SECONDS)

    def _keep(self, segment: Segment, address: Address) -> str:
        """Answer for an address that is asked for without a MAC; gives the MAC that has it, or none.

        It is an auxiliary one of the network, which no container gets. Or dockerd repeats at its start what it had,
        while our book of this host is lost.
        """
        for lease in self.ledger.leases(segment, self.host):
            # One without a MAC is kept for a container that was never connected, so that nothing is repeated.
            if lease.address == address and lease.state in LIVE and lease.mac:
                return lease.mac
        self.ledger.reserve(
            segment, address, by=self._name, why=f"auxiliary address on {self.host}", host=self.host
        )
        return ""

    @property
    def _name(self) -> str:
        return f"host:{self.host}"

    def _let_go_first(self, ask: AddressRequest) -> None:
        """Tell the ledger what is free before it is asked for again: a restart does both at once.

        A MAC that somebody chose comes back with the container. Its release, told after it got an address again, would
        take that from it.
        """
        for release in self.book.releases_before(ask.pool_id, ask.address, ask.mac):
            self._deliver(release)


def _subnet(segment: Segment, ask: PoolRequest) -> Subnet:
    """Find the subnet a network asks for: the named one, or the segment's first of that family.

    Raises:
        AddressError: the segment has no such subnet.
    """
    family = 6 if ask.ipv6 else 4
    mine = [each for each in segment.subnets if each.network.version == family]
    choice = ", ".join(str(each.network) for each in mine)
    if not mine:
        raise AddressError(
            f"has no IPv{family} subnet",
            subject=f"segment {segment.name}",
            fix="create the network without --ipv6" if ask.ipv6 else "create it with --ipv4=false --ipv6",
        )
    subnet = mine[0] if ask.pool is None else next((s for s in mine if s.network == ask.pool), None)
    if subnet is None:
        raise AddressError(
            f"is not a subnet of segment {segment.name}", subject=f"--subnet {ask.pool}", fix=f"use {choice}"
        )
    if ask.part is not None and not _inside(ask.part, subnet):
        raise AddressError(
            f"is not inside {subnet.network}", subject=f"--ip-range {ask.part}", fix="choose a part of it"
        )
    return subnet


def _inside(part: Network, subnet: Subnet) -> bool:
    return part.version == subnet.network.version and part.subnet_of(subnet.network)  # type: ignore[arg-type]  # one family


def _of_network(segment: Segment, pool: PoolId) -> Subnet:
    """Find the subnet of a pool that was opened before.

    Raises:
        AddressError: the segment has it no more.
    """
    for subnet in segment.subnets:
        if subnet.network == pool.subnet:
            return subnet
    raise AddressError(
        f"is not a subnet of segment {segment.name} any more",
        subject=f"subnet {pool.subnet}",
        fix="remove the Docker network and create it again",
    )


def _pool_answer(pool: PoolId, gateway: str) -> Answer:
    data = {GATEWAY_DATA: gateway} if gateway else {}
    return {"PoolID": str(pool), "Pool": str(pool.subnet), "Data": data}


def _address_answer(interface: str) -> Answer:
    return {"Address": interface, "Data": {}}


def _shown(text: str) -> str:
    """Make somebody's text safe to show."""
    return repr(text[:64])
