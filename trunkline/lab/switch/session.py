"""One login: its mode, prompt, selection, terminal settings and the question it is being asked. No commands here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from trunkline.lab.switch.device import Device
from trunkline.lab.switch.state import Interface
from trunkline.lab.switch.vlan_database import VlanDraft

Mode = Literal[
    "exec",
    "enable",
    "config",
    "config-vlan",
    "config-if",
    "config-subif",
    "config-if-range",
    "config-line",
    "config-archive",
]
SUB_MODES = frozenset(
    {"config-vlan", "config-if", "config-subif", "config-if-range", "config-line", "config-archive"}
)
PROMPT_HOSTNAME = 20
"""In config modes IOS shows this many characters of the hostname."""


class RefusedError(Exception):
    """A command that was understood and not obeyed; the text is what IOS prints."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Question:
    """Something the device wants to know before it goes on.

    Attributes:
        text: What it prints.
        answer: Takes the answer, gives what is printed next.
        echo: Whether the answer is shown; passwords are not.
        one_key: The first key is the answer, as for ``[confirm]``.
    """

    text: str
    answer: Callable[[str], str]
    echo: bool = True
    one_key: bool = False


@dataclass(slots=True)
class Session:
    """What differs between two logins to the same switch.

    Attributes:
        interfaces: What `interface` selected.
        draft: The VLANs being edited in config-vlan; they take effect when the mode is left.
        block: Heading of the section being edited in config-line.
        enable_password: What `enable` asks for.
        question: Open question; the next line answers it.
        closing: The session ended itself (`exit` in exec mode).
        width: Columns; ``length`` lines, 0 means that output never pauses.
    """

    device: Device
    enable_password: str = ""
    mode: Mode = "exec"
    interfaces: list[Interface] = field(default_factory=list)
    draft: VlanDraft | None = None
    block: str = ""
    question: Question | None = None
    closing: bool = False
    width: int = 80
    length: int = 24

    @property
    def prompt(self) -> str:
        """What stands before the cursor."""
        hostname = self.device.state.hostname
        if self.mode == "exec":
            return f"{hostname}>"
        if self.mode == "enable":
            return f"{hostname}#"
        return f"{hostname[:PROMPT_HOSTNAME]}({self.mode})#"

    @property
    def configuring(self) -> bool:
        """Whether it is in any configuration mode."""
        return self.mode not in {"exec", "enable"}

    def ask(
        self, text: str, answer: Callable[[str], str], *, echo: bool = True, one_key: bool = False
    ) -> None:
        """Ask something; nothing else is read until it is answered."""
        self.question = Question(text, answer, echo, one_key)

    def leave(self, to: Mode) -> str:
        """Go to an outer mode; what config-vlan collected takes effect now. Gives what is printed."""
        said = ""
        if self.draft is not None:
            said = self.draft.commit(self.device)
            self.draft = None
        self.interfaces = []
        self.block = ""
        self.mode = to
        return said
