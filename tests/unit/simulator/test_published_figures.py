"""What the page on attacks says is caught is what was measured last."""

from infra.native.layout import REPOSITORY


def test_the_page_on_attacks_shows_the_tables_that_were_measured() -> None:
    page = (REPOSITORY / "docs" / "attacks.md").read_text()
    measured = (REPOSITORY / "benchmarks" / "results" / "attack.md").read_text()

    for head in ("| pack | accounts | caught |", "| pack | accounts | challenged |"):
        start = page.index(head)
        assert page[start : page.index("\n\n", start)] in measured
