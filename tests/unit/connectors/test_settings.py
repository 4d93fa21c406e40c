"""Where settings come from, and what is said when one is wrong."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.errors import SettingsError
from connectors.settings import Settings, load_settings, required


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PROMO_{name.upper()}", raising=False)


def a_secret(folder: Path, name: str, value: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"promo_{name}").write_text(value)


def test_without_anything_the_native_defaults_hold() -> None:
    settings = load_settings()

    assert settings.postgres_port == 15432
    assert settings.kafka_bootstrap == "127.0.0.1:19092"
    assert settings.state_dir == Path(".run")
    assert settings.secrets_folder == Path(".run/secrets")
    assert settings.models_dir == Path(".run/models")
    assert settings.api_key_file == Path(".run/api-key")


def test_the_env_file_sets_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PROMO_KAFKA_PORT=1\nPROMO_REDIS_PORT=2\n# a comment\nOTHER=3\n")
    monkeypatch.setenv("PROMO_KAFKA_PORT", "4")

    settings = load_settings()

    assert (settings.kafka_port, settings.redis_port) == (4, 2)


def test_secrets_are_read_from_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    a_secret(Path("state/secrets"), "postgres_password", "from a file")
    monkeypatch.setenv("PROMO_STATE_DIR", "state")

    password = load_settings().postgres_password

    assert required(password, "postgres_password") == "from a file"


def test_secrets_are_read_from_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    a_secret(Path("elsewhere"), "hash_key", "mounted")
    monkeypatch.setenv("PROMO_SECRETS_DIR", "elsewhere")

    settings = load_settings()

    assert required(settings.hash_key, "hash_key") == "mounted"
    assert settings.secrets_folder == Path("elsewhere")


def test_the_env_file_may_name_the_state_folder() -> None:
    a_secret(Path("state/secrets"), "hash_key", "found")
    Path(".env").write_text("PROMO_STATE_DIR=state\n")

    assert required(load_settings().hash_key, "hash_key") == "found"


def test_the_environment_wins_over_a_secrets_file(monkeypatch: pytest.MonkeyPatch) -> None:
    a_secret(Path(".run/secrets"), "redis_password", "from a file")
    monkeypatch.setenv("PROMO_REDIS_PASSWORD", "from the environment")

    assert required(load_settings().redis_password, "redis_password") == "from the environment"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROMO_KAFKA_PORT", "many"),
        ("PROMO_KAFKA_PARTITIONS", "0"),
        ("PROMO_SCORING_WORKERS", "-1"),
    ],
)
def test_a_malformed_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name.removeprefix("PROMO_").lower()):
        load_settings()


@pytest.mark.parametrize("secret", [None, SecretStr("")])
def test_a_missing_secret_is_named_with_where_to_put_it(secret: SecretStr | None) -> None:
    with pytest.raises(SettingsError, match=r"PROMO_HASH_KEY is not set.*promo_hash_key"):
        required(secret, "hash_key")


def test_secrets_do_not_show() -> None:
    assert "hush" not in repr(Settings(_env_file=None, hash_key=SecretStr("hush")))
