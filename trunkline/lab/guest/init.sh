#!/bin/bash
# First process of a lab guest (User-mode Linux or QEMU). The machine's own / is mounted read-only; this makes it the
# lower layer of an overlay whose changes live in memory, shares one folder for results, and starts the session server.
# The kernel argument lab=FILE names a file of shell assignments written by trunkline/lab/guests.py:
#   LAB_OUT  folder shared read-write    LAB_OUT_MOUNT  arguments of mount for it
#   LAB_VISIBLE  folders (array) that must stay visible although /tmp and /run are emptied
#   LAB_SERVER   command (array) of the session server    LAB_MODULES  folder of kernel modules, if not the usual one
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

die() {
  echo "LAB INIT FAILED: $*"
  poweroff -f 2>/dev/null || busybox poweroff -f
  exit 1
}

mount -t proc proc /proc || die "cannot mount /proc"
lab=$(sed -n 's/.*\blab=\([^ ]*\).*/\1/p' /proc/cmdline)
[ -r "$lab" ] || die "cannot read the boot file '$lab'"
# shellcheck source=/dev/null
. "$lab"


kernel=$(uname -r)
modules=${LAB_MODULES:-/lib/modules/$kernel}
[ -d "$modules" ] || modules=/usr/lib/uml/modules/$kernel
grep -qw overlay /proc/filesystems || insmod "$modules/kernel/fs/overlayfs/overlay.ko" || die "no overlay module for $kernel"

# The overlay keeps a private view of the lower layer, so what is mounted on /tmp from here on does not hide it there.
mount -t tmpfs -o size=90%,mode=755 layers /tmp || die "cannot mount a tmpfs"
mkdir /tmp/upper /tmp/work /tmp/root
mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work overlay /tmp/root || die "cannot mount the overlay"
root=/tmp/root

mount -t proc proc $root/proc && mount -t sysfs sysfs $root/sys && mount -t devtmpfs dev $root/dev || die "kernel filesystems"
mkdir -p $root/dev/pts $root/dev/shm $root/tmp $root/run $root/var/lib/docker
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts $root/dev/pts
ln -sfn pts/ptmx $root/dev/ptmx
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -sfn "${link#*:}" "$root/dev/${link%%:*}"; done
for folder in dev/shm run tmp var/lib/docker; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
chmod 755 $root/run $root/var/lib/docker
mkdir -p $root/sys/fs/cgroup && mount -t cgroup2 cgroup2 $root/sys/fs/cgroup || echo "no cgroup2"
[ -d "$root/lib/modules/$kernel" ] || { mkdir -p $root/lib/modules; ln -s "$modules" "$root/lib/modules/$kernel"; }

mkdir $root/run/lower && mount --bind / $root/run/lower || die "cannot bind the lower layer"
for folder in "${LAB_VISIBLE[@]}"; do
  mkdir -p "$root$folder" && mount --bind "$root/run/lower$folder" "$root$folder" || die "cannot show $folder"
done
umount $root/run/lower && rmdir $root/run/lower
mkdir -p "$root$LAB_OUT" && mount "${LAB_OUT_MOUNT[@]}" "$root$LAB_OUT" || die "cannot share $LAB_OUT"

cd $root && mkdir run/before && pivot_root . run/before || die "pivot_root"
exec chroot . /bin/bash -c '
  umount -l /run/before; rmdir /run/before
  hostname lab; ip link set lo up
  for m in 8021q macvlan veth bridge ipv6 af_packet xt_addrtype; do modprobe -q $m; done
  echo 100 >/proc/sys/vm/dirty_writeback_centisecs; echo 100 >/proc/sys/vm/dirty_expire_centisecs
  exec "$@"' init "${LAB_SERVER[@]}" || die "cannot start the session server"
