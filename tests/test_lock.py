"""One run at a time in a folder, none that a killed one keeps out, and none that cannot store."""

import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest
from snakemake.exceptions import WorkflowError

from conftest import ROOT
from mmsent.plan import lock
from mmsent.plan.lock import LOCK, check_writable, hold_folder

HOLD = """
import sys, time
sys.path.insert(0, "scripts")
from mmsent.plan.lock import hold_folder
from pathlib import Path
hold_folder(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_run_is_refused_until_the_first_is_dead_however_it_died(tmp_path):
    path = tmp_path / LOCK
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(WorkflowError, match=rf"process {first.pid}\b"):
            hold_folder(path)
        first.send_signal(signal.SIGKILL)
    hold_folder(path)
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as second:
        assert "another run works in this folder" in second.stderr.read()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_keeps_no_run_out(tmp_path, monkeypatch, caplog, number):
    def no_locks(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "lockf", no_locks)
    warnings = []
    monkeypatch.setattr(lock.logger, "warning", warnings.append)
    hold_folder(tmp_path / LOCK)
    (warning,) = warnings
    assert "this file system has no locks" in warning


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told_before_any_job(tmp_path):
    folder = tmp_path / "results"
    check_writable(folder)
    folder.mkdir()
    check_writable(folder)
    folder.chmod(0o555)
    with pytest.raises(WorkflowError, match=r"results: may not be written to; .*chmod u\+w"):
        check_writable(tmp_path, folder)
