"""Every threat on the page on security names the test that shows what stops it.

That the test is there, ``test_named_files.py`` makes sure of.
"""

import re

from tests.pages import page_at

_THREAT = re.compile(r"^\| [^|]+ \| [^|]+ \| tests/\S+::\w+ \|$")


def test_every_threat_names_its_test() -> None:
    threats_alone = (
        page_at("docs/security.md").text.partition("\n## Threats\n")[2].partition("\n## ")[0]
    )
    heading, rule, *threats = [line for line in threats_alone.splitlines() if line[:2] == "| "]

    assert "threat" in heading
    assert set(rule) <= set("| -")
    assert len(threats) > 20
    assert [line for line in threats if not _THREAT.match(line)] == []
