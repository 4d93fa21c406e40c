"""The edge of every command."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.command import explain
from connectors.errors import (
    DependencyDown,
    DependencyRefuses,
    LoadError,
    PromoError,
    SecretMissing,
)
from infra.native.layout import REPOSITORY
from tests.reading import eventually

PRINTS_MUCH = """
import sys
from pathlib import Path
from rich.console import Console
from connectors.command import run_command

def main():
    for number in range(50_000):
        print("line", number)
    print("trouble", file=sys.stderr)
    Console().print("done")
    Path(sys.argv[1]).touch()
    return 3

run_command(main)
"""


def test_a_closed_pipe_ends_the_printing_without_a_word_and_not_the_work(tmp_path: Path) -> None:
    finished = tmp_path / "finished"
    command = [sys.executable, "-c", PRINTS_MUCH, str(finished)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        assert process.stderr.read() == "trouble\n"
        assert process.wait(20) == 3
    eventually(finished.exists, "the work went on")


def test_every_command_of_the_makefile_ends_at_that_edge() -> None:
    named = set(re.findall(r" -m ([a-z_.]+)", (REPOSITORY / "Makefile").read_text()))
    commands = {name for name in named if not name.startswith("tests.")}
    assert {"connectors.load", "infra.native", "ml.parity"} <= commands
    for name in commands:
        place = REPOSITORY / name.replace(".", "/")
        module = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
        edge = module.read_text().partition('__name__ == "__main__"')[2]
        assert "run_command(main)" in edge, name


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SecretMissing("x is not set: `make up`"), "the stack has not been set up here"),
        (DependencyDown("Kafka: timed\n  out"), "`make up`: Kafka: timed out"),
        (DependencyRefuses("Redis is full", "raise it", "OOM"), "Redis is full: raise it"),
        (LoadError("x is empty"), "x is empty"),
    ],
)
def test_an_error_is_one_line_and_says_what_to_do(error: PromoError, said: str) -> None:
    told = explain(error)
    assert said in told
    assert "\n" not in told
    assert isinstance(error, DependencyRefuses | LoadError) != ("make up" in told)
