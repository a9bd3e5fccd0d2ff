"""Makes a connection class of netmiko wait for what comes where it sleeps; for `login`.

Of the 260 ms that a login takes on a fast switch, 220 are slept: 100 after the first line, 10 between two looks.
"""

from __future__ import annotations

import re
import time
from typing import Any

GREETING_SECONDS = 0.1
"""So long netmiko sleeps before it says its first line."""
LOOK_SECONDS = 0.2
"""So long at most one look waits; how long an answer may take in all is netmiko's to say."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.0005, 0.01


def wakeful(base: Any) -> Any:
    """Derive the class; netmiko's are not typed for it, hence Any."""

    class Wakeful(base):  # type: ignore[misc]  # as above
        _awaits_more = False

        def _try_session_preparation(self, force_data: bool = True) -> None:  # noqa: FBT001, FBT002  # netmiko's form
            if force_data:
                self.write_channel(self.RETURN)
                _wait(self.remote_conn, GREETING_SECONDS)
            super()._try_session_preparation(force_data=False)

        def read_until_pattern(
            self,
            pattern: str = "",
            read_timeout: float = 10.0,
            re_flags: int = 0,
            max_loops: int | None = None,
        ) -> str:
            self._awaits_more = re.search(pattern, self._read_buffer, re_flags) is None
            try:
                found: str = super().read_until_pattern(pattern, read_timeout, re_flags, max_loops)
            finally:
                self._awaits_more = False
            return found

        def read_channel(self) -> str:
            if self._awaits_more:
                _wait(self.remote_conn, LOOK_SECONDS)
            data: str = super().read_channel()
            return data

    return Wakeful


def _wait(channel: Any, seconds: float) -> None:
    """Wait until something came, the channel was closed, or the time is over."""
    deadline = time.monotonic() + seconds
    pause = SHORTEST_SECONDS
    while (
        not (channel.recv_ready() or channel.closed or channel.eof_received) and time.monotonic() < deadline
    ):
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_SECONDS)
