"""The one error tree: everything Trunkline raises on purpose, whoever raises it.

    OrchestratorError
    |- TransientError            the next try may succeed; says when to try (retry_in_seconds)
    |  |- Unreachable            a device, Docker or the store does not answer
    |  |- Busy                   somebody else holds the device
    |  |- StoreUnavailable       Redis is down, read-only or refuses writes
    |  `- GateClosed             an attachment is not ready, so no address is given; carries its state and cause
    |- PermanentError            trying again cannot help until somebody changes something
    |  |- ConfigError            inventory or settings are wrong (file, line, key, what would be right)
    |  |- LabelError             a container asks for something that cannot be read
    |  |- PolicyDenied           a container asks for a segment its host may not use
    |  |- AddressError           outside the subnet, reserved, taken by somebody else
    |  |- PoolExhausted          no free address left
    |  |- CommandRejected        a device refused a line; carries the line and the device's words
    |  |- NotVerified            the read-back does not show what was sent
    |  |- GuardRefused           a rail stopped a change before it was sent
    |  |- LoginRefused           never retried: lock-outs are worse than waiting
    |  |- HostKeyRefused         unknown or changed SSH host key; no password was sent
    |  |- UnknownPlatform        no dialect of that name
    |  |- NotOurs                an object of that name exists and Trunkline did not make it
    |  `- Unsupported            this machine or device cannot do it (8021q missing, VTP client, ...)
    `- Superseded                desired state moved on while we worked; drop the result and start again

A message says what happened, to which object, and what to do next.
"""

from __future__ import annotations


class OrchestratorError(Exception):
    """Base of every deliberate error.

    Args:
        what: What happened, one sentence without a full stop.
        subject: The object it happened to, e.g. ``switch sw1 port GigabitEthernet1/0/3``.
        fix: What the reader can do next; empty if nothing.
    """

    def __init__(self, what: str, *, subject: str, fix: str = "") -> None:
        self.what = what
        self.subject = subject
        self.fix = fix
        super().__init__(f"{subject}: {what}" + (f"; {fix}" if fix else ""))


class TransientError(OrchestratorError):
    """The next try may succeed.

    Args:
        retry_in_seconds: How long to wait before the next try makes sense; None leaves it to the backoff.
    """

    def __init__(
        self, what: str, *, subject: str, fix: str = "", retry_in_seconds: float | None = None
    ) -> None:
        super().__init__(what, subject=subject, fix=fix)
        self.retry_in_seconds = retry_in_seconds


class Unreachable(TransientError):
    """A device, Docker or another server does not answer."""


class Busy(TransientError):
    """Somebody else holds the object; wait for them."""


class StoreUnavailable(TransientError):
    """Redis is down, still loading, out of memory or refuses writes."""


class LedgerClosed(TransientError):
    """The record is new or was lost, and not every host has told yet which addresses its containers use."""


class GateClosed(TransientError):
    """A host's attachment to a segment is not ready, so that no address is given.

    Args:
        segment: The segment.
        state: The attachment's state.
        cause: Why it is in that state, as far as known.
    """

    def __init__(self, segment: str, state: str, cause: str) -> None:
        self.state = state
        self.cause = cause
        super().__init__(
            f"is not ready here ({state})" + (f": {cause}" if cause else ""),
            subject=f"segment {segment}",
            fix="see `trunkline status`",
        )


class PermanentError(OrchestratorError):
    """Trying again cannot help until somebody changes something."""


class ConfigError(PermanentError):
    """The inventory or the settings are wrong."""


class LabelError(PermanentError):
    """A container's labels cannot be read."""


class PolicyDenied(PermanentError):
    """The policy does not let this host use this segment."""


class AddressError(PermanentError):
    """The address is outside the subnet, reserved or held by somebody else."""


class PoolExhausted(PermanentError):
    """No free address is left in the segment's ranges."""


class CommandRejected(PermanentError):
    """A device refused a line.

    Args:
        line: The line as it was sent.
        reply: The device's own words, printable ASCII.
    """

    def __init__(self, what: str, *, subject: str, line: str, reply: str, fix: str = "") -> None:
        super().__init__(what, subject=subject, fix=fix)
        self.line = line
        self.reply = reply


class NotVerified(PermanentError):
    """The device accepted the lines, but the read-back does not show their effect."""


class GuardRefused(PermanentError):
    """A rail stopped a change before it was sent."""


class LoginRefused(PermanentError):
    """The device refused the credentials."""


class HostKeyRefused(PermanentError):
    """The SSH host key is unknown or has changed; no password was sent."""


class UnknownPlatform(PermanentError):
    """No dialect is registered under that name."""


class NotOurs(PermanentError):
    """An object of that name exists and Trunkline did not make it."""


class Unsupported(PermanentError):
    """This machine or device cannot do what is asked."""


def unforeseen(error: Exception, *, subject: str) -> PermanentError:
    """Give the error under which a defect is shown to an operator: its kind and its words, on one line."""
    words = " ".join(ascii(str(error))[1:-1].split())[:300]
    return PermanentError(
        f"unforeseen {type(error).__name__}: {words}",
        subject=subject,
        fix="this is a defect, of Trunkline or of a plug-in; please report it with the log",
    )


class Superseded(OrchestratorError):
    """Desired state moved on while we worked."""
