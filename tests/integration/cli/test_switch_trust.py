"""`trunkline switch trust`: pinning the host key of a switch."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading

from tests.integration.cli.site import Site
from trunkline.orchestrator.models import DeviceKey, SwitchName

SW1 = SwitchName("sw1")


def fingerprint(site: Site) -> str:
    key = base64.b64decode(site.switch.host_key.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _hang_up(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()  # with a reset


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
    no = empty.shell("switch", "trust", "sw1", given="n\n")
    silence = empty.shell("switch", "trust", "sw1", given="")
    assert (no.status, silence.status) == (1, 1)
    assert pinned(empty) is None
    said = " ".join(silence.err.split())
    assert "nobody is here to compare the fingerprint; compare it with the one on its console" in said
    assert f"say --fingerprint {fingerprint(empty)}" in said


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

    other = "SHA256:" + "A" * 43
    refused = empty.shell("switch", "trust", "sw1", "--fingerprint", other)
    assert refused.status == 1
    assert f"shows {fingerprint(empty)}, not {other}" in refused.err
    assert pinned(empty) == old

    said = empty.shell("switch", "trust", "sw1", "--fingerprint", fingerprint(empty))
    assert said.status == 0
    assert "WARNING: another key was pinned before" in said.err
    assert pinned(empty) == empty.switch.host_key


def test_a_fingerprint_may_be_written_in_any_usual_way_and_nothing_else(empty: Site) -> None:
    empty.apply(empty.inventory(host_key=""))
    bare = fingerprint(empty).removeprefix("SHA256:")
    octets = base64.b64decode(bare + "=").hex(":")
    for text in (bare, bare + "=", f"sha256:{bare}", octets, octets.upper()):
        assert empty.shell("switch", "trust", "sw1", "--fingerprint", text).status == 0, text
    md5 = empty.shell("switch", "trust", "sw1", "--fingerprint", "MD5:aa:bb")
    assert md5.status == 1
    assert "no SHA-256 fingerprint" in md5.err


def test_the_key_in_the_inventory_counts_and_is_what_must_be_changed(empty: Site) -> None:
    empty.apply()
    same = empty.shell("switch", "trust", "sw1")
    assert (same.status, same.out.splitlines()[-1]) == (0, "that is the key in the inventory")
    empty.switch.change_host_key()
    other = empty.shell("switch", "trust", "sw1", "--yes")
    assert other.status == 1
    assert "set its host_key to" in other.err
    assert pinned(empty) is None


def test_a_server_that_hangs_up_is_one_line_and_no_traceback(empty: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        empty.apply(empty.inventory(host_key="").replace(f"port: {empty.switch.port}", f"port: {port}"))
        threading.Thread(target=_hang_up, args=(server,), daemon=True).start()
        said = empty.shell("switch", "trust", "sw1", "--yes")
    assert said.status == 1
    assert said.err.startswith("trunkline: switch sw1: SSH failed")
    assert "Traceback" not in said.err


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
