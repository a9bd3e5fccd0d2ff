"""Sites for the command line's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.cli.site import Site, a_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a module its own site; nobody works there until a test starts somebody."""
    with a_site(tmp_path_factory.mktemp("site")) as standing:
        yield standing


@pytest.fixture
def empty(site: Site) -> Site:
    """Give the module's site with an empty record."""
    site.redis.command("FLUSHALL")
    return site
