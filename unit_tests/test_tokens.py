"""Reading with tokens: renewed once, stored before they are used, renewed when TikTok refuses them, and never shown."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.models import FailureType, Level

from integration_tests.streams import ALL_STREAMS
from unit_tests.syncs import (
    Clock,
    Outcome,
    control_messages,
    oauth_config,
    rate_limit_statuses,
    read,
    signed_in_config,
    state_text,
    static_token_config,
    static_token_with_app_config,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BENCHMARK_PATH,
    BUSINESS_ID,
    POSTS_PATH,
    PROFILE_PATH,
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


def tokens_of(calls: list[Call]) -> list[str | None]:
    """The access tokens of these calls."""
    return [call.headers.get("Access-Token") for call in calls]


def message_of(outcome: Outcome, stream: str) -> str:
    """The sentence with which the stream failed."""
    return outcome.failures[stream].message or ""


# --- Renewing -------------------------------------------------------------------------------------------------------


def test_a_token_that_is_still_valid_is_not_renewed(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *ALL_STREAMS, config=signed_in_config({"num_workers": 20}))

    assert [call.path for call in tiktok.calls if call.method == "POST"] == [TOKEN_INFO_PATH]
    assert set(tokens_of([call for call in tiktok.calls if call.method == "GET"])) == {ACCESS_TOKEN}


def test_the_new_tokens_are_printed_once_and_before_any_of_them_is_used(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    printed_before_the_first_call: list[str] = []

    def look(call: Call) -> Answer | None:
        if call.path == PROFILE_PATH and not printed_before_the_first_call:
            printed_before_the_first_call.append(capsys.readouterr().out)
        return None

    tiktok.before_answering = look
    read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    (config,) = control_messages(printed_before_the_first_call[0])
    assert config["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN
    assert config["credentials"]["access_token"] == RENEWED_ACCESS_TOKEN
    assert config["credentials"]["token_expiry_date"] == "2026-11-21T12:00:00+00:00"
    assert config["credentials"]["business_id"] == BUSINESS_ID
    assert control_messages(capsys.readouterr().out) == []


def test_what_is_written_back_is_the_config_and_the_tokens_and_nothing_else(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"start_date": "2026-01-01", "lookback_days": 7, "num_workers": 3, "of_another_version": [1]}

    read(tiktok, clock, "account", config=oauth_config(settings))

    (config,) = control_messages(capsys.readouterr().out)
    assert {name: value for name, value in config.items() if name != "credentials"} == settings
    assert set(config["credentials"]) == {
        "auth_type",
        "client_id",
        "client_secret",
        "refresh_token",
        "access_token",
        "token_expiry_date",
        "business_id",
    }


def test_a_token_that_ends_during_the_sync_is_renewed(tiktok: TikTok, clock: Clock) -> None:
    config = signed_in_config(token_expiry_date="2026-11-20T12:30:00Z")
    tiktok.answer_next(POSTS_PATH, fixture("video_list_first_page"))
    tiktok.before_answering = lambda call: clock.tick(3600) if call.path == PROFILE_PATH else None

    outcome = read(tiktok, clock, "videos", config=config)

    assert tokens_of(tiktok.calls_of(PROFILE_PATH)) == [ACCESS_TOKEN]
    assert set(tokens_of(tiktok.calls_of(POSTS_PATH))) == {RENEWED_ACCESS_TOKEN}
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


# --- Renewals that do not work at once ------------------------------------------------------------------------------


def test_a_renewal_that_meets_a_rate_limit_waits_five_minutes_says_so_and_goes_on(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(REFRESH_PATH, fixture("rate_limit"))

    outcome = read(tiktok, clock, "account", config=oauth_config())

    first, second = tiktok.calls_of(REFRESH_PATH)
    assert 300 <= (second.at - first.at).total_seconds() <= 310
    assert rate_limit_statuses(capsys.readouterr().out) == ["account"]
    assert outcome.is_complete("account")


PASSING_TROUBLE = [
    pytest.param(refusal(50002), id="50002"),
    pytest.param(refusal(51065), id="51065"),
    pytest.param(Page(502, "<html>Bad gateway</html>"), id="HTML"),
    pytest.param(Page(200, '{"code": 0, "da'), id="broken JSON"),
    pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_a_renewal_that_meets_passing_trouble_is_tried_again(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(REFRESH_PATH, *[trouble] * 5)

    outcome = read(tiktok, clock, "account", config=oauth_config())

    assert clock.waits_before_retries == [2, 4, 8, 16, 32]
    assert len(tiktok.calls_of(REFRESH_PATH)) == 6
    assert outcome.is_complete("account")


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_a_renewal_that_meets_trouble_that_does_not_pass_fails_with_a_sentence(
    trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(REFRESH_PATH, trouble)

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.transient_error
    assert message_of(outcome, "account").startswith("TikTok")
    assert "next sync will try again" in message_of(outcome, "account")
    assert len(tiktok.calls) == 6


@pytest.mark.parametrize("code", [40101, 40103, 40107, 40108, 40110, 40131])
def test_a_refused_renewal_is_not_tried_again_and_says_what_to_do(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(code, "No."))

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.config_error
    assert f"(code {code}: No.). Authenticate the account again" in message_of(outcome, "account")
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]
    assert clock.waits == []


def test_passing_trouble_of_token_info_is_tried_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(TOKEN_INFO_PATH, refusal(50002), Page(502, ""))

    outcome = read(tiktok, clock, "account", config=signed_in_config())

    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH] * 3 + [PROFILE_PATH]
    assert outcome.is_complete("account")


THREE_STREAMS = ("account", "account_metrics", "videos")


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        pytest.param(fixture("refused_refresh"), 1, id="refused"),
        pytest.param(Page(502, "<html></html>"), 6, id="HTML"),
        pytest.param(fixture("rate_limit"), 6, id="a rate limit"),
    ],
)
def test_a_renewal_that_failed_for_one_stream_is_not_tried_again_for_each_other_one(
    answer: Answer, tries: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(REFRESH_PATH, answer)

    outcome = read(tiktok, clock, *THREE_STREAMS, config=oauth_config(), expect_failure=True)

    assert set(outcome.failures) == set(THREE_STREAMS)
    assert len({message_of(outcome, stream) for stream in THREE_STREAMS}) == 1
    assert len(tiktok.calls_of(REFRESH_PATH)) == tries


@pytest.mark.parametrize(
    ("config", "calls"),
    [
        pytest.param(oauth_config(business_id="-000SomebodyElse"), [REFRESH_PATH], id="found by a renewal"),
        pytest.param(signed_in_config(business_id="-000SomebodyElse"), [TOKEN_INFO_PATH], id="found by token info"),
        pytest.param(
            static_token_with_app_config(business_id="-000SomebodyElse"),
            [TOKEN_INFO_PATH],
            id="found by token info of an access token",
        ),
    ],
)
def test_another_account_that_was_found_for_one_stream_is_not_asked_about_again_for_each_other_one(
    config: dict[str, Any], calls: list[str], tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, *THREE_STREAMS, config=config, expect_failure=True)

    assert set(outcome.failures) == set(THREE_STREAMS)
    assert [call.path for call in tiktok.calls] == calls


def test_a_renewal_during_the_sync_that_meets_trouble_that_does_not_pass_fails_with_its_own_sentence(
    tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(51065, "TTOP."))
    tiktok.answer_always(POSTS_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, "account", "videos", config=signed_in_config(), expect_failure=True)

    assert set(outcome.failures) == {"videos"}
    assert outcome.failures["videos"].failure_type == FailureType.transient_error
    assert "code 51065: TTOP." in message_of(outcome, "videos")
    assert len(tiktok.calls_of(REFRESH_PATH)) == 6


# --- Another account ------------------------------------------------------------------------------------------------


def test_the_business_id_of_another_account_fails_and_the_new_tokens_are_stored_nevertheless(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = read(
        tiktok, clock, "account", "videos", config=oauth_config(business_id="-000SomebodyElse"), expect_failure=True
    )

    assert {error.failure_type for error in outcome.failures.values()} == {FailureType.config_error}
    assert "The setting `credentials.business_id` is '-000SomebodyElse'" in message_of(outcome, "account")
    assert set(outcome.failures) == {"account", "videos"}
    (config,) = control_messages(capsys.readouterr().out)
    assert config["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN
    assert config["credentials"]["business_id"] == "-000SomebodyElse"
    assert {call.method for call in tiktok.calls} == {"POST"}


def test_the_business_id_of_another_account_fails_with_a_valid_token_too(tiktok: TikTok, clock: Clock) -> None:
    config = signed_in_config(business_id="-000SomebodyElse")

    outcome = read(tiktok, clock, "account", config=config, expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.config_error
    assert "The setting `credentials.business_id` is '-000SomebodyElse'" in message_of(outcome, "account")
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


# --- The year of the refresh token ----------------------------------------------------------------------------------


def refreshed_token(**data: Any) -> dict[str, Any]:
    """TikTok's answer to a renewal with these values; None takes one out."""
    answer = fixture("refreshed_token")
    answer["data"].update(data)
    answer["data"] = {name: value for name, value in answer["data"].items() if value is not None}
    return answer


def warnings_of_the_end(outcome: Outcome) -> list[str]:
    """The warnings that the permission ends."""
    return [warning for warning in outcome.logged(Level.WARN) if "permission to read" in warning]


DAY = 86_400


@pytest.mark.parametrize("config", [oauth_config(business_id=BUSINESS_ID), oauth_config()], ids=["known", "new"])
def test_the_end_of_the_permission_is_warned_of_29_days_before(
    config: dict[str, Any], tiktok: TikTok, clock: Clock
) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(REFRESH_PATH, refreshed_token(refresh_token_expires_in=29 * DAY))

    outcome = read(tiktok, clock, "account", "videos", "account_metrics", config=config)

    assert warnings_of_the_end(outcome) == [
        "The permission to read the TikTok account -000EmuOpenId_0001abcDEFghiJKL ends on 2026-12-19, in 29 days: "
        "TikTok gives it for a year and does not extend it. Authenticate the account again in the source's settings "
        "before that day, or syncs will fail from then on."
    ]


@pytest.mark.parametrize("config", [oauth_config(business_id=BUSINESS_ID), oauth_config()], ids=["known", "new"])
def test_the_end_of_the_permission_is_warned_of_once_although_the_token_is_renewed_twice(
    config: dict[str, Any], tiktok: TikTok, clock: Clock
) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(REFRESH_PATH, refreshed_token(refresh_token_expires_in=29 * DAY, expires_in=600))
    tiktok.before_answering = lambda call: clock.tick(3600) if call.path == PROFILE_PATH else None

    outcome = read(tiktok, clock, "account", "videos", config=config)

    assert len(tiktok.calls_of(REFRESH_PATH)) == 2
    assert len(warnings_of_the_end(outcome)) == 1


def test_the_end_of_the_permission_is_warned_of_30_days_before_at_the_earliest(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(REFRESH_PATH, refreshed_token(refresh_token_expires_in=30 * DAY))

    (warning,) = warnings_of_the_end(read(tiktok, clock, "account", config=oauth_config()))

    assert "ends on 2026-12-20, in 30 days" in warning


@pytest.mark.parametrize(
    "expires_in",
    [31 * DAY, 364 * DAY, str(364 * DAY), None, 0],
    ids=["31 days", "a year", "text", "not told", "nothing"],
)
def test_no_end_is_warned_of_that_is_not_near(expires_in: Any, tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(REFRESH_PATH, refreshed_token(refresh_token_expires_in=expires_in))

    outcome = read(tiktok, clock, "account", config=oauth_config())

    assert outcome.logged(Level.WARN) == []
    assert outcome.is_complete("account")


def test_an_end_of_the_permission_that_is_no_number_of_seconds_stops_no_sync(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    tiktok.answer_always(REFRESH_PATH, refreshed_token(refresh_token_expires_in="soon"))

    assert read(tiktok, clock, "account", config=oauth_config()).is_complete("account")


# --- Tokens that TikTok refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_refused_token_is_renewed_once_and_the_call_made_once_more(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, refusal(code))

    outcome = read(tiktok, clock, "videos", config=signed_in_config())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tokens_of(tiktok.calls_of(POSTS_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]
    assert len(outcome.rows("videos")) == 3


def test_a_refusal_with_http_401_is_a_refusal_too(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, Page(401, json.dumps(fixture("revoked_access_token"))))

    outcome = read(tiktok, clock, "videos", config=signed_in_config())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


def test_a_token_that_was_revoked_before_the_sync_costs_one_renewal(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = set()

    outcome = read(tiktok, clock, *ALL_STREAMS, config=signed_in_config())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


def test_a_token_that_is_refused_after_its_renewal_is_the_users_to_mend(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, "videos", config=signed_in_config(), expect_failure=True)

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tokens_of(tiktok.calls_of(POSTS_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]
    assert outcome.failures["videos"].failure_type == FailureType.config_error
    assert message_of(outcome, "videos") == (
        "TikTok does not accept the access token (code 40105: Access token is incorrect or has been revoked.). If this "
        "comes back although the connector has renewed it, the account's owner or another tool has withdrawn the "
        "permission: authenticate the account again in the source's settings."
    )


def test_where_all_tokens_are_refused_one_renewal_is_all_that_is_tried(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("revoked_access_token"))
    tiktok.answer_always(POSTS_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, *ALL_STREAMS, config=signed_in_config({"num_workers": 20}), expect_failure=True)

    assert set(outcome.failures) == set(ALL_STREAMS)
    assert {error.failure_type for error in outcome.failures.values()} == {FailureType.config_error}
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(tiktok.calls_of(TOKEN_INFO_PATH)) == 1


def test_where_posts_refuse_all_tokens_the_other_streams_go_on_with_the_new_one(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("revoked_access_token"))

    outcome = read(
        tiktok,
        clock,
        "videos",
        "videos_audience_types",
        "account_metrics",
        config=signed_in_config(),
        expect_failure=True,
    )

    assert set(outcome.failures) == {"videos", "videos_audience_types"}
    assert len(outcome.rows("account_metrics")) == 6
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    # The second stream knows the failure already.
    assert tokens_of(tiktok.calls_of(POSTS_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_token_that_tiktok_knows_nothing_about_is_renewed_before_it_is_used(
    code: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(TOKEN_INFO_PATH, refusal(code))

    outcome = read(tiktok, clock, "account", "videos", config=signed_in_config())

    assert [call.path for call in tiktok.calls[:3]] == [TOKEN_INFO_PATH, REFRESH_PATH, PROFILE_PATH]
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tokens_of(tiktok.calls_of(PROFILE_PATH)) == [RENEWED_ACCESS_TOKEN]
    assert len(outcome.rows("videos")) == 3


def test_a_call_that_was_refused_while_another_renewed_the_token_does_not_renew_it_again(
    tiktok: TikTok, clock: Clock
) -> None:
    """Two streams send the old token at once; the second learns of its refusal when the new one is there already."""
    both_are_on_their_way = threading.Barrier(2)
    the_token_is_renewed = threading.Event()

    def refuse_old_token(call: Call) -> Answer | None:
        if call.path == REFRESH_PATH:
            return None
        if call.headers.get("Access-Token") != ACCESS_TOKEN:
            the_token_is_renewed.set()
            return None
        is_posts, is_benchmark = call.path == POSTS_PATH, call.path == BENCHMARK_PATH
        if is_posts or is_benchmark:
            both_are_on_their_way.wait(timeout=10)
            if is_posts:
                assert the_token_is_renewed.wait(timeout=10)
            return fixture("revoked_access_token")
        return None

    tiktok.before_answering = refuse_old_token
    config = signed_in_config({"benchmark_categories": ["FOOD_AND_BEVERAGE"]})
    outcome = read(tiktok, clock, "videos", "business_benchmarks", config=config)

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3
    assert len(outcome.rows("business_benchmarks")) == 1


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_refused_static_token_is_not_renewed(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, refusal(code))

    outcome = read(tiktok, clock, "account", config=static_token_config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.config_error
    assert "put a new one into the source's settings" in (outcome.failures["account"].message or "")
    assert [call.path for call in tiktok.calls] == [PROFILE_PATH]


# --- What is never shown --------------------------------------------------------------------------------------------


def test_no_secret_is_in_a_row_a_log_a_state_or_a_url(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    assert [secret for secret in SECRETS if secret in outcome.text] == []
    assert [secret for secret in SECRETS if secret in state_text(outcome.state)] == []
    assert [call.url for call in tiktok.calls for secret in SECRETS if secret in call.url] == []


def test_a_refused_renewal_that_repeats_a_secret_does_not_show_it(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(40107, f"The token {REFRESH_TOKEN} is invalid."))

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert REFRESH_TOKEN not in outcome.text


def test_a_token_that_came_with_a_renewal_is_not_shown_either(tiktok: TikTok, clock: Clock) -> None:
    text = f"The token {RENEWED_ACCESS_TOKEN} and {RENEWED_REFRESH_TOKEN}"
    tiktok.answer_always(POSTS_PATH, refusal(40002, text))

    outcome = read(tiktok, clock, "videos", config=oauth_config(), expect_failure=True)

    assert [secret for secret in SECRETS if secret in outcome.text] == []


def test_the_control_message_is_the_only_line_with_a_secret(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    read(tiktok, clock, "account", "videos", config=oauth_config())

    printed = capsys.readouterr().out.splitlines()
    lines = [line for line in printed if any(secret in line for secret in SECRETS)]
    assert [line[:17] for line in lines] == ['{"type":"CONTROL"']


class Debugging:
    """While this lasts, all loggers say everything; `text` is what the connector prints of it."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._handler = logging.StreamHandler(self._buffer)
        self._handler.setFormatter(AirbyteLogFormatter())

    @property
    def text(self) -> str:
        """All lines so far."""
        return self._buffer.getvalue()

    def __enter__(self) -> "Debugging":
        known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
        self._levels = [(logger, logger.level) for logger in (logging.root, *known)]
        for logger, _ in self._levels:
            logger.setLevel(logging.DEBUG)
        logging.root.addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self._handler)
        for logger, level in self._levels:
            logger.setLevel(level)


@pytest.fixture(params=["info", "debug"])
def debugging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Debugging]:
    """Debug lines in the two forms that the CDK has: its own, and that of the platform's setting LOG_LEVEL."""
    monkeypatch.setenv("LOG_LEVEL", request.param)
    with Debugging() as debugging:
        yield debugging


@pytest.mark.parametrize(
    "character",
    ["!", "*", '"', "\\", "+", "/", "%", "-_.~", '!*"\\+/%'],
    ids=["!", "*", "quote", "backslash", "+", "slash", "%", "none of them", "all of them"],
)
def test_no_secret_is_shown_at_debug_level_however_tiktok_spells_it(
    character: str, debugging: Debugging, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each secret consists of two words with the character between them; neither word may be anywhere."""
    names = ("OldAccess", "OldRefresh", "NewAccess", "NewRefresh", "ClientSecret")
    secrets = {name: f"act.{name}Head{character}{name}Tail!5001.em" for name in names}
    spellings = " ".join(
        spelling for secret in secrets.values() for spelling in (secret, quote(secret, safe=""), json.dumps(secret))
    )
    renewal = refreshed_token(access_token=secrets["NewAccess"], refresh_token=secrets["NewRefresh"])
    config = signed_in_config(
        access_token=secrets["OldAccess"],
        refresh_token=secrets["OldRefresh"],
        client_secret=secrets["ClientSecret"],
        client_id=secrets["ClientSecret"],
    )
    tiktok.answer_always(TOKEN_INFO_PATH, fixture("token_info"))
    tiktok.answer_next(REFRESH_PATH, Page(200, json.dumps(renewal)[:-20]))
    tiktok.answer_always(REFRESH_PATH, renewal)
    tiktok.valid_tokens = {secrets["OldAccess"], secrets["NewAccess"]}
    tiktok.answer_next(
        POSTS_PATH,
        refusal(40105, f"The token {quote(secrets['OldAccess'], safe='')} is revoked."),
        refusal(50000, spellings),
        Page(502, f"<html>{spellings}</html>"),
        Page(200, json.dumps(refusal(40002, spellings))[:-5]),
    )
    tiktok.answer_always(POSTS_PATH, refusal(40002, spellings))

    outcome = read(tiktok, clock, "videos", config=config, expect_failure=True)

    printed = capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if not line.startswith('{"type":"CONTROL"')]
    everything = "\n".join([outcome.text, debugging.text, printed.err, *lines])
    assert len(tiktok.calls_of(POSTS_PATH)) == 5
    assert "Making outbound API request" in debugging.text
    assert "Receiving response" in debugging.text
    assert "****" in message_of(outcome, "videos")
    words = [f"{name}{part}" for name in names for part in ("Head", "Tail")]
    assert [word for word in words if word in everything] == []
