"""The host's worker in a container, as docker-compose.yml confines it: what it must be able to write, it can."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.dockerd import PrivateEngine

SCRIPT = """
for folder in /proc/sys/net "$TRUNKLINE_SYSCTL_NET"; do
  if echo 0 2>/dev/null >"$folder/ipv6/conf/eth0.10/accept_ra"; then echo "$folder written"; fi
done
"""


def service(name: str) -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe").load(text)["services"][name]
    return found


def confinement(name: str) -> list[str]:
    """Write a service's confinement as options of `docker run`."""
    wanted = service(name)
    words = ["--network", wanted["network_mode"], "--user", wanted["user"]]
    words += ["--read-only"] if wanted["read_only"] else []
    for option, key in (
        ("--cap-drop", "cap_drop"),
        ("--cap-add", "cap_add"),
        ("--security-opt", "security_opt"),
    ):
        words += [word for value in wanted[key] for word in (option, value)]
    words += [word for value in wanted["volumes"] if value.startswith("/proc") for word in ("-v", value)]
    return [*words, "--env", f"TRUNKLINE_SYSCTL_NET={wanted['environment']['TRUNKLINE_SYSCTL_NET']}"]


def test_the_worker_and_the_agent_of_a_host_can_write_their_links_settings(dockerd: PrivateEngine) -> None:
    for name in ("host-worker", "agent"):
        said = dockerd.docker("run", "--rm", *confinement(name), "busybox", "sh", "-c", SCRIPT)
        assert said.split() == ["/host/sys-net", "written"], "and the container's own settings stay read-only"
