"""`show version` and the smaller facts about the box."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.lab.switch import operation
from trunkline.lab.switch.exec_commands import everywhere
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import RefusedError, Session

_UNITS = (("year", 31_536_000), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60))


@everywhere("show version")
def version(session: Session, _arguments: Arguments) -> str:
    """Say what it is and how long it has been running."""
    device, hardware = session.device, session.device.hardware
    name = device.state.hostname
    mac = operation.mac(device).replace(".", "")
    dotted = ":".join(mac[i : i + 2] for i in range(0, 12, 2))
    ports = [f"{len(hardware.ports)} Gigabit Ethernet interfaces"]
    if hardware.switching:
        svis = sum(i.is_svi for i in device.state.interfaces.values())
        ports = [f"{svis} Virtual Ethernet interface{'s' * (svis != 1)}"]
        ports += ["48 Gigabit Ethernet interfaces", "2 Ten Gigabit Ethernet interfaces"]
    lines = [
        f"{hardware.software}, RELEASE SOFTWARE (fc5)",
        "Technical Support: http://www.cisco.com/techsupport",
        "",
        "ROM: Bootstrap program is the Trunkline virtual switch",
        "",
        f"{name} uptime is {uptime(device.uptime_seconds)}",
        "System returned to ROM by reload",
        'System image file is "flash:packages.conf"',
        "Last reload reason: Reload Command",
        "",
        f"cisco {hardware.product} (VIRTUAL) processor with 1331521K/6147K bytes of memory.",
        f"Processor board ID {device.serial}",
        *ports,
        "2048K bytes of non-volatile configuration memory.",
    ]
    if hardware.switching:
        lines += [
            "",
            f"Base Ethernet MAC Address          : {dotted}",
            f"Model Number                       : {hardware.product}",
            f"System Serial Number               : {device.serial}",
        ]
    return "\n".join([*lines, "", "Configuration register is 0x102", ""])


def uptime(seconds: float) -> str:
    """Give ``1 week, 2 days, 3 hours, 4 minutes``."""
    rest = int(seconds)
    parts = []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count or unit == "minute":
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return ", ".join(parts)


@everywhere("show inventory")
def inventory(session: Session, _arguments: Arguments) -> str:
    """Say what is in the box."""
    hardware = session.device.hardware
    name = "Switch 1" if hardware.switching else "Chassis"
    return (
        f'NAME: "{name}", DESCR: "{hardware.product}"\n'
        f"PID: {hardware.product:<18}, VID: V01  , SN: {session.device.serial}\n"
    )


@everywhere("show clock")
def clock(_session: Session, _arguments: Arguments) -> str:
    """Say what time it is."""
    now = datetime.now(tz=UTC)
    return f"{now:%H:%M:%S}.{now.microsecond // 1000:03d} UTC {now:%a %b} {now.day} {now.year}"


@everywhere("show privilege")
def privilege(session: Session, _arguments: Arguments) -> str:
    """Say who one is."""
    return f"Current privilege level is {1 if session.mode == 'exec' else 15}"


@everywhere("show hosts")
def hosts(session: Session, _arguments: Arguments) -> str:
    """Say which domain it is in."""
    return (
        f"Default domain is {session.device.state.domain_name or 'not set'}\n"
        "Name/address lookup uses static mappings\n\n"
        "Codes: UN - unknown, EX - expired, OK - OK, ?? - revalidate\n"
        "       temp - temporary, perm - permanent\n"
        "       NA - Not Applicable None - Not defined\n\n"
        "Host                      Port  Flags      Age Type   Address(es)"
    )


@everywhere("show sdm prefer")
def sdm(session: Session, _arguments: Arguments) -> str:
    """Say how the tables are divided."""
    hardware = session.device.hardware
    if not hardware.switching:
        raise RefusedError("% SDM templates are not available on this platform")
    return f"""\
Showing SDM Template Info

This is the Access template.
  Number of VLANs:                                     {hardware.most_vlans}
  Unicast MAC addresses:                               32768
  Overflow Unicast MAC addresses:                      1024
  IGMP groups:                                         4096
  Indirect routes:                                     8192
"""


@everywhere("show users")
def users(_session: Session, _arguments: Arguments) -> str:
    """Show the lines in use."""
    return (
        "    Line       User       Host(s)              Idle       Location\n"
        "*  1 vty 0                idle                 00:00:00"
    )
