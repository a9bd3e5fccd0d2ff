"""Whatever a switch looks like and whatever is wanted of it: what can be had is had, and nothing else has changed.

The device is the lab's, its state is looked at behind the driver's back, and the session on it is the real one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.builders import a_switch
from tests.integration.switch.driving import Notes
from tests.played.direct import DirectChannel, a_session
from tests.played.tortured import a_device
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.engine import SwitchDriver, SwitchResult
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.state import Interface as LabInterface
from trunkline.lab.switch.state import SwitchState as LabState
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.intents import Carries, Claim, Gateway, HasVlan, PortRule, SwitchIntent
from trunkline.orchestrator.models import PortName
from trunkline.orchestrator.vlans import Vid, VlanSet

BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same examples every time, in some ten seconds each."""
PORTS = tuple(PortName(f"GigabitEthernet1/0/{number}") for number in range(1, 7))
CHANNEL, PROTECTED, UNLISTED, NO_PORT = map(
    PortName, ("Port-channel1", "GigabitEthernet1/0/8", "GigabitEthernet1/0/9", "GigabitEthernet7/0/1")
)
HOUSE = 100
VLANS = (10, 11, 12, 20, 30, 999)
OTHERS = (HOUSE, 1, 1002, 1500, 2000)
"""Protected, reserved, extended, and not managed."""
EVERY_ODD = VlanSet(range(1, 600, 2))
"""So long a list that it takes several lines."""
ADDRESSES = tuple(
    map(ip_interface, ("10.0.0.1/24", "10.0.1.1/24", "10.0.2.129/25", "fd00::1/64", "fd00:1::1/64"))
)

vlans = st.sampled_from((*VLANS, *VLANS, *OTHERS))
allowed = st.one_of(
    st.just("all"),
    st.just("none"),
    st.just(str(EVERY_ODD)),
    st.sets(st.sampled_from((*VLANS, HOUSE, 200)), min_size=1).map(lambda ids: str(VlanSet(ids))),
)
words = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


@st.composite
def port_lines(draw: st.DrawFn, *, isl: bool) -> list[str]:
    """How somebody configured a port."""
    lines = [f"description {draw(words)}"] if draw(st.booleans()) else []
    dot1q = ["switchport trunk encapsulation dot1q"] if isl else []
    parts = [f"switchport trunk allowed vlan {part}" for part in _in_parts(draw(allowed))]
    native = draw(st.sampled_from((None, 10, HOUSE)))
    parts += [f"switchport trunk native vlan {native}"] if native is not None else []
    kind = draw(
        st.sampled_from(("trunk", "trunk", "trunk", "access", "dynamic", "routed", "member", "blank"))
    )
    match kind:
        case "trunk":
            lines += [*dot1q, *parts, "switchport mode trunk"]
        case "access":
            lines += [
                f"switchport access vlan {draw(st.sampled_from((10, 20, HOUSE)))}",
                "switchport mode access",
            ]
        case "dynamic":
            lines += ["switchport mode dynamic desirable"]
        case "routed":
            lines += ["no switchport"]
        case "member":
            lines += ["channel-group 1 mode active"]
        case _:
            pass
    return lines + (["shutdown"] if draw(st.integers(0, 5)) == 0 else [])


def _in_parts(text: str) -> list[str]:
    if text in {"all", "none"}:
        return [text]
    first, *rest = VlanSet.parse(text).chunks(180)
    return [first, *(f"add {part}" for part in rest)]


@dataclass(frozen=True)
class Setup:
    """A Catalyst that somebody has used."""

    model: str
    config: str


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """Choose one."""
    model = draw(st.sampled_from(("catalyst-l3", "catalyst-l3-isl")))
    lines = [
        "vtp mode transparent",
        *draw(st.sampled_from((["ip routing"], ["ip routing", "ipv6 unicast-routing"], []))),
    ]
    there = draw(st.sets(st.sampled_from((*VLANS, 200, 1500)), max_size=6)) | {HOUSE}
    for vlan in sorted(there):
        ours = draw(st.booleans()) and vlan != HOUSE
        lines += [f"vlan {vlan}", f" name {'tl-' if ours else 'x-'}{vlan}"]
        lines += [" state suspend"] if draw(st.integers(0, 5)) == 0 else []
    lines += [
        "interface Port-channel1",
        *_indented(draw(port_lines(isl=model.endswith("isl"))), but="channel-group"),
    ]
    for port in (*PORTS, PROTECTED, UNLISTED):
        lines += [f"interface {port}", *_indented(draw(port_lines(isl=model.endswith("isl"))))]
    svis = draw(st.lists(st.sampled_from((10, 20, HOUSE)), max_size=2, unique=True))
    bodies = draw(st.permutations(GATEWAY_LINES))
    for vlan, body in zip(svis, bodies, strict=False):
        lines += [f"interface Vlan{vlan}", *_indented(body)]
    modes = (
        ("transparent", "transparent", "off", "server", "client") if max(there) < 1006 else ("transparent",)
    )
    return Setup(model, "\n".join([*lines, f"vtp mode {draw(st.sampled_from(modes))}", "end", ""]))


GATEWAY_LINES: tuple[list[str], ...] = (
    [],
    ["no shutdown"],
    ["ip address 10.0.0.1 255.255.255.0", "no shutdown"],
    ["ip address 10.9.9.1 255.255.255.0"],
    ["description somebody's"],
)


def _indented(lines: list[str], *, but: str = "nothing") -> list[str]:
    return [
        f" {line}" for line in lines if not line.startswith((but, "shutdown" if but != "nothing" else but))
    ]


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Something that may be wanted, or not any more."""
    vlan = Vid(draw(vlans))
    match draw(st.sampled_from(("vlan", "carries", "carries", "carries", "gateway"))):
        case "vlan":
            return HasVlan(vlan=vlan, name=f"tl-{vlan}")
        case "carries":
            ports = (*PORTS, *PORTS, CHANNEL, PROTECTED, UNLISTED, NO_PORT)
            return Carries(port=draw(st.sampled_from(ports)), vlan=vlan)
        case _:
            some = draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3, unique=True))
            return Gateway(vlan=vlan, addresses=tuple(some))


@st.composite
def rules(draw: st.DrawFn) -> Mapping[PortName, PortRule]:
    """What may be done to ports; one of them is in no inventory."""
    return {
        port: PortRule(
            port=port,
            adopt=draw(st.booleans()),
            native_vlan=draw(st.sampled_from((None, None, Vid(10), Vid(HOUSE)))),
            restrict=draw(st.integers(0, 3)) == 0,
        )
        for port in (*PORTS, CHANNEL, PROTECTED, NO_PORT)
    }


@st.composite
def intents(draw: st.DrawFn) -> SwitchIntent:
    """One claim of a kind about one place is present or absent, never both."""
    drawn = draw(st.lists(st.tuples(claims(), st.booleans()), min_size=1, max_size=12))
    placed = {_place(claim): (claim, wanted) for claim, wanted in drawn}
    switch = a_switch(
        managed_vlans=VlanSet([*range(2, 1001), 1500]),
        protected_vlans=frozenset({Vid(HOUSE)}),
        protected_ports=frozenset({PROTECTED}),
    )
    return SwitchIntent(
        switch=switch,
        generation=1,
        present=frozenset(claim for claim, wanted in placed.values() if wanted),
        absent=frozenset(claim for claim, wanted in placed.values() if not wanted),
        ports=draw(rules()),
    )


def _place(claim: Claim) -> tuple[str, int, str]:
    return (type(claim).__name__, claim.vlan, claim.port if isinstance(claim, Carries) else "")


@dataclass
class Run:
    """A device with its state before, and what a sync made of it."""

    device: Device
    before: LabState
    channel: DirectChannel
    intent: SwitchIntent

    @classmethod
    def on(cls, setup: Setup, intent: SwitchIntent) -> Run:
        device = a_device(setup.config, model=setup.model)
        consistent = replace(intent, absent=frozenset(_not_wanted(intent, device.state)))
        return cls(device, copy.deepcopy(device.state), DirectChannel(device), consistent)

    def sync(self) -> SwitchResult:
        driver = SwitchDriver(self.intent.switch, CiscoIos(), a_session(self.channel))
        return driver.sync(self.intent, journal=Notes())

    @property
    def after(self) -> LabState:
        return self.device.state


@BOUNDED
@given(setups(), intents())
def test_what_is_wanted_holds_afterwards_and_all_else_is_as_it_was(
    setup: Setup, intent: SwitchIntent
) -> None:
    run = Run.on(setup, intent)
    result = run.sync()
    assert result.verified, result
    assert not result.strange
    for claim in run.intent.present - result.problems.keys():
        assert is_so(claim, run.after), claim
    for claim in run.intent.absent - result.problems.keys():
        assert not is_there(claim, run.after), claim
    nothing_else_changed(run)
    only_phrases_were_sent(run)
    event(f"sent {bool(result.sent)}, problems {bool(result.problems)}")


@BOUNDED
@given(setups(), intents())
def test_the_second_time_nothing_is_sent(setup: Setup, intent: SwitchIntent) -> None:
    run = Run.on(setup, intent)
    first = run.sync()
    between = copy.deepcopy(run.after)
    again = run.sync()
    refused = any("refused" in cause for cause in first.problems.values())
    assert refused or (again.sent == () and again.plan.lines == ())
    assert refused or again.problems.keys() == first.problems.keys()
    assert run.after == between


@BOUNDED
@given(setups(), intents())
def test_what_was_gained_can_be_taken_away_again_and_then_all_is_as_it_was(
    setup: Setup, intent: SwitchIntent
) -> None:
    run = Run.on(setup, replace(intent, absent=frozenset(), ports=_without_conversion(intent.ports)))
    gained = run.sync().gained
    run.intent = replace(run.intent, present=frozenset(), absent=gained)
    result = run.sync()
    assert not result.problems
    assert result.lost == gained
    # What was there and only completed is nobody's to take away: an address, or that it is up.
    completed = {
        f"Vlan{claim.vlan}" for claim in intent.present if isinstance(claim, Gateway)
    } & run.before.interfaces.keys()
    for name in completed:
        run.after.interfaces[name] = run.before.interfaces[name]
    run.after.vtp.revision = run.before.vtp.revision
    assert run.after == run.before


def _without_conversion(ports: Mapping[PortName, PortRule]) -> Mapping[PortName, PortRule]:
    return {port: replace(rule, adopt=False, restrict=False) for port, rule in ports.items()}


def _not_wanted(intent: SwitchIntent, state: LabState) -> Iterator[Claim]:
    """Leave out what no record says: a VLAN of a channel that its member wants, one of a port that is no trunk yet."""
    wanted = {(seat(c.port, state), c.vlan) for c in intent.present if isinstance(c, Carries)}
    for claim in intent.absent:
        if not isinstance(claim, Carries):
            yield claim
            continue
        port = seat(claim.port, state)
        switching = state.interfaces[port].switching if port in state.interfaces else None
        is_trunk = switching is not None and switching.mode == "trunk"
        if (port, claim.vlan) not in wanted and (is_trunk or switching is None):
            yield claim


def seat(port: PortName, state: LabState) -> PortName:
    """Give the port whose VLANs count: the channel's in place of its member's."""
    interface = state.interfaces.get(port)
    return CHANNEL if interface is not None and interface.channel is not None else port


def is_so(claim: Claim, state: LabState) -> bool:
    """Say whether a device satisfies a claim, by its own books."""
    match claim:
        case HasVlan(vlan=vlan):
            return vlan in state.vlans and state.vlans[vlan].active
        case Carries(port=port, vlan=vlan):
            switching = state.interfaces[seat(port, state)].switching
            return switching is not None and switching.mode == "trunk" and vlan in switching.allowed
        case Gateway(vlan=vlan, addresses=addresses):
            svi = state.interfaces.get(f"Vlan{vlan}")
            return svi is not None and not svi.shutdown and set(addresses) <= _addresses(svi)


def _addresses(svi: LabInterface) -> set[IPv4Interface | IPv6Interface]:
    return {*svi.addresses, *svi.addresses6}


def is_there(claim: Claim, state: LabState) -> bool:
    """Say whether anything of a claim is left."""
    match claim:
        case HasVlan(vlan=vlan):
            return vlan in state.vlans
        case Carries(port=port):
            return seat(port, state) in state.interfaces and is_so(claim, state)
        case Gateway(vlan=vlan):
            return f"Vlan{vlan}" in state.interfaces


def nothing_else_changed(run: Run) -> None:
    """Compare the books before and after, without what was asked for and is not a problem."""
    before, after, intent = run.before, run.after, run.intent
    asked = intent.present | intent.absent
    ours = {claim.vlan for claim in asked if isinstance(claim, HasVlan)}
    assert {v: row for v, row in before.vlans.items() if v not in ours} == {
        v: row for v, row in after.vlans.items() if v not in ours
    }
    for vlan in before.vlans.keys() & ours:
        assert after.vlans.get(vlan, before.vlans[vlan]) == before.vlans[vlan], (
            "nobody renames or wakes a VLAN"
        )
    for vlan in before.vlans.keys() - after.vlans.keys():
        assert before.vlans[vlan].name.startswith("tl-")
        assert HasVlan(vlan=Vid(vlan), name=f"tl-{vlan}") in intent.absent
    svis = {f"Vlan{claim.vlan}" for claim in asked if isinstance(claim, Gateway)}
    for name in (before.interfaces.keys() | after.interfaces.keys()) - svis:
        _port_is_as_it_was(PortName(name), run)
    for name in svis & before.interfaces.keys() & after.interfaces.keys():
        assert after.interfaces[name].description == before.interfaces[name].description
        kept = _addresses(before.interfaces[name]) - {
            a for c in intent.absent if isinstance(c, Gateway) for a in c.addresses
        }
        assert kept <= _addresses(after.interfaces[name]), "nobody's address is replaced"
    assert (before.hostname, before.vtp.mode, before.settings, before.blocks, before.ip_routing) == (
        after.hostname,
        after.vtp.mode,
        after.settings,
        after.blocks,
        after.ip_routing,
    )


def _port_is_as_it_was(port: PortName, run: Run) -> None:
    was, now = run.before.interfaces[port], run.after.interfaces[port]
    rule = run.intent.ports.get(port)
    added = {
        c.vlan for c in run.intent.present if isinstance(c, Carries) and seat(c.port, run.before) == port
    }
    gone = {c.vlan for c in run.intent.absent if isinstance(c, Carries) and seat(c.port, run.before) == port}
    if (
        rule is None
        or port == PROTECTED
        or not added | gone
        or was.switching is None
        or now.switching is None
    ):
        assert now == was, port
        return
    expected = was.switching
    if rule.adopt and was.switching.mode != "trunk" and now.switching.mode == "trunk":
        untagged = was.switching.access_vlan
        expected = replace(
            expected, mode="trunk", allowed=VlanSet({untagged}), native_vlan=untagged, encapsulation="dot1q"
        )
    elif rule.restrict and was.switching.allowed == VlanSet.every() != now.switching.allowed:
        native = {was.switching.native_vlan} & set(now.switching.allowed)
        expected = replace(expected, allowed=VlanSet(native))
    have = now.switching.allowed
    assert have - expected.allowed <= added, port
    assert expected.allowed - have <= gone, port
    assert replace(now, switching=replace(now.switching, allowed=VlanSet())) == replace(
        was, switching=replace(expected, allowed=VlanSet())
    ), port


def only_phrases_were_sent(run: Run) -> None:
    """See that every line the device got is one of the grammar's, in the mode that it is for."""
    shows = {GRAMMAR.enter_config, GRAMMAR.save}
    for mode, line in run.channel.received:
        assert line.isprintable(), line
        assert line.isascii(), line
        assert "?" not in line
        if mode == "exec":
            assert line in shows or line.startswith("show "), line
        elif line not in {GRAMMAR.leave_block, GRAMMAR.leave_config}:
            phrases = GRAMMAR.phrases[mode]
            assert any(phrase.pattern.fullmatch(line) for phrase in phrases), (mode, line)


anything = st.one_of(
    st.text(max_size=40),
    st.text("a\n\r\x00\x03\x1a\x1b?;|! \x16\x7f\u2028\u0085\u00e9", min_size=1, max_size=12),
    st.sampled_from(
        (
            "x\nno vlan 100",
            "x\r\nreload",
            "GigabitEthernet1/0/8",
            "gi1/0/8",
            "GigabitEthernet1/0/1\n switchport mode access",
            "range GigabitEthernet1/0/1 - 9",
            "Vlan100",
            "a" * 5000,
            "tl-\x1aend",
            "x?",
            "x | redirect flash:y",
        )
    ),
)


@BOUNDED
@given(setup=setups(), vlan_name=anything, port=anything, parent=anything, wanted=st.booleans())
def test_no_name_however_strange_brings_a_line_of_its_own_to_the_switch(
    setup: Setup, vlan_name: str, port: str, parent: str, *, wanted: bool
) -> None:
    ports = {name: PortRule(port=name, adopt=True) for name in (PortName(port), PORTS[0])}
    named: frozenset[Claim] = frozenset(
        {
            HasVlan(vlan=Vid(10), name=vlan_name),
            Carries(port=PortName(port), vlan=Vid(10)),
            Gateway(vlan=Vid(11), addresses=ADDRESSES[:1], parent=PortName(parent)),
        }
    )
    switch = a_switch(protected_vlans=frozenset({Vid(HOUSE)}), protected_ports=frozenset({PROTECTED}))
    claimed = {"present": named, "absent": frozenset[Claim]()}
    intent = SwitchIntent(
        switch=switch,
        generation=1,
        ports=ports,
        **(claimed if wanted else {"present": frozenset(), "absent": named}),
    )
    run = Run.on(setup, intent)
    with suppress(OrchestratorError):
        run.sync()
    only_phrases_were_sent(run)
    assert run.after.interfaces[PROTECTED] == run.before.interfaces[PROTECTED]
    assert run.after.vlans[HOUSE] == run.before.vlans[HOUSE]
