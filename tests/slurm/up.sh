#!/usr/bin/env bash
# A Slurm of one node on the loopback, to try profiles/slurm with: munged, slurmctld, slurmd, all
# their files in one folder. Prints what to export: eval "$(tests/slurm/up.sh)". Needs root, and on
# Debian apt-get install slurm-wlm munge. Take it down again with tests/slurm/down.sh.
#   SLURM_FOLDER  where its files are (default: mmsent-slurm in TMPDIR)
#   SLURM_CPUS    processors that the node says it has (default: those of the machine)
#   SLURM_GPUS    devices that it says are GPUs (default: 0); they are copies of /dev/null
set -euo pipefail
folder=${SLURM_FOLDER:-${TMPDIR:-/tmp}/mmsent-slurm}
gpus=${SLURM_GPUS:-0}
cpus=${SLURM_CPUS:-$(nproc --all)}
host=$(hostname -s)
socket=$folder/munge.sock

fail() { echo "slurm: $*" >&2; exit 1; }
for program in munged slurmctld slurmd; do
  command -v $program >/dev/null || fail "$program is not installed (Debian: slurm-wlm, munge)"
  pgrep -x $program >/dev/null && fail "$program runs already: tests/slurm/down.sh, or leave that one alone"
done
[ "$(id -u)" = 0 ] || fail "slurmd needs root"
for name in slurm.conf gres.conf; do
  [ ! -e /etc/slurm/$name ] || [ -L /etc/slurm/$name ] || fail "/etc/slurm/$name is somebody's own"
done

rm -rf "$folder"
mkdir -p "$folder"/{state,spool,devices} /etc/slurm
dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 status=none
chmod 400 "$folder/munge.key"
munged --force --key-file="$folder/munge.key" --socket="$socket" --seed-file="$folder/munge.seed" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log"

# Without cgroups and without a database of jobs, neither of which a container has. Finished jobs are
# remembered for an hour: squeue is asked for their states.
cat > "$folder/slurm.conf" <<CONF
ClusterName=mmsent
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthInfo=socket=$socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2
SlurmdParameters=config_overrides
MinJobAge=3600
ReturnToService=2
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$(awk '/MemTotal/ {print int($2 / 1200)}' /proc/meminfo)$([ "$gpus" = 0 ] || echo " Gres=gpu:$gpus")
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
: > "$folder/gres.conf"
for ((n = 0; n < gpus; n++)); do
  mknod "$folder/devices/gpu$n" c 1 3
  echo "NodeName=$host Name=gpu File=$folder/devices/gpu$n" >> "$folder/gres.conf"
done
# The step within a job drops SLURM_CONF, so the files must lie in the usual place as well.
for name in slurm.conf gres.conf; do ln -sfn "$folder/$name" /etc/slurm/$name; done

export SLURM_CONF=$folder/slurm.conf
slurmctld -c
slurmd -c -N "$host"
for _ in $(seq 100); do
  [ "$(sinfo --noheader --format %T 2>/dev/null)" = idle ] && break
  sleep 0.2
done
[ "$(sinfo --noheader --format %T)" = idle ] || fail "the node is $(sinfo --noheader --format '%T: %E'), see $folder/*.log"
echo "export SLURM_CONF=$SLURM_CONF"
