"""The settings that a JSON schema cannot judge: dates that fit the calendar, a safe address, accounts that fit."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.config import validate_settings
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


# --- Additional accounts --------------------------------------------------------------------------------------------

SECRET = "act.DoNotRepeatMe!5001.em"
OAUTH: dict[str, Any] = {
    "auth_type": "business_oauth",
    "client_id": "75",
    "client_secret": SECRET,
    "refresh_token": "rft.1",
}
BARE = {"auth_type": "business_access_token", "access_token": "act.1", "business_id": "-000abc"}
LOGIN_KIT = {"auth_type": "login_kit", "client_key": "aw", "client_secret": SECRET, "refresh_token": "rft.1"}

NO_LIST = (
    "The setting `additional_accounts` must be a list of accounts, each with a `refresh_token`, or with an "
    "`access_token` and its `business_id`."
)
CANNOT_BE_READ = (
    "cannot be read: it needs a `refresh_token`, or an `access_token` with the `business_id` that came with it."
)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"credentials": OAUTH}, id="no such setting"),
        pytest.param({"credentials": OAUTH, "additional_accounts": None}, id="null"),
        pytest.param({"credentials": OAUTH, "additional_accounts": []}, id="an empty list"),
        pytest.param({"credentials": LOGIN_KIT, "additional_accounts": []}, id="an empty list for Login Kit"),
        pytest.param({"credentials": OAUTH, "additional_accounts": [{"refresh_token": "rft.2"}]}, id="one"),
        pytest.param(
            {
                "credentials": OAUTH | {"access_token": "act.1", "business_id": "-000abc"},
                "additional_accounts": [
                    {"refresh_token": "rft.2", "access_token": "", "business_id": "", "name": ""},
                    {"refresh_token": "rft.3", "access_token": "act.3", "business_id": "-000xyz", "name": "Same name"},
                    {"access_token": "act.4", "business_id": "-000pqr", "name": "Same name", "of_another_version": 1},
                    {"refresh_token": "rft.5", "access_token": None, "business_id": None},
                ],
            },
            id="one of each kind",
        ),
        pytest.param(
            {"credentials": BARE, "additional_accounts": [{"access_token": "act.2", "business_id": "-000xyz"}]},
            id="access tokens alone",
        ),
    ],
)
def test_accounts_that_can_be_read_pass(config: dict[str, Any]) -> None:
    validate_settings(config)


@pytest.mark.parametrize(
    ("credentials", "additional", "expected"),
    [
        pytest.param(OAUTH, SECRET, NO_LIST, id="text"),
        pytest.param(OAUTH, {"refresh_token": SECRET}, NO_LIST, id="an account that is in no list"),
        pytest.param(OAUTH, [SECRET], NO_LIST, id="a token instead of an account"),
        pytest.param(OAUTH, [{"refresh_token": "rft.2"}, [SECRET]], NO_LIST, id="a list instead of an account"),
        pytest.param(OAUTH, [{"refresh_token": "rft.2"}, None], NO_LIST, id="null instead of an account"),
        pytest.param(OAUTH, [{}], f"`additional_accounts[0]` {CANNOT_BE_READ}", id="an empty account"),
        pytest.param(
            OAUTH,
            [{"refresh_token": "rft.2"}, {"access_token": SECRET}],
            f"`additional_accounts[1]` {CANNOT_BE_READ}",
            id="an access token without its business_id",
        ),
        pytest.param(
            OAUTH,
            [{"access_token": SECRET, "business_id": ""}],
            f"`additional_accounts[0]` {CANNOT_BE_READ}",
            id="an access token with an empty business_id",
        ),
        pytest.param(
            OAUTH,
            [{"business_id": "-000xyz", "name": "Night Baker", "refresh_token": ""}],
            f"`additional_accounts[0]` {CANNOT_BE_READ}",
            id="an account without tokens",
        ),
        pytest.param(
            BARE,
            [{"refresh_token": SECRET}],
            "`additional_accounts[0]` has a refresh token, which only the app can renew that it was given to. "
            "Authenticate the first account with OAuth, so that its `credentials` have the app, or give this one an "
            "`access_token`.",
            id="a refresh token without an app",
        ),
        pytest.param(
            LOGIN_KIT,
            [{"refresh_token": SECRET}],
            "The setting `additional_accounts` is for the TikTok API for Business. With Login Kit, make a connection "
            "for each account.",
            id="Login Kit",
        ),
    ],
)
def test_accounts_that_cannot_be_read_are_refused(credentials: Any, additional: Any, expected: str) -> None:
    found = sentence({"credentials": credentials, "additional_accounts": additional})

    assert found == expected
    assert SECRET not in found


@pytest.mark.parametrize(
    ("first", "additional", "places", "who"),
    [
        pytest.param(
            {"business_id": "-000abc"},
            [{"refresh_token": "rft.2", "business_id": "-000abc"}],
            ("credentials", "additional_accounts[0]"),
            "-000abc",
            id="business_id of the first",
        ),
        pytest.param(
            {},
            [
                {"refresh_token": "rft.2", "business_id": "-000pqr"},
                {"refresh_token": "rft.3"},
                {"access_token": SECRET, "business_id": "-000pqr"},
            ],
            ("additional_accounts[0]", "additional_accounts[2]"),
            "-000pqr",
            id="business_id of two more",
        ),
        pytest.param(
            {},
            [{"refresh_token": "rft.1"}],
            ("credentials", "additional_accounts[0]"),
            "by their `refresh_token`",
            id="refresh token of the first",
        ),
        pytest.param(
            {},
            [{"refresh_token": SECRET}, {"refresh_token": SECRET, "business_id": "-000abc"}],
            ("additional_accounts[0]", "additional_accounts[1]"),
            "by their `refresh_token`",
            id="refresh token of two more",
        ),
        pytest.param(
            {"access_token": SECRET},
            [{"access_token": SECRET, "business_id": "-000abc"}],
            ("credentials", "additional_accounts[0]"),
            "by their `access_token`",
            id="access token of the first",
        ),
        pytest.param(
            {},
            [{"access_token": SECRET, "business_id": "-000abc"}, {"refresh_token": "rft.2", "access_token": SECRET}],
            ("additional_accounts[0]", "additional_accounts[1]"),
            "by their `access_token`",
            id="access token of two more",
        ),
    ],
)
def test_two_entries_for_the_same_account_are_refused(
    first: dict[str, str], additional: list[dict[str, str]], places: tuple[str, str], who: str
) -> None:
    found = sentence({"credentials": {**OAUTH, **first}, "additional_accounts": additional})

    assert found == (
        f"`{places[0]}` and `{places[1]}` are the same TikTok account, {who}. Remove one of them, or authenticate it "
        "with the account that you meant."
    )
    assert SECRET not in found
    assert "rft." not in found
