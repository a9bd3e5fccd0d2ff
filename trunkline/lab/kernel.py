"""Runs programs as root in a kernel that can do 802.1Q, macvlan and VLAN-aware bridges; used by the lab and its tests.

``run`` boots such a kernel, runs one program with its output on the caller's terminal, and ends the kernel.
``Kernel`` is the same for several programs, one after the other or at once (one per line).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal, Self, cast, get_args

from trunkline.lab.backends import native, qemu, uml
from trunkline.lab.backends.machine import GUEST_FOLDER, BootPlan, Machine
from trunkline.lab.folders import CHECKOUT, cache_folder, runtime_folder
from trunkline.lab.lines import Request, await_ready, converse, raw_terminal
from trunkline.orchestrator.errors import Unreachable, Unsupported

Backend = Literal["native", "uml", "qemu"]

INSIDE_VARIABLE = "TRUNKLINE_LAB_INSIDE"
SELF_TEST_SECONDS = 120
BOOT_SECONDS: Mapping[Backend, float] = {"native": 20, "uml": 60, "qemu": 240}
PASSED_ON = ("LANG", "TERM", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TRUNKLINE_CAPTURES")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def inside() -> bool:
    """Say whether this process runs in a lab kernel."""
    return INSIDE_VARIABLE in os.environ


def run(
    argv: Sequence[str],
    *,
    out: Path,
    timeout_seconds: float,
    backend: Backend | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    """Run one program as root in a fresh lab kernel, then end the kernel.

    The program's output comes live; if our standard output is a terminal, the program has one too (and our keys).

    Args:
        argv: The program; the machine's files are there at their own paths, changes to them are forgotten.
        out: The one folder whose changes stay; same path inside; created.
        timeout_seconds: Hard limit for everything, boot included.
        backend: Which kernel; None lets $LAB_BACKEND or else the machine decide.
        env: Variables for the program, beside PATH, HOME and the caller's language and colours.
        cwd: Working directory inside; None means the caller's own.

    Returns:
        The program's exit status; 128 + signal number if a signal ended it.

    Raises:
        Unsupported: The backend cannot run here; the message says what is missing.
        Unreachable: The kernel died before the program ended.
        TimeoutError: The limit passed; nothing is left running.
    """
    deadline = time.monotonic() + timeout_seconds
    with Kernel(out=out, backend=backend, lines=1) as kernel:
        return kernel.call(argv, env=env, cwd=cwd, deadline=deadline)


class Kernel:
    """A running lab kernel; a context manager that leaves nothing behind.

    Args:
        out: Folder shared read-write.
        backend: Which kernel; None lets $LAB_BACKEND or else the machine decide.
        lines: How many programs can run at the same time through ``call``.
        visible: Folders that must be seen inside, beside the checkout, this Python and the working directory;
            only those below /tmp, /run and the like would be hidden otherwise.
    """

    def __init__(
        self, *, out: Path, backend: Backend | None = None, lines: int = 4, visible: Sequence[Path] = ()
    ) -> None:
        self._extra = tuple(visible)
        self.out = out.absolute()
        self.backend: Backend = choose(backend)
        self._chosen_by_caller = requested(backend) is not None
        self._lines = lines
        self._machine: Machine | None = None
        self._folder: Path | None = None

    @property
    def machine(self) -> Machine:
        """The started machine."""
        if self._machine is None:
            raise Unreachable("it has not been started", subject="lab kernel")
        return self._machine

    def __enter__(self) -> Self:
        self.out.mkdir(parents=True, exist_ok=True)
        with _signals_as_exceptions() as signals:
            try:
                self._boot()
            except BaseException:
                self._stop()
                raise
            self._signals = signals.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._stop()
        finally:
            self._signals.close()

    def call(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        deadline: float | None = None,
        line: int = 0,
        output: int | None = None,
    ) -> int:
        """Run one program on a line; see ``run``. ``output`` is a descriptor instead of standard output."""
        sys.stdout.flush()
        target = 1 if output is None else output
        interactive = output is None and os.isatty(0) and os.isatty(1)
        request = Request(
            argv=argv,
            env=environment(self, env or {}),
            cwd=str(cwd or Path.cwd()),
            terminal=interactive,
        )
        keys = 0 if interactive else None
        with raw_terminal(keys):
            try:
                return converse(
                    self.machine.lines[line], request, keys=keys, output=target, deadline=deadline
                )
            except Unreachable as error:
                raise Unreachable(
                    f"{error.what}; its last words:\n{self.machine.last_words()}", subject=error.subject
                ) from error

    def _boot(self) -> None:
        """Start and test; fall back to qemu if nobody asked for the backend that failed."""
        try:
            self._start()
            self._test()
        except Unsupported as error:
            if self._chosen_by_caller or self.backend == "qemu":
                raise
            self._stop()
            sys.stderr.write(f"trunkline lab: {error}; trying qemu (slow)\n")
            self.backend = "qemu"
            self._start()
            self._test()

    def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="boot-", dir=runtime_folder()))
        plan = BootPlan(
            folder=self._folder,
            out=self.out,
            visible=_visible(self._extra),
            server=(sys.executable, "-I", "-S", str(GUEST_FOLDER / "sessions.py")),
            lines=self._lines,
            cpu=_cpu(),
            memory_mib=int(os.environ.get("LAB_MEMORY_MIB", "2048")),
        )
        start = {"native": native.boot, "uml": uml.boot, "qemu": qemu.boot}[self.backend]
        self._machine = start(plan)

    def _test(self) -> None:
        """Boot is over when the first program has run; on User-mode Linux that program is the register test."""
        program = [str(uml.self_test())] if self.backend == "uml" else ["true"]
        limit = time.monotonic() + BOOT_SECONDS[self.backend]
        with tempfile.TemporaryFile() as report:
            try:
                for line in self.machine.lines:
                    await_ready(line, limit)
                status = self.call(program, output=report.fileno(), deadline=limit)
            except (TimeoutError, Unreachable) as error:
                words = self.machine.last_words()
                raise Unsupported(
                    f"the kernel did not start ({error}): {words}", subject=f"lab backend {self.backend}"
                ) from error
            report.seek(0)
            words = report.read().decode(errors="replace").strip()
        if status != 0:
            raise Unsupported(
                f"the self-test failed with status {status}: {words}", subject=f"lab backend {self.backend}"
            )

    def _stop(self) -> None:
        if self._machine is not None:
            self._machine.kill()
            self._machine = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def requested(backend: str | None) -> Backend | None:
    """Give the backend that the caller or $LAB_BACKEND names; None leaves the choice to the machine.

    Raises:
        Unsupported: There is no backend of that name.
    """
    name = backend or os.environ.get("LAB_BACKEND") or None
    if name is None:
        return None
    if name in get_args(Backend):
        return cast("Backend", name)
    raise Unsupported(
        "there is no such backend", subject=f"lab backend {name}", fix="use native, uml or qemu"
    )


def choose(backend: str | None = None) -> Backend:
    """Choose a backend: the requested one, else native if this kernel can, else uml if installed, else qemu."""
    named = requested(backend)
    if named is not None:
        return named
    if native.available():
        return "native"
    return "uml" if shutil.which("linux.uml") else "qemu"


def _visible(extra: Sequence[Path]) -> list[Path]:
    """List what must be visible inside: the checkout, this Python and its environment, the working directory."""
    paths = [CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), cache_folder(), Path.cwd(), *extra]
    captures = os.environ.get("TRUNKLINE_CAPTURES")
    if captures:
        paths.append(Path(captures))
    return sorted({path.absolute() for path in paths})


def _cpu() -> int:
    """Choose the one core: $LAB_CPU, else the last one we may use."""
    wanted = os.environ.get("LAB_CPU")
    return int(wanted) if wanted else max(os.sched_getaffinity(0))


def environment(kernel: Kernel, extra: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a program inside: little of ours, so that results do not depend on who calls."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    own = {"PATH": f"{Path(sys.executable).parent}:{PATH}", "HOME": "/root", "LANG": "C.UTF-8"}
    marks = {INSIDE_VARIABLE: kernel.backend, "TRUNKLINE_LAB_OUT": str(kernel.out)}
    registers = uml.ENVIRONMENT if kernel.backend == "uml" else {}
    return {**own, **passed, **marks, **registers, **extra}


@contextmanager
def _signals_as_exceptions() -> Iterator[contextlib.ExitStack]:
    """While the stack is open, SIGTERM and SIGHUP unwind like Ctrl-C does, so that ``with`` blocks clean up."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                stack.callback(signal.signal, number, signal.signal(number, end))
        yield stack
