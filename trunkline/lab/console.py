"""A person's keyboard and screen on a lab switch's command line; ``trunkline lab console`` runs it inside the lab."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import asyncssh

ADDRESS: Final = "TRUNKLINE_LAB_SWITCH"
USER: Final = "TRUNKLINE_LAB_USER"
KEYS: Final = 0
SCREEN: Final = 1
PASSWORD: Final = "TRUNKLINE_LAB_PASSWORD"  # the name of a variable
KEY: Final = "TRUNKLINE_LAB_KEY"
"""A file; empty where a password opens the door."""


def main(environment: Mapping[str, str], command: str | None) -> int:
    """Log in as the environment says; type what comes from standard input, or run one command.

    Returns:
        1 when the switch could not be reached or hung up without an answer, else 0.
    """
    try:
        asyncio.run(_talk(environment, command))
    except (OSError, asyncssh.Error) as error:
        sys.stderr.write(f"lab switch {environment[ADDRESS]}: {error}\n")
        return 1
    return 0


async def _talk(environment: Mapping[str, str], command: str | None) -> None:
    # The switch makes a new host key at every start of the lab, and the way to it does not leave this kernel.
    async with asyncssh.connect(
        environment[ADDRESS],
        username=environment[USER],
        password=environment[PASSWORD] or None,
        client_keys=environment[KEY] or None,
        known_hosts=None,
        config=None,
    ) as connection:
        with _raw_keys():
            process = await connection.create_process(
                command,
                term_type="vt100" if command is None else None,
                # asyncssh closes what it is given; the terminal is needed afterwards.
                stdin=os.dup(KEYS) if command is None else asyncssh.DEVNULL,
                stdout=os.dup(SCREEN),
                encoding=None,
            )
            await process.wait_closed()


@contextmanager
def _raw_keys() -> Iterator[None]:
    """Send every key as it is pressed while standard input is a terminal."""
    if not os.isatty(KEYS):
        yield
        return
    before = termios.tcgetattr(KEYS)
    tty.setraw(KEYS)
    try:
        yield
    finally:
        termios.tcsetattr(KEYS, termios.TCSADRAIN, before)


if __name__ == "__main__":
    raise SystemExit(main(os.environ, " ".join(sys.argv[1:]) or None))
