"""Consoles for the tests beside this file."""

from __future__ import annotations

import pytest

from tests.unit.lab.switch.dialogue import Console


@pytest.fixture
def console() -> Console:
    """Give a Catalyst in configuration mode."""
    return Console()


@pytest.fixture
def router() -> Console:
    """Give a router in configuration mode."""
    return Console("isr-router")
