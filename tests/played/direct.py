"""The lab's command line as the channel of a session: what SSH would carry, in one process and at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.dialogue import Dialogue
from trunkline.drivers.switch.session import Session
from trunkline.lab.switch.command_line import CommandLine
from trunkline.lab.switch.device import Device
from trunkline.lab.switch.session import Session as Login


@dataclass
class DirectChannel:
    """Answers every line as soon as it is sent; ``received`` are modes and lines, as the device took them apart."""

    device: Device
    received: list[tuple[str, str]] = field(default_factory=list)
    _console: CommandLine = field(init=False)
    _said: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._console = CommandLine(Login(device=self.device, mode="enable"))

    def settimeout(self, seconds: float) -> None:
        """It never lets anybody wait."""

    def sendall(self, data: bytes) -> None:
        """Execute lines; a device takes each of these characters for the end of one."""
        text = data.decode("ascii").replace("\r", "\n")
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            login = self._console.session
            self.received.append((login.mode if login.configuring else "exec", line))
            output = self._console.execute(line).replace("\n", "\r\n").encode("utf-8", "replace")
            output += b"\r\n" if output and not output.endswith(b"\r\n") else b""
            self._said += line.encode() + b"\r\n" + output + login.prompt.encode()

    def recv(self, most: int) -> bytes:
        """Give what was said; nothing means that the session is at its end."""
        data = bytes(self._said[:most])
        del self._said[:most]
        return data


def a_session(channel: DirectChannel, *, careful: bool = False) -> Session:
    """The product's session on it."""
    dialogue = Dialogue(channel, "switch sw1", GRAMMAR, hostname=channel.device.state.hostname)
    return Session(dialogue, hang_up=lambda: None, careful=careful)
