"""docs/api.md is run as it stands: every command, every program, every answer's shape."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from connectors.settings import Settings
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.e2e.pipeline import Pipeline

PAGE = REPOSITORY / "docs/api.md"
_BLOCK = re.compile(r"^```(sh|python|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "@@@ block {}"


@dataclass(frozen=True, slots=True)
class Example:
    """Something to run, and what the page shows of its output."""

    language: str
    code: str
    shown_as: str = ""
    shown: str = ""


def examples(page: str) -> Iterator[Example]:
    """The page's programs in order, each with the output that stands right after it."""
    found = _BLOCK.findall(page)
    for number, (language, code) in enumerate(found):
        if language in ("sh", "python"):
            shown = found[number + 1] if number + 1 < len(found) else ("", "")
            is_output = shown[0] in ("json", "text")
            yield Example(language, code, *(shown if is_output else ("", "")))


def script(found: list[Example], stack: Settings) -> str:
    """One shell session that runs all of them, as a reader does."""
    lines = ["set -euo pipefail"]
    for number, example in enumerate(found):
        code = example.code.replace("http://127.0.0.1:8000", stack.api_url)
        code = code.replace(".run/api-key", str(stack.api_key_file))
        lines.append(f"echo; echo '{_MARK.format(number)}'")
        lines.append(code if example.language == "sh" else f"python - <<'PROGRAM'\n{code}PROGRAM")
    return "\n".join(lines)


def fits(shown: Any, got: Any) -> bool:
    """Whether all that is shown is there, with the same kinds of values."""
    if isinstance(shown, dict):
        return isinstance(got, dict) and all(
            name in got and fits(value, got[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(got, list) and all(map(fits, shown, got)) and len(shown) <= len(got)
    number = (int, float)
    return got is shown or isinstance(got, number if isinstance(shown, number) else type(shown))


def test_every_example_of_the_tutorial_works(stack: Settings, tmp_path: Path) -> None:
    """Pasted one after the other into a shell, as the page says."""
    shop = Pipeline(stack)
    for user in ("u-31007", "u-31008"):
        shop.sign_up(user, device_id="d-4411")
    shop.risk_when("u-31008", linked={"u-31007"})
    found = list(examples(PAGE.read_text()))
    environment = os.environ | environment_of(stack, layout_of(stack))
    environment["PATH"] = f"{REPOSITORY / '.venv/bin'}:{environment['PATH']}"

    done = subprocess.run(
        ["bash", "-c", script(found, stack)],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=110,
    )  # fmt: skip

    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    outputs = re.split(r"^@@@ block \d+$", done.stdout, flags=re.MULTILINE)[1:]
    assert len(outputs) == len(found) > 10
    for example, output in zip(found, outputs, strict=True):
        match example.shown_as:
            case "text":
                assert output.strip() == example.shown.strip()
            case "json":
                got = orjson.loads(output.strip().splitlines()[0])
                assert fits(orjson.loads(example.shown), got), output
