"""Tests that need the lab kernel: skipped outside, given a built lab inside (``python -m trunkline.lab.inside``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.lab.building import Lab, default_out
from trunkline.lab.kernel import inside
from trunkline.lab.topology_file import load

HERE = Path(__file__).resolve().parent
LAB_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here ``lab``; skip it outside the lab kernel; give it more time than other tests."""
    skip = pytest.mark.skip(
        reason="needs the lab kernel: run `make test` or `python -m trunkline.lab.inside -- pytest tests/e2e`"
    )
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        item.add_marker(pytest.mark.lab)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LAB_SECONDS))
        if not inside():
            item.add_marker(skip)


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a lab for the tests of one file; a file's TOPOLOGY names another than the seed example."""
    topology = load(getattr(request.module, "TOPOLOGY", "seed"))
    out = default_out() / request.path.stem
    with Lab(topology, out=out) as built:
        yield built
