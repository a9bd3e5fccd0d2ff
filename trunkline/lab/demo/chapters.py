"""The chapters of the demo, in the order in which story.py tells them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from trunkline.lab.demo.narrator import PORTS, DemoFailedError, Narrator, say, title
from trunkline.lab.nodes import Host
from trunkline.lab.processes import Process

GATEWAY = "172.31.0.1"
CONTAINERS = {"host1": "c1", "host2": "c2"}
RUN = ("run", "--detach", "--network", "web")
FIRST_INSTRUCTION = f"ping -c 1 -W 5 {GATEWAY}; exec sleep 1000000"
"""One ping, and not a second try: it is answered only where the network works before the container starts."""
RUN_WITH_LABEL = ("run", "--detach", "--label", "trunkline.segment=web")
REFUSED_STATUS = 125
# VLAN 10 alone or among others, and not the beginning of 100; a single VLAN is never written as a range.
CARRIES_10 = re.compile(r"allowed vlan (?:add )?(?:[\d,-]*,)?10(?![\d-])")
HAND_MADE = (
    "network",
    "create",
    "-d",
    "macvlan",
    "-o",
    "parent=eth0.10",
    "--subnet",
    "172.31.0.0/16",
    "byhand",
)


def before(story: Narrator) -> None:
    """Show that VLAN 10 is dead: containers wired to it by hand reach nobody."""
    one = story.plane.lab.host("host1")
    title("Before: containers wired to VLAN 10 by hand; the ports do not carry it, so nothing answers")
    story.trunks()
    with _by_hand(one, "b1", "172.31.9.1"), _by_hand(story.plane.lab.host("host2"), "b2", "172.31.9.2"):
        for who, address in (("container b2 on host2", "172.31.9.2"), ("the gateway", GATEWAY)):
            story.step(
                f"b1 -> {address}, {who}: no answer, as it must be",
                lambda address=address: one.container_pings("b1", address, tries=1),  # type: ignore[misc]  # binds it now
                expected=False,
            )


@contextmanager
def _by_hand(host: Host, container: str, address: str) -> Iterator[None]:
    """Do what people do without Trunkline, but for the switch; undo it afterwards."""
    with ExitStack() as stack:
        add = ["ip", "link", "add", "link", "eth0", "name", "eth0.10", "type", "vlan", "id", "10"]
        host.exec(add, check=True)
        stack.callback(host.exec, ["ip", "link", "del", "eth0.10"], check=True)
        host.exec(["ip", "link", "set", "eth0.10", "up"], check=True)
        host.docker(*HAND_MADE)
        stack.callback(host.docker, "network", "rm", "byhand")
        words = ("run", "--detach", "--network", "byhand", "--ip", address, "--name", container, "busybox")
        host.docker(*words)
        stack.callback(host.docker, "rm", "--force", container)
        yield


def declare(story: Narrator, inventory: str) -> None:
    """Apply an inventory that declares the network, and see it on both hosts without its VLAN."""
    lab = story.plane.lab
    title("The inventory says `networks: declared`: the network is there, its VLAN is not")
    story.begin()
    story.plane.inventory = inventory
    say(f"  + 0.00 s  trunkline apply: {story.plane.trunkline('apply', '-').splitlines()[-1]}")
    story.wait_until(
        lambda: all(_has_network(lab.host(name)) for name in CONTAINERS),
        "the declared network is not made on both hosts",
    )
    story.step("no port of sw1 carries VLAN 10", lambda: not _carried(story))


def come(story: Narrator) -> None:
    """Start a container on each host at the same time; what it prints is its own proof."""
    lab = story.plane.lab
    title("docker run --network web, on both hosts: the VLAN is there before the first instruction")
    story.begin()
    for name in CONTAINERS:
        story.listen(lab.host(name))
    starts = [_start(story, lab.host(name), container) for name, container in CONTAINERS.items()]
    story.wait_until(lambda: not any(start.alive for start in starts), "docker run does not come to an end")
    for start in starts:
        if start.status != 0:
            raise DemoFailedError(f"{start.name}: {start.tail()}")
    for name, container in CONTAINERS.items():
        _show_first_words(story, lab.host(name), container)
    story.wait_until(
        lambda: {(container, 4) for container in CONTAINERS.values()} <= story.active().keys(),
        "the ledger does not know whose the addresses are",
    )
    given = [each for name, container in CONTAINERS.items() for each in _addresses(lab.host(name), container)]
    for lease in story.leases():
        say(f"  ledger: {lease.name} on {lease.host} has {lease.interface} ({lease.mac})")
    story.step(
        f"both engines together use {len(given)} addresses, none of them twice",
        lambda: (
            len(set(given)) == len(given) and set(given) == {str(lease.address) for lease in story.leases()}
        ),
    )


def _start(story: Narrator, host: Host, container: str) -> Process:
    """Type a ``docker run`` and do not wait for it."""
    words = (*RUN, "--name", container, "busybox", "sh", "-c", FIRST_INSTRUCTION)
    story.typed(host, *words[:-1], shlex.quote(words[-1]))
    return host.popen(["docker", *words], name=f"run-{container}")


def _show_first_words(story: Narrator, host: Host, container: str) -> None:
    """Print what the container itself printed, and take nothing but an answered ping."""
    said = ""

    def has_ended() -> bool:
        nonlocal said
        said = host.docker("logs", container).stdout
        return "packet loss" in said

    story.wait_until(has_ended, f"{container} prints nothing")
    say(f"  {host.name}$ docker logs {container}")
    for line in filter(None, said.splitlines()):
        say(f"               {line}")
    story.step(f"the only ping of {container} was answered", lambda: " 1 packets received" in said)


def _addresses(host: Host, container: str) -> tuple[str, str]:
    """Ask the engine which addresses a container has: of IPv4 and of IPv6."""
    (facts,) = json.loads(host.docker("inspect", container).stdout)
    endpoint = facts["NetworkSettings"]["Networks"]["web"]
    return str(endpoint["IPAddress"]), str(endpoint["GlobalIPv6Address"])


def prove(story: Narrator) -> None:
    """Ping everybody who should answer, and catch a tagged frame on the cable."""
    lab = story.plane.lab
    one = lab.host("host1")
    title("Proof")
    story.trunks()
    c2, c2_v6 = story.address_of("c2", 4), story.address_of("c2", 6)
    with lab.capture("sw1", PORTS["host1"], "vlan 10 and icmp") as capture:
        story.step(f"c1 -> c2 {c2}, same VLAN, other host", lambda: one.container_pings("c1", c2))
        capture.wait_for("vlan 10")
        frames = capture.frames()
    if not frames:
        raise DemoFailedError("no frame with the tag of VLAN 10 was on the cable")
    say(f"         on the cable: {frames[0]}")
    for text, address in (
        (f"c1 -> c2 {c2_v6}", c2_v6),
        (f"c1 -> gateway {GATEWAY}", GATEWAY),
        ("c1 -> gateway fd00:31::1", "fd00:31::1"),
        ("c1 -> server 172.30.0.10 in VLAN 20, routed", "172.30.0.10"),
        ("c1 -> server fd00:30::10 in VLAN 20, routed", "fd00:30::10"),
        ("c1 -> host2 192.168.0.12 in the hosts' own network, routed", "192.168.0.12"),
        ("c1 -> host2 fd00:192::12 in the hosts' own network, routed", "fd00:192::12"),
    ):
        story.step(text, lambda address=address: one.container_pings("c1", address))  # type: ignore[misc]  # a default binds it now


def label(story: Narrator) -> None:
    """Start a container that asks with a label; it runs first and is connected then."""
    one = story.plane.lab.host("host1")
    title("The other way, a label: the container starts as it is and is connected then")
    story.begin()
    words = (*RUN_WITH_LABEL, "--name", "c3", "busybox")
    story.typed(one, *words)
    one.docker(*words)
    story.wait_until(lambda: ("c3", 4) in story.active(), "c3 is not connected")
    c2 = story.address_of("c2", 4)
    story.step(f"c3 {story.address_of('c3', 4)} -> c2 {c2} on host2", lambda: one.container_pings("c3", c2))


def refuse(story: Narrator) -> None:
    """Ask on one host for the address of a container on the other."""
    one = story.plane.lab.host("host1")
    title("What cannot be had is refused, with the reason: c2's address, asked for on the other host")
    story.begin()
    known = {lease.address for lease in story.leases()}
    words = (*RUN, "--rm", "--ip", story.address_of("c2", 4), "--name", "c4", "busybox")
    story.typed(one, *words)
    said = one.docker(*words, check=False)
    for line in filter(None, said.stderr.splitlines()):
        say(f"               {line}")
    story.news()
    story.step(
        f"exit status {REFUSED_STATUS}, and the reason names the holder",
        lambda: said.returncode == REFUSED_STATUS and "is held by container c2 on host2" in said.stderr,
    )
    story.step(
        "nothing is left of it: no container, no address",
        lambda: (
            "c4" not in one.docker("ps", "--all", "--format", "{{.Names}}").stdout.split()
            and {lease.address for lease in story.leases()} == known
        ),
    )


def leave(story: Narrator) -> None:
    """Remove the containers and see that the VLAN leaves, and that the declared network does not."""
    lab = story.plane.lab
    title("docker rm: the last one leaves, and after the grace the VLAN leaves the ports; the network stays")
    story.begin()
    for name, containers in {"host1": ("c1", "c3"), "host2": ("c2",)}.items():
        words = ("rm", "--force", *containers)
        story.typed(lab.host(name), *words)
        lab.host(name).docker(*words)
        story.news()
    story.wait_until(
        lambda: all(story.plane.state_of(name, "web") == "absent" for name in CONTAINERS),
        "segment web is still attached to a host",
    )
    say(f"  no host has the VLAN any more {story.elapsed:.1f} s later (the grace is 3 s)")
    story.trunks()
    story.step("no port of sw1 carries VLAN 10", lambda: not _carried(story))
    story.step(
        "network web and its link are on both hosts, for the next one",
        lambda: all(_has_network(lab.host(name)) and _has_link(lab.host(name)) for name in CONTAINERS),
    )
    story.step(
        "every address rests before it is given again",
        lambda: {lease.state for lease in story.leases()} == {"QUARANTINE"},
    )
    story.step(
        "trunkline verify: every promise holds", lambda: "BROKEN" not in story.plane.trunkline("verify")
    )


def _has_network(host: Host) -> bool:
    return "web" in host.docker("network", "ls", "--format", "{{.Name}}").stdout.split()


def _has_link(host: Host) -> bool:
    return "eth0.10" in host.exec(["ip", "-o", "link"]).stdout


def _carried(story: Narrator) -> bool:
    return CARRIES_10.search(story.plane.running_config("sw1")) is not None
