"""`trunkline switch trust`: pinning the host key of a switch."""

from __future__ import annotations

import base64
import hashlib

from tests.integration.cli.site import Site
from trunkline.orchestrator.models import DeviceKey, SwitchName

SW1 = SwitchName("sw1")


def fingerprint(site: Site) -> str:
    key = base64.b64decode(site.switch.host_key.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def pinned(site: Site) -> str | None:
    return site.store.inventory.pins().get(SW1)


def test_an_unknown_key_is_shown_and_pinned_on_a_yes(empty: Site) -> None:
    empty.apply(empty.inventory(host_key=""))
    before = empty.store.desired.generation(DeviceKey("switch:sw1"))

    said = empty.shell("switch", "trust", "sw1", given="y\n")

    assert said.status == 0
    assert said.out.splitlines()[0] == (
        f"sw1 at {empty.switch.address}:{empty.switch.port} shows ssh-ed25519 {fingerprint(empty)}"
    )
    assert "Is this the fingerprint on its console? Pin it [y/N]:" in said.err
    assert pinned(empty) == empty.switch.host_key
    assert empty.store.desired.generation(DeviceKey("switch:sw1")) > before


def test_a_no_and_silence_pin_nothing(empty: Site) -> None:
    empty.apply(empty.inventory(host_key=""))
    for answer in ("n\n", ""):
        said = empty.shell("switch", "trust", "sw1", given=answer)
        assert said.status == 1
        assert pinned(empty) is None


def test_yes_asks_nothing_and_twice_changes_nothing(empty: Site) -> None:
    empty.apply(empty.inventory(host_key=""))

    first = empty.shell("switch", "trust", "sw1", "--yes")
    again = empty.shell("switch", "trust", "sw1", "--yes")

    assert (first.status, first.err, again.status) == (0, "", 0)
    assert first.out.splitlines()[-1] == "pinned; sw1 is read now"
    assert again.out.splitlines()[-1] == "that is the key that is pinned already"


def test_a_changed_key_is_warned_about_and_another_fingerprint_is_refused(empty: Site) -> None:
    empty.apply(empty.inventory(host_key=""))
    old = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    empty.store.inventory.pin(SW1, old, who="test")

    refused = empty.shell("switch", "trust", "sw1", "--fingerprint", "SHA256:somebodyelse")
    assert refused.status == 1
    assert "WARNING: another key was pinned before" in refused.err
    assert f"shows {fingerprint(empty)}, not SHA256:somebodyelse" in refused.err
    assert pinned(empty) == old

    said = empty.shell("switch", "trust", "sw1", "--fingerprint", fingerprint(empty))
    assert said.status == 0
    assert pinned(empty) == empty.switch.host_key


def test_an_unknown_switch_and_one_that_does_not_answer_are_named(empty: Site) -> None:
    none = empty.shell("switch", "trust", "sw1")
    assert none.err == (
        "trunkline: switch sw1: is not in the inventory; known: none; run `trunkline apply FILE` first\n"
    )
    empty.apply(empty.inventory(host_key="").replace(f"port: {empty.switch.port}", "port: 1"))

    unknown = empty.shell("switch", "trust", "sw9")
    silent = empty.shell("switch", "trust", "sw1")

    assert (none.status, unknown.status, silent.status) == (1, 1, 1)
    assert unknown.err == "trunkline: switch sw9: is not in the inventory; known: sw1\n"
    assert "127.0.0.1" in silent.err
