"""A Linux machine of the lab that switches: its namespaces, its keys, Open vSwitch if so, and a real sshd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from trunkline.lab.kernel import PATH
from trunkline.lab.topology import LabSwitch
from trunkline.orchestrator.errors import Unsupported

# Its process 1. Where its daemons write is its own, and so is root's account: elsewhere it may be locked, and a login
# shell would read the files of whoever owns the machine below.
INIT = """
mount -t proc proc /proc
for folder in /run/sshd /run/openvswitch /root; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=700 tmpfs "$folder"
done
echo 'root:*:19000:0:99999:7:::' >/run/sshd/shadow
mount --bind /run/sshd/shadow /etc/shadow
hostname "$1"
trap '' CHLD
echo ready
exec sleep infinity
"""
SSHD_CONFIG = """
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/login_key.pub
AllowUsers root
PermitRootLogin prohibit-password
PasswordAuthentication no
PidFile none
StrictModes no
UseDNS no
UsePAM no
"""
# A machine's configuration finds in $DATAPATH which kind of bridge works: the kernel's, or else the daemon's own.
OPEN_VSWITCH = """
[ -c /dev/net/tun ] || modprobe tun
if modprobe -q openvswitch; then DATAPATH=system options=; else DATAPATH=netdev options=--disable-system; fi
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --pidfile --detach \
  --log-file={logs}/{name}-ovsdb-server.log /run/openvswitch/conf.db
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach $options --log-file={logs}/{name}-ovs-vswitchd.log
"""
NAMESPACES = ("--mount", "--uts", "--pid")


def boot_command(spec: LabSwitch) -> list[str]:
    """Give the command that makes the machine's namespaces and is its first process; it prints ``ready``."""
    return [
        *("nsenter", f"--net=/run/netns/{spec.name}", "--"),
        *("unshare", *NAMESPACES, "--fork", "--kill-child=KILL", "--propagation", "private", "--"),
        *("sh", "-ec", INIT, "init", spec.name),
    ]


def enter_words(pid: int) -> tuple[str, ...]:
    """Give the words before a command that is to run on the machine whose first process this is."""
    return ("nsenter", "--target", str(pid), *NAMESPACES, "--net", "--wd=/", "--")


def start_command(spec: LabSwitch, *, folder: Path, logs: Path) -> list[str]:
    """Make its keys and give the command, for the machine, that types in its configuration and becomes its sshd.

    Raises:
        Unsupported: a program is missing.
    """
    sshd = _program("sshd", "openssh-server")
    for key in ("host_key", "login_key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lab {spec.name}", "-f"]
        subprocess.run([*words, str(folder / key)], check=True, stdin=subprocess.DEVNULL)
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(address=spec.management, folder=folder))
    begin = ""
    if spec.platform == "openvswitch":
        _program("ovs-vswitchd", "openvswitch-switch")
        begin = OPEN_VSWITCH.format(logs=logs, name=spec.name)
    (folder / "boot").write_text(
        f"{begin}\n{spec.startup_config}\nexec {sshd} -D -e -f {folder}/sshd_config\n"
    )
    return ["sh", "-ex", str(folder / "boot")]


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        raise Unsupported(
            f"{name} is not installed", subject="lab switch", fix=f"install the package {package}"
        )
    return found
