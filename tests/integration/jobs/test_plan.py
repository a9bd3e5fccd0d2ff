"""`trunkline plan` and `trunkline verify` on a site at work."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.site import Site

pytestmark = pytest.mark.slow


def test_a_plan_of_what_is_so_already_has_no_lines_and_status_0(site: Site) -> None:
    said = site.shell("plan", "--device", "sw1", "--detailed-exitcode")

    assert said.status == 0, said.out
    lines = [line for line in said.out.splitlines() if not line.startswith("  # ")]
    assert lines == ["switch:sw1", "  as desired", "Plan: 0 lines would be sent. Nothing was changed."]


def test_a_plan_as_json_is_data_alone_and_its_status_tells_that_something_differs(site: Site) -> None:
    text = site.inventory().replace("vlan: 10\n", "vlan: 20\n")

    said = site.shell("plan", "-d", "switch:sw1", "-o", "json", "--detailed-exitcode", "-", given=text)

    assert said.status == 2
    assert "vlan 20" in json.loads(said.out)["switch:sw1"]["lines"]


def test_a_plan_of_an_invalid_file_names_the_line(site: Site) -> None:
    said = site.shell("plan", "-", given=site.inventory().replace("vlan: 10\n", "vlan: 0\n"))

    assert (said.status, said.out) == (1, "")
    assert "segments.web.vlan" in said.err


def test_verify_looks_at_every_promise_and_they_hold(site: Site) -> None:
    said = site.shell("verify", "-o", "json")

    found = json.loads(said.out)
    assert said.status == 0, said.out
    assert all(each["holds"] for each in found)
    assert {each["promise"].partition(" ")[0] for each in found} >= {"I1", "I2", "I3", "I5", "I6", "I7", "I8"}
    assert next(each for each in found if each["promise"].startswith("I3"))["detail"] == "1 ready attachments"
