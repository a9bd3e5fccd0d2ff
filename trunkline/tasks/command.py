"""The commands that run processes: worker, sweeper, agent, health."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Role(StrEnum):
    """What a worker serves."""

    SWITCH = "switch"
    CONTROL = "control"
    HOST = "host"


HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="NAME", envvar="TRUNKLINE_HOST", help="This machine's name in the inventory."
    ),
]

worker_app = typer.Typer(add_completion=False)
sweeper_app = typer.Typer(add_completion=False)
PLUGIN = Path("/run/docker/plugins/trunkline.sock")
"""Where Docker looks for a plug-in of that name."""
agent_app = typer.Typer(add_completion=False)
health_app = typer.Typer(add_completion=False)


@worker_app.command()
def worker(
    role: Annotated[
        Role,
        typer.Argument(metavar="ROLE", help="switch (anywhere), control (anywhere), host (on that host)."),
    ],
    host: HostOption = None,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="THREADS", help="Threads of a switch or control worker.")
    ] = 16,
) -> None:
    """Run a Celery worker that serves one queue until it is told to stop."""
    from trunkline.orchestrator.models import HostName
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.worker import run_control_worker, run_host_worker, run_switch_worker

    settings = read_settings()
    match role:
        case Role.SWITCH:
            run_switch_worker(settings, concurrency=concurrency)
        case Role.CONTROL:
            run_control_worker(settings, concurrency=concurrency)
        case Role.HOST:
            run_host_worker(settings, HostName(_required(host)))


@sweeper_app.command()
def sweeper() -> None:
    """Ring what is due, and everything once a sweep. One is enough; more than one does no harm."""
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.sweep import run_sweeper

    run_sweeper(read_settings())


@agent_app.command()
def agent(
    host: HostOption = None,
    *,
    plugin_socket: Annotated[
        Path, typer.Option("--socket", metavar="PATH", help="Where Docker's IPAM questions are answered.")
    ] = PLUGIN,
    docker: Annotated[
        str | None,
        typer.Option(metavar="URL", help="This host's engine; without it, the inventory says where."),
    ] = None,
) -> None:
    """Restore this host's links at boot, give Docker's networks their addresses, watch Docker's events."""
    from trunkline.orchestrator.models import HostName
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.agent import run_agent

    run_agent(read_settings(), HostName(_required(host)), plugin=plugin_socket, docker=docker)


@health_app.command()
def health(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="switch, control, host, sweeper or agent.")],
    host: HostOption = None,
) -> None:
    """Exit 0 when somebody does this role's work, 1 when nobody does."""
    from trunkline.orchestrator.settings import read_settings
    from trunkline.tasks.health import check

    check(read_settings(), role, host)


def _required(host: str | None) -> str:
    if not host:
        raise typer.BadParameter("name this machine: --host NAME or TRUNKLINE_HOST")
    return host
