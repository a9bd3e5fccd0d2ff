"""`show running-config` and `show startup-config`."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.lab.switch import running_config, vlan_lists
from trunkline.lab.switch.exec_commands import PRIVILEGED
from trunkline.lab.switch.grammar import Arguments
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.shows import selection


@PRIVILEGED.command("show running-config", "show running-config all")
def running(session: Session, _arguments: Arguments) -> str:
    """Show what is in force."""
    text = running_config.full(session.device.state)
    changed = session.device.changed_at
    when = f"! Last configuration change at {_time(changed)}\n!\n" if changed is not None else ""
    return f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n!\n{when}{text}\n"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M:%S UTC %a %b %d %Y")


@PRIVILEGED.command("show running-config interface {name:interface}")
def running_interface(session: Session, arguments: Arguments) -> str:
    """Show one interface's section."""
    section = running_config.interface_section(session.device.state, selection.one(session, arguments))
    text = "\n".join([*section, "end"])
    return f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n!\n{text}\n"


@PRIVILEGED.command("show running-config vlan", "show running-config vlan {list:word}")
def running_vlan(session: Session, arguments: Arguments) -> str:
    """Show VLAN sections; there are none while VTP holds the VLANs."""
    state = session.device.state
    wanted = vlan_lists.parse(arguments["list"]) if "list" in arguments else vlan_lists.EVERY
    lines = [
        line
        for section in running_config.vlan_sections(state)
        if wanted & vlan_lists.parse(section[0].removeprefix("vlan "))
        for line in (*section, "!")
    ]
    text = "\n".join([*lines, "end"])
    return f"Building configuration...\n\nCurrent configuration:\n{text}\n"


@PRIVILEGED.command("show startup-config")
def startup(session: Session, _arguments: Arguments) -> str:
    """Show what a reload would bring back."""
    text = session.device.flash.startup
    if not text:
        raise RefusedError("startup-config is not present")
    return f"Using {len(text)} out of 2097152 bytes\n!\n{text}\n"
