"""802.1Q links in a network namespace of their own; without 802.1Q only what the missing module means."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pyroute2.netlink.exceptions import NetlinkError

from tests.conftest import ROOT
from tests.integration.host.conftest import ip
from trunkline.drivers.host.links import Links, opened
from trunkline.orchestrator.errors import NotOurs, PermanentError, Unsupported
from trunkline.orchestrator.intents import LinkIntent
from trunkline.orchestrator.planning.names import link_name
from trunkline.orchestrator.vlans import Vid

pytestmark = [pytest.mark.root, pytest.mark.usefixtures("namespace")]

TEN = LinkIntent(name="up0.10", parent="up0", vlan=Vid(10), mtu_bytes=1500)


def has_vlans() -> bool:
    """Try whether the kernel makes 802.1Q links."""
    words = ["ip", "link", "add", "link", "up0", "name", "probe", "type", "vlan", "id", "4000"]
    if subprocess.run(words, check=False, capture_output=True).returncode != 0:
        return False
    ip("link", "del", "dev", "probe")
    return True


@pytest.fixture
def links() -> Links:
    """Give the driver where the kernel has 802.1Q."""
    if not has_vlans():
        pytest.skip("this kernel has no 8021q; `make test` runs it in the lab kernel")
    return Links()


def test_a_kernel_without_8021q_says_what_to_load() -> None:
    if has_vlans():
        pytest.skip("this kernel has 8021q")
    with pytest.raises(
        Unsupported, match=r"link up0\.10: this kernel lacks the module 8021q; run `modprobe 8021q`"
    ):
        Links().ensure(TEN)
    assert not Links().observe()


def test_a_parent_that_is_not_there_is_named() -> None:
    with pytest.raises(PermanentError, match="its parent eth7 is not on this host; check the host's uplinks"):
        Links().ensure(LinkIntent(name="eth7.10", parent="eth7", vlan=Vid(10), mtu_bytes=1500))


def test_an_mtu_larger_than_the_parents_is_refused() -> None:
    with pytest.raises(PermanentError, match="MTU 9000 is larger than 1500 of up0; raise the MTU of up0"):
        Links().ensure(LinkIntent(name="up0.10", parent="up0", vlan=Vid(10), mtu_bytes=9000))


def test_a_name_too_long_for_linux_is_refused() -> None:
    with pytest.raises(PermanentError, match="longer than 15 characters"):
        Links().ensure(LinkIntent(name="enp130s0f1np1.10", parent="up0", vlan=Vid(10), mtu_bytes=1500))


def test_another_kind_of_link_under_the_name_is_refused_and_stays() -> None:
    ip("link", "add", "name", "up0.10", "type", "veth", "peer", "name", "other")
    before = ip("link", "show", "dev", "up0.10")
    with pytest.raises(NotOurs, match=r"is no 802\.1Q link, not VLAN 10 on up0"):
        Links().ensure(TEN)
    assert not Links().remove(TEN)
    assert ip("link", "show", "dev", "up0.10") == before


def test_the_hosts_own_addresses_are_read_and_missing_nics_have_none() -> None:
    ip("link", "set", "dev", "up0", "address", "02:AB:00:00:00:01")
    assert Links().macs(["up0", "eth7", ""]) == {"up0": "02:ab:00:00:00:01"}


def test_it_is_made_once_and_is_ours(links: Links) -> None:
    assert links.ensure(TEN)
    assert "vlan protocol 802.1Q id 10" in ip("-d", "link", "show", "dev", "up0.10")
    index, state = socket.if_nametoindex("up0.10"), links.observe()["up0.10"]
    assert not links.ensure(TEN)
    # Not what `ip link` prints: the kernel reports the carrier a moment later.
    assert (socket.if_nametoindex("up0.10"), links.observe()["up0.10"]) == (index, state)
    assert (state.parent, state.vlan, state.mtu_bytes, state.up, state.ours) == ("up0", 10, 1500, True, True)
    assert "inet6" not in ip("addr", "show", "dev", "up0.10")
    assert Path("/proc/sys/net/ipv6/conf/up0.10/accept_ra").read_text().strip() == "0"
    assert links.remove(TEN)
    assert not links.remove(TEN)


@pytest.mark.parametrize(("parent", "vlan"), [("up0", 11), ("peer0", 10)])
def test_another_vlan_or_parent_under_the_name_is_refused_and_stays(
    links: Links, parent: str, vlan: int
) -> None:
    ip("link", "add", "link", parent, "name", "up0.10", "type", "vlan", "id", str(vlan))
    before = ip("-d", "link", "show", "dev", "up0.10")
    with pytest.raises(NotOurs, match=f"is VLAN {vlan} on {parent}, not VLAN 10 on up0"):
        links.ensure(TEN)
    assert ip("-d", "link", "show", "dev", "up0.10") == before


@pytest.mark.parametrize("change", [("down",), ("mtu", "1400"), ("down", "mtu", "1400")])
def test_ours_is_put_up_and_gets_its_mtu_back(links: Links, change: tuple[str, ...]) -> None:
    links.ensure(TEN)
    ip("link", "set", "dev", "up0.10", *change)
    assert links.ensure(TEN)
    state = links.observe()["up0.10"]
    assert (state.up, state.mtu_bytes) == (True, 1500)


def test_a_right_one_of_somebody_else_is_used_and_never_changed_or_removed(links: Links) -> None:
    ip("link", "add", "link", "up0", "name", "up0.10", "type", "vlan", "id", "10")
    with pytest.raises(NotOurs, match="is down"):
        links.ensure(TEN)
    ip("link", "set", "dev", "up0.10", "up")
    assert not links.ensure(TEN)
    assert not links.remove(TEN)
    assert not links.observe()["up0.10"].ours


def test_one_that_carries_something_is_never_removed(links: Links) -> None:
    links.ensure(TEN)
    ip("link", "add", "link", "up0.10", "name", "child", "type", "macvlan", "mode", "bridge")
    with pytest.raises(NotOurs, match="still carries child"):
        links.remove(TEN)
    ip("link", "del", "dev", "child")
    assert links.remove(TEN)


def test_one_that_carries_something_in_another_namespace_is_never_removed(links: Links) -> None:
    links.ensure(TEN)
    ip("link", "add", "link", "up0.10", "name", "child", "type", "macvlan", "mode", "bridge")
    guest = subprocess.Popen(["unshare", "--net", "sleep", "60"])
    try:
        own = Path("/proc/thread-self/ns/net").readlink()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{guest.pid}/ns/net").readlink() == own:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        ip("link", "set", "dev", "child", "netns", str(guest.pid))
        inside = ["nsenter", f"--net=/proc/{guest.pid}/ns/net", "ip", "link", "set", "dev", "child", "up"]
        subprocess.run(inside, check=True)
        assert not links.observe()["up0.10"].children, "nobody sees it from here"
        with pytest.raises(NotOurs, match="another network namespace"):
            links.remove(TEN)
        assert "up0.10" in links.observe()
        subprocess.run([*inside[:2], "ip", "link", "del", "dev", "child"], check=True)
        assert links.remove(TEN)
    finally:
        guest.kill()
        guest.wait()


def test_service_tags_and_priority_tags_are_no_vlans_of_this_kind(links: Links) -> None:
    ip("link", "add", "link", "up0", "name", "up0.0", "type", "vlan", "id", "0")
    ip("link", "add", "link", "up0", "name", "up0.10", "type", "vlan", "proto", "802.1ad", "id", "10")
    assert not links.observe()
    with pytest.raises(NotOurs, match=r"is no 802\.1Q link"):
        links.ensure(TEN)
    assert not links.remove(TEN)
    assert "802.1ad" in ip("-d", "link", "show", "dev", "up0.10")


WITH_READ_ONLY_SETTINGS = """
import sys
from pathlib import Path
from tests.integration.host.test_links import TEN
from trunkline.drivers.host.links import Links, opened
from trunkline.orchestrator.errors import Unsupported
try:
    Links(Path(sys.argv[1])).ensure(TEN)
except Unsupported as error:
    sys.exit(str(error))
"""


def test_in_a_container_whose_settings_cannot_be_written_it_is_told_and_finished_elsewhere(
    links: Links, tmp_path: Path
) -> None:
    other = tmp_path / "sys-net"
    other.mkdir()
    script = (
        f"mount --make-rprivate / && mount --bind /proc/sys/net {other} && mount --bind /proc/sys /proc/sys"
        f' && mount -o remount,ro,bind /proc/sys && exec {sys.executable} -c "$CODE" $WHERE'
    )

    def contained(where: Path) -> subprocess.CompletedProcess[str]:
        variables = dict(os.environ) | {"CODE": WITH_READ_ONLY_SETTINGS, "WHERE": str(where)}
        command = ["unshare", "--mount", "sh", "-c", script]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=variables, cwd=ROOT, timeout=60
        )

    refused = contained(Path("/proc/sys/net"))
    assert "TRUNKLINE_SYSCTL_NET" in refused.stderr
    assert refused.returncode == 1
    assert links.observe()["up0.10"].ours, "it is known as ours, or nobody would finish it"
    assert not links.observe()["up0.10"].up
    finished = contained(other)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert links.observe()["up0.10"].up
    assert Path("/proc/sys/net/ipv6/conf/up0.10/accept_ra").read_text().strip() == "0"
    assert "inet6" not in ip("addr", "show", "dev", "up0.10")


def test_what_somebody_let_in_again_is_kept_out_again(links: Links) -> None:
    links.ensure(TEN)
    setting = Path("/proc/sys/net/ipv6/conf/up0.10/accept_ra")
    setting.write_text("1")
    assert links.ensure(TEN)
    assert setting.read_text().strip() == "0"
    assert not links.ensure(TEN)


def test_a_parent_with_a_long_name_gets_a_link_with_a_short_one(links: Links) -> None:
    ip("link", "set", "dev", "up0", "down")
    ip("link", "set", "dev", "up0", "name", "enp130s0f1np1")
    ip("link", "set", "dev", "enp130s0f1np1", "up")
    name = link_name("enp130s0f1np1", Vid(10))
    assert links.ensure(LinkIntent(name=name, parent="enp130s0f1np1", vlan=Vid(10), mtu_bytes=1500))
    assert links.observe()[name].parent == "enp130s0f1np1"


def test_a_parent_that_was_renamed_is_told_and_the_link_stays(links: Links) -> None:
    links.ensure(TEN)
    ip("link", "set", "dev", "up0", "down")
    ip("link", "set", "dev", "up0", "name", "new0")
    with pytest.raises(PermanentError, match="its parent up0 is not on this host"):
        links.ensure(TEN)
    with pytest.raises(NotOurs, match="is VLAN 10 on new0, not VLAN 10 on peer0"):
        links.ensure(LinkIntent(name="up0.10", parent="peer0", vlan=Vid(10), mtu_bytes=1500))
    assert links.observe()["up0.10"].parent == "new0"


def test_a_parent_that_is_down_is_told_and_the_link_is_ours_and_put_up_later(links: Links) -> None:
    ip("link", "set", "dev", "up0", "down")
    with pytest.raises(PermanentError, match="while its parent is down; run `ip link set dev NIC up`"):
        links.ensure(TEN)
    assert links.observe()["up0.10"].ours
    ip("link", "set", "dev", "up0", "up")
    links.ensure(TEN)
    assert links.observe()["up0.10"].up


@pytest.mark.parametrize("module", ["8021q", "macvlan"])
def test_a_kernel_that_cannot_make_a_kind_of_link_is_told_by_its_module(module: str) -> None:
    told = f"link x: this kernel lacks the module {module}; run `modprobe {module}`"
    with pytest.raises(Unsupported, match=told), opened("link x", module=module):
        raise NetlinkError(errno.EOPNOTSUPP)


def test_a_veth_whose_other_end_has_the_links_number_elsewhere_is_not_on_the_link(links: Links) -> None:
    links.ensure(TEN)
    number = str(socket.if_nametoindex("up0.10"))
    # Namespaces number their links each for itself: here the peer's number is the link's.
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as other:
        try:
            wait_for_namespace(other.pid)
            words = (
                f"link add index {number} name far type veth peer name near netns {threading.get_native_id()}"
            )
            subprocess.run(["nsenter", f"--net=/proc/{other.pid}/ns/net", "ip", *words.split()], check=True)
            assert f"near@if{number}" in ip("-o", "link", "show", "dev", "near")
            assert links.observe()["up0.10"].children == ()
            assert links.remove(TEN)
        finally:
            other.terminate()


def wait_for_namespace(process: int) -> None:
    """Wait until a process has left our network namespace."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process}/ns/net").readlink() == Path("/proc/thread-self/ns/net").readlink():
        assert time.monotonic() < deadline
        time.sleep(0.01)
