"""How a worker opens switches: refused credentials are not tried twice, new ones at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_switch
from trunkline.lab.switch.server import running_switch
from trunkline.orchestrator.errors import LoginRefused
from trunkline.orchestrator.models import Credentials, SecretRef
from trunkline.orchestrator.settings import Settings
from trunkline.tasks.devices import Switches


def test_refused_credentials_are_tried_once_and_corrected_ones_at_once(tmp_path: Path) -> None:
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
        switches = Switches(Settings())
        try:
            for _ in range(3):
                with pytest.raises(LoginRefused):
                    switches(switch)
            assert running.refused == 1
            secret.write_text(running.password + "\n")
            switches(switch)
            assert running.logins == 1
        finally:
            switches.close()
