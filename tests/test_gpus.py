"""Several jobs on several GPUs: each claims another one, and releases it however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from mmsent.encoders.gpus import _devices, claim_gpu

#: Claims one of four devices, prints it, and ends with its input.
JOB = """
import os, signal, sys
sys.path.insert(0, "scripts")
from mmsent.encoders.gpus import claim_gpu
device = claim_gpu(lambda: 4)
assert device == claim_gpu(lambda: 4) == os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ
print(device, flush=True)
sys.stdin.read()
"""


class Job:
    """A process that has claimed a device, or is about to."""

    def __init__(self, folder, code=JOB, **environment):
        inherited = {k: v for k, v in os.environ.items()
                     if k not in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID")}  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**inherited, "TMPDIR": str(folder), **environment},
        )  # fmt: skip

    @property
    def device(self):
        """Wait for the device; to be read once."""
        line = self.process.stdout.readline().strip()
        assert line, self.process.stderr.read()
        return line

    def end(self):
        """Let it end; returns its warnings."""
        return self.process.communicate("")[1]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    """Start jobs that share a temporary folder; none outlives the test."""
    jobs = []

    def start(code=JOB, **environment):
        jobs.append(Job(tmp_path, code, **environment))
        return jobs[-1]

    yield start
    for job in jobs:
        job.process.kill()
        job.process.communicate()


def test_four_jobs_that_start_at_once_have_four_devices(start):
    jobs = [start() for _ in range(4)]
    assert sorted(job.device for job in jobs) == ["0", "1", "2", "3"]
    assert [job.end() for job in jobs] == [""] * 4


@pytest.mark.parametrize("ending", ["end", "kill"])
def test_the_device_of_a_job_that_ends_or_is_killed_is_handed_out_again(start, ending):
    jobs = {job.device: job for job in [start() for _ in range(4)]}
    getattr(jobs["2"], ending)()
    assert start().device == "2"


def test_more_jobs_than_devices_share_evenly_and_say_so(start):
    first = [start() for _ in range(4)]
    assert len({job.device for job in first}) == 4
    others = [start() for _ in range(4)]
    shared = {job.device: job for job in others}
    assert len(shared) == 4
    for device, job in shared.items():
        assert f"GPU {device} has 1 other job(s) already" in job.end()


@pytest.mark.parametrize(
    ("visible", "count", "devices"),
    [
        (" 1 , 2 ", None, ["1", "2"]),
        ("GPU-8932f937-d72c,GPU-1", None, ["GPU-8932f937-d72c", "GPU-1"]),
        ("MIG-GPU-5/1/0,MIG-GPU-5/2/0", None, ["MIG-GPU-5/1/0", "MIG-GPU-5/2/0"]),
        ("2,-1,3", None, ["2"]),
        ("", None, []),
        (None, 0, []),
        (None, 2, ["0", "1"]),
    ],
)
def test_devices_that_the_environment_names_are_the_only_ones(
    monkeypatch, tmp_path, visible, count, devices
):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    # Counting devices of MIG would start CUDA with the whole list.
    counted = (lambda: count) if visible is None else (lambda: pytest.fail("counted"))
    assert _devices(counted) == devices
    assert claim_gpu(counted, tmp_path) == next(iter(devices), None)
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == (devices[0] if devices else visible)


def test_slurm_jobs_do_not_stand_in_each_others_way(start):
    # Slurm calls the devices of each job 0, 1, ...: other devices under the same names.
    same = [start(CUDA_VISIBLE_DEVICES="0,1", SLURM_JOB_ID="1") for _ in range(2)]
    assert {job.device for job in same} == {"0", "1"}
    other = [start(CUDA_VISIBLE_DEVICES="0,1", SLURM_JOB_ID="2") for _ in range(2)]
    assert {job.device for job in other} == {"0", "1"}
    assert "shares it" not in other[0].end()


FORKING = JOB.replace(
    "print(device, flush=True)",
    "child = os.fork()\nif child == 0:\n    signal.pause()\nprint(device, child, flush=True)",
)


def test_a_process_that_the_job_forked_does_not_keep_its_device(start):
    job = start(FORKING, CUDA_VISIBLE_DEVICES="0,1")
    device, child = job.device.split()
    assert device == "0"
    try:
        job.kill()
        os.kill(int(child), 0)  # it lives
        assert start(CUDA_VISIBLE_DEVICES="0,1").device == "0"
    finally:
        os.kill(int(child), signal.SIGKILL)


def test_a_folder_that_is_not_the_users_own_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(PermissionError, match="TMPDIR"):
        claim_gpu(lambda: 4, tmp_path / "link")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


#: Counts how often the imports of jobs query the driver, which would read the environment then.
IMPORTS = """
import importlib, sys
import torch
queries = []
torch._C._cuda_getDeviceCount = lambda: queries.append(1) or 0
sys.path.insert(0, "scripts")
for module in sys.argv[1:]:
    importlib.import_module(module)
    assert not queries, module
"""


def test_no_job_queries_cuda_before_its_device_is_chosen(in_root):
    jobs = {p.stem for p in Path("scripts/jobs").glob("*.py") if "gpus" in p.read_text()}
    assert {"encode", "train", "fine_tune_vlm", "predict_zero_shot", "preflight"} <= jobs
    loaded = ("text_rows", "image_rows", "clip_open", "timm_image")
    modules = [*(f"jobs.{job}" for job in sorted(jobs)), *(f"mmsent.encoders.{m}" for m in loaded)]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *modules], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("gpus", "visible", "status", "message"),
    [
        ("0", "40,41", 0, "cpu"),
        ("1", "40,41", 1, "CUDA_VISIBLE_DEVICES=40,41: the GPU 40"),
        ("1", "", 1, "a GPU is requested, but torch"),  # no GPU, or none that torch can use
    ],
)
def test_an_unusable_device_that_was_named_is_an_error_and_not_a_slow_run(
    in_root, tmp_path, gpus, visible, status, message
):
    code = (
        "import sys; sys.path.insert(0, 'scripts')\n"
        "from mmsent.encoders.device import device_for\n"
        "print(device_for(int(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, gpus], capture_output=True, text=True, check=False,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": visible, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == status
    assert message in done.stdout + done.stderr
