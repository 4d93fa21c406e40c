"""What the README says is caught is what was measured last."""

from infra.native.layout import REPOSITORY


def test_the_readme_shows_the_tables_of_the_page_on_attacks() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    page = (REPOSITORY / "docs" / "attacks.md").read_text()
    measured = (REPOSITORY / "benchmarks" / "results" / "attack.md").read_text()

    for head in ("| pack | accounts | caught |", "| pack | accounts | challenged |"):
        start = page.index(head)
        table = page[start : page.index("\n\n", start)]
        assert table in readme
        assert table in measured
