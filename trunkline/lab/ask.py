"""Asks a virtual switch something over SSH, as a person at a terminal would; for demos and tests."""

from __future__ import annotations

import asyncio
import re

import asyncssh

from trunkline.orchestrator.errors import Unreachable

ANSWER_SECONDS = 20.0
PROMPT = re.compile(r"\n[\w.-]+[>#] ?$")


def ask(address: str, *, user: str, password: str, command: str) -> str:
    """Log in, become privileged, type one command and give what it printed.

    The host key is not checked: this is for switches that the caller has just built himself.

    Raises:
        Unreachable: it does not answer, or refuses.
    """
    try:
        return asyncio.run(asyncio.wait_for(_dialogue(address, user, password, command), ANSWER_SECONDS))
    except (asyncssh.Error, OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise Unreachable(f"cannot be asked ({type(error).__name__})", subject=f"switch {address}") from error


async def _dialogue(address: str, user: str, password: str, command: str) -> str:
    options = asyncssh.SSHClientConnectionOptions(
        username=user, password=password, known_hosts=None, config=None, client_keys=None
    )
    async with (
        asyncssh.connect(address, options=options) as connection,
        connection.create_process(term_type="vt100") as terminal,
    ):
        await terminal.stdout.readuntil(PROMPT)
        terminal.stdin.write("enable\n")
        await terminal.stdout.readuntil("Password:")
        for line in (password, "terminal length 0"):
            terminal.stdin.write(f"{line}\n")
            await terminal.stdout.readuntil(PROMPT)
        terminal.stdin.write(f"{command}\n")
        answer = str(await terminal.stdout.readuntil(PROMPT))
        terminal.stdin.write("exit\n")
    _, _, printed = answer.replace("\r", "").partition("\n")
    return printed.rpartition("\n")[0]
