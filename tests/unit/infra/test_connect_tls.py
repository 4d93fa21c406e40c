"""Kafka Connect's certificates: made once, kept while they are good, for their owner alone."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.debezium.rest import CLIENT, SERVER, ConnectRest, address, certificates
from connectors.errors import SettingsError, StackError
from connectors.settings import Settings
from infra.native import connect_tls
from infra.native.connect_tls import (
    SERVER_KEY,
    certificate_files,
    ensure_certificates,
    write_keystore,
)


def _settings(folder: Path, host: str = "127.0.0.1") -> Settings:
    return Settings(
        _env_file=None, state_dir=folder, connect_host=host, connect_password="of-the-owner"
    )


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    """The settings of a state folder with certificates."""
    settings = _settings(tmp_path)
    ensure_certificates(settings)
    return settings


def _contents(settings: Settings) -> dict[str, str]:
    return {path.name: path.read_text() for path in settings.connect_tls_folder.iterdir()}


def _shown(settings: Settings, name: str) -> str:
    command = ["openssl", "x509", "-noout", "-text", "-in"]
    command.append(str(settings.connect_tls_folder / name))
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_they_are_made_once_and_for_their_owner_alone(made: Settings) -> None:
    before = _contents(made)
    assert set(before) == {SERVER, SERVER_KEY, CLIENT}
    assert not any(
        path.stat().st_mode & 0o077
        for path in (made.connect_tls_folder, *made.connect_tls_folder.iterdir())
    )

    ensure_certificates(made)

    assert _contents(made) == before
    assert isinstance(certificates(made), ssl.SSLContext)


def test_a_client_has_no_key_of_the_server(made: Settings) -> None:
    given = "".join(path.read_text() for path in certificate_files(made))
    assert given.count("PRIVATE KEY-----") == 2  # its own: one beginning, one end
    assert (made.connect_tls_folder / SERVER_KEY).read_text() not in given


def test_a_client_is_no_server(made: Settings) -> None:
    client = _shown(made, CLIENT)
    assert "CA:FALSE" in client
    assert "TLS Web Client Authentication" in client
    assert "Server" not in client
    assert "Alternative Name" not in client


def _lose(name: str) -> Callable[[Settings], None]:
    return lambda settings: (settings.connect_tls_folder / name).unlink()


def _exchange_the_client(settings: Settings) -> None:
    """As if it were of another start."""
    others = _settings(settings.state_dir / "others")
    others.state_dir.mkdir()
    ensure_certificates(others)
    shutil.copy(others.connect_tls_folder / CLIENT, settings.connect_tls_folder / CLIENT)


def _interrupt(settings: Settings) -> None:
    """As if a start had been killed just before its certificates came into their place."""
    folder = settings.connect_tls_folder
    folder.rename(folder.with_name("connect-tls.new"))


@pytest.mark.parametrize(
    "spoil",
    [
        *map(_lose, (SERVER, SERVER_KEY, CLIENT)),
        _exchange_the_client,
        lambda settings: (settings.connect_tls_folder / SERVER).write_text("none"),
        lambda settings: shutil.rmtree(settings.connect_tls_folder),
        _interrupt,
    ],
)
def test_what_does_not_fit_is_made_anew_whole(
    made: Settings, spoil: Callable[[Settings], None]
) -> None:
    before = _contents(made)
    spoil(made)

    ensure_certificates(made)

    after = _contents(made)
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    certificates(made)


def test_they_are_renewed_before_they_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(tmp_path)
    for days, kept in ((29, False), (31, True)):
        monkeypatch.setattr(connect_tls, "LIFETIME_DAYS", days)
        shutil.rmtree(settings.connect_tls_folder, ignore_errors=True)
        ensure_certificates(settings)
        before = _contents(settings)
        ensure_certificates(settings)
        assert (_contents(settings) == before) is kept


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.2", "IP Address:127.0.0.2"),
        ("::1", "IP Address:0:0:0:0:0:0:0:1"),
        ("localhost", "DNS:localhost"),
    ],
)
def test_another_host_has_another_certificate(made: Settings, host: str, named: str) -> None:
    moved = _settings(made.state_dir, host)
    before = _contents(made)
    ensure_certificates(moved)
    after = _contents(moved)
    assert after != before
    assert named in _shown(moved, SERVER)
    ensure_certificates(moved)
    assert _contents(moved) == after


def test_a_keystore_opens_with_its_password_alone(made: Settings, tmp_path: Path) -> None:
    password, keystore = tmp_path / "password", tmp_path / "connect.p12"
    password.write_text("of-the-owner")
    write_keystore(made, password, keystore)
    assert not keystore.stat().st_mode & 0o077

    def opens(text: str) -> bool:
        command = ["openssl", "pkcs12", "-noout", "-in", str(keystore), "-passin", "env:TRIED"]
        environment = os.environ | {"TRIED": text}
        return not subprocess.run(command, env=environment, capture_output=True).returncode

    assert opens("of-the-owner")
    assert not opens("")


def test_a_keystore_of_nothing_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of-the-owner")
    with pytest.raises(StackError, match=r"server\.(key|pem)"):
        write_keystore(_settings(tmp_path), tmp_path / "password", tmp_path / "connect.p12")


def test_without_certificates_no_client_asks(tmp_path: Path) -> None:
    """To go on in the clear would tell whoever listens there the password."""
    with pytest.raises(SettingsError, match="make up"):
        ConnectRest(_settings(tmp_path))


def test_where_connect_speaks_no_tls_none_are_made(tmp_path: Path) -> None:
    settings = _settings(tmp_path).model_copy(update={"connect_tls": False})
    ensure_certificates(settings)
    assert not settings.connect_tls_folder.exists()
    assert certificate_files(settings) == ()
    assert certificates(settings) is True
    assert address(settings).startswith("http://")
