"""Times NAPALM's ios merge; runs in the rival's own environment, see rivals.py.

The session is kept. The transfer of the candidate (SCP or tclsh) is left out, in NAPALM's favour: the file lies on
the switch's flash already.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from napalm.ios import IOSDriver  # type: ignore[import-untyped]  # it has no types


class WithoutTransfer(IOSDriver):  # type: ignore[misc]  # as above
    """NAPALM whose candidate is on the device already."""

    def _xfer_file(self, **_: Any) -> tuple[bool, str]:
        return True, ""


def main() -> None:
    """Read the device, the candidate and the rounds from the first argument; print the seconds of each round."""
    order = json.loads(sys.argv[1])
    options = {"port": order["port"], "secret": order["password"], "dest_file_system": "flash:"}
    seconds = []
    with WithoutTransfer(order["host"], order["user"], order["password"], optional_args=options) as device:
        for _ in range(order["rounds"]):
            began = time.perf_counter()
            device.load_merge_candidate(config=order["candidate"])
            if not device.compare_config():
                raise RuntimeError("NAPALM found nothing to merge")
            device.commit_config()
            seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
