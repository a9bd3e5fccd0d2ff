"""User-mode Linux: a Linux kernel as an ordinary process, near native speed, no privilege needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from trunkline.lab.backends.machine import GUEST_FOLDER, BootPlan, Machine, own_processes, require, start
from trunkline.lab.folders import cache_folder
from trunkline.orchestrator.errors import Unsupported

SOURCES = Path(__file__).resolve().parent
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where UML puts its memory unless TMPDIR says otherwise

# Signal frames of this kernel hold the registers up to AVX. A handler that calls an AVX-512 string function of the C
# library would leave its values in the interrupted program's registers, so the library is told to do without.
ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD,-AVX512ER"
}


def boot(plan: BootPlan) -> Machine:
    """Start User-mode Linux with the machine's root read-only.

    Raises:
        Unsupported: linux.uml, a compiler or a helper program is missing.
    """
    linux = require("linux.uml", package="user-mode-linux", backend="uml")
    shim = compiled("xstate_shim.c", "-shared", "-fPIC", "-ldl")
    pairs = [socket.socketpair() for _ in range(plan.lines)]
    ends = [theirs.fileno() for _, theirs in pairs]
    consoles = [f"con{number}=fd:{end}" for number, end in enumerate(ends, start=1)]
    boot_file = plan.boot_file(
        out_mount=("-t", "hostfs", "none", "-o", str(plan.out)),
        lines=[f"/dev/tty{number}" for number in range(1, plan.lines + 1)],
    )
    log = plan.folder / "kernel.log"
    process = start(
        [
            *own_processes(),
            *("env", f"LD_PRELOAD={shim}", "taskset", "--cpu-list", str(plan.cpu), linux),
            *(f"mem={plan.memory_mib}M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro"),
            *(f"uml_dir={plan.folder}/", "umid=lab", "con=null", "con0=null,fd:1", "quiet"),
            *consoles,
            *(f"lab={boot_file}", "init=/bin/bash", "--", str(GUEST_FOLDER / "init.sh")),
        ],
        log=log,
        pass_fds=ends,
        env={**os.environ, "TMPDIR": str(_memory_folder(plan)), "HOME": str(plan.folder)},
    )
    for _, theirs in pairs:
        theirs.close()
    return Machine(process=process, lines=[ours.detach() for ours, _ in pairs], log=log)


def compiled(name: str, *options: str) -> Path:
    """Compile one of our C sources, once per content, and give the result's path.

    Raises:
        Unsupported: There is no C compiler, or it refuses the source.
    """
    source = SOURCES / name
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    target = cache_folder() / "lab" / f"{source.stem}-{digest}"
    if target.exists():
        return target
    compiler = require("gcc", package="gcc libc6-dev", backend="uml")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "draft"
        command = [compiler, "-O2", "-o", str(draft), str(source), *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Unsupported(
                f"the compiler refused it: {result.stderr.strip()[-400:]}",
                subject=f"lab source {name}",
                fix="install the packages gcc and libc6-dev",
            )
        draft.replace(target)  # atomic: two labs may start at once
    return target


def self_test() -> Path:
    """Give the compiled register test that every User-mode Linux boot runs first."""
    return compiled("fp_selftest.c", "-pthread")


def _memory_folder(plan: BootPlan) -> Path:
    """Choose where the guest's memory file lives: shared memory unless it is too small (as in containers)."""
    wanted = plan.memory_mib << 20
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > wanted:
        return SHARED_MEMORY
    return plan.folder
