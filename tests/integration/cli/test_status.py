"""`trunkline status` and `trunkline verify`: what they show, and what they say when they cannot."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
from contextlib import closing

import pytest

from tests.integration.cli.site import PROGRAM, Site, until
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName, SegmentName
from trunkline.orchestrator.store import Operation, Owner
from trunkline.orchestrator.sync.holders import needs_on
from trunkline.orchestrator.sync.observation import Observation

H1, WEB, SW1 = HostName("h1"), SegmentName("web"), DeviceKey("switch:sw1")
CAUSE = "switch sw1: does not answer on 127.0.0.1"


def a_failed_attachment(site: Site) -> None:
    """A container holds web on h1, has an address, and the switch does not answer."""
    site.apply()
    current = site.store.inventory.current()
    assert current is not None
    inventory = restore(current[1])
    site.store.desired.hold("container:c1", host=H1, wanted=frozenset({WEB}), known=needs_on(inventory, H1))
    site.store.desired.set_state(H1, WEB, "failed", CAUSE)
    segment = inventory.segments[WEB]
    site.store.ledger.define(segment)
    owner = Owner(container_id=ContainerId("c1"), endpoint="web")
    site.store.ledger.allocate(segment, family=4, owner=owner, host=H1, name="evil\x1b[31m", wanted=None)
    lease = site.store.devices.acquire(SW1, 60)
    assert lease is not None
    site.store.devices.failed(lease, error=CAUSE, kind="transient", retry_at=site.store.now() + 60)
    site.store.devices.release(lease)


def test_status_shows_every_object_with_its_state_and_cause(empty: Site) -> None:
    a_failed_attachment(empty)

    said = empty.shell("status")

    assert said.status == 0
    rows = [line.split() for line in said.out.splitlines()]
    assert ["web", "10", "172.31.0.0/16", "172.31.0.1"] in rows
    assert ["h1", "web", "failed", "1", "0", "s", "ago", *CAUSE.split()] in rows or CAUSE in said.out
    assert "web      172.31.0.2  PENDING  h1    evil?[31m" in said.out
    assert f"! switch:sw1: {CAUSE}" in said.out.splitlines()
    assert "! queue:switch: no sign of life; start `trunkline worker switch`" in said.out
    assert "\x1b" not in said.out


def test_status_as_json_is_data_alone_with_the_same_causes(empty: Site) -> None:
    a_failed_attachment(empty)

    said = empty.shell("status", "-o", "json")

    picture = json.loads(said.out)
    assert (said.status, said.err) == (0, "")
    assert picture["apiVersion"] == "trunkline/v1"
    assert picture["inventory"] == 1
    [attachment] = picture["attachments"]
    assert (attachment["state"], attachment["cause"], attachment["holders"]) == (
        "failed",
        CAUSE,
        ["container:c1"],
    )
    switch = next(each for each in picture["devices"] if each["device"] == SW1)
    assert (switch["error"], switch["error_kind"], switch["mode"]) == (CAUSE, "transient", "enforce")
    assert f"switch:sw1: {CAUSE}" in picture["problems"]
    assert [lease["address"] for lease in picture["leases"]] == ["172.31.0.2"]


def test_status_tells_of_a_switch_that_it_is_not_logged_in_to_and_that_lines_were_not_sent(
    empty: Site,
) -> None:
    a_failed_attachment(empty)
    lease = empty.store.devices.acquire(SW1, 60)
    assert lease is not None
    seen = Observation(pending=("vlan 10", " name tl-web"), unsaved_since=empty.store.now())
    empty.store.devices.applied(lease, generation=0, marks=0, observed=seen.dump())
    empty.store.devices.release(lease)
    assert "login stopped" not in empty.shell("status").out
    empty.store.devices.refuse(SW1, "salt:mark")

    said = empty.shell("status")

    (row,) = [line for line in said.out.splitlines() if line.startswith("switch:sw1")]
    assert "login stopped, 2 lines not sent, unsaved" in row
    picture = json.loads(empty.shell("status", "-o", "json").out)
    assert next(each for each in picture["devices"] if each["device"] == SW1)["login_refused"] is True


def test_without_an_inventory_status_says_what_to_do(empty: Site) -> None:
    said = empty.shell("status")

    assert said.status == 0
    assert said.err == "no inventory was applied yet; run `trunkline apply FILE`\n"
    assert empty.shell("verify").status == 0
    for words in (("plan",), ("jobs", "run", "audit")):
        refused = empty.shell(*words)
        assert (refused.status, refused.out) == (1, "")
        assert refused.err == (
            "trunkline: inventory: no inventory was applied yet; run `trunkline apply FILE`\n"
        )


def test_redis_that_is_down_is_one_line_on_standard_error(empty: Site) -> None:
    path = empty.shell.write(empty.inventory())
    for words in (("status", "-o", "json"), ("verify",), ("apply", path), ("jobs", "list")):
        said = empty.shell(*words, TRUNKLINE_REDIS_URL="redis://:hidden@127.0.0.1:1/1")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("trunkline: record redis://127.0.0.1:1/1: ")
        assert said.err.endswith("start Redis, or check TRUNKLINE_REDIS_URL\n")
        assert len(said.err.splitlines()) == 1
        assert "hidden" not in said.err


def test_a_setting_that_cannot_be_used_is_named(empty: Site) -> None:
    said = empty.shell("status", TRUNKLINE_LEASE_SECONDS="soon")

    assert (said.status, said.out) == (1, "")
    assert "TRUNKLINE_LEASE_SECONDS" in said.err
    assert "correct the environment variable" in said.err


def test_verify_ends_with_1_when_a_promise_is_broken_and_says_which(empty: Site) -> None:
    a_failed_attachment(empty)
    assert empty.shell("verify").status == 0
    line = " no switchport trunk allowed vlan"
    empty.store.operations.begin(Operation(who="test", why="a slip", device=SW1, lines=(line,)))

    table = empty.shell("verify")
    data = empty.shell("verify", "-o", "json")

    assert (table.status, data.status) == (1, 1)
    broken = [row for row in table.out.splitlines() if row.startswith("BROKEN")]
    assert len(broken) == 1
    assert "I6" in broken[0]
    assert "switch:sw1: no switchport trunk allowed vlan" in broken[0]
    assert [each["promise"][:2] for each in json.loads(data.out) if not each["holds"]] == ["I6"]


def test_a_record_that_was_lost_is_told_with_the_hosts_that_are_waited_for(empty: Site) -> None:
    path = empty.shell.write(empty.inventory())
    assert empty.shell("apply", path).status == 0
    why = "the record is new or was lost, and h1, h2 did not tell yet which addresses are in use"

    said, checked = empty.shell("status"), empty.shell("verify")

    assert f"! ledger: {why}; see that `trunkline worker host` runs on every host" in said.out.splitlines()
    assert (said.status, checked.status) == (0, 1)
    (broken,) = [row for row in checked.out.splitlines() if row.startswith("BROKEN")]
    assert broken.rstrip().endswith(why)
    empty.store.ledger.told(HostName("h1"))
    assert "and h2 did not tell" in empty.shell("status").out
    empty.store.ledger.told(HostName("h2"))
    assert "! ledger" not in empty.shell("status").out
    assert empty.shell("verify").status == 0


def test_forty_columns_fold_and_cut_nothing(empty: Site) -> None:
    a_failed_attachment(empty)

    said = empty.shell("status", COLUMNS="40")

    tables = [line for line in said.out.splitlines() if not line.startswith("! ")]
    assert max(map(len, tables)) <= 40
    assert "…" not in said.out
    for word in ("172.31.0.0/16", "h1", "web", "127.0.0.1"):
        assert word in "".join(said.out.split())


def test_whoever_stops_reading_ends_the_command_quietly(empty: Site) -> None:
    a_failed_attachment(empty)
    for words in (["status"], ["status", "-o", "json"], ["--help"], ["schema"]):
        process = subprocess.Popen(
            [PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=empty.shell.env
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        with closing(process.stderr):
            assert process.stderr.read() == b""
        assert process.wait(20) in {1, 141}


def test_a_full_disk_is_said_to_be_full(empty: Site) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        done = subprocess.run(
            [PROGRAM, "schema"], stdout=full, stderr=subprocess.PIPE, env=empty.shell.env, check=False
        )

    assert done.returncode == 1
    assert done.stderr == b"trunkline: standard output: cannot be written (No space left on device)\n"


def test_every_locale_and_an_ascii_terminal_show_every_word(empty: Site) -> None:
    path = empty.shell.write("switches: {\N{LATIN SMALL LETTER U WITH DIAERESIS}: 1}\n", "umlaut.yaml")
    for env in ({"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}):
        said = empty.shell("apply", path, **env)
        assert (said.status, said.out) == (1, "")
        assert "umlaut.yaml:1" in said.err


def on_a_terminal(site: Site, *words: str, **env: str) -> bytes:
    """Run a command on a pseudo-terminal; give all that reached it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**site.shell.env, "TERM": "xterm-256color"} | env,
    )
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:  # how Linux tells that the other side is closed
        pass
    os.close(master)
    assert process.wait(20) == 0
    return shown


def test_a_terminal_gets_colours_unless_it_asks_for_none(empty: Site) -> None:
    a_failed_attachment(empty)

    assert b"\x1b[1m" in on_a_terminal(empty, "status")
    assert b"\x1b[3" not in on_a_terminal(empty, "status", NO_COLOR="1")
    assert b"\x1b" not in on_a_terminal(empty, "status", TERM="dumb")


def test_a_command_that_waits_for_redis_can_be_interrupted(empty: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/1"
        process = subprocess.Popen(
            [PROGRAM, "status"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=empty.shell.env | {"TRUNKLINE_REDIS_URL": url},
        )
        connection, _ = silent.accept()
        with connection:
            until(lambda: connection.recv(64), "it asks")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert err == b"trunkline: interrupted; what was queued continues\n"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TRUNKLINE_BROKER_URL", "foo://x", "must begin with redis:// or rediss://"),
        ("TRUNKLINE_BROKER_URL", "unix:///run/redis.sock", "must begin with"),
        ("TRUNKLINE_REDIS_URL", "redis://127.0.0.1/abc", "must end in the number of a database"),
        ("TRUNKLINE_REDIS_URL", "redis:///1", "must name a server"),
        ("TRUNKLINE_REDIS_URL", "redis://h:99999/1", "must name a server"),
    ],
)
def test_an_address_of_redis_that_would_be_taken_for_another_is_named(
    empty: Site, variable: str, value: str, words: str
) -> None:
    said = empty.shell("status", **{variable: value})

    assert (said.status, said.out) == (1, "")
    assert f"{variable} {words}" in " ".join(said.err.split())


def test_closed_standard_streams_are_no_defect(empty: Site) -> None:
    empty.apply()
    result = subprocess.run(
        ["sh", "-c", f'"{PROGRAM}" status >&- 2>&-; echo $?'],
        check=False,
        capture_output=True,
        text=True,
        env=empty.shell.env,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == ("0\n", "")
