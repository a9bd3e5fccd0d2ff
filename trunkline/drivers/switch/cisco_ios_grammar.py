"""How Cisco IOS talks: prompt, refusals, what is saved how, and every line that may be sent to it. Pure."""

from __future__ import annotations

import re

from trunkline.drivers.switch import cisco_ios_neighbors
from trunkline.drivers.switch.dialect import Grammar, Phrase, RevertTimer

_LIST = r"[\d,-]+"
_ADDRESS_LINE = re.compile(
    r"(?:no )?(?:ip address [\d.]+ [\d.]+(?: secondary)?|ipv6 address [0-9A-Fa-f:.]+/\d+)"
)
_PHRASES = {
    "exec": cisco_ios_neighbors.PHRASES,
    "config": (
        Phrase(pattern=re.compile(r"(?:no )?vlan (?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"(?:no )?interface Vlan(?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"(?:no )?interface (?P<port>[A-Za-z][\w/-]*)\.(?P<vlans>\d+)")),
        Phrase(pattern=re.compile(r"interface (?!Vlan)(?P<port>[A-Za-z][\w/-]*)")),
    ),
    "config-vlan": (Phrase(pattern=re.compile(r"name [A-Za-z0-9_-]{1,32}")),),
    "config-if": (
        Phrase(pattern=re.compile(rf"switchport trunk allowed vlan (?:add|remove) (?P<vlans>{_LIST})")),
        Phrase(
            pattern=re.compile(rf"switchport trunk allowed vlan (?:none|(?P<kept>{_LIST}))"), converts=True
        ),
        Phrase(pattern=re.compile(r"switchport trunk native vlan \d+"), converts=True),
        Phrase(pattern=re.compile(r"switchport trunk encapsulation (?:dot1q|negotiate)"), converts=True),
        Phrase(
            pattern=re.compile(r"switchport mode (?:trunk|access|dynamic auto|dynamic desirable)"),
            converts=True,
        ),
        Phrase(pattern=_ADDRESS_LINE),
        Phrase(pattern=re.compile(r"no shutdown")),
    ),
    "config-subif": (
        Phrase(pattern=re.compile(r"encapsulation dot1Q (?P<vlans>\d+)")),
        Phrase(pattern=_ADDRESS_LINE),
        Phrase(pattern=re.compile(r"no shutdown")),
    ),
}

PROMPT = r"{hostname}[^\s()>#]*(?P<inside>\((?P<mode>config[^)]*)\))?[>#] ?"
"""``sw1>``, ``sw1#``, ``sw1(config-if)#``: of IOS, and of all who talk like it."""
GRAMMAR = Grammar(
    prompt=PROMPT,
    rejected=re.compile(
        r"^\s*(% ?Invalid input detected|% ?Incomplete command|% ?Ambiguous command|% ?Unrecognized|"
        r"% ?Unknown command|Command rejected|% ?Range command terminated|% .* overlaps with|% ?Bad mask|"
        r"Bad mask|% ?Failed to create VLANs?|Extended VLAN\(s\) not allowed|% ?Failed to commit extended|"
        r"VLAN\(s\) not available in Port Manager|% ?IPv6 routing not enabled|Command authorization failed|"
        r"% ?Configuring IP routing on a LAN subinterface|%You must disable VTPv1|% ?Error|ERROR:|% ?Not enough|"
        r"% ?Duplicate|% ?Warning: cannot|% ?Authorization failed|% ?Insufficient|% ?VLAN .* not|VTP VLAN config|"
        r"VLAN #\d+ and #\d+ have an identical name)"
        # Whatever else begins like an error and is neither a log message nor known to be harmless.
        r"|^%(?!\s*$)\s?\S",
        re.MULTILINE | re.IGNORECASE,
    ),
    benign=re.compile(
        r"^\s*(% ?Access VLAN does not exist\. Creating vlan|% ?Warning: portfast|%Portfast has been|"
        r"% ?Not all config may be removed|Not all config may be removed|% ?Generating|% ?Saving|"
        r"% ?Applying VLAN changes|% ?Warning: use /31)",
        re.MULTILINE | re.IGNORECASE,
    ),
    unknown=re.compile(
        r"% ?(?:Invalid input detected|Incomplete command|Ambiguous command|Unrecognized|Unknown command)",
        re.IGNORECASE,
    ),
    log_line=re.compile(
        # A sequence number, then the time of day or how long it has been up: `1d02h`, `00:00:45`.
        # Everything has an end: a device may print digits without one.
        r"^(?:\d{1,10}: )?(?:[*.]?\w{3}\s{1,3}\d{1,4}\s[\d:. ]{1,40}\S{0,12}:\s|"
        r"(?:\d{1,6}:\d\d:\d\d|\d{1,4}[ywd]\d{1,4}[wdh]): )?"
        r"%[A-Z0-9_]+-(?:\w+-)?\d-[A-Z0-9_]+: .*$\n?",
        re.MULTILINE,
    ),
    question=re.compile(r"\[(?:confirm|yes/no|y/n)\]\s*:?\s*$|\(y/n\)\s*\??\s*$|--More--\s*$", re.IGNORECASE),
    enter_config="configure terminal",
    leave_config="end",
    leave_block="exit",
    # Configuration Rollback Confirmed Change, from 12.4(20)T and in IOS-XE; the archive is what it goes back by.
    revert=RevertTimer(
        enter="configure terminal revert timer {minutes}",
        confirm="configure confirm",
        needs="`archive` with a path",
    ),
    save="write memory",
    saved=re.compile(r"\[OK\]"),
    backup="show running-config",
    phrases=_PHRASES,
    longest_line=250,
)
