"""The lab itself is what it says: cables, engines, processes and an end that leaves nothing."""

from __future__ import annotations

import subprocess

from trunkline.lab.building import Lab


def test_every_host_has_an_engine_of_its_own(lab: Lab) -> None:
    names = {
        lab.host(name).docker("info", "--format", "{{.Name}} {{.ID}}").stdout for name in ("host1", "host2")
    }

    assert len(names) == 2
    assert {name.split()[0] for name in names} == {"host1", "host2"}


def test_a_container_without_a_network_gets_the_default_bridge(lab: Lab) -> None:
    host = lab.host("host1")
    host.docker("run", "--detach", "--name", "plain", "busybox")
    try:
        assert host.container_pings("plain", "172.17.0.1")
        assert not lab.host("host2").docker("ps", "--quiet").stdout
    finally:
        host.docker("rm", "--force", "plain")


def test_plugins_and_state_of_one_host_are_hidden_from_the_other(lab: Lab) -> None:
    first, second = lab.host("host1"), lab.host("host2")
    for folder in ("/run/docker/plugins", "/var/lib/trunkline", "/etc/docker"):
        first.exec(["touch", f"{folder}/mark"], check=True)
        assert first.exec(["test", "-e", f"{folder}/mark"]).returncode == 0
        assert second.exec(["test", "-e", f"{folder}/mark"]).returncode == 1


def test_hosts_reach_each_other_and_their_gateway_on_the_untagged_network(lab: Lab) -> None:
    host = lab.host("host1")

    assert host.pings("192.168.0.1")
    assert host.pings("192.168.0.12")
    assert host.pings("fd00:192::12")


def test_the_switch_routes_between_the_hosts_and_the_server(lab: Lab) -> None:
    host = lab.host("host1")

    assert host.pings("172.30.0.10")
    assert host.pings("fd00:30::10")


def test_a_tagged_frame_of_a_vlan_that_no_port_allows_reaches_nobody(lab: Lab) -> None:
    hosts = [lab.host("host1"), lab.host("host2")]
    for number, host in enumerate(hosts, start=1):
        for command in (
            "ip link add link eth0 name eth0.999 type vlan id 999",
            f"ip address add 10.250.0.{number}/24 dev eth0.999",
            "ip link set eth0.999 up",
        ):
            host.exec(command.split(), check=True)
    try:
        with lab.capture("sw1", "GigabitEthernet1/0/1", "vlan 999 and arp") as sent:
            assert not hosts[0].pings("10.250.0.2", tries=1)
            assert "vlan 999" in sent.wait_for("802.1Q")
    finally:
        for host in hosts:
            host.exec(["ip", "link", "delete", "eth0.999"])


def test_a_process_has_a_log_and_ends_when_asked(lab: Lab) -> None:
    process = lab.host("host2").popen(["sh", "-c", "echo started; exec sleep 1000"], name="sleeper")
    process.wait_for_log("started", seconds=10)

    assert process.alive
    assert process.stop(seconds=5) != 0
    assert "sleep 1000" not in lab.host("host2").exec(["ps", "ax"]).stdout


def test_an_engine_that_crashed_starts_again(lab: Lab) -> None:
    host = lab.host("host2")
    host.kill_docker()
    assert host.docker("ps", check=False).returncode != 0

    host.start_docker()
    host.wait_for_docker()

    assert "busybox" in host.docker("images").stdout


def test_redis_keeps_an_append_only_file_and_evicts_nothing(lab: Lab) -> None:
    for name, value in (("appendonly", "yes"), ("maxmemory-policy", "noeviction")):
        shown = lab.host("host1").exec(
            ["redis-cli", "-h", str(lab.topology.address), "config", "get", name], check=True
        )
        assert shown.stdout.split() == [name, value]


def test_the_program_inside_sees_the_machine_but_cannot_change_it() -> None:
    mounts = subprocess.run(["findmnt", "-no", "FSTYPE", "/"], capture_output=True, text=True, check=True)

    assert mounts.stdout.strip() == "overlay"
