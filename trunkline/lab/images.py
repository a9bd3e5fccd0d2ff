"""The lab's only container image: busybox, packed on the fly, so that nothing is fetched from anywhere."""

from __future__ import annotations

import io
import shutil
import struct
import tarfile
from pathlib import Path

from trunkline.orchestrator.errors import Unsupported

APPLETS = (
    "sh",
    "ping",
    "ping6",
    "sleep",
    "httpd",
    "wget",
    "ip",
    "cat",
    "echo",
    "true",
    "ls",
    "nc",
    "hostname",
)

PT_INTERP = 3


def pack_busybox(target: Path) -> Path:
    """Write the image as a tar archive for ``docker import``; give its path.

    Raises:
        Unsupported: busybox is missing or needs libraries.
    """
    program = shutil.which("busybox")
    if program is None:
        raise Unsupported(
            "busybox is not installed", subject="lab image", fix="install the package busybox-static"
        )
    content = Path(program).read_bytes()
    if _needs_a_loader(content):
        raise Unsupported(
            "busybox is linked dynamically", subject="lab image", fix="install the package busybox-static"
        )
    with tarfile.open(target, "w") as archive:
        for folder in ("bin", "etc", "tmp", "www"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
    return target


def _needs_a_loader(program: bytes) -> bool:
    """Say whether a 64-bit little-endian ELF program has an interpreter segment (ELF specification, PT_INTERP)."""
    offset, size, count = struct.unpack_from("<Q", program, 32)[0], *struct.unpack_from("<HH", program, 54)
    return any(struct.unpack_from("<I", program, offset + size * i)[0] == PT_INTERP for i in range(count))
