import pandas as pd
import pytest

from mmsent.files import seed_of, settings_argument, write_json, write_text, written_whole
from mmsent.tables import read_table, write_table


def fail_half_way(target):
    with written_whole(target) as temporary:
        temporary.write_text("half of the new")
        raise RuntimeError


def test_a_file_is_whole_or_not_there(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with pytest.raises(RuntimeError):
        fail_half_way(target)
    assert list(target.parent.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError):
        fail_half_way(target)
    assert target.read_text() == "old"


@pytest.mark.parametrize("suffix", ["tsv", "csv", "parquet"])
def test_tables_come_back_as_they_were(tmp_path, suffix):
    odd = ["null", "", "NA", 'a "quoted"\ttab', "two\nlines", "ключ, 😀", "007"]
    table = pd.DataFrame(
        {"guid": ["007", "1", "2", "3", "4", "5", "6"], "text": odd, "n": range(7)}
    )
    write_table(tmp_path / f"t.{suffix}", table)
    pd.testing.assert_frame_equal(read_table(tmp_path / f"t.{suffix}"), table, check_dtype=False)


def test_equal_json_is_equal_bytes(tmp_path):
    write_json(tmp_path / "a", {"b": 1, "a": [1.5, "é"]})
    write_json(tmp_path / "b", {"a": [1.5, "é"], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_settings_come_from_json_or_a_key_of_a_file(tmp_path):
    (tmp_path / "s.yaml").write_text("one: {a: 1}\ntwo: 5\n")
    assert settings_argument('{"a": 1}') == {"a": 1}
    assert settings_argument(f"{tmp_path}/s.yaml#one") == {"a": 1}
    with pytest.raises(ValueError, match="no key 'three'"):
        settings_argument(f"{tmp_path}/s.yaml#three")
    assert settings_argument("a word") == "a word"


def test_seeds_differ_within_the_bits_that_torch_heeds():
    seeds = {seed_of(seed, "name", number) for seed in range(5) for number in range(20)}
    assert len(seeds) == 100
    assert max(seeds) < 2**32
