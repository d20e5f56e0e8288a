"""Tokens and scopes of Login Kit: a form, a flat answer, tokens stored before they are used, and never shown."""

import json
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
import requests
from airbyte_cdk.models import FailureType, Level

from integration_tests.streams import LOGIN_KIT_STREAMS
from unit_tests.parts import authenticator_of, budget
from unit_tests.syncs import (
    Clock,
    Outcome,
    control_messages,
    login_kit_config,
    rate_limit_statuses,
    read,
    signed_in_login_kit_config,
    state_text,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    CLIENT_KEY,
    CLIENT_SECRET,
    LOGIN_KIT_TOKEN_PATH,
    REFRESH_TOKEN,
    RENEWED_ACCESS_TOKEN,
    RENEWED_REFRESH_TOKEN,
    SECRETS,
    USER_INFO_PATH,
    USER_VIDEOS_PATH,
    Answer,
    Call,
    Page,
    TikTok,
    display_refusal,
    login_kit_refusal,
    login_kit_renewal,
)

BASIC = "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name"
PROFILE = "username,bio_description,profile_deep_link,is_verified"
STATS = "follower_count,following_count,likes_count,video_count"
ALL_OF_A_USER = f"{BASIC},{PROFILE},{STATS}"


def paths(tiktok: TikTok) -> list[str]:
    """The calls in the order in which they came."""
    return [call.path for call in tiktok.calls]


def tokens_of(calls: list[Call]) -> list[str]:
    """The access tokens of these calls."""
    return [call.headers["Authorization"].removeprefix("Bearer ") for call in calls]


def fields_of(calls: list[Call]) -> list[str]:
    """The fields that these calls ask for."""
    return [call.params["fields"] for call in calls]


def message_of(outcome: Outcome, stream: str) -> str:
    """The sentence with which the stream failed."""
    return outcome.failures[stream].message or ""


# --- Renewing -------------------------------------------------------------------------------------------------------


def test_a_renewal_is_a_form(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "user_info", config=login_kit_config())

    (call,) = tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)
    assert (call.method, call.url) == ("POST", "https://open.tiktokapis.com/v2/oauth/token/")
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert {"Authorization", "Access-Token"} & set(call.headers) == set()
    assert parse_qsl(call.body or "") == [
        ("client_key", "awemu5key7400"),
        ("client_secret", "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ff"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "rft.EMU0xYz!5001.em"),
    ]


def test_a_token_that_is_still_valid_is_not_renewed(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config({"num_workers": 20}))

    assert sorted(paths(tiktok)) == [USER_INFO_PATH, USER_VIDEOS_PATH]
    assert set(tokens_of(tiktok.calls)) == {ACCESS_TOKEN}


@pytest.mark.parametrize("end", ["2026-11-20T11:59:59Z", ""])
def test_a_token_whose_time_is_over_is_renewed(end: str, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, "user_videos", config=signed_in_login_kit_config(token_expiry_date=end))

    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH, USER_INFO_PATH, USER_VIDEOS_PATH]
    assert len(outcome.rows("user_videos")) == 3


def test_the_new_tokens_are_printed_once_and_before_any_of_them_is_used(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    printed_before_the_first_call: list[str] = []

    def look(call: Call) -> Answer | None:
        if call.path == USER_INFO_PATH:
            printed_before_the_first_call.append(capsys.readouterr().out)
        return None

    tiktok.before_answering = look
    read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config({"start_date": "2026-01-01", "other": [1]}))

    # Nothing is added but the access token and its end; above all no business_id.
    assert control_messages(printed_before_the_first_call[0]) == [
        {
            "credentials": {
                "auth_type": "login_kit",
                "client_key": "awemu5key7400",
                "client_secret": "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ff",
                "refresh_token": RENEWED_REFRESH_TOKEN,
                "access_token": RENEWED_ACCESS_TOKEN,
                "token_expiry_date": "2026-11-21T12:00:00+00:00",
            },
            "start_date": "2026-01-01",
            "other": [1],
        }
    ]
    assert control_messages(capsys.readouterr().out) == []


def test_what_was_written_back_is_the_config_of_the_next_sync(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    read(tiktok, clock, "user_info", config=login_kit_config())
    (config,) = control_messages(capsys.readouterr().out)
    clock.tick(2 * 86_400)

    read(tiktok, clock, "user_info", config=config)

    sent = [call.form["refresh_token"] for call in tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)]
    assert sent == [REFRESH_TOKEN, RENEWED_REFRESH_TOKEN]


def test_a_refresh_token_that_stays_the_same_is_kept(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_renewal(refresh_token=None))

    read(tiktok, clock, "user_info", config=login_kit_config())

    (config,) = control_messages(capsys.readouterr().out)
    assert config["credentials"]["refresh_token"] == REFRESH_TOKEN


@pytest.mark.parametrize("missing", ["access_token", "expires_in", "open_id", "scope"])
def test_a_renewal_without_what_it_has_to_have_is_a_failure_and_its_tokens_are_stored(
    missing: str, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_renewal(**{missing: None}))

    outcome = read(tiktok, clock, "user_info", config=login_kit_config(), expect_failure=True)

    assert outcome.failures["user_info"].failure_type == FailureType.system_error
    assert f"without a proper {missing}" in message_of(outcome, "user_info")
    (config,) = control_messages(capsys.readouterr().out)
    assert config["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH]


def test_the_end_of_the_permission_is_warned_of_29_days_before(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_renewal(refresh_expires_in=29 * 86_400))

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config())

    (warning,) = outcome.logged(Level.WARN)
    assert warning.startswith(
        "The permission to read the TikTok account 723f24d7-e717-40f8-a2b6-cb8464cd23b4 ends on 2026-12-19, in 29 days"
    )


# --- Renewals that do not work at once ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    "error",
    [
        "invalid_grant",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "access_denied",
        "unauthorized_client",
        "unsupported_grant_type",
    ],
)
def test_a_refused_renewal_is_not_tried_again_and_says_what_to_do(
    error: str, status: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_refusal(error, "It has expired.", status))

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config(), expect_failure=True)

    assert {failure.failure_type for failure in outcome.failures.values()} == {FailureType.config_error}
    assert message_of(outcome, "user_info") == (
        f"TikTok does not accept the sign-in of the account (code {error}: It has expired.). Authenticate the account "
        "again in the source's settings; if you typed the values in, check client_key, client_secret and "
        "refresh_token. TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config "
        "as a CONNECTOR_CONFIG message, and the next run needs that one."
    )
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH]
    assert clock.waits == []


PASSING_TROUBLE = [
    *(
        pytest.param(login_kit_refusal(error, status=status), id=f"{error} in HTTP {status}")
        for error in ("server_error", "temporarily_unavailable")
        for status in (200, 400, 503)
    ),
    pytest.param(Page(502, "<html>Bad gateway</html>"), id="HTML"),
    pytest.param(Page(200, "<html>Login</html>"), id="HTML in HTTP 200"),
    pytest.param(Page(200, '{"access_token": "act'), id="broken JSON"),
    pytest.param(Page(500, "{}"), id="an empty HTTP 500"),
    pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_a_renewal_that_meets_passing_trouble_is_tried_again(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(LOGIN_KIT_TOKEN_PATH, *[trouble] * 5)

    outcome = read(tiktok, clock, "user_info", config=login_kit_config())

    assert clock.waits_before_retries == [2, 4, 8, 16, 32]
    assert len(tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)) == 6
    assert outcome.is_complete("user_info")


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_trouble_that_does_not_pass_is_a_transient_error_for_both_streams(
    trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, trouble)

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == set(LOGIN_KIT_STREAMS)
    assert {failure.failure_type for failure in outcome.failures.values()} == {FailureType.transient_error}
    assert "next sync will try again" in message_of(outcome, "user_info")
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH] * 6


def test_a_renewal_that_meets_a_rate_limit_waits_a_minute_and_says_so(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(LOGIN_KIT_TOKEN_PATH, Page(429, ""), login_kit_refusal("rate_limit_exceeded"))

    outcome = read(tiktok, clock, "user_info", config=login_kit_config())

    assert clock.waits_before_retries == [60, 60]
    assert rate_limit_statuses(capsys.readouterr().out) == ["user_info", "user_info"]
    assert outcome.is_complete("user_info")


def test_an_error_that_nobody_has_heard_of_asks_for_a_report(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_refusal("blue_moon", "{x}"))

    outcome = read(tiktok, clock, "user_info", config=login_kit_config(), expect_failure=True)

    assert outcome.failures["user_info"].failure_type == FailureType.system_error
    assert "(code blue_moon: {x}, request_id 20261120120000BBBB0000000000000000DD)" in message_of(outcome, "user_info")
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH]


# --- Access tokens that TikTok refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 200])
def test_a_refused_token_is_renewed_once_and_the_call_made_once_more(status: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(USER_VIDEOS_PATH, display_refusal("access_token_invalid", status=status))

    outcome = read(tiktok, clock, "user_videos", config=signed_in_login_kit_config())

    assert paths(tiktok) == [USER_INFO_PATH, USER_VIDEOS_PATH, LOGIN_KIT_TOKEN_PATH, USER_VIDEOS_PATH]
    assert tokens_of(tiktok.calls_of(USER_VIDEOS_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]
    assert len(outcome.rows("user_videos")) == 3


def test_a_token_that_was_revoked_before_the_sync_costs_one_renewal(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = set()

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config({"num_workers": 20}))

    assert len(tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)) == 1
    assert tokens_of(tiktok.calls_of(USER_INFO_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]
    assert len(outcome.rows("user_videos")) == 3


def test_a_token_that_is_refused_after_its_renewal_is_the_users_to_mend(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_VIDEOS_PATH, display_refusal("access_token_invalid", "It is invalid."))

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == {"user_videos", "user_videos_history"}
    assert outcome.failures["user_videos"].failure_type == FailureType.config_error
    assert message_of(outcome, "user_videos") == (
        "TikTok does not accept the access token (code access_token_invalid: It is invalid.). If this comes back "
        "although the connector has renewed it, the account's owner or another tool has withdrawn the permission: "
        "authenticate the account again in the source's settings."
    )
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 2
    # One renewal because there was no token yet, one because it was refused.
    assert len(tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)) == 2


def test_where_the_renewal_of_a_refused_token_fails_its_own_sentence_is_said(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = set()
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_refusal("invalid_grant", "It has expired."))

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == set(LOGIN_KIT_STREAMS)
    assert {failure.failure_type for failure in outcome.failures.values()} == {FailureType.config_error}
    assert "(code invalid_grant: It has expired.)" in message_of(outcome, "user_info")
    assert len(tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)) == 1


# --- Scopes that came with a renewal --------------------------------------------------------------------------------


def warnings_of_scopes(outcome: Outcome) -> list[str]:
    """The warnings of columns that stay null, in the alphabet's order: the streams are read at the same time."""
    return sorted(warning for warning in outcome.logged(Level.WARN) if "did not grant" in warning)


@pytest.mark.parametrize(
    ("missing", "asked"),
    [
        ([], f"{BASIC},{PROFILE},{STATS}"),
        (["user.info.profile"], f"{BASIC},{STATS}"),
        (["user.info.stats"], f"{BASIC},{PROFILE}"),
        (["user.info.profile", "user.info.stats"], BASIC),
    ],
)
def test_after_a_renewal_only_granted_fields_are_asked_for(
    missing: list[str], asked: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.login_kit_scopes = [scope for scope in tiktok.login_kit_scopes if scope not in missing]

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config())

    assert fields_of(tiktok.calls_of(USER_INFO_PATH)) == [asked]
    assert set(outcome.rows("user_info")[0]) == set(asked.split(","))
    assert len(outcome.rows("user_videos")) == 3
    assert [warning.split("`")[1] for warning in warnings_of_scopes(outcome)] == missing


def test_without_the_name_of_the_account_nothing_can_be_read(tiktok: TikTok, clock: Clock) -> None:
    tiktok.login_kit_scopes.remove("user.info.basic")

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == set(LOGIN_KIT_STREAMS)
    assert "`user.info.basic`" in message_of(outcome, "user_info")
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH]


# --- A valid token, of which TikTok has not told the scopes ---------------------------------------------------------


def test_with_a_valid_token_everything_is_asked_for_at_once(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config())

    assert fields_of(tiktok.calls_of(USER_INFO_PATH)) == [f"{BASIC},{PROFILE},{STATS}"]
    assert len(tiktok.calls) == 2
    assert warnings_of_scopes(outcome) == []


@pytest.mark.parametrize("code", ["scope_not_authorized", "scope_permission_missed"])
@pytest.mark.parametrize(
    ("missing", "granted"),
    [
        (["user.info.stats"], f"{BASIC},{PROFILE}"),
        (["user.info.profile"], f"{BASIC},{STATS}"),
        (["user.info.profile", "user.info.stats"], BASIC),
    ],
)
def test_a_valid_token_that_lacks_a_scope_is_renewed_once_to_learn_what_was_granted(
    missing: list[str], granted: str, code: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.login_kit_scopes = [scope for scope in tiktok.login_kit_scopes if scope not in missing]
    tiktok.answer_next(USER_INFO_PATH, display_refusal(code))

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config())

    asked = fields_of(tiktok.calls_of(USER_INFO_PATH))
    assert asked[0] == ALL_OF_A_USER
    # Each of the two streams may be refused once.
    assert sorted(asked[1:]) in ([granted], sorted([ALL_OF_A_USER, granted]))
    assert len(tiktok.calls_of(LOGIN_KIT_TOKEN_PATH)) == len(tiktok.calls_of(USER_VIDEOS_PATH)) == 1
    assert set(outcome.rows("user_info")[0]) == set(granted.split(","))
    assert len(outcome.rows("user_videos")) == 3
    assert [warning.split("`")[1] for warning in warnings_of_scopes(outcome)] == missing
    assert clock.waits_before_retries == []


@pytest.mark.parametrize(
    ("stream", "expected_paths", "scopes"),
    [
        (
            "user_info",
            [USER_INFO_PATH, LOGIN_KIT_TOKEN_PATH],
            "user.info.basic, user.info.profile, user.info.stats",
        ),
        ("user_videos", [USER_INFO_PATH, USER_VIDEOS_PATH, LOGIN_KIT_TOKEN_PATH], "video.list"),
    ],
)
def test_a_refusal_that_no_scope_explains_stands_after_one_renewal(
    stream: str, expected_paths: list[str], scopes: str, tiktok: TikTok, clock: Clock
) -> None:
    path = USER_INFO_PATH if stream == "user_info" else USER_VIDEOS_PATH
    tiktok.answer_always(path, display_refusal("scope_not_authorized", "Not this app."))

    outcome = read(tiktok, clock, stream, config=signed_in_login_kit_config(), expect_failure=True)

    assert message_of(outcome, stream) == (
        f"TikTok did not permit the stream `{stream}`, which reads what {scopes} open (code scope_not_authorized: Not "
        "this app.). Authenticate the account again and allow everything that TikTok lists; if that does not help, add "
        "these scopes to your app in TikTok for Developers. The other streams go on."
    )
    assert paths(tiktok) == expected_paths


@pytest.mark.parametrize("code", ["internal_error", "invalid_params"])
def test_a_failure_that_is_no_refusal_renews_nothing(code: str, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_INFO_PATH, display_refusal(code))

    read(tiktok, clock, "user_info", config=signed_in_login_kit_config(), expect_failure=True)

    assert tiktok.calls_of(LOGIN_KIT_TOKEN_PATH) == []


def test_two_streams_that_are_refused_at_the_same_moment_renew_once(tiktok: TikTok) -> None:
    tiktok.login_kit_scopes = ["user.info.basic"]
    config, api_budget = signed_in_login_kit_config(), budget()
    accounts = [authenticator_of(config, api_budget, stream=stream).accounts[0] for stream in LOGIN_KIT_STREAMS]
    with tiktok.serving():
        for account in accounts:
            account.learn_scopes_by_renewal()

    assert [account.known.scopes for account in accounts] == [frozenset({"user.info.basic"})] * 4
    assert paths(tiktok) == [LOGIN_KIT_TOKEN_PATH]


def test_with_a_valid_token_a_missing_video_list_fails_that_stream_alone(tiktok: TikTok, clock: Clock) -> None:
    tiktok.login_kit_scopes.remove("video.list")

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=signed_in_login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == {"user_videos", "user_videos_history"}
    assert outcome.failures["user_videos"].failure_type == FailureType.config_error
    assert "did not grant `video.list`, which the stream `user_videos` is made of" in message_of(outcome, "user_videos")
    assert paths(tiktok) == [USER_INFO_PATH, USER_VIDEOS_PATH, LOGIN_KIT_TOKEN_PATH]
    assert outcome.is_complete("user_info")


# --- What is never shown --------------------------------------------------------------------------------------------

ALL_SECRETS = (*SECRETS, CLIENT_KEY)


@pytest.mark.parametrize("config", [login_kit_config, signed_in_login_kit_config], ids=["renewal", "valid token"])
def test_no_secret_is_in_a_row_a_log_a_state_or_a_url(
    config: Any, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=config())

    assert [secret for secret in ALL_SECRETS if secret in outcome.text] == []
    assert [secret for secret in ALL_SECRETS if secret in state_text(outcome.state)] == []
    assert [call.url for call in tiktok.calls for secret in ALL_SECRETS if secret in call.url] == []
    printed = capsys.readouterr()
    lines = [line for line in (printed.out + printed.err).splitlines() if not line.startswith('{"type":"CONTROL"')]
    assert [line for line in lines for secret in ALL_SECRETS if secret in line] == []


@pytest.mark.parametrize("path", [LOGIN_KIT_TOKEN_PATH, USER_INFO_PATH, USER_VIDEOS_PATH])
def test_an_error_that_repeats_secrets_does_not_show_them(
    path: str, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    known = ALL_SECRETS if path != LOGIN_KIT_TOKEN_PATH else (REFRESH_TOKEN, CLIENT_KEY, CLIENT_SECRET)
    text = f"Not accepted: {', '.join(known)}."
    refusal = login_kit_refusal("invalid_grant", text, 400) if path == LOGIN_KIT_TOKEN_PATH else None
    tiktok.answer_always(path, refusal or display_refusal("invalid_params", text))
    config = login_kit_config(access_token=ACCESS_TOKEN, token_expiry_date="2026-11-20T00:00:00Z")

    outcome = read(tiktok, clock, *LOGIN_KIT_STREAMS, config=config, expect_failure=True)

    printed = capsys.readouterr()
    lines = [line for line in (printed.out + printed.err).splitlines() if not line.startswith('{"type":"CONTROL"')]
    everything = "\n".join([outcome.text, *lines])
    assert "Not accepted: ****, ****" in everything
    assert [secret for secret in ALL_SECRETS if secret in everything] == []


@pytest.mark.parametrize("character", ["", "!", '"', "+"], ids=["nothing", "!", "quote", "+"])
def test_the_client_key_is_not_shown_however_tiktok_spells_it(character: str, tiktok: TikTok, clock: Clock) -> None:
    client_key = f"awKeyHead{character}awKeyTail"
    text = f"Not accepted: {client_key}, {quote(client_key, safe='')}, {json.dumps(client_key)}."
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_refusal("invalid_client", text))

    outcome = read(tiktok, clock, "user_info", config=login_kit_config(client_key=client_key), expect_failure=True)

    assert [word for word in ("awKeyHead", "awKeyTail") if word in outcome.text] == []
