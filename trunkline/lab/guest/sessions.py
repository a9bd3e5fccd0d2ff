"""Runs commands for the outside: one worker per terminal line, as the first process inside a lab kernel.

Standard library only and started with ``python -I -S``: it must be up in a fraction of a second. The outside is
trunkline/lab/guests.py. The conversation on one line, which is a raw byte channel:

* at its start a worker says NUL ``ready`` newline, once (what is sent before may never be noticed: User-mode Linux
  learns of input by a signal that only an open line gets);
* the outside sends one JSON object and a newline: ``token argv env cwd terminal rows columns``, or ``{"end": token}``
  to hang up on the session of that token (asked on another line, because its own may be stuck);
* the worker runs it; with ``terminal`` the line becomes the program's controlling terminal, otherwise its standard
  input is empty and its output a pipe, so that the program is not deceived about who reads;
* with ``terminal`` the worker says NUL ``started`` NUL when keys may be sent: earlier ones would be lost;
* when it ends and everything written is on disk, the worker sends NUL, the token, a colon, the exit status, newline.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import struct
import sys
import termios
import tty
from pathlib import Path
from typing import Any

SESSIONS = Path("/run/lab-sessions")
NOT_STARTED = 127


def read_request(line: int) -> dict[str, Any]:  # JSON from our own other half
    """Read up to a newline; anything that is no JSON object (noise from before) is skipped."""
    buffer = b""
    while True:
        piece = os.read(line, 65536)
        if not piece:
            raise SystemExit(0)
        buffer += piece
        while b"\n" in buffer:
            text, _, buffer = buffer.partition(b"\n")
            with contextlib.suppress(ValueError):
                request = json.loads(text)
                if isinstance(request, dict):
                    return request


def become(request: dict[str, Any]) -> None:
    """Replace this process by the program; never returns."""
    try:
        os.chdir(request["cwd"])
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606  # no shell is the point
    except OSError as error:
        os.write(2, f"lab: cannot run {request['argv'][0]!r}: {error}\n".encode())
    os._exit(NOT_STARTED)


def start_on_terminal(line: int, request: dict[str, Any], cooked: list[Any]) -> int:
    """Fork the program with the line as its controlling terminal; give its process id."""
    size = struct.pack("HHHH", request["rows"], request["columns"], 0, 0)
    fcntl.ioctl(line, termios.TIOCSWINSZ, size)
    termios.tcsetattr(line, termios.TCSANOW, cooked)
    os.write(line, b"\0started\0")
    leader = os.fork()
    if leader == 0:
        lead(line, request)
    return leader


def lead(line: int, request: dict[str, Any]) -> None:
    """Be the session leader on the line while the program runs in front; never returns.

    The kernel hangs a console up for everybody, this server included, when a leader that still has it ends. So this
    process leads instead of the program, and lets go of the terminal first.
    """
    os.setsid()
    fcntl.ioctl(line, termios.TIOCSCTTY, 1)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    program = os.fork()
    if program == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(line, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for number in (0, 1, 2):
            os.dup2(line, number)
        become(request)

    def hang_up(*_: object) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        fcntl.ioctl(line, termios.TIOCNOTTY)  # hangs up on the group in front
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program, signal.SIGHUP)

    signal.signal(signal.SIGHUP, hang_up)
    _, status = os.waitpid(program, 0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        fcntl.ioctl(line, termios.TIOCNOTTY)
    os._exit(exit_status(status))


def start_on_pipe(request: dict[str, Any]) -> tuple[int, int]:
    """Fork the program with its output on a pipe; give its process id and the pipe's reading end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        become(request)
    os.close(writing)
    return child, reading


def copy(source: int, target: int, child: int) -> None:
    """Copy until the program is gone and the pipe is empty; background children may keep the pipe open."""
    gone = False
    os.set_blocking(source, False)
    while True:
        try:
            piece = os.read(source, 4096)
        except BlockingIOError:
            if gone:
                return
            gone = wait_readable_or_gone(source, child)
            continue
        if not piece:
            return
        while piece:
            piece = piece[os.write(target, piece) :]


def wait_readable_or_gone(source: int, child: int) -> bool:
    """Sleep until there is something to read or the program has ended; say whether it has."""
    import select  # noqa: PLC0415  # most sessions never get here

    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([source, handle], [], [])
    finally:
        os.close(handle)
    return handle in ready


def serve_one(line: int, cooked: list[Any]) -> None:
    """Read one request, run it, report its exit status."""
    request = read_request(line)
    if "end" in request:
        with contextlib.suppress(OSError, ValueError):
            os.killpg(int((SESSIONS / request["end"]).read_text()), signal.SIGHUP)
        return
    running = SESSIONS / request["token"]
    if request["terminal"]:
        child = start_on_terminal(line, request, cooked)
        running.write_text(str(child))
    else:
        child, reading = start_on_pipe(request)
        running.write_text(str(child))
        copy(reading, line, child)
        os.close(reading)
    _, status = os.waitpid(child, 0)
    running.unlink(missing_ok=True)
    os.sync()
    if request["terminal"]:
        tty.setraw(line, termios.TCSANOW)
        termios.tcflush(line, termios.TCIFLUSH)  # keys nobody read are not the next program's
    os.write(line, f"\0{request['token']}:{exit_status(status)}\n".encode())


def exit_status(wait_status: int) -> int:
    """Give what a shell would show: 128 + signal number if a signal ended it."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code


def serve(path: str) -> None:
    """Serve one line for ever."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    cooked = termios.tcgetattr(line)
    tty.setraw(line, termios.TCSANOW)
    os.write(line, b"\0ready\n")
    while True:
        serve_one(line, cooked)


def main(paths: list[str]) -> None:
    """Start one worker per line, then reap whatever is orphaned for as long as the kernel runs."""
    SESSIONS.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if os.fork() == 0:
            serve(path)
    while True:
        with contextlib.suppress(ChildProcessError):
            os.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
