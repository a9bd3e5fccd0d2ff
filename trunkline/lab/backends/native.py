"""This machine's own kernel, in namespaces of its own, where it can do 802.1Q, macvlan and VLAN-aware bridges."""

from __future__ import annotations

import os
import pty
import subprocess
import tty

from trunkline.lab.backends.machine import GUEST_FOLDER, BootPlan, Machine, start
from trunkline.orchestrator.errors import Unsupported

PROBE = """
link add name cable0 type veth peer name cable1
link add link cable0 name vlan0 type vlan id 10
link add link vlan0 name macvlan0 type macvlan mode bridge
link add name bridge0 type bridge vlan_filtering 1 vlan_default_pvid 0
link set dev cable1 master bridge0
"""


def available() -> bool:
    """Say whether this kernel can be the lab: tried in a network namespace that is thrown away. Needs root."""
    if os.geteuid() != 0:
        return False
    script = "ip -batch - && bridge vlan add dev cable1 vid 10"
    result = subprocess.run(
        ["unshare", "--net", "--", "sh", "-ec", script],
        input=PROBE,
        text=True,
        capture_output=True,
        check=False,
    )
    return result.returncode == 0


def boot(plan: BootPlan) -> Machine:
    """Start the session server in fresh namespaces of this kernel.

    Raises:
        Unsupported: Not root.
    """
    if os.geteuid() != 0:
        raise Unsupported("it needs root", subject="lab backend native", fix="run as root or use uml")
    pairs = [pty.openpty() for _ in range(plan.lines)]
    names = []
    for _, theirs in pairs:
        tty.setraw(theirs)
        names.append(os.ttyname(theirs))
    boot_file = plan.boot_file(out_mount=("--bind", str(plan.out)), lines=names)
    log = plan.folder / "kernel.log"
    process = start(
        [
            *("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL"),
            *("--cgroup", "--propagation", "private", "--"),
            *("taskset", "--cpu-list", ",".join(map(str, sorted(os.sched_getaffinity(0))))),
            *("bash", str(GUEST_FOLDER / "native.sh"), str(boot_file)),
        ],
        log=log,
        pass_fds=[theirs for _, theirs in pairs],
    )
    for _, theirs in pairs:
        os.close(theirs)
    return Machine(process=process, lines=[ours for ours, _ in pairs], log=log)
