"""The agent of one host: restores its links after a boot, watches Docker's events and shows that it is alive."""

from __future__ import annotations

import os
import signal
import socket
import threading
from functools import partial

import structlog

from trunkline.drivers.host.links import Links
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.models import HostName
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.sync.context import Context
from trunkline.orchestrator.watch.watcher import Watcher, stopper
from trunkline.tasks.boot import restore_links
from trunkline.tasks.context import make_context
from trunkline.tasks.devices import docker_url

log = structlog.get_logger(__name__)

BEAT_SECONDS, BELIEVED_SECONDS = 5.0, 20.0
USUAL_SOCKET = "unix:///var/run/docker.sock"


def run_agent(settings: Settings, name: HostName) -> None:
    """Restore the host's links, then watch until told to stop; Docker or Redis being away is waited out."""
    stop = threading.Event()
    context = make_context(settings, owner="bell")
    restore_links(settings.state_dir, Links(settings.sysctl_net))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=partial(_beat, context, name, stop), name="beat", daemon=True).start()
    watcher = Watcher(
        host=name, events=lambda: Engine(_url(name, context)).events(), bell=context.bell, wait=stopper(stop)
    )
    # The stream blocks in a read that no signal ends, so it has a thread of its own.
    threading.Thread(target=watcher.run, name="watch", daemon=True).start()
    log.info("agent.started", host=name)
    _tell_systemd()
    stop.wait()


def _url(name: HostName, context: Context) -> str:
    try:
        return docker_url(name, context)
    except OrchestratorError as error:
        log.warning("agent.guesses", host=name, url=USUAL_SOCKET, error=str(error))
        return USUAL_SOCKET


def _beat(context: Context, name: HostName, stop: threading.Event) -> None:
    while True:
        try:
            context.store.devices.heartbeat(f"agent:{name}", BELIEVED_SECONDS)
        except OrchestratorError as error:
            log.warning("agent.unrecorded", error=str(error))
        if stop.wait(BEAT_SECONDS):
            return


def _tell_systemd() -> None:
    """Say that we are ready, where systemd asked to be told (sd_notify(3))."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"READY=1", address)
