"""Commands of config-if and config-subif: descriptions, switching, encapsulation, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.lab.switch import vlan_database, vlan_lists
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.grammar import Arguments, Grammar
from trunkline.lab.switch.session import RefusedError
from trunkline.lab.switch.state import FIRST_EXTENDED, Interface, Switching


@dataclass(frozen=True, slots=True)
class InterfaceScope:
    """The interface a command acts on."""

    device: Device
    interface: Interface

    @property
    def switching(self) -> Switching:
        """Layer 2 settings.

        Raises:
            RefusedError: The port is routed.
        """
        if self.interface.switching is None:
            raise RefusedError(f"Command rejected: {self.interface.name} not a switching port.")
        return self.interface.switching


COMMON: Grammar[InterfaceScope] = Grammar()
"""What every interface knows."""
PORT: Grammar[InterfaceScope] = Grammar()
"""What ports and port-channels of a switch know."""
ISL_PORT: Grammar[InterfaceScope] = Grammar()
"""What ports of switches with ISL know besides."""
ROUTED: Grammar[InterfaceScope] = Grammar()
"""What an interface with an address can have in front of it: sub-interfaces of routers."""

PORTFAST_WARNING = """\
%Warning: portfast should only be enabled on ports connected to a single
 host. Connecting hubs, concentrators, switches, bridges, etc... to this
 interface  when portfast is enabled, can cause temporary bridging loops.
 Use with CAUTION
"""


@COMMON.command("description {text:line}", "no description [{rest:line}]")
def description(scope: InterfaceScope, arguments: Arguments) -> None:
    """Describe the interface."""
    scope.interface.description = arguments.get("text", "")[:240]


@COMMON.command("shutdown", "no shutdown")
def shutdown(scope: InterfaceScope, arguments: Arguments) -> None:
    """Switch the interface off or on."""
    scope.interface.shutdown = "no" not in arguments


@COMMON.command("mtu {bytes:64-9216}", "no mtu [{rest:line}]")
def mtu(scope: InterfaceScope, arguments: Arguments) -> None:
    """Set the largest packet."""
    scope.interface.mtu = int(arguments["bytes"]) if "bytes" in arguments else None


def _verbatim(words: str) -> None:
    """Accept lines without meaning here; they only appear in running-config."""

    @COMMON.command(f"{words} [{{rest:line}}]", f"no {words} [{{rest:line}}]")
    def keep(scope: InterfaceScope, arguments: Arguments) -> None:
        other = scope.interface.other
        if "no" in arguments:
            other[:] = [line for line in other if line != words and not line.startswith(f"{words} ")]
            return
        line = f"{words} {arguments['rest']}" if "rest" in arguments else words
        if line not in other:
            other.append(line)


for _words in (
    "ip helper-address",
    "ip proxy-arp",
    "ip redirects",
    "ip access-group",
    "ipv6 nd",
    "ipv6 enable",
    "standby",
    "bandwidth",
    "delay",
    "load-interval",
    "keepalive",
    "arp",
    "logging event",
    "snmp trap",
    "service-policy",
    "cdp enable",
    "lldp transmit",
    "lldp receive",
):
    _verbatim(_words)


@COMMON.command("speed {rest:line}", "no speed [{rest:line}]")
def speed(_scope: InterfaceScope, _arguments: Arguments) -> None:
    """Accept; cables here have one speed."""


@COMMON.command("duplex {rest:line}", "no duplex [{rest:line}]")
def duplex(_scope: InterfaceScope, _arguments: Arguments) -> None:
    """Accept; cables here have no collisions."""


@PORT.command("switchport", "no switchport")
def switchport(scope: InterfaceScope, arguments: Arguments) -> None:
    """Make the port switch or route."""
    interface = scope.interface
    if "no" in arguments:
        interface.switching = None
    elif interface.switching is None:
        interface.switching = scope.device.state.blank(interface.name).switching
        interface.clear_addresses()


@PORT.command("switchport mode access")
def mode_access(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Make it an access port."""
    scope.switching.mode = "access"


@PORT.command("switchport mode trunk")
def mode_trunk(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Make it a trunk; with ISL around, only after the encapsulation was chosen."""
    if scope.switching.encapsulation == "negotiate":
        raise RefusedError(
            'Command rejected: An interface whose trunk encapsulation is "Auto" can not be configured to "trunk" mode.'
        )
    scope.switching.mode = "trunk"


@PORT.command("switchport mode dynamic auto", "no switchport mode [{rest:line}]")
def mode_auto(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Let the other end decide."""
    _require_negotiation(scope)
    scope.switching.mode = "dynamic auto"


@PORT.command("switchport mode dynamic desirable")
def mode_desirable(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Ask the other end for a trunk."""
    _require_negotiation(scope)
    scope.switching.mode = "dynamic desirable"


def _require_negotiation(scope: InterfaceScope) -> None:
    if scope.switching.nonegotiate:
        raise RefusedError("Command rejected: Conflict between 'nonegotiate' and 'dynamic' status.")


@PORT.command("switchport nonegotiate", "no switchport nonegotiate")
def nonegotiate(scope: InterfaceScope, arguments: Arguments) -> None:
    """Stop DTP, in access and trunk mode only."""
    if "no" not in arguments and scope.switching.mode not in {"access", "trunk"}:
        raise RefusedError("Command rejected: Conflict between 'nonegotiate' and 'dynamic' status.")
    scope.switching.nonegotiate = "no" not in arguments


@PORT.command("switchport access vlan {vlan:1-4094}", "no switchport access vlan [{rest:line}]")
def access_vlan(scope: InterfaceScope, arguments: Arguments) -> str | None:
    """Set the VLAN of untagged frames in access mode; a missing VLAN is made."""
    number = int(arguments.get("vlan", 1))
    state = scope.device.state
    scope.switching.access_vlan = number
    if number in state.vlans or scope.device.booting or vlan_database.refusal_by_vtp(state) is not None:
        return None
    if number >= FIRST_EXTENDED and not vlan_database.extended_allowed(state):
        return "% Warning: Access VLAN does not exist."
    vlan_database.create(scope.device, number)
    return f"% Access VLAN does not exist. Creating vlan {number}"


@PORT.command("switchport voice vlan {vlan:1-4094}", "no switchport voice vlan [{rest:line}]")
def voice_vlan(_scope: InterfaceScope, _arguments: Arguments) -> None:
    """Accept; there are no phones here."""


@PORT.command("switchport trunk native vlan {vlan:1-4094}", "no switchport trunk native vlan [{rest:line}]")
def native_vlan(scope: InterfaceScope, arguments: Arguments) -> None:
    """Set the VLAN of untagged frames on a trunk."""
    scope.switching.native_vlan = int(arguments.get("vlan", 1))


@PORT.command("switchport trunk allowed vlan all", "no switchport trunk allowed vlan [{rest:line}]")
def allowed_all(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Carry everything: what every ``no`` form means, whatever follows it."""
    scope.switching.allowed = vlan_lists.EVERY


@PORT.command("switchport trunk allowed vlan none")
def allowed_none(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Carry nothing."""
    scope.switching.allowed = vlan_lists.NONE


@PORT.command("switchport trunk allowed vlan {list:word}")
def allowed_set(scope: InterfaceScope, arguments: Arguments) -> None:
    """Carry exactly these."""
    _allowed(scope, "set", arguments["list"])


@PORT.command("switchport trunk allowed vlan add {list:word}")
def allowed_add(scope: InterfaceScope, arguments: Arguments) -> None:
    """Carry these too."""
    _allowed(scope, "add", arguments["list"])


@PORT.command("switchport trunk allowed vlan remove {list:word}")
def allowed_remove(scope: InterfaceScope, arguments: Arguments) -> None:
    """Carry these no longer."""
    _allowed(scope, "remove", arguments["list"])


@PORT.command("switchport trunk allowed vlan except {list:word}")
def allowed_except(scope: InterfaceScope, arguments: Arguments) -> None:
    """Carry everything but these."""
    _allowed(scope, "except", arguments["list"])


def _allowed(scope: InterfaceScope, operation: vlan_lists.Operation, text: str) -> None:
    try:
        ids = vlan_lists.parse(text)
    except vlan_lists.BadVlanListError as error:
        raise RefusedError(str(error)) from None
    scope.switching.allowed = vlan_lists.change(scope.switching.allowed, operation, ids)


@ISL_PORT.command("switchport trunk encapsulation dot1q")
def encapsulation_dot1q(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Tag frames with IEEE 802.1Q."""
    scope.switching.encapsulation = "dot1q"


@ISL_PORT.command("switchport trunk encapsulation isl")
def encapsulation_isl(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Wrap frames in ISL."""
    scope.switching.encapsulation = "isl"


@ISL_PORT.command(
    "switchport trunk encapsulation negotiate", "no switchport trunk encapsulation [{rest:line}]"
)
def encapsulation_negotiate(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Let the other end choose, which a trunk cannot."""
    if scope.switching.mode == "trunk":
        raise RefusedError(
            'Command rejected: An interface in "trunk" mode can not be configured to "Auto" encapsulation.'
        )
    scope.switching.encapsulation = "negotiate"


@PORT.command("switchport port-security", "no switchport port-security")
def port_security(scope: InterfaceScope, arguments: Arguments) -> None:
    """Limit the addresses behind the port, which must not be dynamic."""
    if "no" not in arguments and scope.switching.mode not in {"access", "trunk"}:
        raise RefusedError(f"Command rejected: {scope.interface.name} is a dynamic port.")
    scope.switching.security.enabled = "no" not in arguments


@PORT.command(
    "switchport port-security maximum {most:1-4097} [{rest:line}]",
    "no switchport port-security maximum [{rest:line}]",
)
def port_security_maximum(scope: InterfaceScope, arguments: Arguments) -> None:
    """Set how many addresses there may be."""
    scope.switching.security.maximum = int(arguments.get("most", 1))


def _violation_command(word: str) -> None:
    @PORT.command(f"switchport port-security violation {word}")
    def violation(scope: InterfaceScope, _arguments: Arguments) -> None:
        security = scope.switching.security
        match word:
            case "restrict":
                security.violation = "restrict"
            case "protect":
                security.violation = "protect"
            case _:
                security.violation = "shutdown"


for _word in ("shutdown", "restrict", "protect"):
    _violation_command(_word)


@PORT.command("no switchport port-security violation [{rest:line}]")
def no_violation(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Err-disable the port again when there are too many addresses."""
    scope.switching.security.violation = "shutdown"


@PORT.command(
    "spanning-tree portfast [{rest:line}]",
    "no spanning-tree portfast [{rest:line}]",
)
def portfast(scope: InterfaceScope, arguments: Arguments) -> str | None:
    """Forward at once; warns as real switches do."""
    other = scope.interface.other
    other[:] = [line for line in other if not line.startswith("spanning-tree portfast")]
    if "no" in arguments:
        return None
    line = f"spanning-tree portfast {arguments.get('rest', '')}".rstrip()
    if line == "spanning-tree portfast disable":
        return None
    other.append(line)
    return PORTFAST_WARNING


@PORT.command(
    "spanning-tree {what:word} [{rest:line}]",
    "no spanning-tree {what:word} [{rest:line}]",
    "storm-control {what:word} [{rest:line}]",
    "no storm-control {what:word} [{rest:line}]",
)
def accepted(_scope: InterfaceScope, _arguments: Arguments) -> None:
    """Accept; there are no loops and no storms here."""


@PORT.command("channel-group {number:1-128} mode {mode:word}", "no channel-group [{rest:line}]")
def channel_group(scope: InterfaceScope, arguments: Arguments) -> str | None:
    """Put the port into a port-channel, which is made when it is missing."""
    if "no" in arguments:
        scope.interface.channel = None
        return None
    if arguments["mode"] not in {"on", "active", "passive", "auto", "desirable"}:
        raise RefusedError(f"Command rejected: {arguments['mode']} is no channel mode.")
    number = int(arguments["number"])
    scope.interface.channel = (number, arguments["mode"])
    return scope.device.ensure_port_channel(number)


@ROUTED.command("encapsulation dot1q {vlan:1-4094}")
def encapsulation(scope: InterfaceScope, arguments: Arguments) -> None:
    """Choose the VLAN of a sub-interface; one VLAN, one sub-interface."""
    interface = scope.interface
    vlan = int(arguments["vlan"])
    for other in scope.device.state.interfaces.values():
        same_parent = other.name.parent == interface.name.parent and other is not interface
        if same_parent and other.dot1q == vlan:
            raise RefusedError(
                "%Configuration of multiple subinterfaces of the same main\n"
                f"interface with the same VID ({vlan}) is not permitted.\n"
                f"This VID is already configured on {other.name}."
            )
    interface.dot1q = vlan
    interface.dot1q_native = False


@ROUTED.command("encapsulation dot1q {vlan:1-4094} native")
def encapsulation_native(scope: InterfaceScope, arguments: Arguments) -> None:
    """As ``encapsulation``, for untagged frames."""
    encapsulation(scope, arguments)
    scope.interface.dot1q_native = True


@ROUTED.command("no encapsulation dot1q [{rest:line}]")
def no_encapsulation(scope: InterfaceScope, _arguments: Arguments) -> None:
    """Take the VLAN away, and with it the addresses."""
    scope.interface.dot1q = None
    scope.interface.dot1q_native = False
    scope.interface.clear_addresses()
