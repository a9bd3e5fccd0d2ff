"""Says and hears LLDP on real interfaces, through packet sockets of this network namespace; part of the data plane."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from trunkline.lab.switch.lldp import ETHERTYPE, GROUPS, Announcement, Neighbor, decode, encode
from trunkline.orchestrator.errors import Unsupported

MOST_PER_PORT = 16
"""Neighbours that a port remembers, and frames it takes in at one look; what is more is dropped."""
LONGEST_FRAME = 1600
_PACKET, _ADD_MEMBERSHIP, _MULTICAST = 263, 1, 0  # SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST

Key = tuple[str, str, str]


class LldpSockets:
    """One socket per port that talks, and who was heard there. Used from one thread.

    Args:
        devices: Which Linux interface is which port, by the port's long name.
        clock: Gives seconds; only differences count.
    """

    def __init__(self, devices: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._devices = devices
        self._clock = clock
        self._sockets: dict[str, socket.socket] = {}
        self._heard: dict[Key, tuple[Neighbor, float]] = {}

    def announce(self, said: Mapping[str, Announcement]) -> None:
        """Say these on their ports and listen there; on all others neither.

        Raises:
            Unsupported: there is no permission to.
        """
        for port in [port for port in self._sockets if port not in said]:
            self._sockets.pop(port).close()
            self._heard = {key: heard for key, heard in self._heard.items() if key[0] != port}
        for port, announcement in said.items():
            if port not in self._devices:
                continue
            if port not in self._sockets:
                self._sockets[port] = _open(self._devices[port])
            # A cable that was pulled, or a full queue: it is said again soon.
            with contextlib.suppress(OSError):
                self._sockets[port].send(encode(announcement))

    def heard(self) -> tuple[Neighbor, ...]:
        """Give who was heard and still counts."""
        for port in self._sockets:
            for frame in self._frames(port):
                self._take(frame, port)
        now = self._clock()
        self._heard = {key: (who, until) for key, (who, until) in self._heard.items() if until > now}
        found = (
            replace(who, remaining_seconds=max(1, round(until - now))) for who, until in self._heard.values()
        )
        return tuple(sorted(found, key=lambda who: (who.port, who.chassis_id, who.port_id)))

    def close(self) -> None:
        """Stop listening."""
        self.announce({})

    def _frames(self, port: str) -> list[bytes]:
        frames: list[bytes] = []
        # The queue is empty, or the interface went down.
        with contextlib.suppress(OSError):
            while len(frames) < MOST_PER_PORT:
                frames.append(self._sockets[port].recv(LONGEST_FRAME))
        return frames

    def _take(self, frame: bytes, port: str) -> None:
        who = decode(frame, port)
        if who is None:
            return
        key = (port, who.chassis_id, who.port_id)
        known = sum(1 for each in self._heard if each[0] == port)
        if who.hold_seconds == 0:
            self._heard.pop(key, None)
        elif key in self._heard or known < MOST_PER_PORT:
            self._heard[key] = (who, self._clock() + who.hold_seconds)


def _open(device: str) -> socket.socket:
    """Open a socket for LLDP frames at an interface.

    Raises:
        Unsupported: there is no permission to, or no such interface.
    """
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
    except OSError as error:
        raise _refused(device, error) from error
    try:
        opened.settimeout(0)
        opened.bind((device, ETHERTYPE))
        index = socket.if_nametoindex(device)
        for group in GROUPS:
            request = struct.pack("iHH8s", index, _MULTICAST, len(group), group)
            opened.setsockopt(_PACKET, _ADD_MEMBERSHIP, request)
    except OSError as error:
        opened.close()
        raise _refused(device, error) from error
    return opened


def _refused(device: str, error: OSError) -> Unsupported:
    return Unsupported(
        f"no LLDP on interface {device}: {error}", subject="switch data plane", fix="it needs root"
    )
