"""What an endpoint is asked for; only engines from 28 on understand all of it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from trunkline.drivers.host.networks import _endpoint_config

ADDRESSES = (ip_address("172.31.0.10"), ip_address("fd00:31::10"))


@pytest.mark.parametrize("priority", [1, -1])
def test_a_new_engine_is_told_who_holds_the_default_route(priority: int) -> None:
    assert _endpoint_config(ADDRESSES, priority) == {
        "IPAMConfig": {"IPv4Address": "172.31.0.10", "IPv6Address": "fd00:31::10"},
        "GwPriority": priority,
    }


def test_an_old_engine_is_told_nothing_it_does_not_know() -> None:
    assert "GwPriority" not in _endpoint_config(ADDRESSES, 0)
