"""Each guard of the scripts is there for a reason: with any of them broken, the machines find it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from inspect import signature
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.integration.store import test_desired, test_devices, test_endpoints, test_jobs, test_ledger
from tests.integration.store.desired_machine import DesiredMachine
from tests.integration.store.endpoint_machine import EndpointMachine
from tests.integration.store.ledger_machine import LedgerMachine
from trunkline.orchestrator.store import Store, open_store
from trunkline.orchestrator.store.backups import Backups
from trunkline.orchestrator.store.connection import Connection, source
from trunkline.orchestrator.store.desired import Desired
from trunkline.orchestrator.store.devices import Devices
from trunkline.orchestrator.store.inventories import Inventories
from trunkline.orchestrator.store.jobs import Jobs
from trunkline.orchestrator.store.ledger import Ledger
from trunkline.orchestrator.store.operations import Operations
from trunkline.orchestrator.store.sightings import Sightings
from trunkline.orchestrator.store.traces import Traces

pytestmark = pytest.mark.slow

SHORT = settings(
    max_examples=250,  # Most are found within ten; it ends with the first find.
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)


class Mutant(NamedTuple):
    """A script with one guard broken: ``text`` becomes ``broken`` (only the first time it occurs)."""

    script: str
    text: str
    broken: str


LEDGER: dict[str, Mutant] = {
    "a wish is granted whoever has the address": Mutant(
        "allocate", "local ok, lease = available(ask.pool .. '|' .. ask.offset)", "local ok, lease = true"
    ),
    "a resting address is free": Mutant(
        "allocate",
        "return lease.state == 'QUARANTINE' and same, lease",
        "return lease.state == 'QUARANTINE', lease",
    ),
    "nameless containers are all the same one": Mutant("allocate", "(ask.name ~= '' and lease", "(lease"),
    "a held address goes to the container of that name": Mutant(
        "allocate", "return lease.state == 'QUARANTINE' and same", "return same"
    ),
    "asking again gives another address": Mutant("allocate", "if existing then", "if false then"),
    "a holder's other wish is ignored": Mutant(
        "allocate", "if ask.offset and existing ~=", "if nil and nil ~="
    ),
    "what is taken is not marked": Mutant(
        "allocate", "redis.call('SETBIT', base .. 'occupied:' .. pool, offset, 1)", ""
    ),
    "what has rested stays occupied": Mutant(
        "allocate", "redis.call('SETBIT', occupied_key(pool), offset, 0)", ""
    ),
    "what is reserved becomes free when it has rested": Mutant(
        "allocate", "if redis.call('GETBIT', base .. 'reserved:' .. pool, offset) == 0 then", "if true then"
    ),
    "an IPv6 number is not looked up": Mutant(
        "allocate", "if not is_leased(base, pool .. '|' .. text) then", "if true then"
    ),
    "the IPv6 cursor never comes round": Mutant(
        "allocate", " or first_number(pool, ranges, 0, cursor - 1)", ""
    ),
    "the bits do not come round": Mutant("allocate", " or clear_bit(key, pool.first, cursor - 1)", ""),
    "a byte is not looked into": Mutant(
        "allocate", "while offset <= to and offset % 8 ~= 0 do", "while false do"
    ),
    "the last bits are not looked at": Mutant(
        "allocate",
        "  while offset <= to do\n    if redis.call('GETBIT', key",
        "  while false do\n    if redis.call('GETBIT', key",
    ),
    "a favourite is given though it is reserved now": Mutant(
        "allocate", "inside and redis.call('GETBIT', base .. 'reserved:' .. pool, offset) == 0", "inside"
    ),
    "a favourite is given though somebody has it": Mutant(
        "allocate", "if offered(pool, offset) and available(favourite)", "if offered(pool, offset)"
    ),
    "names are not remembered": Mutant("allocate", "remember(base, 'name', ask.family, ask.name, place)", ""),
    "bits of another inventory are good enough": Mutant(
        "allocate", "if redis.call('GET', base .. 'definition') ~= ask.definition then", "if false then"
    ),
    "reserved addresses are not put on record": Mutant(
        "define",
        "base .. 'occupied:' .. pool.id, base .. 'reserved:' .. pool.id, base",
        "base .. 'occupied:' .. pool.id, base",
    ),
    "a new definition frees what is leased": Mutant(
        "define", "if (defined[pool] or 0) > 0 then", "if false then"
    ),
    "leases stay behind when a subnet grows": Mutant("define", "    move(place, target)\n", ""),
    "owners lose track of a lease that moved": Mutant("define", "set_owner(base, field, to)", ""),
    "a lease that moved rests for ever": Mutant("define", "redis.call('ZADD', rest, rests_until, to)", ""),
    "a released address does not rest": Mutant("release_address", "stamp(at + seconds)", "stamp(at)"),
    "a released address rests for ever": Mutant(
        "release_address", "redis.call('ZADD', base .. 'rest', stamp(at + seconds), place)", ""
    ),
    "confirming ends nothing": Mutant("confirm", "'ACTIVE', ARGV[2], ARGV[3]", "'PENDING', ARGV[2], ARGV[3]"),
}
DESIRED: dict[str, Mutant] = {
    "holders are not told apart": Mutant(
        "hold",
        "redis.call('SADD', holders_key(host, segment), holder)",
        "redis.call('SADD', holders_key(host, segment), 'x')",
    ),
    "the first of several to let go ends it": Mutant(
        "hold",
        "if redis.call('SCARD', holders_key(host, segment)) == 0 then\n        let_go",
        "if true then\n        let_go",
    ),
    "generations do not rise": Mutant(
        "hold", "redis.call('HINCRBY', device_key(device), 'generation', 1)", ""
    ),
    "devices are not marked": Mutant("hold", "redis.call('HINCRBY', device_key(device), 'marks', 1)", ""),
    "marked devices are not due": Mutant("hold", "redis.call('ZADD', prefix .. 'dirty', at, device)", ""),
    "only the host hears of the first holder": Mutant("hold", "if first or string.sub", "if string.sub"),
    "every device hears of every holder": Mutant(
        "hold", "if first or string.sub(device, 1, 5) == 'host:' then", "if true then"
    ),
    "holding again raises again": Mutant("hold", "if not before[segment] then", "if true then"),
    "a new holder does not end the grace": Mutant("hold", "redis.call('HDEL', key, 'drain_at')", ""),
    "the end of the grace wakes nobody": Mutant("hold", "alarm(device, stamp(drain_at))", ""),
    "letting go by hand leaves the deadline": Mutant(
        "hold", "redis.call('ZREM', prefix .. 'deadlines', host .. '|' .. holder)", ""
    ),
    "requests do not expire": Mutant(
        "hold", "redis.call('ZADD', prefix .. 'deadlines'", "redis.call('ZADD', prefix .. 'other'"
    ),
    "expired requests still hold": Mutant("expire", "hold(host, holder, {}, {}, at)\n  redis", "redis"),
    "what is held is forgotten": Mutant("forget", "if redis.call('SCARD'", "if -1 > redis.call('SCARD'"),
    "what is held ends its grace": Mutant(
        "end_grace", " and redis.call('SCARD', holders_key(host, segment)) == 0", ""
    ),
    "the end of a grace by hand wakes nobody": Mutant("end_grace", "mark(device, stamp(at))", ""),
    "a state makes an attachment": Mutant("set_state", "redis.call('EXISTS', key) == 0", "false"),
    "what nobody holds becomes ready again": Mutant("set_state", "if not leaving and", "if false and"),
    "what is claimed is due again": Mutant("due", "at + tonumber(ARGV[2])", "at"),
    "alarms ring for ever": Mutant("due", "redis.call('ZREM', prefix .. 'alarms', member)", ""),
    "a wish during a sync is lost": Mutant("applied", " and (current[2] or '0') == ARGV[4]", ""),
    "a wish during a failing sync waits": Mutant("failed", "marked and", "false and"),
    "a sync leaves the device dirty": Mutant("applied", "redis.call('ZREM', prefix .. 'dirty', device)", ""),
    "touching wakes nobody": Mutant("touch", "mark(device, stamp(at))", ""),
    "touching for later raises nothing": Mutant(
        "touch", "if ARGV[1] == '1' then", "if ARGV[1] == '1' and ARGV[2] == '' then"
    ),
}
GUARDS: dict[str, tuple[Mutant, Callable[[Store], None]]] = {
    "two have a device": (
        Mutant("acquire", "ARGV[2], 'NX', 'PX'", "ARGV[2], 'PX'"),
        test_desired.test_who_lost_the_lease_records_nothing,
    ),
    "fences do not grow": (
        Mutant("acquire", "redis.call('INCR', prefix .. 'fence')", "1"),
        test_desired.test_who_lost_the_lease_records_nothing,
    ),
    "any token will do": (
        Mutant("applied", "return redis.call('GET', prefix .. 'lease:' .. device) == token", "return true"),
        test_devices.test_a_lease_is_for_one_device,
    ),
    **{
        f"{script} asks for no lease": (
            Mutant(script, f"if not holds_lease({device}, ARGV[2]) then", "if false then"),
            test_devices.test_a_lease_is_for_one_device,
        )
        for script, device in (
            ("applied", "device"),
            ("failed", "device"),
            ("renew", "ARGV[1]"),
            ("release", "ARGV[1]"),
        )
    },
    "a device that cannot be read is not left alone": (
        Mutant("failed", "ARGV[7] == '1' and ARGV[5] or ''", "''"),
        test_devices.test_a_success_ends_the_count_of_failures_and_the_backoff,
    ),
    "a new inventory does not end the backoff": (
        Mutant("touch", "redis.call('HSET', device_key(device), 'blocked_until', '')", ""),
        test_devices.test_a_wish_makes_a_device_in_backoff_due_and_only_a_new_inventory_ends_the_backoff,
    ),
    "a success leaves the backoff": (
        Mutant("applied", ", 'blocked_until', ''", ""),
        test_devices.test_a_success_ends_the_count_of_failures_and_the_backoff,
    ),
    "a success leaves the count of failures": (
        Mutant("applied", ", 'fails', 0", ""),
        test_devices.test_a_success_ends_the_count_of_failures_and_the_backoff,
    ),
    "an old report replaces a new one": (
        Mutant("report", "if before > cjson", "if false and before > cjson"),
        test_devices.test_an_older_report_does_not_replace_a_newer_one,
    ),
    "two drive a job": (
        Mutant("claim_job", "ARGV[2], 'NX', 'PX'", "ARGV[2], 'PX'"),
        test_jobs.test_a_job_has_one_driver_at_a_time,
    ),
    "a job that is over is driven again": (
        Mutant("claim_job", "if state ~= 'queued' and state ~= 'running' then", "if false then"),
        test_jobs.test_a_job_ends_once_and_nobody_drives_it_after,
    ),
    "anybody renews a job": (
        Mutant("renew_job", "if redis.call('GET', key) ~= ARGV[2] then", "if false then"),
        test_jobs.test_a_job_has_one_driver_at_a_time,
    ),
    "a job ends twice": (
        Mutant("finish_job", "if state ~= 'queued' and state ~= 'running' then", "if false then"),
        test_jobs.test_a_job_ends_once_and_nobody_drives_it_after,
    ),
    "a place that was taken back rests on": (
        Mutant("allocate", "redis.call('ZREM', rest, place)\n  remember", "remember"),
        test_ledger.test_an_address_taken_back_from_its_rest_stays_taken,
    ),
}
BY_MAC: dict[str, Mutant] = {
    "anybody lets go": Mutant(
        "release_endpoint", "lease.host ~= ARGV[3] or lease.mac ~= ARGV[4] or lease.state", "lease.state"
    ),
    "nothing rests": Mutant("release_endpoint", "rest_now(base, ARGV[2]", "drop_lease(base, ARGV[2]"),
    "asking twice gives two": Mutant("allocate", "if existing then", "if false then"),
    "what was seen ends whatever is there": Mutant(
        "release_lease", "if lease.owner.container ~= ARGV[3] or", "if false and"
    ),
    "a reserved address is given away": Mutant("reserve", "occupy(base, place)\n  note", "note"),
    "a late word makes somebody else's a container's": Mutant(
        "identify", "if lease.host ~= ARGV[3] or lease.mac ~= ARGV[4] or", "if"
    ),
}
ENDPOINTS: dict[str, Mutant] = {
    "any MAC lets go": Mutant("release_endpoint", " or lease.mac ~= ARGV[4]", ""),
    "any host lets go": Mutant("release_endpoint", "lease.host ~= ARGV[3] or ", ""),
    "what rests is let go of again": Mutant("release_endpoint", " or lease.state == 'QUARANTINE' or", " or"),
    "a kept address is lost with its endpoint": Mutant(
        "release_endpoint", "if lease.kept then", "if false then"
    ),
    "a kept address stays the old endpoint's": Mutant(
        "release_endpoint", "drop_mac(base, ARGV[2], lease)", ""
    ),
    "the MAC of a known container has nothing": Mutant(
        "identify",
        "put_lease(base, ARGV[2], lease)\nremember",
        "put_lease(base, ARGV[2], lease) drop_owner(base, mac_field('4', lease.host, lease.mac)) remember",
    ),
    "what rests becomes a container's": Mutant(
        "identify", "lease.mac ~= ARGV[4] or lease.state == 'QUARANTINE' then", "lease.mac ~= ARGV[4] then"
    ),
    "a container's id is lost": Mutant(
        "identify", "'c' .. field, packed_text(lease.owner.container)", "'c' .. field, packed_text('')"
    ),
    "what was seen ends what is there": Mutant(
        "release_lease", "lease.owner.container ~= ARGV[3] or lease.owner.endpoint ~= ARGV[4]", "false"
    ),
    "another MAC's lease ends": Mutant("release_lease", " or lease.mac ~= ARGV[6]", ""),
    "what somebody holds is reserved": Mutant(
        "reserve",
        "if lease and lease.state ~= 'RESERVED' and lease.state ~= 'QUARANTINE' then",
        "if false then",
    ),
    "a reserved address is handed out": Mutant("reserve", "occupy(base, place)\n  note", "note"),
    "a reserved address rests": Mutant("reserve", "redis.call('ZREM', base .. 'rest', place)", ""),
    "the first to let go ends a reservation": Mutant(
        "unreserve", "if redis.call('EXISTS', key) == 1 then", "if false then"
    ),
    "anybody ends a reservation": Mutant(
        "unreserve", "if redis.call('SREM', key, ARGV[3]) == 0 then", "if redis.call('DEL', key) == 0 then"
    ),
    "an endpoint lets go of what is reserved": Mutant(
        "release_endpoint", " or lease.state == 'RESERVED' then\n  return 0", " then return 0"
    ),
    "nobody writes down who had it": Mutant("release_endpoint", "  note(base, place, lease)\nend", "end"),
    "its name is not remembered": Mutant("identify", "remember(base, 'name'", "print('name'"),
    "a kept address goes to any host": Mutant("allocate", " or lease.host ~= ask.host or", " or"),
    "a kept address goes to any MAC": Mutant("allocate", "(used and lease.mac ~= ask.mac)", "false"),
    "an address that is not kept goes to any MAC": Mutant("allocate", "not lease.kept or ", ""),
    "a MAC is not remembered": Mutant("allocate", "remember(base, 'mac'", "print('mac'"),
    "a rest is nothing to another MAC": Mutant("allocate", "lease.mac == ask.mac)", "true)"),
    "the gate is always open": Mutant("allocate", "if ask.gated then", "if false then"),
    "the gate is closed to what is handed out": Mutant(
        "allocate", "if existing then", "if existing and not ask.gated then"
    ),
    "a MAC that left is forgotten": Mutant("release_endpoint", "redis.call('ZADD', key, stamp(at), mac)", ""),
    "a MAC that lost its kept address is forgotten": Mutant(
        "release_endpoint", "left(lease.host, lease.mac, now())", ""
    ),
    "a MAC that is back counts as gone": Mutant("allocate", "redis.call('ZREM', gone_key(host), mac)", ""),
    "a MAC that another one replaced is forgotten": Mutant(
        "confirm", "      left(lease.host, lease.mac, now())\n", ""
    ),
    "a host that is gone leaves MACs": Mutant("forget_host", "redis.call('DEL', gone_key(ARGV[1]))", ""),
    "nothing is to be forgotten": Mutant("allocate", "if is_stale then", "if false then"),
    "every address is to be forgotten": Mutant("allocate", "if is_stale then", "if ask.gateway then"),
    "who had an address before its rest is not known": Mutant(
        "allocate", "redis.call('ZADD', base .. 'used', stamp(at), place)", ""
    ),
    "a restart makes nobody forget": Mutant(
        "allocate", "if ask.gateway and lease.mac ~= '' then", "if false then"
    ),
    "the gateway is not told to look": Mutant("allocate", "mark(ask.gateway, stamp(at))", ""),
    "a newer wish is lost": Mutant(
        "forgotten", "redis.call('ZSCORE', key, ARGV[index]) == ARGV[index + 1]", "true"
    ),
    "the MAC is lost when its subnet grows": Mutant("define", "owned(base, fields[2]) == from", "false"),
}

ENDPOINT_CASES: list[Callable[[Store], None]] = [
    case
    for name, case in vars(test_endpoints).items()
    if name.startswith("test_") and list(signature(case).parameters) == ["store"]
]


class Mutated(Connection):
    """A connection whose scripts have one guard broken."""

    def __init__(self, url: str, mutant: Mutant) -> None:
        super().__init__(url)
        self.mutant = mutant
        assert mutant.text in source(mutant.script), "the script no longer has what is to be broken"
        broken = source(mutant.script).replace(mutant.text, mutant.broken, 1)
        self.do("SCRIPT", "LOAD", broken)  # A script that is no Lua any more would prove nothing.

    def script(self, name: str, *arguments: str | bytes | float) -> Any:
        """Run the script, broken if it has the text: what is in the shared part is broken everywhere."""
        text = source(name).replace(self.mutant.text, self.mutant.broken, 1)
        return self.do("EVAL", text, 0, *arguments)


def opened(url: str, mutant: Mutant) -> Store:
    connection = Mutated(url, mutant)
    return Store(
        connection=connection,
        inventory=Inventories(connection),
        desired=Desired(connection),
        devices=Devices(connection),
        ledger=Ledger(connection),
        traces=Traces(connection),
        operations=Operations(connection),
        jobs=Jobs(connection),
        sightings=Sightings(connection),
        backups=Backups(connection),
    )


@pytest.fixture
def stores(redis_url: str, mutant: Mutant) -> Iterator[tuple[Store, Store]]:
    pair = opened(redis_url, mutant), opened(redis_url, mutant)
    yield pair
    for store in pair:
        store.close()


def is_caught(machine: type[RuleBasedStateMachine]) -> bool:
    # pytest.raises does not fail with an Exception.
    with suppress(Exception, pytest.fail.Exception):
        run_state_machine_as_test(machine, settings=SHORT)
        return False
    return True


@pytest.mark.parametrize("mutant", LEDGER.values(), ids=LEDGER)
def test_a_broken_ledger_is_found_out(stores: tuple[Store, Store]) -> None:
    class OnRedis(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    assert is_caught(OnRedis)


@pytest.mark.parametrize("mutant", BY_MAC.values(), ids=BY_MAC)
def test_a_broken_ledger_of_macs_is_found_out(stores: tuple[Store, Store]) -> None:
    class OnRedis(EndpointMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    assert is_caught(OnRedis)


@pytest.mark.parametrize("mutant", ENDPOINTS.values(), ids=ENDPOINTS)
def test_broken_endpoints_are_found_out(stores: tuple[Store, Store]) -> None:
    def passes(case: Callable[[Store], None]) -> bool:
        stores[0].connection.do("FLUSHDB")
        with suppress(Exception, pytest.fail.Exception):
            case(stores[0])
            return True
        return False

    assert not all(passes(case) for case in ENDPOINT_CASES)


def test_unbroken_scripts_pass_what_finds_the_broken_ones_out(redis_url: str) -> None:
    with closing(open_store(redis_url)) as store:
        for case in ENDPOINT_CASES:
            store.connection.do("FLUSHDB")
            case(store)


@pytest.mark.parametrize("mutant", DESIRED.values(), ids=DESIRED)
def test_broken_desired_state_is_found_out(stores: tuple[Store, Store]) -> None:
    class OnRedis(DesiredMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    assert is_caught(OnRedis)


@pytest.mark.parametrize(("mutant", "finds_out"), GUARDS.values(), ids=GUARDS)
def test_a_broken_guard_is_found_out(stores: tuple[Store, Store], finds_out: Callable[[Store], None]) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        finds_out(stores[0])
