"""The QEMU backend's first file system: modules in an order the kernel can load, an archive cpio would read."""

from __future__ import annotations

import lzma
from pathlib import Path

from trunkline.lab.backends.initramfs import Initramfs, loading_order

DEPENDENCIES = """\
kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/netfs/netfs.ko
kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko
kernel/net/9p/9pnet.ko:
kernel/fs/netfs/netfs.ko:
kernel/fs/overlayfs/overlay.ko.xz:
"""


def test_a_module_comes_after_everything_it_needs_and_only_once() -> None:
    names = [Path(path).name for path in loading_order(DEPENDENCIES, ("9pnet_virtio", "9p", "overlay"))]

    assert names == ["9pnet.ko", "9pnet_virtio.ko", "netfs.ko", "9p.ko", "overlay.ko.xz"]


def test_a_module_that_is_no_file_is_built_in() -> None:
    assert loading_order(DEPENDENCIES, ("virtio_pci",)) == []


def test_a_compressed_module_is_stored_plain(tmp_path: Path) -> None:
    (tmp_path / "kernel/fs/overlayfs").mkdir(parents=True)
    (tmp_path / "kernel/fs/overlayfs/overlay.ko.xz").write_bytes(lzma.compress(b"the module"))
    (tmp_path / "modules.dep").write_text(DEPENDENCIES)
    archive = Initramfs()

    archive.modules("modules", tmp_path, ("overlay",))

    assert entries(archive.finish()) == {
        "modules/overlay.ko": b"the module",
        "modules/order": b"overlay.ko\n",
    }


def entries(archive: bytes) -> dict[str, bytes]:
    """Read a newc archive the way cpio(5) describes it."""
    found: dict[str, bytes] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        size, name_size = int(archive[at + 54 : at + 62], 16), int(archive[at + 94 : at + 102], 16)
        name = archive[at + 110 : at + 110 + name_size - 1].decode()
        data = at + 110 + name_size + (-(110 + name_size) % 4)
        if name == "TRAILER!!!":
            return found
        found[name] = archive[data : data + size]
        at = data + size + (-size % 4)
