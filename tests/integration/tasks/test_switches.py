"""How a worker opens switches: refused credentials are not tried twice, new ones at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_switch
from trunkline.lab.switch.server import running_switch
from trunkline.orchestrator.errors import LoginRefused
from trunkline.orchestrator.intents import Peer
from trunkline.orchestrator.models import Credentials, PortName, SecretRef, switch_key
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.store import open_store
from trunkline.tasks.devices import PEERS_SECONDS, Switches, seldom


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


def test_lldpd_is_asked_seldom_and_what_it_told_counts_meanwhile() -> None:
    now, asked = [100.0], list[Peer]()

    def ask() -> tuple[Peer, ...]:
        asked.append(Peer(port=PortName("eth0"), name=f"sw{len(asked)}"))
        return (asked[-1],)

    peers = seldom(ask, clock=lambda: now[0])

    assert [peers()[0].name, peers()[0].name] == ["sw0", "sw0"]
    now[0] += PEERS_SECONDS - 1
    assert peers()[0].name == "sw0"
    now[0] += 1
    assert (peers()[0].name, len(asked)) == ("sw1", 2)
