"""A device that knows SHA-1 only: refused with a way out, and reached with the extra `legacy-ssh`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.host_keys import scan_host_key
from trunkline.drivers.switch.login import connect
from trunkline.orchestrator.errors import PermanentError

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "secret"
CLIENT = """
import json, sys
import paramiko
from tests.builders import a_switch
from trunkline.drivers.switch.cisco_ios_grammar import GRAMMAR
from trunkline.drivers.switch.host_keys import scan_host_key
from trunkline.drivers.switch.login import connect
port = int(sys.argv[1])
key = scan_host_key(a_switch(address="127.0.0.1", port=port))
switch = a_switch(address="127.0.0.1", port=port, host_key=f"{key.type} {key.base64}")
session = connect(switch, GRAMMAR, secrets=lambda _: "secret")
print(json.dumps({"paramiko": paramiko.__version__, "key": key.type, "said": session.query("show clock", GRAMMAR)}))
session.close()
"""


class _Old(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        del username
        return password == PASSWORD


async def _talk(process: asyncssh.SSHServerProcess[str]) -> None:
    """Say what a switch without anything configured says."""
    process.stdout.write("sw1#")
    async for line in process.stdin:
        said = "12:00:00 UTC\n" if line.strip() == "show clock" else ""
        process.stdout.write(f"{line.rstrip()}\n{said}sw1#")
    process.exit(0)


@dataclass(frozen=True)
class OldSwitch:
    port: int
    host_key: str


@contextmanager
def an_old_switch() -> Iterator[OldSwitch]:
    """Serve what IOS 12 and early 15 offer: group 14 and group 1 with SHA-1, and an RSA key signed with SHA-1."""
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_Old,
            process_factory=_talk,
            server_host_keys=[key],
            kex_algs=["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
            signature_algs=["ssh-rsa"],
            encryption_algs=["aes256-cbc", "aes128-ctr"],
            mac_algs=["hmac-sha1"],
            line_editor=False,
        )

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        public = " ".join(key.export_public_key("openssh").decode().split()[:2])
        yield OldSwitch(server.get_port(), public)
    finally:

        async def stop() -> None:
            server.close()
            await server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def test_it_is_refused_and_the_message_names_the_way_out() -> None:
    with an_old_switch() as old:
        switch = a_switch(address="127.0.0.1", port=old.port, host_key=old.host_key)
        with pytest.raises(PermanentError, match=r"install trunkline\[legacy-ssh\] for SHA-1 devices"):
            connect(switch, GRAMMAR, secrets=lambda _: PASSWORD)
        with pytest.raises(PermanentError, match=r"trunkline\[legacy-ssh\]"):
            scan_host_key(switch)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")  # that is what old devices do
def test_with_the_extra_it_is_reached(tmp_path: Path) -> None:
    pinned = ROOT / "requirements" / "legacy-ssh.txt"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    install += ["--require-hashes", "--target", str(tmp_path), "--requirement", str(pinned)]
    subprocess.run(install, check=True, timeout=300)
    with an_old_switch() as old:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CLIENT, str(old.port)],
            env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["paramiko"].startswith("4.")
    assert said["key"] == "ssh-rsa"
    assert said["said"].strip() == "12:00:00 UTC"
