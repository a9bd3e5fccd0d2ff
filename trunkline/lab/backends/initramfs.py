"""A first root file system in memory, as the kernel wants it: a cpio archive in "newc" format (cpio(5))."""

from __future__ import annotations

import lzma
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.orchestrator.errors import Unsupported

ALIGNMENT = 4


class Initramfs:
    """Collects files and gives the archive."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def folder(self, name: str) -> None:
        """Add an empty folder."""
        self._add(name, b"", stat.S_IFDIR | 0o755)

    def file(self, name: str, content: bytes) -> None:
        """Add an executable file."""
        self._add(name, content, stat.S_IFREG | 0o755)

    def modules(self, folder: str, source: Path, wanted: Sequence[str]) -> None:
        """Add kernel modules and what they depend on, and a file ``order`` that lists them in loading order.

        A module that is no file is taken to be built in.
        """
        order = loading_order((source / "modules.dep").read_text(), wanted)
        for path in order:
            self.file(f"{folder}/{_plain_name(path)}", _content(source / path))
        self.file(f"{folder}/order", "".join(f"{_plain_name(path)}\n" for path in order).encode())

    def finish(self) -> bytes:
        """Give the archive."""
        self._add("TRAILER!!!", b"", 0)
        return b"".join(self._parts)

    def _add(self, name: str, content: bytes, mode: int) -> None:
        self._count += 1
        encoded = name.encode() + b"\0"
        fields = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._parts += [_padded(header + encoded), _padded(content)]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def loading_order(modules_dep: str, wanted: Sequence[str]) -> list[str]:
    """Give the paths of the wanted modules and their dependencies, each after what it needs.

    Args:
        modules_dep: Text of ``modules.dep``: ``path: needed needed`` with the most basic one last.
        wanted: Names without folder and ending; those that are no file are left out.
    """
    needs: Mapping[str, list[str]] = {
        path: rest.split() for path, _, rest in (line.partition(":") for line in modules_dep.splitlines())
    }
    paths = {_plain_name(path).removesuffix(".ko").replace("-", "_"): path for path in needs}
    order: list[str] = []
    for name in wanted:
        if name not in paths:
            continue
        for path in [*reversed(needs[paths[name]]), paths[name]]:
            if path not in order:
                order.append(path)
    return order


def _plain_name(path: str) -> str:
    return Path(path).name.removesuffix(".xz").removesuffix(".zst")


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        program = shutil.which("zstd")
        if program is None:
            raise Unsupported(
                "its modules are compressed with zstd", subject="lab kernel", fix="install zstd"
            )
        return subprocess.run([program, "-dc"], input=data, capture_output=True, check=True).stdout
    return data
