"""`trunkline apply` and `trunkline schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli.site import Site
from trunkline.orchestrator.errors import Busy
from trunkline.orchestrator.inventory import restore
from trunkline.orchestrator.models import DeviceKey, HostName, SegmentName
from trunkline.orchestrator.sync.holders import needs_on

H1, WEB, SW1 = HostName("h1"), SegmentName("web"), DeviceKey("switch:sw1")


def hold(site: Site, *holders: str) -> None:
    current = site.store.inventory.current()
    assert current is not None
    for holder in holders:
        known = needs_on(restore(current[1]), H1)
        site.store.desired.hold(holder, host=H1, wanted=frozenset({WEB}), known=known)


def version(site: Site) -> int:
    current = site.store.inventory.current()
    return 0 if current is None else current[0]


def test_a_file_is_stored_as_a_version_and_its_devices_are_looked_at(empty: Site) -> None:
    said = empty.shell("apply", empty.shell.write(empty.inventory()))

    assert said.status == 0
    assert said.out.splitlines()[0].startswith("+ switch sw1: kind l3switch")
    assert said.out.splitlines()[-1] == "stored as version 1; every device is checked against it now"
    assert said.err == ""
    assert version(empty) == 1
    assert set(empty.store.devices.due(10)) == {SW1, DeviceKey("host:h1"), DeviceKey("host:h2")}


def test_applying_the_same_again_says_so_and_stores_nothing(empty: Site) -> None:
    empty.apply()
    generation = empty.store.desired.generation(SW1)

    said = empty.shell("apply", "-", given=empty.inventory())

    assert (said.status, said.out) == (0, "nothing differs from what is stored\n")
    assert version(empty) == 1
    assert empty.store.desired.generation(SW1) == generation


def test_a_driver_that_is_not_installed_here_is_told_and_stored_all_the_same(empty: Site) -> None:
    text = empty.inventory().replace("driver: cisco_ios", "driver: acme_os")
    said = empty.shell("apply", "-", given=text)

    assert said.status == 0
    assert said.err.startswith(
        "WARNING: switch sw1: driver acme_os is not installed on this machine; installed"
    )
    assert "cisco_ios" in said.err
    assert version(empty) == 1


def test_a_dry_run_shows_the_difference_and_stores_nothing(empty: Site) -> None:
    empty.apply()

    said = empty.shell("apply", "--dry-run", "-", given=empty.inventory().replace("grace: 0", "grace: 5"))

    assert said.status == 0
    assert said.out == "~ segment web: grace 0 -> 5\ndry run: nothing was stored\n"
    assert version(empty) == 1


def test_an_invalid_file_is_refused_by_file_line_and_key(empty: Site) -> None:
    path = empty.shell.write(empty.inventory().replace("vlan: 10", "vlan: 5000").replace("grace", "graze"))
    line = next(n for n, text in enumerate(Path(path).read_text().splitlines(), 1) if "vlan: 5000" in text)

    said = empty.shell("apply", path)

    assert said.status == 1
    assert said.out == ""
    assert f"{path}:{line}" in said.err
    assert "segments.web.vlan" in said.err
    assert "graze" in said.err
    assert "grace" in said.err.replace("graze", "")
    assert version(empty) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"- a list\n", "mapping"),
        (b"switches: {sw1: [\n", ":2"),
        (b"\xff\xfe", "UTF-8"),
        (b"a: &a [*a, *a]\n", "standard input"),
        (b"switches: {}\x00\n", "standard input"),
    ],
)
def test_what_is_no_inventory_is_one_clear_line(empty: Site, text: bytes, words: str) -> None:
    said = empty.shell("apply", "-", given=text)

    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("trunkline: ")
    assert words in said.err
    assert version(empty) == 0


def test_what_cannot_be_read_is_named_with_the_reason(empty: Site, tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "none.yaml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        said = empty.shell("apply", str(path))
        assert (said.status, said.out) == (1, "")
        assert said.err == f"trunkline: {path}: cannot be read ({words}); check the path\n"


def test_nothing_to_apply_is_wrong_usage(empty: Site) -> None:
    said = empty.shell("apply")

    assert (said.status, said.out) == (2, "")
    assert "Missing argument 'FILE'" in said.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("vlan: 10", "vlan: 11", "h1/web gets another vlan (container c1, container c2)"),
        ("172.31.0.0/16", "172.31.0.0/17", "h1/web gets another subnet (container c1, container c2)"),
        ("gateway: 172.31.0.1", "gateway: 172.31.0.2", "h1/web gets another gateway"),
        ("gateway: {svi: sw1}", "gateway: external", "h1/web gets another gateway"),
        ("  h1:", "  h9:", "h1/web loses its host"),
        ("  web:", "  net:", "h1/web loses its segment"),
        ('hosts: ["*"]', "hosts: [h2]", "h1/web is not allowed by the policy any more"),
    ],
)
def test_what_containers_use_is_neither_dropped_nor_renumbered_unasked(
    empty: Site, old: str, new: str, words: str
) -> None:
    empty.apply()
    hold(empty, "container:c1", "container:c2")
    changed = empty.inventory().replace(old, new)
    assert changed != empty.inventory()

    said = empty.shell("apply", "-", given=changed)

    assert said.status == 1
    assert words in said.err
    assert "--force" in said.err
    assert said.out != ""  # the difference is shown all the same
    assert version(empty) == 1


def test_force_renumbers_what_containers_use(empty: Site) -> None:
    empty.apply()
    hold(empty, "container:c1")

    said = empty.shell("apply", "--force", "-", given=empty.inventory().replace("vlan: 10", "vlan: 11"))

    assert said.status == 0
    assert "~ segment web: vlan 10 -> 11" in said.out
    assert version(empty) == 2


def test_what_does_not_hurt_containers_needs_no_force(empty: Site) -> None:
    empty.apply()
    hold(empty, *(f"container:c{number}" for number in range(5)))
    text = empty.inventory()
    changed = text.replace("grace: 0", "grace: 60").replace(
        "gateway: 172.31.0.1}", "gateway: 172.31.0.1, exclude: [172.31.9.0-172.31.9.255]}"
    )

    said = empty.shell("apply", "-", given=changed)

    assert said.status == 0, said.err


def test_a_refusal_names_three_holders_and_counts_the_others(empty: Site) -> None:
    empty.apply()
    hold(empty, *(f"container:{number}" + "f" * 63 for number in range(5)))

    said = empty.shell("apply", "-", given=empty.inventory().replace("vlan: 10", "vlan: 11"))

    assert "(container 0fffffffffff, container 1fffffffffff, container 2fffffffffff and 2 more)" in said.err


def test_the_schema_describes_the_file(empty: Site) -> None:
    said = empty.shell("schema", TRUNKLINE_REDIS_URL="redis://127.0.0.1:1/1")

    assert said.status == 0
    schema = json.loads(said.out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) >= {"switches", "hosts", "segments", "policy"}
    assert "vlan" in schema["$defs"]["SegmentEdge"]["properties"]


def test_two_who_apply_at_once_do_not_overwrite_each_other(empty: Site) -> None:
    empty.apply()
    current = empty.store.inventory.current()
    assert current is not None
    number, text = current
    assert empty.store.inventory.put(text, who="one", after=number) == number + 1
    assert empty.store.inventory.put(text, who="one", after=number) == number + 1, "the same call again"
    with pytest.raises(Busy, match=f"version {number + 1} was applied meanwhile"):
        empty.store.inventory.put(text, who="other", after=number)
    assert version(empty) == number + 1
