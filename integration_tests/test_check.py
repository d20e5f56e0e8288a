"""`check` says whom it reached or what to do, in words for someone who has never seen an API."""

from typing import Any, Literal

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import Connector, granted, oauth_config, set_fault, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator

PROFILE, REFRESH = "business/get/", "tt_user/oauth2/refresh_token/"


def calls_of(tiktok: RunningEmulator) -> int:
    """How many calls TikTok got."""
    return len(requests.get(f"{tiktok.url}/_emulator/calls", timeout=10).json())


@pytest.mark.parametrize(("kind", "words"), [("business", "a Business Account"), ("personal", "a Personal Account")])
def test_it_says_whom_it_reached_and_what_was_granted(
    connector: Connector, start_tiktok: StartTikTok, kind: Literal["business", "personal"], words: str
) -> None:
    tiktok = start_tiktok(AccountSpec(kind=kind))
    grant = granted(tiktok, scopes=["video.list", "user.info.basic", "user.info.username", "user.account.type"])

    output = connector.check(oauth_config(tiktok, grant=grant))

    assert output.connection_status == {"status": "SUCCEEDED"}
    assert (
        f"Reached the TikTok account Harbour Coffee (@harbour_coffee, {words}, business_id {FIRST_OPEN_ID}). "
        "It granted: user.account.type, user.info.basic, user.info.username, video.list."
    ) in output.logs
    assert calls_of(tiktok) == 2


def test_it_says_whom_a_bare_token_reached(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.check(token_config(tiktok))

    assert (
        f"Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id {FIRST_OPEN_ID})."
        " It granted: what TikTok does not tell of this token."
    ) in output.logs
    assert calls_of(tiktok) == 1


def test_it_says_what_a_bare_token_was_granted_where_the_app_is_known(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    grant = granted(tiktok, scopes=["video.list", "user.info.basic", "user.info.username", "user.account.type"])

    output = connector.check(token_config(tiktok, grant=grant, has_client_id=True))

    assert output.connection_status == {"status": "SUCCEEDED"}
    assert (
        f"Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id {FIRST_OPEN_ID})."
        " It granted: user.account.type, user.info.basic, user.info.username, video.list."
    ) in output.logs
    assert calls_of(tiktok) == 2


@pytest.mark.parametrize(
    ("credentials", "fault", "sentence"),
    [
        pytest.param(
            {"client_secret": "wrong"},
            None,
            "TikTok does not accept the sign-in of the account (code 40101: Client id or client secret is incorrect.). "
            "Authenticate the account again in the source's settings; if you typed the values in, check client_id, "
            "client_secret and refresh_token. "
            "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
            "CONNECTOR_CONFIG message, and the next run needs that one.",
            id="a wrong client secret",
        ),
        pytest.param(
            {"refresh_token": "rft.wrong"},
            None,
            "TikTok does not accept the sign-in of the account (code 40107: Refresh token is invalid.). Authenticate "
            "the account again in the source's settings; if you typed the values in, check client_id, client_secret "
            "and refresh_token. "
            "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
            "CONNECTOR_CONFIG message, and the next run needs that one.",
            id="a wrong refresh token",
        ),
        pytest.param(
            {"client_secret": ""},
            None,
            "The setting `credentials.client_secret` is empty. The Secret of your app in the TikTok for Business "
            "developer portal.",
            id="no client secret",
        ),
        pytest.param(
            {"business_id": "-000OfSomebodyElse"},
            None,
            f"The setting `credentials.business_id` is '-000OfSomebodyElse', but the account that was authenticated is "
            f"'{FIRST_OPEN_ID}'. Change the setting to that, or authenticate with the account that it names.",
            id="another account's business_id",
        ),
        pytest.param(
            {},
            {"path": PROFILE, "kind": "code", "code": 40118, "message": "App is not in the whitelist."},
            "TikTok did not permit the stream `account`, which reads what user.info.basic, user.info.username, "
            "user.info.profile, user.info.stats, user.account.type, user.insights open (code 40118: App is not in the "
            "whitelist.). If you typed `business_id` in, check that the token is this account's. Else authenticate the "
            "account again and allow everything that TikTok lists. If that does not help, your app may lack the "
            'permission "TikTok Accounts", or analytics may not be turned on in the TikTok app. If you typed in a '
            "token alone, add your app's `client_id`: then only granted fields are asked for.",
            id="an app without the permission",
        ),
        pytest.param(
            {},
            {"path": PROFILE, "kind": "code", "code": 40125, "message": "Developer has no permission."},
            "TikTok has blocked the app or its developer (code 40125: Developer has no permission.). Look at your app "
            "under My Apps in the TikTok for Business portal.",
            id="a blocked developer",
        ),
    ],
)
def test_a_failure_is_one_sentence_with_the_next_step(
    connector: Connector,
    tiktok: RunningEmulator,
    credentials: dict[str, str],
    fault: dict[str, Any] | None,
    sentence: str,
) -> None:
    config = oauth_config(tiktok)
    config["credentials"] |= credentials
    if fault:
        set_fault(tiktok, **fault, times=None)

    output = connector.check(config)

    assert output.connection_status == {"status": "FAILED", "message": sentence}
    assert calls_of(tiktok) <= 3


@pytest.mark.parametrize(
    ("path", "fault", "sentence"),
    [
        pytest.param(
            PROFILE,
            {"kind": "http", "status": 502},
            "TikTok's servers answered something other than JSON (HTTP 502). This passes by itself and the next sync "
            "will try again; if it lasts for hours, look at TikTok's status page.",
            id="a broken gateway",
        ),
        pytest.param(
            PROFILE,
            {"kind": "code", "code": 40100, "message": "App reaches the QPS limit 10"},
            "TikTok is limiting the number of calls (code 40100: App reaches the QPS limit 10). After one call "
            "too many it refuses all for five minutes; the next sync will try again. Calls of a sync that was stopped "
            "a minute ago count too. Lower `requests_per_minute` if this happens often.",
            id="a limit that lasts",
        ),
        pytest.param(
            REFRESH,
            {"kind": "code", "code": 60001, "message": "Under maintenance."},
            "TikTok's servers have a problem of their own (code 60001: Under maintenance., request_id ",
            id="maintenance while renewing",
        ),
    ],
)
def test_trouble_that_does_not_pass_is_one_sentence_too(
    connector: Connector, tiktok: RunningEmulator, path: str, fault: dict[str, Any], sentence: str
) -> None:
    set_fault(tiktok, path, **fault, times=None)

    output = connector.without_waiting.check(oauth_config(tiktok))

    assert output.connection_status["status"] == "FAILED"
    assert output.connection_status["message"].startswith(sentence)


def test_nobody_at_the_address_is_one_sentence_too(connector: Connector, tiktok: RunningEmulator) -> None:
    set_fault(tiktok, PROFILE, "cut_connection", times=None)

    output = connector.without_waiting.check(token_config(tiktok))

    assert output.connection_status["status"] == "FAILED"
    assert output.connection_status["message"].startswith("TikTok could not be reached (ConnectionError at http://127")
    assert "check that this machine may connect to TikTok's API" in output.connection_status["message"]
