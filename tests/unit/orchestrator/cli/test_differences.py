"""What `trunkline switch diff` says of a switch."""

from __future__ import annotations

import pytest

from trunkline.orchestrator.cli.differences import show_comparison


def test_that_nothing_differs_is_said_no_further_than_it_was_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_comparison("sw1", 3, {"lines": [], "notes": []})
    show_comparison("sw1", 3, {"lines": [], "notes": ["`show clock` is not asked any more"]})

    assert capsys.readouterr().out.splitlines() == [
        "sw1 shows what it showed in backup 3",
        "# `show clock` is not asked any more",
        "sw1 shows what it showed in backup 3, as far as it was compared",
    ]
