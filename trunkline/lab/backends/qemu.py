"""QEMU software emulation with the distribution's own kernel: slow, but needs nothing of the machine's kernel."""

from __future__ import annotations

from trunkline.lab.backends.machine import BootPlan, Machine
from trunkline.orchestrator.errors import Unsupported


def boot(plan: BootPlan) -> Machine:
    """Start QEMU.

    Raises:
        Unsupported: Not written yet.
    """
    raise Unsupported("not available yet", subject="lab backend qemu", fix=f"use uml ({plan.lines} lines)")
