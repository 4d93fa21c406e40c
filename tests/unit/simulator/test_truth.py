"""The file that tells who is who."""

from pathlib import Path

from simulator.truth import add_truth, read_truth, truth_file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = truth_file(tmp_path, 7)

    add_truth(file, {"a": "honest", "b": "ip_ring"})

    assert file == tmp_path / "simulated" / "7.csv"
    assert file.read_text() == "user_id,truth\na,honest\nb,ip_ring\n"
    assert read_truth(file) == {"a": "honest", "b": "ip_ring"}


def test_plays_of_one_seed_add_up(tmp_path: Path) -> None:
    file = truth_file(tmp_path, 7)

    add_truth(file, {"a": "honest", "b": "ip_ring"})
    add_truth(file, {"b": "ip_ring", "c": "device_farm"})

    assert read_truth(file) == {"a": "honest", "b": "ip_ring", "c": "device_farm"}
    assert [found.name for found in file.parent.iterdir()] == ["7.csv"]


def test_there_is_no_truth_before_the_first_play(tmp_path: Path) -> None:
    assert read_truth(truth_file(tmp_path, 7)) == {}
