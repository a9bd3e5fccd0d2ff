"""The files that people deploy with are valid and keep the promises they make."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.compose import compose_command

CENTRAL = {"redis", "switch-worker", "control-worker", "sweeper"}
ON_THE_HOST = {"agent", "host-worker"}
UNITS = (
    "trunkline-agent.socket",
    "trunkline-agent.service",
    "trunkline-worker@.service",
    "trunkline-sweeper.service",
)
Config = dict[str, Any]  # a compose file is that open


def services(root: Path, *options: str) -> Config:
    program = compose_command()
    assert program, "neither `docker compose` nor docker-compose is installed; run `make setup`"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run(
        [*program, "--file", str(root / "docker-compose.yml"), *options, "config"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    read: Config = YAML(typ="safe").load(result.stdout)["services"]
    return read


@pytest.fixture(scope="module")
def everything(root: Path) -> Config:
    return services(root, "--profile", "host")


@pytest.mark.compose
def test_the_compose_file_is_valid_and_the_host_is_a_profile_of_its_own(everything: Config) -> None:
    assert set(everything) == CENTRAL | ON_THE_HOST
    for name, service in everything.items():
        assert service.get("profiles", []) == (["host"] if name in ON_THE_HOST else [])


@pytest.mark.compose
def test_every_service_is_watched_restarted_and_given_the_password_as_a_file(everything: Config) -> None:
    for name, service in everything.items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped"
        assert [secret["source"] for secret in service["secrets"]] == ["redis-password"]
        assert not any(
            "PASSWORD" in key and not key.endswith("_FILE") for key in service.get("environment", {})
        )


@pytest.mark.compose
def test_only_the_hosts_processes_have_power_and_only_over_the_network(everything: Config) -> None:
    for name in ("switch-worker", "control-worker", "sweeper"):
        service = everything[name]
        assert service["cap_drop"] == ["ALL"]
        assert not service.get("cap_add")
        assert "user" not in service, "the image's own user has no power"
        assert "docker.sock" not in json.dumps(service.get("volumes", []))
    for name in ON_THE_HOST:
        service = everything[name]
        assert (service["cap_drop"], service["cap_add"]) == (["ALL"], ["NET_ADMIN"])
        assert service["network_mode"] == "host"
        assert "docker.sock" in json.dumps(service["volumes"])
        assert not service.get("privileged")
    assert "/run/docker/plugins" in json.dumps(everything["agent"]["volumes"])


@pytest.mark.compose
def test_who_is_root_without_power_keeps_its_files_where_nobody_else_is_at_home(
    root: Path, everything: Config
) -> None:
    # A volume begins as what the image has there, and that is the image's own user's.
    (home,) = re.findall(r"--home-dir (\S+)", (root / "Dockerfile").read_text(encoding="utf-8"))
    for name in ON_THE_HOST:
        service = everything[name]
        state = service["environment"]["TRUNKLINE_STATE_DIR"]
        assert state in json.dumps(service["volumes"])
        assert home not in {state, service["working_dir"]}


@pytest.mark.compose
def test_switch_credentials_are_where_switches_are_configured_and_nowhere_else(everything: Config) -> None:
    given = {name for name, service in everything.items() if "/run/credentials" in json.dumps(service)}

    assert given == {"switch-worker"}


@pytest.mark.compose
def test_redis_listens_on_loopback_unless_told_otherwise(everything: Config) -> None:
    (port,) = everything["redis"]["ports"]

    text = port if isinstance(port, str) else f"{port['host_ip']}:{port['published']}:{port['target']}"
    assert text.removesuffix("/tcp") == "127.0.0.1:6379:6379"


@pytest.mark.compose
def test_every_command_of_the_compose_file_is_one_of_ours(everything: Config, project: Config) -> None:
    ours = set(project["project"]["entry-points"]["trunkline.commands"])
    for name, service in everything.items():
        if name == "redis":
            continue
        assert service["command"][0] in ours
        assert service["healthcheck"]["test"][:3] == ["CMD", "trunkline", "health"]


def test_the_image_is_made_of_locked_packages_and_runs_as_nobody_special(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line and "--no-index" not in line]
    users = re.findall(r"^USER (.+)$", text, re.MULTILINE)

    assert installs
    assert all("--require-hashes" in line for line in installs)
    assert users[-1] == "trunkline"


def test_the_image_gets_every_file_it_copies(root: Path) -> None:
    allowed = {
        line.removeprefix("!")
        for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        word
        for words in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for word in words.split()
    }

    assert copied == allowed
    assert all((root / name).exists() for name in copied)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(root: Path, tmp_path: Path, name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed on this machine")
    # The program need not be installed to check the unit, but systemd looks for it.
    for each in UNITS:
        text = (root / "deploy/systemd" / each).read_text(encoding="utf-8")
        (tmp_path / each).write_text(
            text.replace("/opt/trunkline/bin/trunkline", "/bin/true"), encoding="utf-8"
        )

    result = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_finds_no_cycle_with_docker(root: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed on this machine")
    for unit in (root / "deploy/systemd").glob("trunkline-agent.*"):
        text = unit.read_text(encoding="utf-8").replace("/opt/trunkline/bin/trunkline", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    shutil.copytree(root / "deploy/systemd/docker.service.d", tmp_path / "docker.service.d")
    # What counts of Docker's own units, for the order.
    docker = "[Unit]\nAfter=docker.socket\nRequires=docker.socket\n[Service]\nExecStart=/bin/true\n"
    (tmp_path / "docker.service").write_text(docker, encoding="utf-8")
    (tmp_path / "docker.socket").write_text("[Socket]\nListenStream=/run/docker.sock\n", encoding="utf-8")

    result = subprocess.run(
        [
            program,
            "verify",
            "--man=no",
            str(tmp_path / "docker.service"),
            str(tmp_path / "trunkline-agent.socket"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_every_unit_is_hardened_and_comes_back_by_itself(root: Path, name: str) -> None:
    lines = (root / "deploy/systemd" / name).read_text(encoding="utf-8").splitlines()

    for promise in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "Restart=always",
        "StartLimitIntervalSec=0",
    ):
        assert promise in lines
    assert any(line.startswith("LoadCredential=redis-password:") for line in lines)


def test_units_of_different_users_share_no_folder(root: Path) -> None:
    # systemd hands the folder over, with all in it, to the user of whichever of them starts last.
    folders: dict[str, set[str]] = {"root": set(), "trunkline": set()}
    for path in sorted((root / "deploy/systemd").rglob("trunkline-*")):
        files = [path] if path.is_file() else sorted(path.iterdir())
        for text in (each.read_text(encoding="utf-8") for each in files):
            named = re.findall(r"^StateDirectory=(.+)$", text, re.MULTILINE)
            if named:
                user = "trunkline" if "\nUser=trunkline\n" in text else "root"
                folders[user] |= set(named)
                told = re.findall(r"TRUNKLINE_STATE_DIR=(\S+)", text)
                assert told == [f"/var/lib/{named[-1]}"]

    assert folders == {"root": {"trunkline-host"}, "trunkline": {"trunkline"}}
    drop_in = (root / "deploy/systemd/trunkline-worker@host.service.d/host.conf").read_text(encoding="utf-8")
    assert "\nStateDirectory=\n" in drop_in, "only an empty one takes back the template's"


def test_docker_starts_after_the_agent_but_does_not_die_with_it(root: Path) -> None:
    agent = (root / "deploy/systemd/trunkline-agent.service").read_text(encoding="utf-8")
    docker = (root / "deploy/systemd/docker.service.d/trunkline.conf").read_text(encoding="utf-8")

    assert "Before=docker.service" in agent
    assert "After=trunkline-agent.socket trunkline-agent.service" in docker
    assert "Wants=trunkline-agent.socket trunkline-agent.service" in docker
    assert "Requires=" not in docker
