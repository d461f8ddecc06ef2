"""Several jobs on several GPUs: each has one of its own, and gives it back however it ends."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter

import pytest

from conftest import ROOT
from mmsent.encoders.gpus import claim_gpu

#: Claims one of four devices, says which, works on until its input ends.
JOB = """
import os, sys
sys.path.insert(0, "scripts")
from mmsent.encoders.gpus import claim_gpu
device = claim_gpu(lambda: 4)
assert device == os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ
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
        """Waits for the answer; asked once."""
        line = self.process.stdout.readline().strip()
        assert line, self.process.stderr.read()
        return line

    def end(self):
        """Let it end; what it complained of."""
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
    ("visible", "devices"),
    [
        ("5", ["5", "5"]),
        ("6,3", ["3", "6"]),
        (" 1 , 2 ", ["1", "2"]),
        ("GPU-8932f937-d72c,GPU-1", ["GPU-1", "GPU-8932f937-d72c"]),
        ("MIG-GPU-5/1/0,MIG-GPU-5/2/0", ["MIG-GPU-5/1/0", "MIG-GPU-5/2/0"]),
        ("2,-1,3", ["2", "2"]),
    ],
)
def test_devices_that_the_environment_names_are_the_only_ones(start, visible, devices):
    jobs = [start(CUDA_VISIBLE_DEVICES=visible) for _ in range(2)]
    assert sorted(job.device for job in jobs) == devices


@pytest.mark.parametrize("visible", ["", "-1"])
def test_hidden_devices_stay_hidden(monkeypatch, tmp_path, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert claim_gpu(lambda: 4, tmp_path) is None
    assert os.environ["CUDA_VISIBLE_DEVICES"] == visible


def test_a_machine_without_devices_has_none_to_give(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert claim_gpu(lambda: 0, tmp_path) is None
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_devices_that_are_named_are_not_counted(monkeypatch, tmp_path):
    # Counting those of MIG would start CUDA with the whole list.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert claim_gpu(lambda: pytest.fail("counted"), tmp_path) == "7"


def test_slurm_jobs_do_not_stand_in_each_others_way(start):
    # Slurm calls the devices of each job 0, 1, ...: other devices under the same names.
    same = [start(CUDA_VISIBLE_DEVICES="0,1", SLURM_JOB_ID="1") for _ in range(2)]
    assert {job.device for job in same} == {"0", "1"}
    other = [start(CUDA_VISIBLE_DEVICES="0,1", SLURM_JOB_ID="2") for _ in range(2)]
    assert {job.device for job in other} == {"0", "1"}
    assert "shares it" not in other[0].end()


FORKING = """
child = os.fork()
if child == 0:
    import time
    time.sleep(60)
print(child, flush=True)
sys.stdin.read()
"""


def test_a_process_that_the_job_forked_does_not_keep_its_device(start):
    job = start(JOB.replace("sys.stdin.read()", FORKING), CUDA_VISIBLE_DEVICES="0,1")
    assert job.device == "0"
    child = int(job.device)
    try:
        job.kill()
        os.kill(child, 0)  # it lives
        assert start(CUDA_VISIBLE_DEVICES="0,1").device == "0"
    finally:
        os.kill(child, signal.SIGKILL)


def test_claiming_twice_gives_the_same_device_and_keeps_it(start):
    twice = JOB.replace("print(device", "assert claim_gpu(lambda: 4) == device\nprint(device")
    job = start(twice)
    assert {job.device, start().device} == {"0", "1"}
    assert job.end() == ""


def test_a_folder_that_is_not_the_users_own_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(PermissionError, match="TMPDIR"):
        claim_gpu(lambda: 4, tmp_path / "link")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


SNAKEFILE = """
rule all:
    input: expand("{job}.txt", job=range(8))
rule work:
    output: "{job}.txt"
    resources: gpu=1
    shell: "PYTHON job.py {output}"
"""
SNAKEMAKE_JOB = """
import sys, time
sys.path.insert(0, "SCRIPTS")
from mmsent.encoders.gpus import claim_gpu
device, start = claim_gpu(lambda: 4), time.monotonic()
time.sleep(0.5)
print(device, start, time.monotonic(), file=open(sys.argv[1], "w"))
"""


def test_jobs_of_a_workflow_never_meet_on_a_device(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("PYTHON", sys.executable))
    code = SNAKEMAKE_JOB.replace("SCRIPTS", str(ROOT / "scripts"))
    (tmp_path / "job.py").write_text(code)
    command = [sys.executable, "-m", "snakemake", "--cores", "8", "--resources", "gpu=4"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "shares it" not in done.stderr
    runs = [path.read_text().split() for path in tmp_path.glob("*.txt")]
    assert len(runs) == 8
    spans = [(device, float(start), float(end)) for device, start, end in runs]
    together = Counter()
    for number, (device, start, end) in enumerate(spans):
        for other, other_start, other_end in spans[:number]:
            if start < other_end and other_start < end:
                together[device == other] += 1
    assert together[True] == 0
    assert together[False] > 0, "nothing ran at the same time: the test shows nothing"


#: Counts what a script's imports ask of the driver, which would read the environment too early.
IMPORTS = """
import runpy, sys
import torch
asked = []
torch._C._cuda_getDeviceCount = lambda: asked.append(1) or 0
sys.path.insert(0, "scripts")
for script in sys.argv[1:]:
    runpy.run_path(f"scripts/{script}.py", run_name="imported")
    assert not asked, script
import mmsent.encoders.encode_image, mmsent.encoders.encode_text
assert not asked
"""


def test_no_script_asks_cuda_before_its_device_is_chosen(in_root):
    scripts = sorted(
        path.stem for path in (in_root / "scripts").glob("*.py") if "gpus" in path.read_text()
    )
    assert {"train", "train_vlm", "encode_text", "encode_changes", "zero_shot"} <= set(scripts)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(IMPORTS), *scripts],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_an_unusable_device_that_was_named_is_an_error_and_not_a_slow_run(in_root, tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'scripts')\n"
        "from mmsent.encoders.device import device_for\n"
        "print(device_for(int(sys.argv[1])))"
    )
    cases = (
        ("0", "40,41", 0, "cpu"),
        ("1", "40,41", 1, "CUDA_VISIBLE_DEVICES=40,41: the GPU 40"),
        ("1", "", 1, "a GPU is asked for, and torch"),  # no GPU, or none that torch can use
    )
    for gpus, visible, status, said in cases:
        done = subprocess.run(
            [sys.executable, "-c", code, gpus], capture_output=True, text=True, check=False,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": visible, "TMPDIR": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == status
        assert said in done.stdout + done.stderr
