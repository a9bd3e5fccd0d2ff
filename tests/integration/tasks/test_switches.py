"""How a worker opens switches: refused credentials are not tried twice, new ones at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_switch
from trunkline.lab.switch.server import running_switch
from trunkline.orchestrator.errors import LoginRefused
from trunkline.orchestrator.models import Credentials, SecretRef, switch_key
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import open_store
from trunkline.tasks.devices import Switches


def test_refused_credentials_are_tried_once_by_all_processes_and_corrected_ones_at_once(
    redis_url: str, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    with running_switch() as running:
        login = Credentials(username=running.user, password=SecretRef(kind="file", name=str(secret)))
        switch = replace(
            a_switch(),
            address=running.address,
            port=running.port,
            host_key=running.host_key,
            credentials=login,
        )
        store = open_store(redis_url)
        processes = [Switches(Settings(), store.devices) for _ in range(3)]
        try:
            for switches in processes:
                with pytest.raises(LoginRefused):
                    switches(switch)
            assert running.refused == 1
            mark = store.devices.refused(switch_key(switch.name))
            assert mark
            assert "wrong" not in mark
            secret.write_text(running.password + "\n")
            processes[1](switch)
            assert running.logins == 1
            assert store.devices.refused(switch_key(switch.name)) == ""
        finally:
            for switches in processes:
                switches.close()
            store.close()
