"""One running lab kernel as the outside sees it: a process group, its terminal lines and its kernel log."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.orchestrator.errors import Unsupported

GUEST_FOLDER = Path(__file__).resolve().parent.parent / "guest"
KILL_DEADLINE_SECONDS = 10
CLEANED = ("/tmp", "/run", "/var/lib/docker", "/dev/shm")  # noqa: S108  # the guest's own, empty at boot


@dataclass(frozen=True, slots=True, kw_only=True)
class BootPlan:
    """What a backend is asked to start.

    Attributes:
        folder: Private folder of this boot on the machine; removed when the kernel ends.
        out: The only folder the guest shares with the machine read-write, same path inside.
        visible: Folders that must be seen inside at the same path, read-only.
        server: Command line of the session server, without the lines.
        lines: How many terminal lines are wanted.
        cpu: Core the guest is pinned to.
        memory_mib: Size of the guest's memory.
    """

    folder: Path
    out: Path
    visible: Sequence[Path]
    server: Sequence[str]
    lines: int
    cpu: int
    memory_mib: int

    def __post_init__(self) -> None:
        """Refuse a folder name that a mount option or a kernel argument cannot carry."""
        for path in (self.folder, self.out):
            if set(str(path)) & set(" ,:\t\n'\"\\"):
                raise Unsupported(
                    "the path has a blank, comma, colon or quote, which mount options cannot carry",
                    subject=f"lab folder {path}",
                    fix="choose another folder",
                )

    def boot_file(
        self, *, out_mount: Sequence[str], lines: Sequence[str], modules: Path | None = None
    ) -> Path:
        """Write the shell assignments that guest/init.sh and guest/native.sh read."""
        shadowed = [path for path in (*self.visible, self.out) if _is_cleaned(path)]
        text = "".join(
            f"{name}=({' '.join(shlex.quote(str(word)) for word in words)})\n"
            for name, words in (
                ("LAB_OUT_MOUNT", out_mount),
                ("LAB_VISIBLE", shadowed),
                ("LAB_SERVER", (*self.server, *lines)),
            )
        )
        path = self.folder / "boot"
        single = {"LAB_OUT": self.out, "LAB_MODULES": modules or ""}
        text += "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in single.items())
        path.write_text(text)
        return path


def _is_cleaned(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in CLEANED)


@dataclass(slots=True, kw_only=True)
class Machine:
    """A started kernel. ``lines`` are byte streams (file descriptors) to the session server's workers."""

    process: subprocess.Popen[bytes]
    lines: list[int]
    log: Path
    _closed: bool = field(default=False)

    def last_words(self) -> str:
        """Give the end of the kernel's log, for an error message."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return ""

    def kill(self) -> None:
        """End every process of the kernel and wait until none is left; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for line in self.lines:
            with contextlib.suppress(OSError):
                os.close(line)
        members = _members(self.process.pid)
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(member, signal.SIGKILL)
        deadline = time.monotonic() + KILL_DEADLINE_SECONDS
        for member in members:  # readable = ended; process 1 of a PID namespace ends after all the others
            select.select([member], [], [], max(0.0, deadline - time.monotonic()))
            os.close(member)
        self.process.wait()


def _members(leader: int) -> list[int]:
    """Open a handle on a started kernel's processes that are ours to see: the youngest generation first.

    With root that is ``unshare`` and its child, process 1 of the kernel's PID namespace. Without, User-mode Linux is
    the leader itself and its helpers are its descendants or share its process group.
    """
    handles = []
    for pid in [*reversed(_descendants(leader)), leader]:
        with contextlib.suppress(ProcessLookupError):
            handles.append(os.pidfd_open(pid))
    return handles


def _descendants(leader: int) -> list[int]:
    """List the descendants of a process, parents before children."""
    found: list[int] = []
    _collect_children(leader, found)
    return found


def _collect_children(parent: int, found: list[int]) -> None:
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{parent}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found.append(int(child))
                _collect_children(int(child), found)


def require(program: str, *, package: str, backend: str) -> str:
    """Find a program.

    Raises:
        Unsupported: It is not installed; the message names the Debian package.
    """
    found = shutil.which(program)
    if found is None:
        raise Unsupported(
            f"{program} is not installed",
            subject=f"lab backend {backend}",
            fix=f"install the package {package} (Debian, Ubuntu)",
        )
    return found


def start(
    command: Sequence[str], *, log: Path, pass_fds: Sequence[int] = (), env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a kernel in a process group of its own that dies with this process, output to its log."""
    leash = [require("setpriv", package="util-linux", backend="any"), "--pdeathsig", "KILL", "--"]
    with log.open("wb") as output:
        return subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
            env=env,
            start_new_session=True,
        )


def own_processes() -> list[str]:
    """Give the prefix that puts a kernel's processes in a PID namespace that dies whole; empty without root."""
    if os.geteuid() != 0:
        return []
    return ["unshare", "--pid", "--fork", "--kill-child=KILL", "--"]
