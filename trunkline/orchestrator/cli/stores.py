"""Opens the record for a command, and reads the inventory out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trunkline.orchestrator.settings import Settings
    from trunkline.orchestrator.store import Store


def open_record() -> tuple[Store, Settings]:
    """Open the record that the environment's settings name. Nothing connects before the first use."""
    from trunkline.orchestrator.settings import read_settings
    from trunkline.orchestrator.store import open_store

    settings = read_settings()
    return open_store(settings.redis_url, password=settings.redis_password()), settings
