"""A Grafana that takes our dashboards: connected to, and looked at before anything is written."""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import niquests
from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException

from connectors.errors import GrafanaError
from grafana.panels.target import DATASOURCE_TYPE

OLDEST = (11, 6)
OLDEST_PLUGIN = (4, 0)

_TIMEOUT_S = 30.0
_NOT_ALLOWED = "the token may not do this: give its service account the role Admin"
_BY_FILE = (
    "a file on Grafana's machine provisions it: change that file, or remove it there and push again"
)
_T = TypeVar("_T")


def connect(url: str, token: str) -> GrafanaApi:
    """A client of a Grafana that is ready for us; writes nothing.

    Raises:
        GrafanaError: no Grafana answers there, it is too old, it does not know the token, or the
            ClickHouse plugin is missing; the message says what to do.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GrafanaError(f"{url} is no address of a Grafana: it begins with http:// or https://")
    if parts.username or parts.password:
        raise GrafanaError("leave user and password out of the address: set PROMO_GRAFANA_TOKEN")
    api: GrafanaApi = GrafanaApi.from_url(_with_slash(url), credential=token, timeout=_TIMEOUT_S)
    # Whoever follows a redirection turns a POST into a GET, and shows the token elsewhere.
    api.client.s.max_redirects = 0
    _check_server(api, url)
    _check_plugin(api)
    return api


def asked(call: Callable[[], _T]) -> _T | None:
    """What a call returns; None where Grafana says that there is no such thing.

    Raises:
        GrafanaError: Grafana refuses or does not answer; the message says why.
    """
    try:
        return call()
    except GrafanaException as error:
        if error.status_code == 404:
            return None
        raise GrafanaError(_why(error)) from error
    except niquests.exceptions.RequestException as error:
        raise GrafanaError(f"Grafana does not answer: {error}") from error


def told(call: Callable[[], object]) -> None:
    """A call that writes.

    Raises:
        GrafanaError: as :func:`asked`, and where what is written to is not there.
    """
    try:
        call()
    except GrafanaException as error:
        raise GrafanaError(_why(error)) from error
    except niquests.exceptions.RequestException as error:
        raise GrafanaError(f"Grafana does not answer: {error}") from error


def version_of(text: str) -> tuple[int, int]:
    """The first two numbers of a version; zeros where there are none."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def provisioned_by_file() -> GrafanaError:
    """What is said of an object that a file provisions."""
    return GrafanaError(_BY_FILE)


def _with_slash(url: str) -> str:
    """grafana-client puts ``api`` directly behind the path."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return parts._replace(path=f"{path}/" if path else "").geturl()


def _check_server(api: GrafanaApi, url: str) -> None:
    health = _health(api, url)
    if not isinstance(health, dict) or "database" not in health:
        raise GrafanaError(f"{url} is no Grafana: {url.rstrip('/')}/api/health answers otherwise")
    version = str(health.get("version") or "")
    if version and version_of(version) < OLDEST:
        raise GrafanaError(f"{url} is Grafana {version}: the dashboards need 11.6 or newer")


def _health(api: GrafanaApi, url: str) -> Any:
    try:
        return api.client.GET("/health")
    except niquests.exceptions.JSONDecodeError:
        return None
    except niquests.exceptions.TooManyRedirects as error:
        raise GrafanaError(f"{url} leads elsewhere: give the address that it leads to") from error
    except niquests.exceptions.RequestException as error:
        raise GrafanaError(f"{url} does not answer: {error}") from error
    except GrafanaClientError:
        return None
    except GrafanaException as error:
        raise GrafanaError(f"{url} is ill: {error.message}") from error


def _check_plugin(api: GrafanaApi) -> None:
    settings = asked(lambda: api.client.GET(f"/plugins/{DATASOURCE_TYPE}/settings"))
    install = f"`grafana cli plugins install {DATASOURCE_TYPE}` and restart Grafana"
    if settings is None:
        raise GrafanaError(f"Grafana lacks the ClickHouse plugin: {install}")
    version = str(settings.get("info", {}).get("version") or "")
    if version and version_of(version) < OLDEST_PLUGIN:
        raise GrafanaError(f"Grafana's ClickHouse plugin {version} is older than 4.0: {install}")


def _why(error: GrafanaException) -> str:
    message = _message(error)
    if error.status_code == 401:
        return "Grafana does not know the token in PROMO_GRAFANA_TOKEN, or it has expired"
    if error.status_code == 403:
        return f"{_NOT_ALLOWED} ({message})"
    if "provisioned dashboard" in message or "provenance" in message:
        return f"{_BY_FILE} ({message})"
    return f"{message} (status {error.status_code})" if error.status_code else message


def _message(error: GrafanaException) -> str:
    answer = error.response
    if isinstance(answer, dict) and answer.get("message"):
        return str(answer["message"])
    return str(answer or error.message)
