"""A process of its own that wants a device: run by test_devices, talks JSON on its standard output."""

from __future__ import annotations

import json
import sys
import time

from tests.builders import a_segment, a_subnet
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName
from trunkline.orchestrator.store import DeviceLease, Owner, Store, open_store

COUNTER, ORDER = "test:counter", "test:order"
GIVES_UP_AFTER_SECONDS = 30.0
CROWDED = a_segment(subnets=(a_subnet("10.0.0.0/18", "10.0.0.1"), a_subnet("fd00::/64", "fd00::1")))


def race(store: Store, device: DeviceKey, rounds: int) -> None:
    """Count up, one read and one write apart: only alone on the device does nothing get lost."""
    for _ in range(rounds):
        lease = patiently(store, device)
        count = int(store.connection.do("GET", COUNTER) or 0)
        store.connection.do("RPUSH", ORDER, lease.fence)
        store.connection.do("SET", COUNTER, count + 1)
        store.devices.release(lease)
    say("done")


def patiently(store: Store, device: DeviceKey) -> DeviceLease:
    """Try until the device is ours."""
    deadline = time.monotonic() + GIVES_UP_AFTER_SECONDS
    while (lease := store.devices.acquire(device, 30)) is None:
        if time.monotonic() > deadline:
            sys.exit("the device is never free")
        time.sleep(0.001)
    return lease


def oversleep(store: Store, device: DeviceKey, seconds: float) -> None:
    """Take the device, hear nothing for longer than the lease, then go on as if nothing had been."""
    lease = store.devices.acquire(device, seconds)
    if lease is None:
        sys.exit("the device is not free")
    say(lease.fence)
    sys.stdin.readline()
    devices = store.devices
    answers = [
        devices.renew(lease),
        devices.applied(lease, generation=99, marks=99, observed='{"stale": true}'),
        devices.failed(lease, error="stale", kind="permanent", retry_at=store.now() + 999, observed="{}"),
    ]
    devices.release(lease)
    say(answers)


def serve(store: Store, first: int) -> None:
    """Do for one container after the other what a host does, and say so: addresses, then confirm them."""
    for number in range(first, first + 10_000):
        owner = Owner(container_id=ContainerId(f"{number:064x}"), endpoint="web")
        leases = [
            store.ledger.allocate(
                CROWDED, family=family, owner=owner, host=HostName("h1"), name=f"c{number % 7}"
            )
            for family in (4, 6)
        ]
        store.ledger.confirm(CROWDED, owner=owner, endpoint_id=f"e{number}", mac="02:00:00:00:00:01")
        say([number, *(str(lease.address) for lease in leases)])


def say(what: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(url: str, device: str, what: str, number: str) -> None:
    """Do one of the three."""
    store = open_store(url)
    if what == "race":
        race(store, DeviceKey(device), int(number))
    elif what == "serve":
        serve(store, int(number))
    else:
        oversleep(store, DeviceKey(device), float(number))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
