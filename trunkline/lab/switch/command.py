"""``trunkline lab switch``: one virtual switch alone. Heavy imports wait until it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import asyncssh

    from trunkline.lab.switch.dataplane import Dataplane
    from trunkline.lab.switch.ssh import SwitchServer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def switch(
    *,
    listen: Annotated[str, typer.Option(help="ADDRESS:PORT; port 0 takes a free one and prints it.")] = (
        "127.0.0.1:2222"
    ),
    model: Annotated[str, typer.Option(help="catalyst-l3, catalyst-l3-isl or isr-router.")] = "catalyst-l3",
    dataplane: Annotated[
        str, typer.Option(help="bridge: Linux does what the configuration says (root); none: it only talks.")
    ] = "none",
    user: Annotated[str, typer.Option(help="Login name.")],
    password_file: Annotated[Path, typer.Option(help="File with the login password.")],
    enable_secret_file: Annotated[
        Path | None, typer.Option(help="File with the password of `enable`; default: the login password.")
    ] = None,
    latency_ms: Annotated[
        float, typer.Option(min=0, help="Milliseconds every answer travels, on top of the fault file.")
    ] = 0,
    faults: Annotated[Path | None, typer.Option(help="YAML file with what goes wrong.")] = None,
    host_key_file: Annotated[
        Path | None, typer.Option(help="SSH host key; made when the file is missing. Default: a new one.")
    ] = None,
    hostname: Annotated[str, typer.Option(help="Name until the configuration gives one.")] = "sw1",
    port_map: Annotated[
        str,
        typer.Option(
            help="PORT=INTERFACE,... for --dataplane bridge; default: GigabitEthernet1/0/1 is Gi1-0-1 and so on, "
            "as far as they exist."
        ),
    ] = "",
    startup_config: Annotated[Path | None, typer.Option(help="Configuration to boot with.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written, with ADDRESS:PORT and the host key, once SSH answers.")
    ] = None,
) -> None:
    """Run a virtual switch until SIGTERM or Ctrl-C."""
    import asyncio

    from trunkline.lab.switch import faults as fault_file
    from trunkline.lab.switch.faults import Faults
    from trunkline.lab.switch.ssh import Login, build_server

    troubles = Faults() if faults is None else fault_file.load(faults)
    travel = troubles.latency_ms + latency_ms
    server = build_server(
        model=model,
        hostname=hostname,
        login=Login(
            user=user,
            password=_secret(password_file),
            enable_password=None if enable_secret_file is None else _secret(enable_secret_file),
        ),
        startup_config="" if startup_config is None else _text(startup_config),
        source=str(startup_config),
        dataplane=_dataplane(dataplane, model, port_map),
        faults=troubles.model_copy(update={"latency_ms": travel}),
        host_key=_host_key(host_key_file),
    )
    address, port = _endpoint(listen)
    asyncio.run(_serve(server, address, port, ready_file))


async def _serve(server: SwitchServer, address: str, port: int, ready_file: Path | None) -> None:
    import asyncio
    import signal

    from trunkline.lab.switch.ssh import serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(server, address, port):
        shown = f"[{server.address}]" if ":" in server.address else server.address
        where = f"{shown}:{server.port}"
        typer.echo(f"{server.device.hardware.model} answers SSH on {where}, host key {server.public_key}")
        if ready_file is not None:
            fresh = ready_file.with_name(f"{ready_file.name}.new")
            fresh.write_text(f"{where}\n{server.public_key}\n")
            fresh.replace(ready_file)  # whoever waits for the file never sees half of it
        await stop.wait()


def _endpoint(text: str) -> tuple[str, int]:
    from trunkline.orchestrator.errors import ConfigError

    address, _, port = text.rpartition(":")
    if not address or not port.isdigit():
        raise ConfigError("it is not ADDRESS:PORT", subject=f"--listen {text}", fix="write 127.0.0.1:2222")
    return address.strip("[]"), int(port)


def _text(path: Path) -> str:
    from trunkline.orchestrator.errors import ConfigError

    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"it cannot be read: {error}", subject=f"file {path}") from error


def _secret(path: Path) -> str:
    from trunkline.orchestrator.errors import ConfigError

    secret = _text(path).strip()
    if not secret:
        raise ConfigError("it is empty", subject=f"password file {path}", fix="write the password into it")
    return secret


def _host_key(path: Path | None) -> asyncssh.SSHKey | None:
    import asyncssh

    from trunkline.lab.switch.ssh import KEY_TYPE
    from trunkline.orchestrator.errors import ConfigError

    if path is None:
        return None
    try:
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(asyncssh.generate_private_key(KEY_TYPE).export_private_key())
        return asyncssh.read_private_key(path)
    except (OSError, asyncssh.KeyImportError) as error:
        raise ConfigError(f"it is no usable SSH key: {error}", subject=f"host key file {path}") from error


def _dataplane(kind: str, model: str, port_map: str) -> Dataplane | None:
    from trunkline.orchestrator.errors import ConfigError

    if kind == "none":
        return None
    if kind != "bridge":
        raise ConfigError(
            "there is no such data plane", subject=f"--dataplane {kind}", fix="use bridge or none"
        )
    from trunkline.lab.switch.bridge import BridgeDataplane
    from trunkline.lab.switch.hardware import hardware_of
    from trunkline.lab.switch.port_map import default_map, parse_map

    hardware = hardware_of(model)
    return BridgeDataplane(hardware, parse_map(port_map, hardware) if port_map else default_map(hardware))
