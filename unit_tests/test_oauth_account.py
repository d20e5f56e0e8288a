"""RenewableAccount renews the access token when it has ended, once for all, and learns what the token allows."""

import json
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components import accounts as account_module
from source_tiktok_organic.components.accounts import RenewableAccount
from unit_tests.parts import authenticator_of, budget
from unit_tests.syncs import (
    Clock,
    control_messages,
    oauth_config,
    oauth_entry,
    rate_limit_statuses,
    signed_in_config,
    signed_in_entry,
)
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
    TOKEN_INFO_PATH,
    Answer,
    Call,
    Page,
    TikTok,
    fixture,
    refusal,
)

ALL_SCOPES = frozenset(
    {
        "user.info.basic",
        "user.info.username",
        "user.info.profile",
        "user.info.stats",
        "user.account.type",
        "user.insights",
        "video.list",
        "video.insights",
        "comment.list",
    }
)


MakeConfig = Callable[[], dict[str, Any]]


def account_of(config: dict[str, Any]) -> RenewableAccount:
    """The account of this config, in a sync of its own."""
    (account,) = authenticator_of(config).accounts
    assert isinstance(account, RenewableAccount)
    return account


def valid_until(moment: str) -> dict[str, Any]:
    """A config whose access token ends at `moment`; the tests run at noon of 2026-11-20."""
    return signed_in_config(token_expiry_date=moment)


def token_of(config: dict[str, Any], tiktok: TikTok) -> str:
    """The access token that the account of this config hands out."""
    with tiktok.serving():
        return account_of(config).access_token()


def taught(config: dict[str, Any], tiktok: TikTok) -> RenewableAccount:
    """The account of this config, when it has learnt its scopes."""
    account = account_of(config)
    with tiktok.serving():
        account.learn_scopes()
    return account


def failure_of(work: Callable[[], object]) -> AirbyteTracedException:
    """The error with which this fails."""
    with pytest.raises(AirbyteTracedException) as caught:
        work()
    return caught.value


def run_together(*works: Callable[[], object]) -> None:
    """Do all this in threads that start at the same moment."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait(timeout=10)
        work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)


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


@pytest.mark.parametrize("end", ["tomorrow", "2026-13-45T99:00:00Z", "????", "86400", "2026-11-21 or so", " "])
def test_a_token_whose_end_is_not_a_time_is_renewed(end: str, tiktok: TikTok) -> None:
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
    account = account_of(oauth_config())
    with tiktok.serving():
        account.access_token()
        clock.move_to("2026-11-21T11:59:59Z")
        account.access_token()
        assert len(tiktok.calls) == 1

        clock.move_to("2026-11-21T12:00:01Z")
        account.access_token()
        assert len(tiktok.calls) == 2


def test_eight_threads_and_two_streams_of_one_sync_renew_once(tiktok: TikTok) -> None:
    config, api_budget = oauth_config(), budget()
    accounts = [account for _ in range(2) for account in authenticator_of(config, api_budget).accounts]
    tokens: list[str] = []

    with tiktok.serving():
        run_together(*[lambda account=account: tokens.append(account.access_token()) for account in accounts * 4])

    assert tokens == [RENEWED_ACCESS_TOKEN] * 8
    assert len(tiktok.calls) == 1


def test_a_token_that_tiktok_refused_is_renewed_although_its_time_is_not_over(tiktok: TikTok) -> None:
    account = account_of(signed_in_config())
    with tiktok.serving():
        account.replace(ACCESS_TOKEN)

        assert account.access_token() == RENEWED_ACCESS_TOKEN
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]
    assert account.known.replacement == RENEWED_ACCESS_TOKEN


def test_a_refused_token_that_was_replaced_already_is_not_renewed_again(tiktok: TikTok) -> None:
    account = account_of(signed_in_config())
    with tiktok.serving():
        run_together(*[lambda: account.replace(ACCESS_TOKEN)] * 8)

    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_a_token_that_was_renewed_for_its_time_replaces_no_refused_one(tiktok: TikTok) -> None:
    account = account_of(oauth_config())
    with tiktok.serving():
        account.access_token()

    assert account.known.replacement is None


# --- How it is asked for --------------------------------------------------------------------------------------------


def test_the_renewal_is_a_json_body_and_no_form(tiktok: TikTok) -> None:
    token_of(oauth_config(), tiktok)

    call = tiktok.calls[0]
    assert (call.method, call.url) == ("POST", f"{HOST}/open_api/v1.3/tt_user/oauth2/refresh_token/")
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body or "") == {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN,
    }


@pytest.mark.parametrize("config", [oauth_config, signed_in_config], ids=["renewal", "token info"])
def test_calls_about_tokens_carry_none_in_headers_and_no_secret_in_the_url(config: MakeConfig, tiktok: TikTok) -> None:
    taught(config(), tiktok)

    (call,) = tiktok.calls
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


def test_the_config_is_printed_before_another_thread_gets_the_token(
    tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    account = account_of(oauth_config())
    printed: list[str] = []

    def take() -> None:
        account.access_token()
        printed.append(capsys.readouterr().out)

    with tiktok.serving():
        run_together(take, take)

    assert len(control_messages(printed[0])) == 1


def test_a_token_that_needs_no_renewal_prints_nothing(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    taught(signed_in_config(), tiktok)

    assert capsys.readouterr().out == ""


def test_where_no_refresh_token_comes_back_the_old_one_stays(tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    del answer["data"]["refresh_token"]
    tiktok.answer_next(REFRESH_PATH, answer)
    config = oauth_config()

    assert token_of(config, tiktok) == RENEWED_ACCESS_TOKEN
    assert config["credentials"]["refresh_token"] == REFRESH_TOKEN


def test_in_a_test_read_of_the_connector_builder_the_config_is_among_the_messages_of_the_stream(
    tiktok: TikTok,
) -> None:
    (account,) = authenticator_of(oauth_config(), disable_retries=True).accounts
    assert isinstance(account, RenewableAccount)
    with tiktok.serving():
        account.access_token()

    (message,) = account.endpoints.requester.message_repository.consume_queue()
    assert message.control.connectorConfig.config["credentials"]["access_token"] == RENEWED_ACCESS_TOKEN


# --- Whose account it is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("business_id", [{}, {"business_id": ""}], ids=["none", "empty"])
def test_a_missing_business_id_is_taken_from_the_renewal(business_id: dict[str, str], tiktok: TikTok) -> None:
    account = account_of(oauth_config(**business_id))
    with tiktok.serving():
        account.learn_business_id()
        account.access_token()

    assert account.known.business_id == BUSINESS_ID
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


@pytest.mark.parametrize("name", ["creator_id", "open_id"])
def test_a_missing_business_id_is_taken_from_what_tiktok_knows_of_a_valid_token(name: str, tiktok: TikTok) -> None:
    answer = fixture("token_info")
    answer["data"][name] = answer["data"].pop("creator_id")
    tiktok.answer_next(TOKEN_INFO_PATH, answer)
    config = signed_in_config(business_id="")

    account = account_of(config)
    with tiktok.serving():
        account.learn_business_id()

    assert account.known.business_id == BUSINESS_ID
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]
    assert config == signed_in_config(business_id="")


def test_a_given_business_id_costs_no_call(tiktok: TikTok) -> None:
    account = account_of(oauth_config(business_id="-000abc"))
    with tiktok.serving():
        account.learn_business_id()

    assert account.known.business_id == "-000abc"
    assert tiktok.calls == []


SOMEBODY_ELSE = (
    "The setting `credentials.business_id` is '-000SomebodyElse', but the account that was authenticated is "
    "'-000EmuOpenId_0001abcDEFghiJKL'. Change the setting to that, or authenticate with the account that it names."
)


def test_the_business_id_of_another_account_is_a_config_error_and_the_new_tokens_are_stored(
    tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    config = oauth_config(business_id="-000SomebodyElse")

    error = failure_of(lambda: taught(config, tiktok))

    assert (error.failure_type, error.message) == (FailureType.config_error, SOMEBODY_ELSE)
    (stored,) = control_messages(capsys.readouterr().out)
    assert stored["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN
    assert stored["credentials"]["access_token"] == RENEWED_ACCESS_TOKEN
    assert stored["credentials"]["business_id"] == "-000SomebodyElse"


def test_the_business_id_of_another_account_is_found_out_with_a_valid_token_too(tiktok: TikTok) -> None:
    error = failure_of(lambda: taught(signed_in_config(business_id="-000SomebodyElse"), tiktok))

    assert (error.failure_type, error.message) == (FailureType.config_error, SOMEBODY_ELSE)
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


# --- What it allows -------------------------------------------------------------------------------------------------


def test_the_scopes_come_with_a_renewal(tiktok: TikTok) -> None:
    assert taught(oauth_config(), tiktok).known.scopes == ALL_SCOPES
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_the_scopes_of_a_token_that_needs_no_renewal_cost_one_call(tiktok: TikTok) -> None:
    assert taught(signed_in_config(), tiktok).known.scopes == ALL_SCOPES

    (call,) = tiktok.calls
    assert (call.method, call.url) == ("POST", f"{HOST}/open_api/v1.3/tt_user/token_info/get/")
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body or "") == {"app_id": CLIENT_ID, "access_token": ACCESS_TOKEN}


@pytest.mark.parametrize("config", [oauth_config, signed_in_config], ids=["renewal", "token info"])
def test_the_scopes_are_learnt_once_for_eight_threads_and_two_streams(config: MakeConfig, tiktok: TikTok) -> None:
    settings, api_budget = config(), budget()
    accounts = [account for _ in range(2) for account in authenticator_of(settings, api_budget).accounts]
    with tiktok.serving():
        run_together(*[account.learn_scopes for account in accounts * 4])

    assert [account.known.scopes for account in accounts] == [ALL_SCOPES] * 2
    assert len(tiktok.calls) == 1


@pytest.mark.parametrize("config", [oauth_config, signed_in_config], ids=["renewal", "token info"])
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("video.list,user.info.basic", {"user.info.basic", "video.list"}),
        ("user.info.basic, video.list", {"user.info.basic", "video.list"}),
        (" user.info.basic ,video.list, ", {"user.info.basic", "video.list"}),
        ("video.list,tcm.order.update,biz.new", {"video.list", "tcm.order.update", "biz.new"}),
        ("", set()),
    ],
)
def test_scopes_are_told_apart_by_their_commas(
    scope: str, expected: set[str], config: MakeConfig, tiktok: TikTok
) -> None:
    for path, name in ((REFRESH_PATH, "refreshed_token"), (TOKEN_INFO_PATH, "token_info")):
        answer = fixture(name)
        answer["data"]["scope"] = scope
        tiktok.answer_next(path, answer)

    assert taught(config(), tiktok).known.scopes == frozenset(expected)


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_token_that_tiktok_knows_nothing_about_is_renewed_once(code: int, tiktok: TikTok) -> None:
    tiktok.answer_always(TOKEN_INFO_PATH, refusal(code))

    account = taught(signed_in_config(), tiktok)

    assert account.known.scopes == ALL_SCOPES
    assert account.known.replacement == RENEWED_ACCESS_TOKEN
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH, REFRESH_PATH]


def test_a_refused_app_id_is_the_users_to_mend(tiktok: TikTok) -> None:
    error = failure_of(lambda: taught(signed_in_config(client_id="75"), tiktok))

    assert error.failure_type == FailureType.config_error
    assert "check client_id" in (error.message or "")
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


@pytest.mark.parametrize(
    ("config", "path", "name", "missing"),
    [
        (signed_in_config, TOKEN_INFO_PATH, "token_info", "scope"),
        (signed_in_config, TOKEN_INFO_PATH, "token_info", "creator_id"),
    ],
)
def test_an_answer_that_does_not_tell_account_and_scopes_is_an_error_that_says_so(
    config: MakeConfig, path: str, name: str, missing: str, tiktok: TikTok
) -> None:
    answer = fixture(name)
    del answer["data"][missing]
    tiktok.answer_always(path, answer)

    error = failure_of(lambda: taught(config(), tiktok))

    assert error.failure_type == FailureType.system_error
    assert "did not say which account and which permissions a token is for" in (error.message or "")


# --- When TikTok does not renew it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [40101, 40103, 40107, 40110])
def test_a_refused_renewal_says_how_to_authenticate_again(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(code, "Refresh token is invalid or expired."))

    error = failure_of(lambda: token_of(oauth_config(), tiktok))

    assert error.failure_type == FailureType.config_error
    assert error.message == (
        f"TikTok does not accept the sign-in of the account (code {code}: Refresh token is invalid or expired.). "
        "Authenticate the account again in the source's settings; if you typed the values in, check client_id, "
        "client_secret and refresh_token. "
        "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
        "CONNECTOR_CONFIG message, and the next run needs that one."
    )
    assert "20261120120000AAAA0000000000000000EE" in (error.internal_message or "")
    assert len(tiktok.calls) == 1
    assert clock.waits == []


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_renewal_that_is_refused_like_an_access_token_says_how_to_authenticate_again(
    code: int, tiktok: TikTok
) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(code, "Access token is incorrect or has been revoked."))

    error = failure_of(lambda: token_of(oauth_config(), tiktok))

    assert error.failure_type == FailureType.config_error
    assert "uthenticate the account again" in (error.message or "")
    assert len(tiktok.calls) == 1


def test_a_refused_renewal_names_no_secret(tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("refused_refresh"))

    error = failure_of(lambda: token_of(oauth_config(access_token=ACCESS_TOKEN), tiktok))

    assert [secret for secret in SECRETS if secret in f"{error.message} {error.internal_message}"] == []


def test_a_refused_renewal_leaves_the_config_and_prints_nothing(
    tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("refused_refresh"))
    config = oauth_config()

    failure_of(lambda: token_of(config, tiktok))

    assert config == oauth_config()
    assert control_messages(capsys.readouterr().out) == []


@pytest.mark.parametrize("missing", ["access_token", "expires_in", "open_id", "scope"])
def test_an_answer_without_what_it_is_for_is_an_error_that_says_so(missing: str, tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    del answer["data"][missing]
    tiktok.answer_next(REFRESH_PATH, answer)

    error = failure_of(lambda: token_of(oauth_config(), tiktok))

    assert error.failure_type == FailureType.system_error
    assert f"renewed the access token without a proper {missing}." in (error.message or "")


def test_a_token_without_a_number_of_seconds_is_an_error_that_says_so(tiktok: TikTok) -> None:
    answer = fixture("refreshed_token")
    answer["data"]["expires_in"] = "soon"
    tiktok.answer_next(REFRESH_PATH, answer)

    error = failure_of(lambda: token_of(oauth_config(), tiktok))

    assert error.failure_type == FailureType.system_error
    assert "expires_in" in (error.message or "")


def test_an_answer_without_data_is_an_error(tiktok: TikTok) -> None:
    tiktok.answer_next(REFRESH_PATH, {"code": 0, "message": "OK", "request_id": "1"})

    assert failure_of(lambda: token_of(oauth_config(), tiktok)).failure_type == FailureType.system_error


PASSING_TROUBLE = [
    pytest.param(refusal(50002), id="50002"),
    pytest.param(refusal(51065), id="51065"),
    pytest.param(refusal(60001), id="60001"),
    pytest.param(Page(502, "<html>Bad gateway</html>"), id="HTTP 502"),
    pytest.param(requests.ConnectionError("cut"), id="cut connection"),
    pytest.param(requests.ReadTimeout("too slow"), id="timeout"),
    pytest.param(Page(200, "<html>Please wait</html>"), id="HTML with HTTP 200"),
    pytest.param(Page(200, '{"code": 0, "da'), id="broken JSON"),
    pytest.param({"message": "OK", "data": fixture("refreshed_token")["data"]}, id="no code"),
]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
@pytest.mark.parametrize(
    ("config", "path"),
    [(oauth_config, REFRESH_PATH), (signed_in_config, TOKEN_INFO_PATH)],
    ids=["renewal", "token info"],
)
def test_passing_trouble_is_tried_again_after_two_four_and_eight_seconds(
    config: MakeConfig, path: str, trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_next(path, trouble, trouble, trouble)

    with clock.replacing_waits():
        assert taught(config(), tiktok).known.scopes == ALL_SCOPES

    assert len(tiktok.calls) == 4
    assert clock.waits_before_retries == [2, 4, 8]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_trouble_that_does_not_pass_is_a_passing_failure_after_six_tries(
    trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(REFRESH_PATH, trouble)
    config = oauth_config()

    with clock.replacing_waits():
        error = failure_of(lambda: token_of(config, tiktok))

    assert error.failure_type == FailureType.transient_error
    assert "next sync will try again" in (error.message or "")
    assert len(tiktok.calls) == 6
    assert clock.waits_before_retries == [2, 4, 8, 16, 32]
    assert config == oauth_config()


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param(fixture("rate_limit"), id="40100"),
        pytest.param(refusal(61000), id="61000"),
        pytest.param(Page(429, "{}"), id="HTTP 429"),
    ],
)
def test_a_rate_limit_waits_five_minutes_says_so_and_goes_on(
    limit: Answer, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(REFRESH_PATH, limit)

    with clock.replacing_waits():
        assert token_of(oauth_config(), tiktok) == RENEWED_ACCESS_TOKEN

    assert clock.waits_before_retries == [300]
    assert rate_limit_statuses(capsys.readouterr().out) == ["account"]


def test_the_end_of_a_token_counts_from_the_answer_and_not_from_the_first_try(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("rate_limit"))
    config = oauth_config()

    with clock.replacing_waits():
        token_of(config, tiktok)

    assert config["credentials"]["token_expiry_date"].startswith("2026-11-21T12:05:01")


def test_printing_an_account_prints_no_secret(tiktok: TikTok) -> None:
    text = repr(taught(oauth_config(access_token=ACCESS_TOKEN), tiktok))

    assert [secret for secret in SECRETS if secret in text] == []


# --- Several accounts -----------------------------------------------------------------------------------------------


def accounts_of(config: dict[str, Any], api_budget: APIBudget | None = None) -> list[RenewableAccount]:
    """All accounts of this config, in one sync."""
    accounts = [
        account for account in authenticator_of(config, api_budget).accounts if isinstance(account, RenewableAccount)
    ]
    assert len(accounts) == 1 + len(config["additional_accounts"])
    return accounts


def config_of_all(tiktok: TikTok) -> dict[str, Any]:
    """A config of all accounts as after their sign-in."""
    return oauth_config({"additional_accounts": [oauth_entry(account) for account in tiktok.accounts[1:]]})


def tokens_in(config: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Refresh token and access token of each account in a config."""
    entries = [config["credentials"], *config["additional_accounts"]]
    return [(entry["refresh_token"], entry.get("access_token")) for entry in entries]


def test_a_renewal_is_written_to_the_accounts_own_entry(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    tiktok.add_account("night_baker"), tiktok.add_account("tea_house")
    config = config_of_all(tiktok)
    config["additional_accounts"][0]["name"] = "Night Baker"

    with tiktok.serving():
        accounts_of(config)[1].access_token()

    expected = oauth_config(
        {
            "additional_accounts": [
                {
                    "name": "Night Baker",
                    "refresh_token": "rft.night_baker1!5001.em",
                    "access_token": "act.night_baker1!5001.em",
                    "token_expiry_date": "2026-11-21T12:00:00+00:00",
                    "business_id": "-000EmuOpenId_night_baker",
                },
                {"refresh_token": "rft.tea_house0!5001.em"},
            ]
        }
    )
    assert config == expected
    assert control_messages(capsys.readouterr().out) == [expected]


@pytest.mark.parametrize("number", [2, 10])
def test_accounts_that_renew_at_the_same_moment_lose_no_token(
    number: int, tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    for other in range(1, number):
        tiktok.add_account(f"account_{other}")
    config, api_budget = config_of_all(tiktok), budget()
    accounts = accounts_of(config, api_budget)
    everyone_is_renewing = threading.Barrier(number)

    def answer_together(call: Call) -> Answer | None:
        everyone_is_renewing.wait(timeout=10)
        return None

    tiktok.before_answering = answer_together
    with tiktok.serving():
        run_together(*[account.access_token for account in accounts])

    renewed = [(account.tokens.renewed_refresh, account.tokens.renewed_access) for account in tiktok.accounts]
    messages = control_messages(capsys.readouterr().out)
    assert len(messages) == number
    # Each is whole, and each has one renewal more than the one before.
    known = [{pair for pair in tokens_in(message) if pair in renewed} for message in messages]
    assert [len(found) for found in known] == list(range(1, number + 1))
    assert all(before < after for before, after in pairwise(known))
    assert tokens_in(messages[-1]) == tokens_in(config) == renewed
    assert [entry["business_id"] for entry in messages[-1]["additional_accounts"]] == [
        account.business_id for account in tiktok.accounts[1:]
    ]


def test_while_the_config_is_printed_no_account_changes_it(tiktok: TikTok) -> None:
    tiktok.add_account("night_baker"), tiktok.add_account("tea_house")
    config = config_of_all(tiktok)
    everyone_is_renewing = threading.Barrier(3)
    before_and_after: list[tuple[str, str]] = []

    def answer_together(call: Call) -> Answer | None:
        everyone_is_renewing.wait(timeout=10)
        return None

    def print_slowly(printed: Any) -> None:
        before = json.dumps(printed)
        for _ in range(500):
            time.sleep(0)  # lets every other thread go ahead
        before_and_after.append((before, json.dumps(printed)))

    tiktok.before_answering = answer_together
    accounts = accounts_of(config)
    with tiktok.serving(), patch.object(account_module, "emit_configuration_as_airbyte_control_message", print_slowly):
        run_together(*[account.access_token for account in accounts])

    assert len(before_and_after) == 3
    assert [before == after for before, after in before_and_after] == [True] * 3


def test_the_config_is_printed_as_one_line_for_each_renewal(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    for other in range(7):
        tiktok.add_account(f"account_{other}")
    accounts = accounts_of(config_of_all(tiktok))

    with tiktok.serving():
        run_together(*[account.access_token for account in accounts])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert {json.loads(line)["type"] for line in lines} == {"CONTROL"}


def test_a_crash_between_two_renewals_loses_neither(tiktok: TikTok, capsys: pytest.CaptureFixture[str]) -> None:
    tiktok.add_account("night_baker")
    first, _ = accounts_of(config_of_all(tiktok))
    with tiktok.serving():
        first.access_token()
    # Here it crashes: all that is left is what was printed.
    (stored,) = control_messages(capsys.readouterr().out)

    with tiktok.serving():
        tokens = [account.access_token() for account in accounts_of(stored)]

    assert tokens == [account.tokens.renewed_access for account in tiktok.accounts]
    assert [call.sent["refresh_token"] for call in tiktok.calls_of(REFRESH_PATH)] == [
        account.tokens.refresh for account in tiktok.accounts
    ]


def test_a_crash_while_another_account_is_renewed_loses_nothing_that_the_platform_has(
    tiktok: TikTok, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second renewal breaks off before TikTok has seen it; the platform has the first."""
    second = tiktok.add_account("night_baker")
    tiktok.before_answering = lambda call: (
        RuntimeError("killed") if tiktok.account_about_which(call) is second else None
    )
    accounts = accounts_of(config_of_all(tiktok))
    with tiktok.serving():
        accounts[0].access_token()
        with pytest.raises(RuntimeError, match="killed"):
            accounts[1].access_token()
    (stored,) = control_messages(capsys.readouterr().out)
    tiktok.before_answering = None

    with tiktok.serving():
        tokens = [account.access_token() for account in accounts_of(stored)]

    assert tokens == [account.tokens.renewed_access for account in tiktok.accounts]


def test_the_app_of_the_credentials_asks_what_the_token_of_an_additional_account_allows(tiktok: TikTok) -> None:
    second = tiktok.add_account("night_baker")
    second.scopes = ["user.info.basic", "video.list"]
    _, account = accounts_of(signed_in_config({"additional_accounts": [signed_in_entry(second)]}))

    with tiktok.serving():
        account.learn_scopes()

    assert account.known.scopes == frozenset({"user.info.basic", "video.list"})
    (call,) = tiktok.calls
    assert call.sent == {"app_id": CLIENT_ID, "access_token": second.tokens.access}


@pytest.mark.parametrize("entry", [oauth_entry, signed_in_entry], ids=["renewal", "valid token"])
def test_a_wrong_business_id_of_an_additional_account_is_named_by_its_place(entry: Any, tiktok: TikTok) -> None:
    second = tiktok.add_account("night_baker")
    config = signed_in_config({"additional_accounts": [entry(second, business_id="-000SomebodyElse")]})
    _, account = accounts_of(config)

    with tiktok.serving():
        error = failure_of(account.learn_scopes)

    assert error.failure_type == FailureType.config_error
    assert error.message == (
        "The setting `additional_accounts[0].business_id` is '-000SomebodyElse', but the account that was "
        "authenticated is '-000EmuOpenId_night_baker'. Change the setting to that, or authenticate with the account "
        "that it names."
    )


@pytest.mark.parametrize("entry", [oauth_entry, signed_in_entry], ids=["renewal", "valid token"])
def test_an_additional_account_that_turns_out_to_be_another_one_is_a_config_error_and_keeps_its_new_tokens(
    entry: Any, tiktok: TikTok
) -> None:
    second = tiktok.add_account("night_baker")
    second.business_id = BUSINESS_ID
    config = oauth_config({"additional_accounts": [entry(second, business_id="")]})
    first, account = accounts_of(config)

    with tiktok.serving():
        first.learn_scopes()
        errors = [failure_of(account.learn_scopes) for _ in range(2)]

    for error in errors:
        assert error.failure_type == FailureType.config_error
        assert error.message == (
            f"`credentials` and `additional_accounts[0]` are the same TikTok account, {BUSINESS_ID}. Remove one of "
            "them, or authenticate it with the account that you meant."
        )
    assert account.known.business_id is None
    assert config["additional_accounts"][0]["refresh_token"] == second.refresh_token


def test_an_account_that_is_about_to_end_is_warned_of_by_its_own_business_id(
    tiktok: TikTok, caplog: pytest.LogCaptureFixture
) -> None:
    second = tiktok.add_account("night_baker")
    answer = second.renewal()
    answer["data"]["refresh_token_expires_in"] = 86_400 * 10
    tiktok.before_answering = lambda call: answer if tiktok.account_about_which(call) is second else None

    with tiktok.serving():
        for account in accounts_of(config_of_all(tiktok)):
            account.learn_scopes()

    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(
        "The permission to read the TikTok account -000EmuOpenId_night_baker ends on 2026-11-30, in 10 days"
    )
