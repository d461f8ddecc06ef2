"""Progress of long jobs: few lines where nobody watches a terminal."""

import pytest

from mmsent.progress import Progress, with_progress


def test_a_log_has_a_line_for_each_tenth_and_no_more(capsys, monkeypatch):
    monkeypatch.setattr("mmsent.progress._INTERVAL", 0.0)
    assert list(with_progress(range(4511), "images")) == list(range(4511))
    lines = capsys.readouterr().err.split("\n")[:-1]
    assert len(lines) == 10
    assert not any("\r" in line for line in lines)
    assert lines[0].startswith("images: 452 of 4511 posts, ")
    assert lines[-1].startswith("images: 4511 of 4511 posts, ")


def test_a_short_job_leaves_one_line(capsys):
    with Progress(30, "epoch 1 of 3") as progress:
        for _ in range(3):
            progress.update(10, "loss 0.5")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("epoch 1 of 3: 30 of 30 posts")
    assert line.endswith("loss 0.5")


@pytest.mark.parametrize("total", [0, 1])
def test_no_post_and_one_post_are_no_special_case(capsys, total):
    assert list(with_progress(range(total), "texts")) == list(range(total))
    assert len(capsys.readouterr().err.splitlines()) == total
