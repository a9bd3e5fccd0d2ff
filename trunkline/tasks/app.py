"""Makes the Celery application of one role from the settings; messages are doorbells and carry no facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from celery import Celery

if TYPE_CHECKING:
    from trunkline.orchestrator.settings import Settings

Role = Literal["switch", "control", "host", "bell"]

VISIBILITY_TIMEOUT_SECONDS = 180
SWITCH_QUEUE = "switch"
CONTROL_QUEUE = "control"


def host_queue(host: str) -> str:
    """Name the queue that only this host's worker reads."""
    return f"host.{host}"


def with_password(url: str, password: str | None) -> str:
    """Put a password into a Redis URL that has none."""
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    user = parts.username or ""
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def make_app(settings: Settings, *, owner: str) -> Celery:
    """Build the application.

    Args:
        settings: Where the broker is.
        owner: Whose un-acknowledged messages these are: ``switch``, ``control`` or ``host.<name>``. Each
            owner has its own bookkeeping keys, so that only the same owner restores them and a host's Redis
            account needs no access to anybody else's (the shared default lets any worker plant tasks).
    """
    app = Celery("trunkline", broker=with_password(settings.broker_url, settings.redis_password()))
    app.conf.update(
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "unacked_key": f"unacked.{owner}",
            "unacked_index_key": f"unacked_index.{owner}",
            "unacked_mutex_key": f"unacked_mutex.{owner}",
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_acks_late=True,
        task_retry_on_worker_lost=True,
        task_reject_on_worker_lost=False,
        task_ignore_result=True,
        task_default_queue=owner,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_soft_shutdown_timeout=20,
        worker_enable_remote_control=owner in {SWITCH_QUEUE, CONTROL_QUEUE},
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        enable_utc=True,
    )
    return app
