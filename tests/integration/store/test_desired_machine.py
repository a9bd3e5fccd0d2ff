"""Whatever holders, events and operators do in whatever order: what somebody holds stays needed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.store.desired_machine import DesiredMachine
from trunkline.orchestrator.store import Store

THOROUGH = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""As many steps as fit into five seconds; the same ones every time."""


@pytest.mark.slow
def test_desired_state_behaves_as_its_model(stores: tuple[Store, Store]) -> None:
    class OnRedis(DesiredMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    run_state_machine_as_test(OnRedis, settings=THOROUGH)
