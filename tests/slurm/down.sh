#!/usr/bin/env bash
# Take the Slurm of tests/slurm/up.sh down: cancel its jobs, end its three daemons and no others.
set -euo pipefail
folder=${SLURM_FOLDER:-${TMPDIR:-/tmp}/mmsent-slurm}
export SLURM_CONF=$folder/slurm.conf
[ -e "$SLURM_CONF" ] || exit 0
scancel --user root 2>/dev/null || true
for daemon in slurmd slurmctld munged; do
  pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$daemon" ] || continue
  kill "$pid"
  for _ in $(seq 100); do
    [ -e "/proc/$pid" ] || break
    sleep 0.1
  done
done
for name in slurm.conf gres.conf; do
  [ "$(readlink /etc/slurm/$name)" = "$folder/$name" ] && rm /etc/slurm/$name
done
rm -rf "$folder"
