"""The file of links for the next boot. Making them takes 802.1Q, so a stand-in is asked; the lab does it for real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from trunkline.orchestrator.errors import PermanentError
from trunkline.orchestrator.intents import LinkIntent
from trunkline.orchestrator.vlans import Vid
from trunkline.tasks.boot import FILE, restore_links, write_links

WEB = LinkIntent(name="eth0.10", parent="eth0", vlan=Vid(10), mtu_bytes=1500)
DB = LinkIntent(name="bond0.20", parent="bond0", vlan=Vid(20), mtu_bytes=9000)


class Asked:
    """Remembers what it was asked to make; refuses links of one parent."""

    def __init__(self, refuse: str = "") -> None:
        self.links: list[LinkIntent] = []
        self._refuse = refuse

    def observe(self) -> Mapping[str, Any]:
        return {}

    def ensure(self, intent: LinkIntent) -> bool:
        if intent.parent == self._refuse:
            raise PermanentError("its parent is not on this host", subject=f"link {intent.name}")
        self.links.append(intent)
        return True

    def remove(self, intent: LinkIntent) -> bool:
        raise AssertionError(f"nothing is removed at boot, {intent.name} least of all")

    def users(self, name: str) -> tuple[str, ...]:
        raise AssertionError(name)

    def macs(self, nics: Sequence[str]) -> dict[str, str]:
        return {nic: nic for nic in nics}


def test_what_was_written_down_is_made_again(tmp_path: Path) -> None:
    write_links(tmp_path / "state", [WEB, DB])
    asked = Asked()
    assert restore_links(tmp_path / "state", asked) == 2
    assert asked.links == [DB, WEB]


def test_the_newest_list_counts_and_an_equal_one_is_not_written_again(tmp_path: Path) -> None:
    write_links(tmp_path, [WEB, DB])
    write_links(tmp_path, [WEB])
    before = (tmp_path / FILE).stat()
    write_links(tmp_path, [WEB])
    assert (tmp_path / FILE).stat().st_ino == before.st_ino
    asked = Asked()
    restore_links(tmp_path, asked)
    assert asked.links == [WEB]


def test_one_link_that_cannot_be_made_keeps_no_other(tmp_path: Path) -> None:
    write_links(tmp_path, [WEB, DB])
    asked = Asked(refuse="bond0")
    assert restore_links(tmp_path, asked) == 1
    assert asked.links == [WEB]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[{"name": "x"}]', '[{"name": "x", "vlan": 5000}]', "\udcff"]
)
def test_a_file_that_is_no_such_list_restores_nothing_and_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert restore_links(tmp_path, Asked()) == 0


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    write_links(tmp_path / "state", [WEB])
    assert restore_links(tmp_path / "state", Asked()) == 0


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\x00\xfe")
    write_links(tmp_path, [WEB])
    asked = Asked()
    assert restore_links(tmp_path, asked) == 1
    assert asked.links == [WEB]
