#!/bin/bash
# slurm-lab.sh DIR: starts a Slurm of three nodes on this machine, and ends when all are idle; then
# `export SLURM_CONF=DIR/slurm.conf`. Wants root, a host name that resolves, Debian's slurm-wlm and munge, no systemd. What
# it starts goes on: run it in a PID namespace. The pid of a node is in DIR/slurmd-nK.pid.
set -eu
dir=$(readlink -f "$1")
mkdir -p "$dir/state"
cat >"$dir/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=16817
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmdSpoolDir=$dir/spool-%n
StateSaveLocation=$dir/state
SlurmUser=root
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
SlurmdTimeout=10
NodeName=n[1-3] NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=[16818-16820] CPUs=2 State=UNKNOWN
PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$dir/slurm.conf"

# until COMMAND...: tried ten times a second, for a minute at most
until_ok() {
    for _ in $(seq 600); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    echo "slurm-lab: not in time: $*" >&2
    tail -n 20 "$dir"/*.log "$dir"/*.out >&2
    return 1
}

mkdir -p /run/munge
chown munge: /run/munge
setsid runuser -u munge -- /usr/sbin/munged --foreground >"$dir/munged.out" 2>&1 &
until_ok munge -n -i /dev/null
setsid slurmctld -D >"$dir/slurmctld.out" 2>&1 &
until_ok sh -c 'scontrol ping | grep -q "is UP"'
for node in n1 n2 n3; do
    setsid slurmd -D -N "$node" >"$dir/slurmd-$node.out" 2>&1 &
done
# shellcheck disable=SC2016  # expanded there
until_ok sh -c 'test "$(sinfo -h -t idle -o %D)" = 3'
