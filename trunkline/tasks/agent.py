"""The agent of one host: restores its links after a boot, answers Docker's IPAM questions, watches Docker's events."""

from __future__ import annotations

import os
import signal
import socket
import threading
from functools import partial
from pathlib import Path

import structlog

from trunkline.drivers.host.links import Links
from trunkline.drivers.host.networks import Engine
from trunkline.orchestrator.errors import OrchestratorError
from trunkline.orchestrator.ipam.book import Book
from trunkline.orchestrator.ipam.driver import IpamDriver
from trunkline.orchestrator.ipam.server import IpamServer
from trunkline.orchestrator.models import HostName, SegmentName
from trunkline.orchestrator.planning import attachment_intent, uplinks_of
from trunkline.orchestrator.settings import Settings
from trunkline.orchestrator.sync.context import Context
from trunkline.orchestrator.sync.gate import FabricGate
from trunkline.orchestrator.watch.watcher import Watcher, stopper
from trunkline.tasks.activation import handed_over
from trunkline.tasks.boot import restore_links
from trunkline.tasks.context import make_context
from trunkline.tasks.devices import docker_url

log = structlog.get_logger(__name__)

DELIVER_SECONDS = 2.0
LAST_ANSWERS_SECONDS = 5.0
"""So long the end waits for answers that are being made."""
BEAT_SECONDS, BELIEVED_SECONDS = 5.0, 20.0
USUAL_SOCKET = "unix:///var/run/docker.sock"


def run_agent(settings: Settings, name: HostName, *, plugin: Path, docker: str | None = None) -> None:
    """Restore the host's links, then serve and watch until told to stop; Docker or Redis being away is waited out.

    Raises:
        PermanentError: the plug-in cannot listen.
    """
    stop = threading.Event()
    context = make_context(settings, owner="bell")
    links = Links(settings.sysctl_net)
    booted = restore_links(settings.state_dir, links) > 0
    driver = _driver(context, name, links)
    _release_those_gone(driver, links, booted=booted)
    server = _serve_addresses(driver, plugin, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=partial(_beat, context, name, stop), name="beat", daemon=True).start()
    watcher = Watcher(
        host=name,
        events=lambda: Engine(docker or _url(name, context)).events(),
        bell=context.bell,
        wait=stopper(stop),
    )
    # The stream blocks in a read that no signal ends, so it has a thread of its own.
    threading.Thread(target=watcher.run, name="watch", daemon=True).start()
    log.info("agent.started", host=name)
    _tell_systemd()
    stop.wait()
    if not server.end(LAST_ANSWERS_SECONDS):
        log.warning("agent.cut_off", host=name, seconds=LAST_ANSWERS_SECONDS)


def _driver(context: Context, name: HostName, links: Links) -> IpamDriver:
    return IpamDriver(
        host=name,
        inventory=context.inventory,
        ledger=context.store.ledger,
        book=Book(context.settings.state_dir),
        gate=FabricGate(host=name, context=context),
        link_is_up=partial(_link_is_up, context, name, links),
        to_deliver=threading.Event(),
    )


def _serve_addresses(driver: IpamDriver, path: Path, stop: threading.Event) -> IpamServer:
    """Answer Docker from now on: it asks for what it had as soon as it starts."""
    server = IpamServer(driver, path, listening=handed_over())
    threading.Thread(target=server.serve_forever, name="ipam", daemon=True).start()
    threading.Thread(target=_deliver, args=(driver, stop), name="releases", daemon=True).start()
    return server


def _release_those_gone(driver: IpamDriver, links: Links, *, booted: bool) -> None:
    """Before Docker asks for their addresses again: it may have ended them while nobody listened."""
    try:
        driver.release_those_gone(links.taken_in(), booted=booted)
    except OrchestratorError as error:
        log.warning("agent.unsure", host=driver.host, error=str(error))


def _link_is_up(context: Context, name: HostName, links: Links, segment: SegmentName) -> bool:
    inventory = context.inventory()
    if not uplinks_of(inventory, name, segment):
        return False
    found = links.observe().get(attachment_intent(inventory, name, segment).link.name)
    return found is not None and found.up


def _deliver(driver: IpamDriver, stop: threading.Event) -> None:
    """Tell the ledger of releases, for ever: what it could not be told is in the book."""
    while not stop.is_set():
        driver.to_deliver.wait(DELIVER_SECONDS)
        driver.to_deliver.clear()
        try:
            while not driver.deliver():
                pass
        except OrchestratorError as error:
            log.warning("releases.wait", error=str(error))
            stop.wait(DELIVER_SECONDS)
        except Exception:  # a defect must not keep every release from the ledger until the next start
            log.exception("releases.broke")
            stop.wait(DELIVER_SECONDS)


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
