#!/bin/bash
# First process of a native lab: already in namespaces of its own; makes the machine's files read-only here, gives the
# lab empty /run and /tmp, shares one folder for results, and starts the session server. See init.sh for the variables.
die() {
  echo "LAB INIT FAILED: $*"
  exit 1
}
# shellcheck source=/dev/null
. "$1" || die "cannot read $1"

# The open terminals keep the lines alive: the names must stay valid although nobody inside has opened them yet.
keep=/mnt
mount -t tmpfs -o mode=755 tmpfs $keep || die "cannot mount a tmpfs"
for folder in "${LAB_VISIBLE[@]}" "$LAB_OUT"; do
  mkdir -p "$keep$folder" && mount --rbind "$folder" "$keep$folder" || die "cannot keep $folder"
done
mount -o remount,bind,ro / || die "cannot make / read-only"
# Where programs expect to write, changes live in memory.
for folder in /etc /var /root; do
  layers=$keep/layers$folder
  mkdir -p "$layers/upper" "$layers/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" overlay $folder ||
    die "cannot overlay $folder"
done
mkdir -p /var/lib/docker
for folder in /run /tmp /var/lib/docker /dev/shm; do
  [ -d $folder ] && { mount -t tmpfs -o mode=755 tmpfs $folder || die "cannot mount on $folder"; }
done
chmod 1777 /tmp /dev/shm
for folder in "${LAB_VISIBLE[@]}"; do
  mkdir -p "$folder" 2>/dev/null
  mount --bind "$keep$folder" "$folder" && mount -o remount,bind,ro "$folder" || die "cannot show $folder"
done
mkdir -p "$LAB_OUT" 2>/dev/null
mount --bind "$keep$LAB_OUT" "$LAB_OUT" || die "cannot share $LAB_OUT"
umount -R -l $keep
mount -t proc proc /proc && mount -t sysfs sysfs /sys || die "kernel filesystems"
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup || echo "no cgroup2"
hostname lab
ip link set lo up
exec "${LAB_SERVER[@]}"
