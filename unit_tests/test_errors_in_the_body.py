"""TikTok reports errors in the body of an HTTP 200: each is a failure or is tried again, and never an empty success."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType

from unit_tests.syncs import Clock, Outcome, rate_limit_statuses, read, signed_in_config, static_token_config
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    POSTS_PATH,
    PROFILE_PATH,
    SECRETS,
    Answer,
    Page,
    TikTok,
    fixture,
    refusal,
    success,
)

ENDPOINTS = [("account", PROFILE_PATH), ("videos", POSTS_PATH)]


def message_of(outcome: Outcome, stream: str) -> str:
    """The sentence with which the stream failed."""
    return outcome.failures[stream].message or ""


def assert_failed_without_a_row(outcome: Outcome, stream: str) -> None:
    """The stream failed, Airbyte was not told that it is complete, and nothing was made up."""
    assert stream in outcome.failures
    assert not outcome.is_complete(stream)
    assert outcome.rows(stream) == []


# --- Failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stream", "path"), ENDPOINTS)
@pytest.mark.parametrize("code", [40002, 41002, 20001, 49999, -1])
def test_a_code_other_than_zero_is_a_failure_and_is_not_asked_again(
    code: int, stream: str, path: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(path, refusal(code, "fields: unknown value"))

    outcome = read(tiktok, clock, stream, expect_failure=True)

    assert_failed_without_a_row(outcome, stream)
    assert len(tiktok.calls_of(path)) == 1
    assert clock.waits == []


def test_a_refused_parameter_is_reported_with_tiktoks_words_and_the_request_id(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("bad_parameter"))

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    message = message_of(outcome, "videos")
    assert "videos" in message
    assert "40002" in message
    assert "max_count: must be less than or equal to 20" in message
    assert "20261120120009AAAA000000000000000007" in message


@pytest.mark.parametrize(("stream", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"code": 0, "message": "OK", "request_id": "1"}, id="no data"),
        pytest.param({"code": 0, "message": "OK", "request_id": "1", "data": None}, id="null"),
        pytest.param({"code": 0, "message": "OK", "request_id": "1", "data": []}, id="an array"),
        pytest.param({"code": 0, "message": "OK", "request_id": "1", "data": "x"}, id="text"),
    ],
)
def test_success_without_data_is_a_failure(
    body: dict[str, Any], stream: str, path: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(path, body)

    assert_failed_without_a_row(read(tiktok, clock, stream, expect_failure=True), stream)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"videos": "none"}, id="text for the posts"),
        pytest.param({"videos": [7]}, id="numbers for the posts"),
        pytest.param({"videos": {"item_id": "7", "create_time": "1788861607"}}, id="an object for the posts"),
    ],
)
def test_data_that_makes_no_sense_is_a_failure(data: dict[str, Any], tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, success({"cursor": 0, "has_more": False, **data}))

    assert_failed_without_a_row(read(tiktok, clock, "videos", expect_failure=True), "videos")


@pytest.mark.parametrize("code", ["0", "40100", None, {}, []])
def test_a_code_that_is_no_number_is_a_failure(code: Any, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, success({"videos": [], "has_more": False}) | {"code": code})

    assert_failed_without_a_row(read(tiktok, clock, "videos", expect_failure=True), "videos")


def test_a_failure_on_a_later_page_is_a_failure_of_the_stream(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, fixture("video_list_first_page"), fixture("bad_parameter"))

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert "videos" in outcome.failures
    assert not outcome.is_complete("videos")


def test_a_failure_of_the_page_of_an_account_is_one_of_each_stream_that_reads_it(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, refusal(40002))
    streams = ("account", "account_audience_ages", "account_metrics", "videos", "videos_audience_cities")

    outcome = read(tiktok, clock, *streams, expect_failure=True)

    for stream in streams:
        assert_failed_without_a_row(outcome, stream)
    assert tiktok.calls_of(POSTS_PATH) == []


def test_all_streams_of_a_page_that_fails_fail(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("bad_parameter"))

    outcome = read(tiktok, clock, "videos", "videos_audience_cities", "account_audience_cities", expect_failure=True)

    assert set(outcome.failures) == {"videos", "videos_audience_cities"}
    assert outcome.is_complete("account_audience_cities")


@pytest.mark.parametrize("config", [signed_in_config, static_token_config], ids=["oauth", "access token"])
@pytest.mark.parametrize(("stream", "path"), ENDPOINTS)
@pytest.mark.parametrize("code", [40001, 40130])
def test_a_missing_permission_names_the_stream_and_the_permission_and_is_not_asked_again(
    code: int, stream: str, path: str, config: Callable[[], dict[str, Any]], tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(path, refusal(code, "The access token lacks the required scope."))

    outcome = read(tiktok, clock, stream, config=config(), expect_failure=True)

    assert outcome.failures[stream].failure_type == FailureType.config_error
    message = message_of(outcome, stream)
    assert f"`{stream}`" in message
    scopes = ["user.info.basic", "user.insights"] if stream == "account" else ["video.list", "video.insights"]
    assert [scope for scope in scopes if scope not in message] == []
    assert "The access token lacks the required scope." in message
    assert "TikTok Accounts" in message
    assert "If you typed in a token alone, add your app's `client_id`" in message
    assert len(tiktok.calls_of(path)) == 1


@pytest.mark.parametrize("code", [40001, 40002, 40006, 40101, 40113, 41002, 40100, 50000])
def test_whoever_reads_the_log_finds_the_request_id(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, refusal(code))

    outcome = read(tiktok, clock, "videos", config=signed_in_config(), expect_failure=True)

    error = outcome.failures["videos"]
    assert "20261120120000AAAA0000000000000000EE" in f"{error.message} {error.internal_message}"


def test_without_a_permission_the_other_streams_go_on(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("no_permission"))

    outcome = read(tiktok, clock, "videos", "account", "account_metrics", expect_failure=True)

    assert set(outcome.failures) == {"videos"}
    assert outcome.is_complete("account")
    assert outcome.is_complete("account_metrics")
    assert len(outcome.rows("account_metrics")) == 6


@pytest.mark.parametrize(("stream", "path"), ENDPOINTS)
@pytest.mark.parametrize("code", [40101, 40110])
def test_refused_credentials_say_how_to_authenticate_again(
    code: int, stream: str, path: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(path, refusal(code))

    outcome = read(tiktok, clock, stream, config=signed_in_config(), expect_failure=True)

    assert outcome.failures[stream].failure_type == FailureType.config_error
    assert "Authenticate the account again" in message_of(outcome, stream)
    assert len(tiktok.calls_of(path)) == 1


@pytest.mark.parametrize("code", [40001, 40002, 50000])
def test_no_message_holds_a_secret_even_if_tiktok_repeats_one(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, refusal(code, f"Token {ACCESS_TOKEN} of {BUSINESS_ID}"))

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert [secret for secret in SECRETS if secret in outcome.text] == []


# --- Passing trouble ------------------------------------------------------------------------------------------------

PASSING_TROUBLE = [
    *(pytest.param(refusal(code), id=str(code)) for code in (50000, 51065, 60001)),
    pytest.param(Page(502, "<html><body>Bad gateway</body></html>"), id="HTTP 502 with HTML"),
    pytest.param(Page(500, ""), id="HTTP 500 without a body"),
    pytest.param(Page(503, json.dumps(refusal(50000))), id="HTTP 503 with a code"),
    pytest.param(Page(200, "<html><body>Please wait</body></html>"), id="HTTP 200 with HTML"),
    pytest.param(Page(200, ""), id="an empty body"),
    pytest.param(Page(200, '{"code": 0, "message": "OK", "data": {"vid'), id="broken JSON"),
    pytest.param(Page(200, "[]"), id="a JSON array"),
    pytest.param(Page(200, "null"), id="JSON null"),
    pytest.param(Page(200, "{}"), id="an empty object"),
    pytest.param({"message": "OK", "data": {"videos": [], "has_more": False}}, id="no code"),
    pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
    pytest.param(requests.ReadTimeout("too slow"), id="a timeout"),
    pytest.param(requests.exceptions.ChunkedEncodingError("cut in the body"), id="a body that was cut"),
]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_passing_trouble_is_tried_again(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, trouble)

    outcome = read(tiktok, clock, "videos")

    assert len(outcome.rows("videos")) == 3
    assert len(tiktok.calls_of(POSTS_PATH)) == 2


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_trouble_that_does_not_pass_is_a_failure_in_the_end(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, trouble)

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert_failed_without_a_row(outcome, "videos")
    assert outcome.failures["videos"].failure_type == FailureType.transient_error
    assert message_of(outcome, "videos").startswith("TikTok")
    assert "next sync will try again" in message_of(outcome, "videos")
    assert len(tiktok.calls_of(POSTS_PATH)) == 6


def test_each_further_try_waits_twice_as_long(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, *[refusal(50000)] * 5)

    assert len(read(tiktok, clock, "videos").rows("videos")) == 3

    assert clock.waits_before_retries == [2, 4, 8, 16, 32]


def test_the_other_streams_go_on_where_trouble_does_not_pass(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, Page(502, "<html></html>"))

    outcome = read(tiktok, clock, "videos", "account", "account_metrics", expect_failure=True)

    assert set(outcome.failures) == {"videos"}
    assert outcome.is_complete("account")
    assert outcome.is_complete("account_metrics")


def test_a_page_that_was_fetched_at_the_second_try_is_shared(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, refusal(50000))

    outcome = read(tiktok, clock, "videos", "videos_audience_genders", "videos_engagement_likes")

    assert len(tiktok.calls_of(POSTS_PATH)) == 2
    assert len(outcome.rows("videos_audience_genders")) == 3


# --- Rate limits ----------------------------------------------------------------------------------------------------

RATE_LIMITS = [
    pytest.param(refusal(40100, "App reaches the QPS limit 10"), id="40100"),
    pytest.param(refusal(61000, "Too many requests."), id="61000"),
    pytest.param(Page(429, ""), id="HTTP 429"),
    pytest.param(Page(429, json.dumps(fixture("rate_limit"))), id="HTTP 429 with a code"),
]


@pytest.mark.parametrize("limit", RATE_LIMITS)
def test_a_rate_limit_waits_five_minutes_says_so_and_goes_on(
    limit: Answer, tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(POSTS_PATH, limit)

    outcome = read(tiktok, clock, "videos")

    first, second = tiktok.calls_of(POSTS_PATH)
    assert 300 <= (second.at - first.at).total_seconds() <= 310
    assert rate_limit_statuses(capsys.readouterr().out) == ["videos"]
    assert len(outcome.rows("videos")) == 3


def test_a_second_rate_limit_waits_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, fixture("rate_limit"), fixture("rate_limit"))

    outcome = read(tiktok, clock, "videos")

    first, second, third = tiktok.calls_of(POSTS_PATH)
    assert (second.at - first.at).total_seconds() >= 300
    assert (third.at - second.at).total_seconds() >= 300
    assert len(outcome.rows("videos")) == 3


def test_a_rate_limit_that_lasts_for_a_quarter_of_an_hour_is_waited_out(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, *[fixture("rate_limit")] * 3)

    outcome = read(tiktok, clock, "videos")

    assert len(tiktok.calls_of(POSTS_PATH)) == 4
    assert len(outcome.rows("videos")) == 3


def test_a_rate_limit_that_does_not_pass_is_a_failure_in_the_end(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("rate_limit"))

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert_failed_without_a_row(outcome, "videos")
    assert outcome.failures["videos"].failure_type == FailureType.transient_error
    assert "`requests_per_minute`" in message_of(outcome, "videos")
    assert clock.waits_before_retries == [300] * 5
    assert len(tiktok.calls_of(POSTS_PATH)) == 6


def test_a_rate_limit_in_the_middle_of_the_pages_loses_no_post(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(
        POSTS_PATH, fixture("video_list_first_page"), fixture("rate_limit"), fixture("video_list_last_page")
    )

    assert len(read(tiktok, clock, "videos").rows("videos")) == 3


def test_a_rate_limit_with_a_token_that_ends_meanwhile_goes_on_with_a_new_one(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, fixture("rate_limit"))
    config = signed_in_config(token_expiry_date="2026-11-20T12:03:00Z")

    assert len(read(tiktok, clock, "videos", config=config).rows("videos")) == 3
