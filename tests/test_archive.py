"""The archive of a report: the same bytes each time, and no change to it goes unnoticed."""

import os
import subprocess
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from mmsent.errors import InputError
from mmsent.report.archive import DATA, SUMS, write_archive
from mmsent.report.verification import opened, verified
from mmsent.tables import write_table


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive of two files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    for name in ("report.md", "scores.csv"):
        (tmp_path / "results" / name).write_text(f"{name} é\n")
    rows = {"guid": ["1", "2"], "sha256": ["a" * 64, "b" * 64]}
    texts = pd.DataFrame(rows | {"file": ["1.txt", "2.txt"], "text": ["RT so happy today", ""]})
    write_table("texts.tsv", texts)
    write_table("images.tsv", pd.DataFrame(rows | {"file": ["1.jpg", "2.jpg"]}))
    files = [Path("results/report.md"), Path("results/scores.csv")]
    write_archive(Path("archive.zip"), files, Path("texts.tsv"), Path("images.tsv"))
    return Path("archive.zip")


def rewritten(archive, change):
    """The archive with its members changed, and hashes as they were."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile("other.zip", "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return Path("other.zip")


def test_an_archive_is_the_same_bytes_each_time_and_says_nothing_of_when(archive):
    first = archive.read_bytes()
    files = [Path("results/scores.csv"), Path("results/report.md")]
    Path("results/report.md").touch()
    write_archive(archive, files, Path("texts.tsv"), Path("images.tsv"))
    assert archive.read_bytes() == first


def test_posts_are_named_by_hash_and_their_texts_stay_out(archive):
    with zipfile.ZipFile(archive) as members:
        data = members.read(DATA).decode()
        assert "happy" not in "".join(members.read(n).decode() for n in members.namelist())
    assert data.splitlines() == [
        "guid\tfile\tsha256\twords", f"1\t1.txt\t{'a' * 64}\t4", f"2\t2.txt\t{'b' * 64}\t0",
        f"1\t1.jpg\t{'a' * 64}\t", f"2\t2.jpg\t{'b' * 64}\t",
    ]  # fmt: skip


def test_the_hashes_can_be_checked_without_this_project(archive, tmp_path):
    with zipfile.ZipFile(archive) as members:
        members.extractall(tmp_path / "out")
    done = subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=tmp_path / "out",
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.update({"results/report.md": b"better\n"}),
        lambda members: members.pop("results/scores.csv"),
        lambda members: members.update({"more.txt": b"more\n"}),
    ],
    ids=["changed", "removed", "added"],
)
def test_a_member_that_was_changed_removed_or_added_is_found(archive, change):
    with opened(archive) as folder:
        assert (folder / "results/report.md").is_file()
    with pytest.raises(InputError, match="1 members are not those that were archived"):
        verified(rewritten(archive, change))


def test_what_is_no_archive_of_a_report_is_refused(archive, tmp_path):
    with pytest.raises(InputError, match=r"the archive lacks results/provenance\.json"):
        verified(archive)
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cut\.zip: damaged, or no archive"):
        verified(tmp_path / "cut.zip")
    with pytest.raises(InputError, match=f"it has no {SUMS}"):
        verified(rewritten(archive, lambda members: members.pop(SUMS)))


def test_code_from_elsewhere_has_the_names_of_its_folder(archive, tmp_path, monkeypatch):
    indexes = (Path("texts.tsv").absolute(), Path("images.tsv").absolute())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    names = ["code/a/__init__.py", "code/b/__init__.py", "work/config/config.yaml"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr("mmsent.report.provenance.ROOT", Path("../code"))
    paths = [Path(os.path.relpath(tmp_path / name)) for name in names]
    write_archive(Path("x.zip"), paths, *indexes)
    with zipfile.ZipFile("x.zip") as members:
        listed = {"a/__init__.py", "b/__init__.py", "config/config.yaml"}
        assert set(members.namelist()) == {*listed, DATA, SUMS}


def test_settings_from_elsewhere_have_a_folder_of_their_own_and_no_path(archive, tmp_path):
    (tmp_path / "project").mkdir()
    mine, other = tmp_path / "mine.yaml", tmp_path / "project/mine.yaml"
    mine.write_text("seed: 1\n")
    out, indexes = Path("x.zip"), (Path("texts.tsv"), Path("images.tsv"))
    write_archive(out, [mine, Path("project/../mine.yaml")], *indexes)
    with zipfile.ZipFile(out) as members:
        assert set(members.namelist()) == {"outside/mine.yaml", DATA, SUMS}
        assert members.read("outside/mine.yaml") == b"seed: 1\n"
    other.write_text("seed: 2\n")
    with pytest.raises(ValueError, match="another file from elsewhere has this name too"):
        write_archive(out, [mine, other], *indexes)
