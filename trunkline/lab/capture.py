"""Frames on a cable, as tcpdump prints them; listening is a condition, not a guess."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from trunkline.lab.processes import Process
from trunkline.lab.waiting import until

if TYPE_CHECKING:
    from trunkline.lab.nodes import Node

LISTENING_SECONDS = 15


class Capture:
    """Records frames on an interface of a node while the ``with`` block runs.

    Args:
        node: Where the interface is.
        device: The interface's Linux name.
        filter_words: A filter in tcpdump's language, such as ``vlan 10 and icmp``; empty for everything.
    """

    def __init__(self, node: Node, device: str, filter_words: str = "") -> None:
        self._node = node
        self._device = device
        self._filter = filter_words
        self._process: Process | None = None

    def __enter__(self) -> Self:
        command = ["tcpdump", "-l", "-n", "-e", "-i", self._device, *filter(None, [self._filter])]
        number = len(self._node.processes)
        self._process = self._node.popen(command, name=f"capture-{self._device}-{number}")
        self._process.wait_for_log("listening on", seconds=LISTENING_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.stop(seconds=5)

    def frames(self) -> list[str]:
        """Give the frames seen so far, one line each."""
        if self._process is None:
            return []
        text = self._process.log.read_text(errors="replace")
        return [line for line in text.splitlines() if " > " in line]

    def wait_for(self, text: str, *, seconds: float = 10) -> str:
        """Wait for the first frame whose line contains ``text`` and give that line.

        Raises:
            Unreachable: None came in time; the message shows the frames that did.
        """

        def first() -> str | None:
            return next((frame for frame in self.frames() if text in frame), None)

        return until(
            first,
            subject=f"{self._node.name} {self._device}",
            what=f"no frame with {text!r} was seen",
            seconds=seconds,
            because=lambda: "\n".join(self.frames()[-10:]),
        )
