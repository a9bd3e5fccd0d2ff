"""Commands of user and privileged mode that are not `show`."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.lab.switch.grammar import Arguments, Grammar, Handler
from trunkline.lab.switch.session import RefusedError, Session
from trunkline.lab.switch.state import VTP_3

USER: Grammar[Session] = Grammar()
"""What works after login."""
PRIVILEGED: Grammar[Session] = Grammar()
"""What works after `enable`."""
ENABLE_TRIES = 3
SAVED = "Building configuration...\n[OK]"


def everywhere(*patterns: str) -> Callable[[Handler[Session]], Handler[Session]]:
    """Register a command in both modes."""

    def register(handler: Handler[Session]) -> Handler[Session]:
        return PRIVILEGED.command(*patterns)(USER.command(*patterns)(handler))

    return register


@everywhere("enable")
def enable(session: Session, _arguments: Arguments) -> None:
    """Become privileged."""
    if session.mode == "enable":
        return
    tries = 0

    def check(answer: str) -> str:
        nonlocal tries
        tries += 1
        if answer == session.enable_password:
            session.mode = "enable"
            return ""
        if tries == ENABLE_TRIES:
            return "% Bad secrets\n"
        session.ask("Password: ", check, echo=False)
        return ""

    session.ask("Password: ", check, echo=False)


@everywhere("disable")
def disable(session: Session, _arguments: Arguments) -> None:
    """Become an ordinary user."""
    session.mode = "exec"


@everywhere("exit", "logout", "quit")
def leave(session: Session, _arguments: Arguments) -> None:
    """End the session."""
    session.closing = True


@everywhere("terminal length {lines:0-512}", "terminal no length")
def terminal_length(session: Session, arguments: Arguments) -> None:
    """Set after how many lines output pauses; 0 for never."""
    session.length = int(arguments.get("lines", 24))


@everywhere("terminal width {columns:0-512}", "terminal no width")
def terminal_width(session: Session, arguments: Arguments) -> None:
    """Set the line length."""
    session.width = int(arguments.get("columns", 80))


@everywhere("terminal monitor", "terminal no monitor")
def terminal_monitor(_session: Session, _arguments: Arguments) -> None:
    """Accept; syslog lines come from a fault file only."""


@PRIVILEGED.command("configure terminal")
def configure(session: Session, _arguments: Arguments) -> str:
    """Enter configuration mode."""
    session.mode = "config"
    return "Enter configuration commands, one per line.  End with CNTL/Z."


@PRIVILEGED.command("configure terminal revert timer {minutes:1-120}")
def configure_with_timer(session: Session, arguments: Arguments) -> str:
    """Enter configuration mode; what is configured from now on is taken back unless it is confirmed."""
    device = session.device
    if not any(line.startswith("path ") for line in device.state.blocks.get("archive", ())):
        raise RefusedError(
            "%ERROR: The archive feature is not enabled; configure `archive` and its path first"
        )
    device.arm(60.0 * int(arguments["minutes"]))
    entered = configure(session, {})
    return f"Rollback Confirmed Change: Backing up current running config to flash:\n\n{entered}"


@PRIVILEGED.command("configure confirm")
def confirm(session: Session, _arguments: Arguments) -> None:
    """Keep what was configured under the timer."""
    if not session.device.confirm():
        raise RefusedError("%ERROR: No Rollback Confirmed Change pending")


@PRIVILEGED.command("configure revert now")
def revert(session: Session, _arguments: Arguments) -> None:
    """Take back what was configured under the timer."""
    if not session.device.revert():
        raise RefusedError("%ERROR: No Rollback Confirmed Change pending")


@PRIVILEGED.command("configure")
def configure_from(session: Session, _arguments: Arguments) -> None:
    """Ask where the configuration comes from; only the terminal is offered."""

    def chosen(answer: str) -> str:
        if answer.strip() and not "terminal".startswith(answer.strip().lower()):
            return '?Must be "terminal", "memory" or "network"'
        return configure(session, {}) or ""

    session.ask("Configuring from terminal, memory, or network [terminal]? ", chosen)


@PRIVILEGED.command("write memory", "write")
def write(session: Session, _arguments: Arguments) -> str:
    """Save running-config."""
    session.device.save()
    return SAVED


@PRIVILEGED.command("copy running-config startup-config")
def copy_run_start(session: Session, _arguments: Arguments) -> None:
    """Save running-config, asking for the name first."""

    def saved(_answer: str) -> str:
        session.device.save()
        return SAVED

    session.ask("Destination filename [startup-config]? ", saved)


@PRIVILEGED.command("write erase", "erase startup-config", "erase nvram:")
def erase(session: Session, _arguments: Arguments) -> None:
    """Forget startup-config."""

    def confirmed(answer: str) -> str:
        if not _yes(answer):
            return ""
        session.device.flash.startup = ""
        return "[OK]\nErase of nvram: complete"

    session.ask(
        "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]",
        confirmed,
        one_key=True,
    )


@PRIVILEGED.command("reload")
def reload(session: Session, _arguments: Arguments) -> None:
    """Restart; what was not saved is lost."""

    def confirmed(answer: str) -> str:
        session.device.wants_reload = _yes(answer)
        return ""

    def proceed() -> None:
        session.ask("Proceed with reload? [confirm]", confirmed, one_key=True)

    def save_first(answer: str) -> str:
        word = answer.strip().lower()
        if not word or not ("yes".startswith(word) or "no".startswith(word)):
            session.ask("% Please answer 'yes' or 'no'.\nSave? [yes/no]: ", save_first)
            return ""
        said = ""
        if "yes".startswith(word):
            session.device.save()
            said = SAVED
        proceed()
        return said

    if session.device.unsaved:
        session.ask("\nSystem configuration has been modified. Save? [yes/no]: ", save_first)
    else:
        proceed()


@PRIVILEGED.command("vtp primary", "vtp primary vlan", "vtp primary vlan force", "vtp primary force")
def vtp_primary(session: Session, _arguments: Arguments) -> None:
    """Become VTPv3's primary server."""
    vtp = session.device.state.vtp
    if vtp.version != VTP_3 or vtp.mode != "server":
        raise RefusedError("Command is not supported in this VTP mode or version.")  # not sourced

    def confirmed(answer: str) -> str:
        vtp.primary = _yes(answer)
        return ""

    session.ask(
        "This system is becoming primary server for feature vlan\nDo you want to continue? [confirm]",
        confirmed,
        one_key=True,
    )


@PRIVILEGED.command("clear mac address-table dynamic [{rest:line}]", "clear counters [{rest:line}]")
def clear(_session: Session, _arguments: Arguments) -> None:
    """Accept."""


def _yes(answer: str) -> bool:
    return answer.strip().lower() in {"", "y", "yes"}
