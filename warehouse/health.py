"""How to ask whether ClickHouse answers: by the way that the product's own questions take.

A ping is answered though every place for a question is taken; this is not.
"""

from urllib.parse import urlencode

from connectors.settings import Settings, required


def health_question(settings: Settings) -> tuple[str, dict[str, str]]:
    """An address to GET and the headers to send: 200 is well, whatever else is not.

    Raises:
        SettingsError: the password is not set.
    """
    asked = urlencode({"query": "SELECT 1", "database": settings.clickhouse_database})
    password = required(settings.clickhouse_api_password, "clickhouse_api_password")
    return (
        f"http://{settings.clickhouse_host}:{settings.clickhouse_port}/?{asked}",
        {"X-ClickHouse-User": settings.clickhouse_api_user, "X-ClickHouse-Key": password},
    )
