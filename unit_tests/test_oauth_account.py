"""OAuthAccount renews the access token: only when it has ended, once for all, in the way that TikTok wants it."""

import json
import threading
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components import OAuthAccount
from unit_tests.syncs import Clock, control_messages, oauth_config
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    HOST,
    REFRESH_PATH,
    REFRESH_TOKEN,
    RENEWED_ACCESS_TOKEN,
    RENEWED_REFRESH_TOKEN,
    SECRETS,
    Page,
    TikTok,
    fixture,
    refusal,
)

ENDPOINT = f"{HOST}/open_api/v1.3/tt_user/oauth2/refresh_token/"


def valid_until(moment: str) -> dict[str, Any]:
    """A config whose access token ends at `moment`; the tests run at noon of 2026-11-20."""
    return oauth_config(access_token=ACCESS_TOKEN, token_expiry_date=moment, business_id=BUSINESS_ID)


def token_of(config: dict[str, Any], tiktok: TikTok) -> str:
    """The access token that the account of this config hands out."""
    with tiktok.serving():
        return OAuthAccount(config, ENDPOINT).get_access_token()


def failure_of(config: dict[str, Any], tiktok: TikTok) -> AirbyteTracedException:
    """The error of the account of this config."""
    with pytest.raises(AirbyteTracedException) as caught:
        token_of(config, tiktok)
    return caught.value


# --- When it is renewed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["2026-11-20T12:00:01+00:00", "2026-11-20T12:00:01Z", "2026-11-21T00:00:00Z"])
def test_a_token_whose_time_is_not_over_is_used_as_it_is(end: str, tiktok: TikTok) -> None:
    assert token_of(valid_until(end), tiktok) == ACCESS_TOKEN
    assert tiktok.calls == []


@pytest.mark.parametrize(
    "end", ["2026-11-20T11:59:59+00:00", "2026-11-20T11:59:59Z", "2026-11-20T12:30:00+01:00", "2025-01-01T00:00:00Z"]
)
def test_a_token_whose_time_is_over_is_renewed(end: str, tiktok: TikTok) -> None:
    assert token_of(valid_until(end), tiktok) == RENEWED_ACCESS_TOKEN
    assert len(tiktok.calls) == 1


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({}, id="neither token nor date"),
        pytest.param({"access_token": "", "token_expiry_date": ""}, id="both empty"),
        pytest.param({"access_token": ACCESS_TOKEN}, id="no date"),
        pytest.param({"token_expiry_date": "2027-01-01T00:00:00Z"}, id="no token"),
    ],
)
def test_without_a_token_and_its_date_the_first_call_renews(credentials: dict[str, str], tiktok: TikTok) -> None:
    assert token_of(oauth_config(**credentials), tiktok) == RENEWED_ACCESS_TOKEN
    assert len(tiktok.calls) == 1


def test_a_renewed_token_is_used_until_it_ends(tiktok: TikTok, clock: Clock) -> None:
    account = OAuthAccount(oauth_config(), ENDPOINT)
    with tiktok.serving():
        account.get_access_token()
        clock.move_to("2026-11-21T11:59:59Z")
        account.get_access_token()
        assert len(tiktok.calls) == 1

        clock.move_to("2026-11-21T12:00:01Z")
        account.get_access_token()
        assert len(tiktok.calls) == 2


def test_eight_threads_and_two_accounts_of_one_config_renew_once(tiktok: TikTok) -> None:
    config = oauth_config()
    accounts = [OAuthAccount(config, ENDPOINT), OAuthAccount(config, ENDPOINT)]
    barrier = threading.Barrier(8)
    tokens: list[str] = []

    def work(account: OAuthAccount) -> None:
        barrier.wait(timeout=10)
        tokens.append(account.get_access_token())

    threads = [threading.Thread(target=work, args=(accounts[number % 2],)) for number in range(8)]
    with tiktok.serving():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)

    assert tokens == [RENEWED_ACCESS_TOKEN] * 8
    assert len(tiktok.calls) == 1


# --- How it is asked for --------------------------------------------------------------------------------------------


def test_the_renewal_is_a_json_body_and_no_form(tiktok: TikTok) -> None:
    token_of(oauth_config(), tiktok)

    call = tiktok.calls[0]
    assert (call.method, call.url) == ("POST", ENDPOINT)
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body or "") == {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN,
    }


def test_the_renewal_carries_no_token_in_its_headers_and_no_secret_in_its_url(tiktok: TikTok) -> None:
    token_of(oauth_config(), tiktok)

    call = tiktok.calls[0]
    assert "Access-Token" not in call.headers
    assert "Authorization" not in call.headers
    assert [secret for secret in SECRETS if secret in call.url] == []


def test_the_next_renewal_uses_the_new_refresh_token(tiktok: TikTok, clock: Clock) -> None:
    config = oauth_config()
    token_of(config, tiktok)
    clock.move_to("2026-11-22T00:00:00Z")
    token_of(config, tiktok)

    used = [json.loads(call.body or "")["refresh_token"] for call in tiktok.calls_of(REFRESH_PATH)]
    assert used == [REFRESH_TOKEN, RENEWED_REFRESH_TOKEN]


# --- What becomes of the answer -------------------------------------------------------------------------------------


def test_tokens_expiry_and_open_id_are_written_to_the_config(tiktok: TikTok) -> None:
    config = oauth_config({"start_date": "2026-01-01"})
    token_of(config, tiktok)

    assert config == {
        "start_date": "2026-01-01",
        "credentials": {
            "auth_type": "business_oauth",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": RENEWED_REFRESH_TOKEN,
            "access_token": RENEWED_ACCESS_TOKEN,
            "token_expiry_date": "2026-11-21T12:00:00+00:00",
            "business_id": BUSINESS_ID,
        },
    }


def test_the_config_is_printed_once_as_a_control_message(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    config = oauth_config()
    token_of(config, tiktok)

    assert control_messages(capsys.readouterr().out) == [
        {
            "credentials": {
                "auth_type": "business_oauth",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "refresh_token": RENEWED_REFRESH_TOKEN,
                "access_token": RENEWED_ACCESS_TOKEN,
                "token_expiry_date": "2026-11-21T12:00:00+00:00",
                "business_id": BUSINESS_ID,
            }
        }
    ]


def test_a_token_that_needs_no_renewal_prints_nothing(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    token_of(valid_until("2026-11-21T00:00:00Z"), tiktok)

    assert capsys.readouterr().out == ""


def test_the_business_id_of_the_config_stays(tiktok: TikTok) -> None:
    config = oauth_config(business_id="-000TheOneThatWasThere")
    token_of(config, tiktok)

    assert config["credentials"]["business_id"] == "-000TheOneThatWasThere"


def test_a_missing_business_id_is_taken_from_the_renewal(tiktok: TikTok) -> None:
    with tiktok.serving():
        account = OAuthAccount(oauth_config(), ENDPOINT)
        assert account.business_id == BUSINESS_ID
        account.get_access_token()

    assert len(tiktok.calls) == 1


def test_a_given_business_id_costs_no_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        assert OAuthAccount(oauth_config(business_id="-000abc"), ENDPOINT).business_id == "-000abc"

    assert tiktok.calls == []


def test_where_no_refresh_token_comes_back_the_old_one_stays(tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    del answer["data"]["refresh_token"]
    tiktok.answer_next(REFRESH_PATH, answer)
    config = oauth_config()

    assert token_of(config, tiktok) == RENEWED_ACCESS_TOKEN
    assert config["credentials"]["refresh_token"] == REFRESH_TOKEN


# --- When TikTok does not renew it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [40101, 40103, 40107, 40110])
def test_a_refused_renewal_says_how_to_authenticate_again(code: int, tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, refusal(code, "Refresh token is invalid or expired."))

    error = failure_of(oauth_config(), tiktok)

    assert error.failure_type == FailureType.config_error
    assert error.message == (
        "TikTok refused to renew the access token. Authenticate the account again in the source's settings; "
        "if you typed the values in, check client_id, client_secret and refresh_token."
    )
    assert f"code {code}" in (error.internal_message or "")
    assert "20261120120000AAAA0000000000000000EE" in (error.internal_message or "")


def test_a_refused_renewal_names_no_secret(tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("refused_refresh"))

    error = failure_of(oauth_config(access_token=ACCESS_TOKEN), tiktok)

    assert [secret for secret in SECRETS if secret in f"{error.message} {error.internal_message}"] == []


def test_a_refused_renewal_leaves_the_config_and_prints_nothing(
    tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("refused_refresh"))
    config = oauth_config()

    failure_of(config, tiktok)

    assert config == oauth_config()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("code", [40100, 50000, 51065, 60001])
def test_a_renewal_that_fails_for_the_moment_is_not_blamed_on_the_config(code: int, tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, refusal(code))

    assert failure_of(oauth_config(), tiktok).failure_type == FailureType.transient_error


@pytest.mark.parametrize("missing", ["access_token", "expires_in", "open_id"])
def test_an_answer_without_what_it_is_for_is_an_error_that_says_so(missing: str, tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    del answer["data"][missing]
    tiktok.answer_next(REFRESH_PATH, answer)

    error = failure_of(oauth_config(), tiktok)

    assert error.failure_type == FailureType.system_error
    assert missing in (error.message or "")


def test_an_answer_without_data_is_an_error(tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, {"code": 0, "message": "OK", "request_id": "1"})

    assert failure_of(oauth_config(), tiktok).failure_type == FailureType.system_error


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Page(502, "<html>Bad gateway</html>"), id="HTTP 502"),
        pytest.param(Page(429, "{}"), id="HTTP 429"),
        pytest.param(requests.ConnectionError("cut"), id="cut connection"),
        pytest.param(requests.ReadTimeout("too slow"), id="timeout"),
        pytest.param(Page(200, "<html>Please wait</html>"), id="HTML with HTTP 200"),
        pytest.param(Page(200, '{"code": 0, "da'), id="broken JSON"),
    ],
)
def test_passing_trouble_is_tried_again(trouble: Page | Exception, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(REFRESH_PATH, trouble)

    with clock.replacing_waits():
        assert token_of(oauth_config(), tiktok) == RENEWED_ACCESS_TOKEN

    assert len(tiktok.calls) == 2


def test_an_answer_without_a_code_is_no_success(tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    del answer["code"]
    tiktok.answer_next(REFRESH_PATH, answer)
    config = oauth_config()

    failure_of(config, tiktok)

    assert config == oauth_config()
