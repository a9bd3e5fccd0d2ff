"""Whatever clients do in whatever order, with inventories of different age: the ledger keeps its promises."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.store.endpoint_machine import EndpointMachine
from tests.integration.store.ledger_machine import LedgerMachine
from trunkline.orchestrator.store import Store

THOROUGH = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""As many steps as fit into eight seconds; the same ones every time."""


@pytest.mark.slow
def test_the_ledger_behaves_as_its_model(stores: tuple[Store, Store]) -> None:
    class OnRedis(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    run_state_machine_as_test(OnRedis, settings=THOROUGH)


@pytest.mark.slow
def test_endpoints_by_mac_behave_as_their_model(stores: tuple[Store, Store]) -> None:
    class OnRedis(EndpointMachine):
        def __init__(self) -> None:
            super().__init__(stores)

    run_state_machine_as_test(OnRedis, settings=THOROUGH)
