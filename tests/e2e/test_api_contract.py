"""The OpenAPI document is a promise: thousands of requests made from it, and each answer checked.

Schemathesis makes them: documented examples, the edges of every schema, random ones that fit and
random ones that do not. All of its checks are on.
"""

import re
import subprocess
from pathlib import Path

import pytest

from connectors.settings import Settings
from infra.native.layout import REPOSITORY, layout_of
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller, registration
from tests.reading import eventually

LEAST_CASES = 3_000
EXAMPLES = 200
"""Random requests for each operation, of each kind."""

CONFIG = """
[[operations]]
include-name = "GET /v1/alerts/stream"
parameters = { "query.for_s" = 1 }
generation = { max-examples = 10 }
"""
"""A stream ends when it is told to; by default that is in an hour."""

_CASES = re.compile(r"([\d,]+) generated, ([\d,]+) passed")


@pytest.mark.timeout(420)
def test_every_answer_is_as_the_document_says(stack: Settings, tmp_path: Path) -> None:
    """3,000 requests at least, none of them answered with a 5xx or against the document."""
    shop = Pipeline(stack)
    for user in ("u-20477", "u-20481"):  # whom the document's examples speak of
        shop.sign_up(user, device_id="d-7f3a")
        shop.risk_when(user)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)

    done = subprocess.run(
        [REPOSITORY / ".venv/bin/schemathesis", "run", f"{stack.api_url}/openapi.json",
         "--header", f"X-API-Key: {stack.api_key_file.read_text()}", "--checks", "all",
         "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color", "--workers", "2"],
        cwd=tmp_path, capture_output=True, text=True, timeout=400,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-12_000:]
    found = _CASES.search(done.stdout)
    assert found is not None, done.stdout[-2_000:]
    generated, passed = (int(number.replace(",", "")) for number in found.groups())
    assert generated == passed
    assert generated >= LEAST_CASES
    assert '"message":"a defect"' not in layout_of(stack).log_of("api").read_text()


def test_what_the_api_measures_is_in_the_warehouse(stack: Settings) -> None:
    """Rate, errors, duration by route, and a scoring by its parts."""
    with caller(stack) as api:
        asked = {"registration": registration("measured")}
        assert api.post("/v1/score", json=asked).is_success
        assert api.get("/v1/users/nobody-measured/risk").is_client_error
    wanted = {
        "promo_api_requests_total",
        "promo_api_errors_total",
        "promo_api_request_seconds_bucket",
        "promo_api_scoring_seconds_sum",
    }
    shop = Pipeline(stack)

    def there() -> bool:
        rows = shop.rows(
            "SELECT DISTINCT metric FROM pipeline_metrics WHERE part = 'api' AND"
            " (labels LIKE '%/v1/%' OR labels LIKE '%judge%')"
        )
        return wanted <= {metric for (metric,) in rows}

    eventually(there, "the API's figures are in pipeline_metrics", timeout_s=60)
