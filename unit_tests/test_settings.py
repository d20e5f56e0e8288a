"""The settings that a JSON schema cannot judge: dates that fit the calendar and an address that is safe for tokens."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components import validate_settings
from unit_tests.syncs import Clock

UNSAFE_URL = (
    "The setting `api_url` must begin with https://, or with http:// for a server on this machine "
    "(localhost or 127.0.0.1), because access tokens are sent to it. Remove it to call TikTok itself."
)


def sentence(config: dict[str, Any]) -> str:
    """What is wrong with these settings."""
    with pytest.raises(AirbyteTracedException) as caught:
        validate_settings(config)
    assert caught.value.failure_type == FailureType.config_error
    return caught.value.message or ""


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"start_date": "", "end_date": "", "api_url": ""},
        {"start_date": None, "end_date": None, "api_url": None},
        {"start_date": "2026-11-20"},
        {"start_date": "2024-02-29"},
        {"start_date": "2026-11-01", "end_date": "2026-11-01"},
        {"end_date": "2030-01-01"},
        {"end_date": "2016-01-01"},
        {"a_key_of_another_version": True},
    ],
)
def test_dates_that_make_sense_pass(config: dict[str, Any]) -> None:
    validate_settings(config)


def test_a_start_date_in_the_future_is_refused() -> None:
    assert sentence({"start_date": "2026-11-21"}) == (
        "The setting `start_date` is 2026-11-21, which is in the future. "
        "Choose 2026-11-20 (today, UTC) or an earlier day."
    )


def test_today_is_today_in_utc(clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    assert "in the future" in sentence({"start_date": "2026-11-21"})

    clock.move_to("2026-11-21T00:00:00Z")
    validate_settings({"start_date": "2026-11-21"})


def test_an_end_before_the_start_is_refused() -> None:
    assert sentence({"start_date": "2026-06-02", "end_date": "2026-06-01"}) == (
        "The setting `end_date` is 2026-06-01, which is before `start_date` 2026-06-02. Choose a later `end_date`."
    )


@pytest.mark.parametrize("name", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "01/02/2026", "20260101", "2026-01-01T00:00:00Z", "soon"],
)
def test_a_date_that_is_none_is_refused(name: str, value: str) -> None:
    assert sentence({name: value}) == (
        f"The setting `{name}` is '{value}', but it must be a calendar date such as 2026-01-31 (year-month-day)."
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://tiktok.example.com",
        "https://tiktok.example.com/",
        "https://tiktok.example.com:8443/prefix",
        "HTTPS://tiktok.example.com",
        "https://10.0.0.5:8080",
        "http://127.0.0.1",
        "http://127.0.0.1:8080/",
        "http://127.8.9.10:8080",
        "http://localhost",
        "http://localhost:8080",
        "http://LOCALHOST:8080",
        "http://[::1]",
        "http://[::1]:8080/",
    ],
)
def test_an_address_that_is_safe_for_tokens_passes(url: str) -> None:
    validate_settings({"api_url": url})


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://tiktok.example.com", id="plain http"),
        pytest.param("http://10.0.0.5:8080", id="http to a private network"),
        pytest.param("http://0.0.0.0:8080", id="every address of this machine"),
        pytest.param("http://[::]", id="every IPv6 address of this machine"),
        pytest.param("http://localhost.evil.com", id="localhost as a subdomain"),
        pytest.param("http://localhost@evil.com", id="localhost as a user name"),
        pytest.param("http://localhost:80@evil.com", id="localhost as a user name with a password"),
        pytest.param("http://127.0.0.1.evil.com", id="an address as a subdomain"),
        pytest.param("http://evil.com#localhost", id="localhost as a fragment"),
        pytest.param("http://evil.com/localhost", id="localhost as a path"),
        pytest.param("http://evil.com?host=localhost", id="localhost as a parameter"),
        pytest.param("http://evil.com\\@localhost:8080", id="a backslash, where requests would call evil.com"),
        pytest.param("ftp://localhost", id="ftp"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("localhost:8080", id="no scheme"),
        pytest.param("//localhost:8080", id="only a host"),
        pytest.param("127.0.0.1", id="only an address"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///open_api", id="only a path"),
        pytest.param("http://", id="neither scheme nor host"),
        pytest.param("https://[::1", id="an address that never ends"),
        pytest.param("a mistake", id="words"),
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    assert sentence({"api_url": url}) == UNSAFE_URL


def test_a_refused_address_is_not_repeated_because_it_may_hold_a_password() -> None:
    assert "hunter2" not in sentence({"api_url": "http://user:hunter2@evil.com"})
