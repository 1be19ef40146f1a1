#!/bin/bash
# The first process of a virtual node (machines.py): mounts what the node works on, then runs what is laid into its spool.
# The kernel hands its parameters on in the environment.
#
#   KOSHA_ADDRESS KOSHA_SERVER   of the node and of the server of NFS
#   KOSHA_OPTIONS                of the mount, with ; for , which the kernel's command line would split
#   KOSHA_FOLDER                 of the test: spool, settings, and the mount point storage
#   KOSHA_REPOSITORY KOSHA_MODULES KOSHA_NAME
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir /dev/shm
mount -t tmpfs shm /dev/shm
# Whatever lies below /tmp of this machine is out of sight, but for the two folders.
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mkdir -p "$KOSHA_FOLDER" "$KOSHA_REPOSITORY"
mount -t hostfs -o "$KOSHA_REPOSITORY" repository "$KOSHA_REPOSITORY"
mount -t hostfs -o "$KOSHA_FOLDER" folder "$KOSHA_FOLDER"
hostname "$KOSHA_NAME"
ip link set lo up
ip address add "$KOSHA_ADDRESS/24" dev vec0
ip link set vec0 up
modprobe --dirname "$KOSHA_MODULES" nfsv4
mount -i -t nfs4 -o "${KOSHA_OPTIONS//;/,},addr=$KOSHA_SERVER,clientaddr=$KOSHA_ADDRESS" "$KOSHA_SERVER:/" "$KOSHA_FOLDER/storage"

cd "$KOSHA_FOLDER/$KOSHA_NAME"
touch ready
shopt -s nullglob
while true; do
  for script in *.sh; do
    mv "$script" "${script%.sh}.taken"
    (
      code=0
      bash "${script%.sh}.taken" >"${script%.sh}.out" 2>&1 || code=$?
      printf '%s\n' "$code" >"${script%.sh}.part"
      mv "${script%.sh}.part" "${script%.sh}.code"
    ) &
  done
  sleep 0.1
done
