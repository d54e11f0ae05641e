"""Settings: read once, strict, and unsafe ones never start."""

from dataclasses import fields
from pathlib import Path

import pytest

from qrmerch.config import PREFIX, Settings, SettingsError
from qrmerch.serving import environment_of


def read(tmp_path: Path, **more: str) -> Settings:
    named = {f"{PREFIX}{name.upper()}": value for name, value in more.items()}
    return Settings.read({f"{PREFIX}DATA_DIR": str(tmp_path / "var"), f"{PREFIX}UPLOADS_DIR": str(tmp_path), **named})


def test_an_unknown_variable_stops_the_start_and_names_itself(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="QRMERCH_COLOUR is not a setting"):
        read(tmp_path, mode="demo", colour="red")


@pytest.mark.parametrize("value", ["many", "-1", "1.5"])
def test_a_malformed_number_names_its_variable(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="QRMERCH_WORKERS"):
        read(tmp_path, mode="demo", workers=value)


@pytest.mark.parametrize("value", ["yes", "2", "True", ""])
def test_a_switch_is_0_or_1_and_off_unless_said(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="QRMERCH_FETCH_PICTURES must be 0 or 1"):
        read(tmp_path, mode="demo", fetch_pictures=value)

    assert read(tmp_path, mode="demo").fetch_pictures is False
    assert read(tmp_path, mode="demo", fetch_pictures="1").fetch_pictures is True


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"base_url": "https://shop.example"}, "SECRET_KEY"),
        ({"base_url": "https://shop.example", "secret_key": "x" * 31}, "32 bytes"),
        ({"base_url": "http://shop.example", "secret_key": "x" * 32}, "https"),
    ],
)
def test_sec_i01_production_refuses_what_is_unsafe(tmp_path: Path, more: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(tmp_path, **more)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"staff_threads": "4", "flask_threads": "4"}, "STAFF_THREADS"),
        ({"staff_threads": "0"}, "STAFF_THREADS"),
        ({"scan_log": "sure"}, "SCAN_LOG must be fast or durable"),
        ({"metrics_token": "short"}, "METRICS_TOKEN"),
    ],
)
def test_a_choice_that_is_none_stops_the_start(tmp_path: Path, more: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(tmp_path, mode="demo", **more)

    assert not read(tmp_path, mode="demo").has_durable_log
    assert read(tmp_path, mode="demo", scan_log="durable").has_durable_log


def test_the_demo_makes_its_secret_once(tmp_path: Path) -> None:
    first, second = read(tmp_path, mode="demo"), read(tmp_path, mode="demo")

    assert len(first.secret_key) >= 32
    assert first.secret_key == second.secret_key
    assert (tmp_path / "var" / "keys" / "secret").stat().st_mode & 0o077 == 0


def test_a_child_process_reads_the_same_settings(tmp_path: Path) -> None:
    settings = read(tmp_path, mode="demo", secret_key_fallbacks="a,b", port="8123", fetch_pictures="1")

    assert Settings.read(environment_of(settings)) == settings


def test_every_setting_has_a_sentence() -> None:
    for each in fields(Settings):
        assert each.metadata["sentence"].endswith("."), each.name
