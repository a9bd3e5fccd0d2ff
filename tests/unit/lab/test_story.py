"""The demo does not claim what did not happen."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from trunkline.lab.building import Lab
from trunkline.lab.control_plane import ControlPlane
from trunkline.lab.demo import story as told
from trunkline.lab.demo.chapters import CARRIES_10
from trunkline.lab.demo.narrator import DemoFailedError, Narrator
from trunkline.lab.demo.story import declared
from trunkline.lab.kernel import INSIDE_VARIABLE
from trunkline.lab.topology_file import load
from trunkline.orchestrator import inventory as inventories
from trunkline.orchestrator.models import SegmentName

PLACES = {"sw1": "10.99.0.2", "sw1_password": "/run/secrets/sw1"}


@pytest.fixture
def story(tmp_path: Path) -> Narrator:
    """A narrator whose lab is not built: the steps are whatever a test gives it."""
    return Narrator(ControlPlane(Lab(load("seed"), out=tmp_path), ""))


def test_a_step_that_fails_ends_the_story(story: Narrator, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DemoFailedError, match="c1 -> c2"):
        story.step("c1 -> c2", lambda: False)

    assert "FAILED c1 -> c2" in capsys.readouterr().out


def test_an_answer_where_there_must_be_none_ends_the_story(story: Narrator) -> None:
    story.step("b1 -> b2: no answer", lambda: False, expected=False)

    with pytest.raises(DemoFailedError):
        story.step("b1 -> b2: no answer", lambda: True, expected=False)


def test_a_step_that_did_what_it_says_is_told_with_its_time(
    story: Narrator, capsys: pytest.CaptureFixture[str]
) -> None:
    story.step("c1 -> c2", lambda: True)

    assert "ok     c1 -> c2  (" in capsys.readouterr().out


def test_a_demo_that_cannot_be_given_ends_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(INSIDE_VARIABLE, raising=False)
    monkeypatch.setenv("TRUNKLINE_LAB_OUT", str(tmp_path))

    assert told.main() == 1  # it is not inside the lab kernel

    assert "The demo failed" in capsys.readouterr().out


def test_the_demo_declares_the_network_of_its_segment_and_changes_nothing_else() -> None:
    text = (files("trunkline.lab") / "inventories" / "seed.yaml").read_text(encoding="utf-8").format(**PLACES)
    web = SegmentName("web")
    before = inventories.load(text, source="seed.yaml")
    after = inventories.load(declared(text), source="seed.yaml")

    assert (before.segments[web].networks, after.segments[web].networks) == ("on-demand", "declared")
    assert inventories.difference(before, after) == ["~ segment web: networks on-demand -> declared"]


def test_an_inventory_that_the_demo_does_not_know_ends_it() -> None:
    with pytest.raises(DemoFailedError, match="inventory"):
        declared("segments: {}\n")


@pytest.mark.parametrize(
    "line", ["allowed vlan 10", "allowed vlan 10,100", "allowed vlan 5,10", "allowed vlan add 10"]
)
def test_a_port_that_carries_vlan_10_is_seen(line: str) -> None:
    assert CARRIES_10.search(f" switchport trunk {line}\n")


@pytest.mark.parametrize("line", ["allowed vlan 100", "allowed vlan 20,100", "allowed vlan 110"])
def test_a_port_that_does_not_carry_vlan_10_is_not_taken_for_one(line: str) -> None:
    assert not CARRIES_10.search(f" switchport trunk {line}\n")
