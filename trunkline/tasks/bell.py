"""Rings doorbells: Celery messages that say only *look at X*. Losing one costs at most one sweep."""

from __future__ import annotations

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from trunkline.orchestrator.models import ContainerId, DeviceKey, HostName
from trunkline.tasks.app import CONTROL_QUEUE, SWITCH_QUEUE, host_queue

log = structlog.get_logger(__name__)

SYNC_SWITCH = "trunkline.switch.sync"
SYNC_HOST = "trunkline.host.sync"
OBSERVE_CONTAINER = "trunkline.host.container"
RESYNC_HOST = "trunkline.host.resync"
START_JOB = "trunkline.job.start"
JOB_STEP = "trunkline.job.step"


def queue_of(device: DeviceKey) -> str:
    """Name the queue whose workers can reach this device."""
    kind, _, name = device.partition(":")
    return SWITCH_QUEUE if kind == "switch" else host_queue(name)


class CeleryBell:
    """Rings through Celery. A doorbell that cannot be sent is logged and forgotten: the sweep replaces it."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def container(self, host: HostName, container: ContainerId) -> None:
        """Something happened to this container."""
        self._ring(OBSERVE_CONTAINER, host_queue(host), container)

    def resync(self, host: HostName) -> None:
        """Events may have been missed: look at every container of the host."""
        self._ring(RESYNC_HOST, host_queue(host))

    def device(self, device: DeviceKey) -> None:
        """The desired state of this device may have changed."""
        name = device.partition(":")[2]
        task = SYNC_SWITCH if device.startswith("switch:") else SYNC_HOST
        self._ring(task, queue_of(device), name)

    def job(self, job: str) -> None:
        """A job waits to be started or resumed."""
        self._ring(START_JOB, CONTROL_QUEUE, job)

    def job_step(self, job: str, device: DeviceKey) -> None:
        """A job wants its step on this device done."""
        self._ring(JOB_STEP, queue_of(device), job, device)

    def _ring(self, task: str, queue: str, *arguments: str) -> None:
        try:
            self._app.send_task(task, args=arguments, queue=queue, retry=False)
        except OperationalError as error:
            log.warning("doorbell.lost", task=task, queue=queue, error=type(error).__name__)
