"""Error transcripts as a table: what every platform says to a line it does not take, and what only looks like that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_interface
from typing import Literal

import pytest

from tests.builders import PORT_1, a_switch_intent
from tests.played.direct import DirectChannel, a_session
from tests.played.tortured import a_device
from tests.unit.drivers.switch.rounds import Silent
from trunkline.drivers.registry import dialect, registrations
from trunkline.drivers.switch.answers import Hearing
from trunkline.drivers.switch.cisco_ios import CiscoIos
from trunkline.drivers.switch.dialogue import clean
from trunkline.drivers.switch.engine import SwitchDriver
from trunkline.lab.switch.command_line import CommandLine
from trunkline.orchestrator.intents import Carries, Gateway, HasVlan
from trunkline.orchestrator.vlans import Vid

Verdict = Literal["refused", "taken"]
IOS_REFUSALS = (
    "                 ^\n% Invalid input detected at '^' marker.\n",
    "% Incomplete command.\n",
    '% Ambiguous command:  "sw"\n',
    'Command rejected: An interface whose trunk encapsulation is "Auto" can not be configured to "trunk" mode.\n',
    "Command rejected: Bad VLAN list - character #1 is a non-numeric\ncharacter ('x').\n",
    "% Range command terminated because it failed on GigabitEthernet1/0/3\n",
    "% 10.0.0.0 overlaps with Vlan100\n",
    "Bad mask /24 for address 10.0.0.0\n",
    "% Failed to create VLANs 3000\n",
    "Extended VLAN(s) not allowed in current VTP mode.\n%Failed to commit extended VLAN(s) changes.\n",
    "VLAN(s) not available in Port Manager\n",
    "% IPv6 routing not enabled\n",
    "Command authorization failed\n",
    "% ?Error\n",
    "% Configuring IP routing on a LAN subinterface is only allowed if that\nsubinterface is already configured\n",
    "%You must disable VTPv1 and VTPv2 or switch to VTPv3 before configuring a VLAN name longer than 32 characters\n",
    "% Authorization failed.\n",
    "% Something that nobody has seen yet\n",
)
IOS_HARMLESS = (
    "",
    "% Access VLAN does not exist. Creating vlan 200\n",
    "%Warning: portfast should only be enabled on ports connected to a single\n host. Use with CAUTION\n",
    "% Not all config may be removed and may reappear after reactivating the sub-interface\n",
    "Enter configuration commands, one per line.  End with CNTL/Z.\n",
    "Building configuration...\n[OK]\n",
    "%PM-4-EXT_VLAN_INUSE: VLAN 1008 currently in use by Ethernet1/2\n",
    "*Mar  1 00:00:01.000: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/1, changed state to up\n",
    "*Mar  1 00:00:01.000: %SYS-3-CPUHOG: % Invalid input detected at '^' marker.\n",
)
REFUSED: dict[str, Sequence[str]] = {
    "cisco_ios": IOS_REFUSALS,
    "cisco_nxos": (
        "            ^\n% Invalid command at '^' marker.\n",
        "            ^\nInvalid range at '^' marker.\n",
        "% Incomplete command at '^' marker.\n",
        "% Permission denied for the role\n",
        "ERROR: VLAN with the same name exists\n",
        "Command rejected: VLAN 3968 is reserved\n",
    ),
    "arista_eos": (
        "% Invalid input\n",
        "% Incomplete command\n",
        "% VLAN 10 is already mapped to VNI 1000\n",
        "% Authorization denied for command 'vlan 10'\n",
    ),
    "cisco_s300": (
        "% Unrecognized command\n",
        "% Incomplete command\n",
        "% VLAN was not created by user\n",
        "% Port is not in Layer-2 mode\n",
    ),
    "huawei_vrp": (
        "       ^\nError: Unrecognized command found at '^' position.\n",
        "Error: The VLAN does not exist.\n",
        "Error: Failed to create VLAN.\n",
    ),
    "huawei_vrpv8": (
        "       ^\nError: Wrong parameter found at '^' position.\n",
        "Error: The VLAN does not exist.\n",
        "Failed to generate committed config\n",
    ),
    "hp_comware": (
        "       ^\n % Unrecognized command found at '^' position.\n",
        " % Incomplete command found at '^' position.\n",
        "Permission denied.\n",
        "The VLAN does not exist.\n",
    ),
    "juniper_junos": (
        "       ^\nsyntax error.\n",
        "       ^\nunknown command.\n",
        "error: configuration database locked by:\n",
        "error: configuration check-out failed\n",
        "warning: statement not found\n",
        "warning: statement does not exist\n",
    ),
    "aruba_aoscx": ("Invalid input: foo\n", "% Command incomplete.\n", "VLAN 10 not found\n"),
    "hp_procurve": (
        "Invalid input: foo\n",
        "Incomplete input: tagged\n",
        "Module not present for port or invalid port: 99\n",
        "VLAN 10 does not exist.\n",
    ),
    "brocade_fastiron": (
        "Invalid input -> foo\nType ? for a list\n",
        "Incomplete command.\n",
        "Error - port ethe 1/1/1 is not a member of default vlan\n",
        "Not authorized to execute this command.\n",
    ),
    "dell_force10": (
        '       ^\n% Error: Invalid input at "^" marker.\n',
        "% Error: Te 0/1 Port is untagged in another Vlan.\n",
        "Error: x\n",
    ),
    "dell_os10": (
        "% Error: Unrecognized command.\n",
        "% Error: Port-mode is access\n",
        "Configuration database locked by another application - try later\n",
    ),
    "linux_bridge": (
        "RTNETLINK answers: Operation not permitted\nexit status 2\n",
        'Cannot find device "p9"\nexit status 1\n',
        "sh: 1: bridge: not found\nexit status 127\n",
    ),
    "openvswitch": (
        'ovs-vsctl: no row "p9" in table Port\nexit status 1\n',
        "ovs-vsctl: unix:/run/db.sock: database connection failed (No such file or directory)\nexit status 1\n",
    ),
}
TAKEN: dict[str, Sequence[str]] = {
    "cisco_ios": IOS_HARMLESS,
    "cisco_nxos": (
        "% Access VLAN does not exist. Creating vlan 200\n",
        "Warning: Edge port type (portfast) should only be enabled on ports connected to a single host.\n",
        "2026 Nov 26 10:00:00 sw1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up\n",
    ),
    "arista_eos": (
        "% Warning: something\n",
        "Nov 26 10:00:00 sw1 Ebra: %LINEPROTO-5-UPDOWN: Line protocol is up\n",
    ),
    "cisco_s300": ("% Warning: something\n", "06-Oct-2020 22:08:33 %LINK-I-Up:  gi1\n"),
    "huawei_vrp": (
        "Info: This operation may take a few seconds. Please wait for a moment...done.\n",
        "Nov 26 2026 10:00:00 sw1 %%01IFNET/4/LINK_STATE(l)[0]:The line protocol is DOWN.\n",
    ),
    "huawei_vrpv8": ("Info: Succeeded.\n",),
    "hp_comware": (
        "Please wait... Done.\n",
        "%Nov 26 10:00:00:123 2026 sw1 IFNET/3/PHY_UPDOWN: GE1/0/1 link status is down.\n",
    ),
    "juniper_junos": (
        "warning: statement already exists\n",
        "configuration check succeeds\ncommit complete\n",
    ),
    "aruba_aoscx": ("Copying configuration: [Success]\n",),
    "hp_procurve": ("Saving configuration...\n", "I 01/02/90 12:00:00 00076 ports: port 1 is now on-line\n"),
    "brocade_fastiron": ("Added tagged port(s) ethe 1/1/48 to port-vlan 10.\n",),
    "dell_force10": ("% Warning: interface-range ignores Non-existing ports\n",),
    "dell_os10": (
        "% Warning: x\n",
        "<165>1 2020-01-01T00:00:00.0+00:00 sw1 dn_ifm 12 - Node.1-Unit.1 %Dell\n",
    ),
    "linux_bridge": (
        "RTNETLINK answers: No such file or directory\nexit status 2\n",
        "a warning on a good day\n",
    ),
    "openvswitch": ("ovs-vsctl: a warning on a good day\n",),
}
TABLE = [
    pytest.param(platform, reply, verdict, id=f"{platform}-{verdict}-{number}")
    for verdict, table in (("refused", REFUSED), ("taken", TAKEN))
    for platform, replies in table.items()
    for number, reply in enumerate(("", *replies) if verdict == "taken" else replies)
]


def test_every_platform_that_we_bring_is_in_the_table() -> None:
    ours = {each.platform for each in registrations() if each.distribution == "trunkline"}
    assert set(REFUSED) == set(TAKEN) == ours


@pytest.mark.parametrize(("platform", "reply", "verdict"), TABLE)
def test_a_reply_is_told_for_what_it_is(platform: str, reply: str, verdict: Verdict) -> None:
    grammar = dialect(platform, allowed={platform}).grammar
    hearing = Hearing(grammar=grammar, prompt=re.compile(grammar.prompt.replace("{hostname}", "sw1")))
    assert hearing.is_refusal(reply.strip("\n")) is (verdict == "refused")


CONFIG = """
ip routing
vtp mode transparent
interface GigabitEthernet1/0/1
 switchport trunk allowed vlan 100
 switchport mode trunk
end
"""
VLAN, CARRIES = HasVlan(vlan=Vid(10), name="tl-web"), Carries(port=PORT_1, vlan=Vid(10))


@pytest.mark.parametrize("reply", IOS_REFUSALS)
@pytest.mark.parametrize(
    "line", ["vlan 10", "name tl-web", "switchport trunk allowed vlan add 10", "no shutdown"]
)
def test_a_refused_line_is_the_problem_of_its_claims(
    monkeypatch: pytest.MonkeyPatch, line: str, reply: str
) -> None:
    real = CommandLine.execute
    monkeypatch.setattr(
        CommandLine, "execute", lambda console, typed: reply if typed == line else real(console, typed)
    )
    intent = a_switch_intent()
    gateway = Gateway(vlan=Vid(10), addresses=(ip_interface("172.31.0.1/16"),))
    intent = replace(intent, present=frozenset({VLAN, CARRIES, gateway}))
    session = a_session(DirectChannel(a_device(CONFIG)), careful=True)
    result = SwitchDriver(intent.switch, CiscoIos(), session).sync(intent, journal=Silent())
    # What hangs on a VLAN that was refused somewhere is not sent.
    whose = {"switchport trunk allowed vlan add 10": (CARRIES, gateway), "no shutdown": (gateway,)}
    first, *others = whose.get(line, (VLAN, CARRIES, gateway))
    assert result.problems.keys() == {first, *others}
    assert f"refused {line!r}" in result.problems[first]
    assert clean(reply) in result.problems[first]
