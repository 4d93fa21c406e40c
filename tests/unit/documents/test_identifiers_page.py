"""``docs/identifiers.md`` lists what the code lists."""

import re

from connectors.identifiers.placeholders import DEVICE_WORDS, KNOWN_DEVICES, NULL_WORDS, Form
from infra.native.layout import REPOSITORY

PAGE = (REPOSITORY / "docs" / "identifiers.md").read_text()


def listed(start: str, end: str) -> list[str]:
    section = PAGE.partition(start)[2].partition(end)[0]
    return re.findall(r"`([^`]+)`", section)


def test_the_page_lists_every_word_that_stands_for_nobody() -> None:
    assert listed("quotes around them:", "As a device also:") == sorted(NULL_WORDS)
    assert listed("As a device also:", "A value that is on no list") == sorted(
        DEVICE_WORDS | KNOWN_DEVICES
    )


def test_the_page_lists_every_form() -> None:
    forms = re.findall(r"^\| (?!form |---)([^|]+?) \|", PAGE.partition("## What")[2], re.MULTILINE)

    assert forms == list(Form)
