"""QEMU software emulation with the distribution's own kernel: slow, but needs nothing of the machine's kernel."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from trunkline.lab.backends.initramfs import Initramfs
from trunkline.lab.backends.machine import GUEST_FOLDER, BootPlan, Machine, own_processes, require, start
from trunkline.lab.waiting import until
from trunkline.orchestrator.errors import Unsupported

KERNEL_VARIABLE = "LAB_QEMU_ROOT"  # a folder with boot/vmlinuz-* and lib/modules, if not /
MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
SOCKET_SECONDS = 20
# Plain emulation behaves the same everywhere; it is faster when it need not emulate the wide registers.
EMULATION = ("-accel", "tcg,tb-size=512", "-cpu", "max,-avx,-avx2,-la57")
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "/modules/$module" || echo "cannot load $module"; done </modules/order
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose root /host ||
  { echo "LAB INIT FAILED: no root"; /bin/busybox poweroff -f; }
/bin/busybox mount -t devtmpfs dev /host/dev
exec /bin/busybox switch_root -c /dev/console /host /bin/bash INIT_SH
"""


def boot(plan: BootPlan) -> Machine:
    """Start QEMU with the machine's root read-only.

    Raises:
        Unsupported: QEMU, a kernel with modules, or busybox is missing.
    """
    qemu = require("qemu-system-x86_64", package="qemu-system-x86", backend="qemu")
    kernel, modules = find_kernel()
    initramfs = plan.folder / "initramfs"
    initramfs.write_bytes(_initramfs(modules))
    boot_file = plan.boot_file(
        out_mount=("-t", "9p", "-o", "trans=virtio,version=9p2000.L,msize=512000,cache=mmap", "out"),
        lines=[f"/dev/hvc{number}" for number in range(plan.lines)],
        modules=modules,
    )
    sockets = [plan.folder / f"line{number}" for number in range(plan.lines)]
    log = plan.folder / "kernel.log"
    process = start(
        [
            *own_processes(),
            *("taskset", "--cpu-list", str(plan.cpu), qemu, *EMULATION),
            *(
                "-m",
                str(plan.memory_mib),
                "-nodefaults",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
            ),
            *("-kernel", str(kernel), "-initrd", str(initramfs)),
            *("-append", f"console=ttyS0 quiet panic=-1 mitigations=off lab={boot_file}"),
            *_shared("root", Path("/"), "readonly=on,multidevs=remap"),
            *_shared("out", plan.out, "multidevs=remap"),
            *("-device", f"virtio-serial-pci,max_ports={plan.lines + 1}"),
            *(word for path in sockets for word in _line(path)),
        ],
        log=log,
    )
    machine = Machine(process=process, lines=[], log=log)
    try:
        for path in sockets:
            machine.lines.append(_connect(path, machine))
    except BaseException:
        machine.kill()
        raise
    return machine


def find_kernel() -> tuple[Path, Path]:
    """Find the newest kernel that has its modules; give both paths.

    Raises:
        Unsupported: There is none.
    """
    root = Path(os.environ.get(KERNEL_VARIABLE, "/"))
    images = sorted(root.glob("boot/vmlinuz-*"), key=_version, reverse=True)
    for image in images:
        modules = root / "lib/modules" / image.name.removeprefix("vmlinuz-")
        if (modules / "modules.dep").is_file():
            return image, modules
    raise Unsupported(
        f"no kernel with modules under {root}",
        subject="lab backend qemu",
        fix=f"install the package linux-image-amd64 (Debian) or linux-image-generic (Ubuntu), or set {KERNEL_VARIABLE}",
    )


def _version(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _initramfs(modules: Path) -> bytes:
    busybox = require("busybox", package="busybox-static", backend="qemu")
    archive = Initramfs()
    archive.folder("bin")
    archive.file("bin/busybox", Path(busybox).read_bytes())
    archive.file("init", INIT.replace("INIT_SH", str(GUEST_FOLDER / "init.sh")).encode())
    archive.folder("modules")
    archive.modules("modules", modules, MODULES)
    return archive.finish()


def _shared(tag: str, path: Path, options: str) -> Iterator[str]:
    yield from ("-fsdev", f"local,id={tag},path={path},security_model=none,{options}")
    yield from ("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}")


def _line(path: Path) -> Iterator[str]:
    yield from ("-chardev", f"socket,id={path.name},path={path},server=on,wait=off")
    yield from ("-device", f"virtconsole,chardev={path.name}")


def _connect(path: Path, machine: Machine) -> int:
    """Connect to a line's socket as soon as QEMU has made it."""

    def connected() -> socket.socket | None:
        if machine.process.poll() is not None:
            raise Unsupported(f"QEMU ended: {machine.last_words()}", subject="lab backend qemu")
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
        except OSError:
            client.close()
            return None
        return client

    client = until(connected, subject="lab backend qemu", what="no line was offered", seconds=SOCKET_SECONDS)
    return client.detach()
