"""Odd input costs one value, not a day of history: what public bug reports of this trade would do here."""

import json
import logging
import tempfile
from pathlib import Path
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType, Level, Status, SyncMode

from integration_tests.streams import BREAKDOWN_STREAMS, POST_STREAMS
from source_tiktok_organic.components.errors import body_of, data_of
from source_tiktok_organic.config import trim
from source_tiktok_organic.run import PlainLog
from unit_tests.syncs import (
    Clock,
    Outcome,
    check,
    login_kit_config,
    oauth_config,
    read,
    state_text,
    static_token_config,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    COMMENTS_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    RENEWED_ACCESS_TOKEN,
    USER_VIDEOS_PATH,
    Answer,
    Call,
    Page,
    TikTok,
    comment,
    display_success,
    fixture,
    refusal,
    reply,
    response,
    success,
)


def counted(outcome: Outcome) -> list[str]:
    """What the log counts at the end."""
    return [line for line in outcome.logged(Level.WARN) if line.startswith("Odd in this sync: ")]


def page(**post: Any) -> dict[str, Any]:
    """The last page of posts, with one post."""
    return success(
        {
            "videos": [{"item_id": "7683102070583443467", "create_time": "1788861607", **post}],
            "cursor": 0,
            "has_more": False,
        }
    )


def page_with_text(text: str) -> Page:
    """The same as it is sent, with `text` as JSON writes a caption."""
    return Page(200, json.dumps(page(caption="CAPTION")).replace("CAPTION", text))


# --- A response without what was asked for --------------------------------------------------------------------------


@pytest.mark.parametrize("lacking", [1, 3])
def test_daily_metrics_that_are_missing_from_a_success_are_asked_for_again(
    lacking: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_next(PROFILE_PATH, *[success({})] * lacking)

    outcome = read(tiktok, clock, "account_metrics", "account")

    assert len(outcome.rows("account_metrics")) == 6
    assert len(tiktok.calls_of(PROFILE_PATH)) == lacking + 1
    assert [wait for wait in clock.waits if wait >= 10] == [10] * lacking
    assert outcome.logged(Level.WARN) == []


def test_daily_metrics_that_never_come_are_warned_of_by_account(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, success({"username": "harbour_coffee"}))

    outcome = read(tiktok, clock, "account_metrics", "account", "videos")

    assert outcome.rows("account_metrics") == []
    assert [row["video_creator_username"] for row in outcome.rows("account")] == ["harbour_coffee"]
    assert len(outcome.rows("videos")) == 3
    assert len(tiktok.calls_of(PROFILE_PATH)) == 4
    assert outcome.logged(Level.WARN)[0].startswith(
        "TikTok sent no `metrics` of the account -000EmuOpenId_0001abcDEFghiJKL, although it was asked for"
    )


def test_an_empty_list_is_not_missing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, success({"username": "harbour_coffee", "metrics": []}))

    outcome = read(tiktok, clock, "account_metrics")

    assert len(tiktok.calls_of(PROFILE_PATH)) == 1
    assert outcome.logged(Level.WARN) == []


def test_posts_that_are_missing_from_a_success_are_asked_for_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, success({}))

    assert len(read(tiktok, clock, "videos").rows("videos")) == 3


# --- Text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        pytest.param("\\ud83d", "\ufffd", id="half a character"),
        pytest.param("a\\udc00b", "a\ufffdb", id="the other half"),
        pytest.param("\\ud83d\\ude00 \\ud83d!", "\U0001f600 \ufffd!", id="a whole and half a character"),
        pytest.param("two\nlines\there", "two\nlines\there", id="a raw line break and a raw tab"),
        pytest.param("a\\u0000b", "ab", id="U+0000, which Postgres refuses"),
        pytest.param("a\x00b", "ab", id="a raw U+0000"),
    ],
)
def test_text_is_read_as_far_as_it_can_be_with_one_warning(
    text: str, caption: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(POSTS_PATH, page_with_text(text))

    outcome = read(tiktok, clock, "videos", *BREAKDOWN_STREAMS)

    assert outcome.column("videos", "caption") == [caption]
    assert len(tiktok.calls_of(POSTS_PATH)) == 1
    warning, count = outcome.logged(Level.WARN)
    assert "TikTok sent text in a response of /open_api/v1.3/business/video/list/ that is no proper text" in warning
    assert count == (
        "Odd in this sync: 1 responses of /open_api/v1.3/business/video/list/ with text that was repaired."
    )


def test_what_only_looks_like_a_null_character_is_left_alone(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, page_with_text("C:\\\\u0000"))

    outcome = read(tiktok, clock, "videos")

    assert outcome.column("videos", "caption") == ["C:\\u0000"]
    assert outcome.logged(Level.WARN) == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_null(number: str, tiktok: TikTok, clock: Clock) -> None:
    text = json.dumps(page(full_video_watched_rate="RATE")).replace('"RATE"', number)
    tiktok.answer_always(POSTS_PATH, Page(200, text))

    assert read(tiktok, clock, "videos").column("videos", "full_video_watched_rate") == [None]


@pytest.mark.parametrize(
    ("content", "caption"),
    [
        pytest.param(b'\xef\xbb\xbf{"code":0,"data":{"caption":"caf\xc3\xa9"}}', "caf\u00e9", id="byte order mark"),
        pytest.param(b'{"code":0,"data":{"caption":"caf\xc3"}}', "caf\ufffd", id="a character cut in the middle"),
    ],
)
def test_bytes_that_are_no_proper_text_are_read(content: bytes, caption: str) -> None:
    odd = response({})
    odd._content = content

    assert data_of(odd) == {"caption": caption}


@pytest.mark.parametrize("content", [b'{"code":0,"data":{"caption":"caf', b"<html>", b"", b"NaN", b"[" * 100_000])
def test_what_is_cut_off_or_no_json_object_is_not_read(content: bytes) -> None:
    odd = response({})
    odd._content = content

    assert body_of(odd) is None


def test_the_text_of_comments_is_read_too(tiktok: TikTok, clock: Clock) -> None:
    body = json.dumps(success({"comments": [comment("1", "2026-11-10T00:00:00Z", text="TEXT")], "has_more": False}))
    tiktok.posts = tiktok.posts[:1]
    tiktok.answer_always(COMMENTS_PATH, Page(200, body.replace("TEXT", "\\ud83d!\\u0000")))

    assert read(tiktok, clock, "videos_comments").column("videos_comments", "text") == ["\ufffd!"]


# --- Values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [12.5, "-", "31%", {"count": 3}, [3], True])
def test_an_odd_count_is_null_and_the_rest_of_the_post_is_there(odd: Any, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, page(likes=odd, comments=5))

    outcome = read(tiktok, clock, "videos")

    assert [(row.get("likes"), row["comments"]) for row in outcome.rows("videos")] == [(None, 5)]
    warning, count = outcome.logged(Level.WARN)
    assert warning == (
        f"TikTok sent {odd!r} in `likes` of the stream `videos`, where a whole number belongs. The value is null."
    )
    assert count == "Odd in this sync: 1 values of `likes` in `videos`."


def test_a_hundred_odd_values_of_a_column_are_one_warning_and_a_count(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(
        POSTS_PATH,
        success(
            {
                "videos": [
                    {"item_id": str(number), "create_time": "1788861607", "likes": "-"} for number in range(100)
                ],
                "has_more": False,
            }
        ),
    )

    outcome = read(tiktok, clock, "videos")

    assert len(outcome.rows("videos")) == 100
    assert len(outcome.logged(Level.WARN)) == 2
    assert counted(outcome) == ["Odd in this sync: 100 values of `likes` in `videos`."]


def test_a_post_without_an_id_is_left_out_of_every_stream_with_a_warning(tiktok: TikTok, clock: Clock) -> None:
    answer = fixture("video_list_first_page")
    answer["data"] |= {"has_more": False, "cursor": 0}
    del answer["data"]["videos"][1]["item_id"]
    tiktok.answer_always(POSTS_PATH, answer)

    outcome = read(tiktok, clock, *POST_STREAMS)

    for stream in POST_STREAMS:
        assert {row["item_id"] for row in outcome.rows(stream)} <= {"7683102070583443467"}, stream
    assert "TikTok sent null as `item_id` of a record, in the stream `videos" in outcome.logged(Level.WARN)[0]
    assert counted(outcome)[0].startswith("Odd in this sync: 1 records of `videos")


def test_a_day_without_a_date_is_left_out(tiktok: TikTok, clock: Clock) -> None:
    days = [{"date": None, "likes": 1}, {"date": "20261118", "likes": 2}, {"date": "2026-11-17", "likes": 3}]
    tiktok.answer_always(PROFILE_PATH, success({"username": "harbour_coffee", "metrics": days}))

    outcome = read(tiktok, clock, "account_metrics")

    assert outcome.column("account_metrics", "likes") == [3]
    assert len(counted(outcome)) == 2


# --- Structures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer", "stream", "words"),
    [
        pytest.param(POSTS_PATH, {"videos": {"item_id": "7"}}, "videos", "`videos`", id="posts"),
        pytest.param(PROFILE_PATH, {"metrics": {"date": "2026-11-17"}}, "account_metrics", "`metrics`", id="days"),
        pytest.param(
            PROFILE_PATH,
            {"metrics": [], "audience_ages": {"age": "18-24"}},
            "account_audience_ages",
            "`audience_ages`",
            id="ages",
        ),
        pytest.param(COMMENTS_PATH, {"comments": {"comment_id": "1"}}, "videos_comments", "`comments`", id="comments"),
    ],
)
def test_an_object_where_a_list_belongs_is_a_failure_that_says_so(
    path: str, answer: dict[str, Any], stream: str, words: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.answer_always(path, success({"has_more": False, **answer}))

    outcome = read(tiktok, clock, stream, expect_failure=True)

    assert outcome.failures[stream].failure_type == FailureType.system_error
    assert f"for {words}, where a list of objects belongs" in (outcome.failures[stream].message or "")


@pytest.mark.parametrize("cursor", [0, "0", None, -5, 1888861607000])
def test_a_list_of_posts_that_does_not_advance_is_a_failure(cursor: Any, tiktok: TikTok, clock: Clock) -> None:
    first = page()
    first["data"] |= {"cursor": 1788861607000, "has_more": True}
    second = page()
    second["data"] |= {"cursor": cursor, "has_more": True}
    tiktok.answer_next(POSTS_PATH, first)
    tiktok.answer_always(POSTS_PATH, second)
    tiktok.before_answering = None

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert "does not advance" in (outcome.failures["videos"].message or "")


def test_a_first_page_whose_cursor_is_0_with_more_to_come_is_a_failure(tiktok: TikTok, clock: Clock) -> None:
    endless = page()
    endless["data"] |= {"cursor": 0, "has_more": True}
    tiktok.answer_always(POSTS_PATH, endless)

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert "does not advance" in (outcome.failures["videos"].message or "")
    assert len(tiktok.calls_of(POSTS_PATH)) == 1


@pytest.mark.parametrize("has_more", ["yes", 2, {}])
def test_a_word_of_more_that_is_neither_true_nor_false_is_a_failure(
    has_more: Any, tiktok: TikTok, clock: Clock
) -> None:
    answer = page()
    answer["data"]["has_more"] = has_more
    tiktok.answer_always(POSTS_PATH, answer)

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert "`has_more`" in (outcome.failures["videos"].message or "")


# --- Fields that TikTok refuses by name -----------------------------------------------------------------------------


def refusing_field(name: str, code: int, message: str) -> Any:
    """TikTok refuses every request that names this field."""

    def refuse(call: Call) -> Answer | None:
        return refusal(code, message) if call.path == POSTS_PATH and name in call.fields else None

    return refuse


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (40002, "Invalid field: reach"),
        (40002, "fields: 'reach' is not supported"),
        (41002, "FIELDS_OFFLINE: reach"),
    ],
)
def test_a_field_that_is_refused_by_name_is_left_out_for_the_rest_of_the_sync(
    code: int, message: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.before_answering = refusing_field("reach", code, message)

    outcome = read(tiktok, clock, *POST_STREAMS)

    assert [row.get("reach") for row in outcome.rows("videos")] == [None, None, None]
    assert all(row["likes"] is not None for row in outcome.rows("videos"))
    assert len(tiktok.calls_of(POSTS_PATH)) == 2
    (warning,) = [line for line in outcome.logged(Level.WARN) if not line.startswith("Odd")]
    assert warning.startswith("TikTok refused the field `reach` (")
    assert message in warning


def test_a_refused_field_that_a_stream_is_made_of_gives_it_no_records(tiktok: TikTok, clock: Clock) -> None:
    tiktok.before_answering = refusing_field("impression_sources", 40002, "Unknown field impression_sources.")

    outcome = read(tiktok, clock, "videos", "videos_impression_sources", "videos_audience_types")

    assert outcome.rows("videos_impression_sources") == []
    assert len(outcome.rows("videos")) == 3
    assert outcome.rows("videos_audience_types")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param(40002, "Invalid parameter", id="no field"),
        pytest.param(40002, "item_id is not supported", id="the key"),
        pytest.param(40000, "Invalid field: reach", id="another code"),
        pytest.param(
            40002,
            "fields must be among item_id create_time caption share_url embed_url thumbnail_url video_duration likes "
            "comments shares favorites video_views media_type is_ad total_time_watched average_time_watched "
            "full_video_watched_rate",
            id="a list of those that are allowed",
        ),
    ],
)
def test_a_refusal_that_does_not_name_a_field_stays_a_failure(
    code: int, message: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.before_answering = refusing_field("reach", code, message)

    outcome = read(tiktok, clock, "videos", expect_failure=True)

    assert message in (outcome.failures["videos"].message or "")


# --- Check ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [static_token_config, oauth_config])
def test_check_waits_for_no_rate_limit(config: Any, tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    for path in (PROFILE_PATH, REFRESH_PATH):
        tiktok.answer_always(path, refusal(40100, "Too many requests"))

    status = check(tiktok, clock, config(), tmp_path)

    assert "TikTok is limiting the number of calls (code 40100: Too many requests)" in (status.message or "")
    assert sum(clock.waits) < 5
    assert len(tiktok.calls) == 1


def test_check_does_not_ask_again_for_what_is_missing(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.answer_always(PROFILE_PATH, success({"username": "harbour_coffee"}))

    assert check(tiktok, clock, static_token_config(), tmp_path).status == Status.SUCCEEDED
    assert len(tiktok.calls) == 1


# --- Waits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "what"),
    [
        (requests.ConnectionError("refused"), "TikTok could not be reached (ConnectionError)."),
        (refusal(50000, "Busy"), "TikTok's servers have a problem of their own (code 50000: Busy, request_id "),
        (Page(502, "<html>"), "TikTok's servers answered something other than JSON (HTTP 502)."),
    ],
)
def test_the_log_says_what_is_waited_for(
    trouble: Any, what: str, tiktok: TikTok, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    tiktok.answer_next(PROFILE_PATH, trouble)

    with caplog.at_level("INFO", logger="airbyte"):
        read(tiktok, clock, "account")

    (line,) = [record.getMessage() for record in caplog.records if "Waiting" in record.getMessage()]
    assert line.startswith(what)
    assert line.endswith(" Waiting 2 seconds, then trying again.")


def test_what_the_cdk_says_of_every_wait_is_not_printed() -> None:
    def record(text: str) -> logging.LogRecord:
        return logging.LogRecord("airbyte", logging.INFO, "", 0, text, None, None)

    plain = PlainLog()

    assert not plain.filter(record("UserDefinedBackoffException: Rate limit exceeded. Retrying in 3.0 seconds."))
    assert plain.filter(record("TikTok could not be reached (ConnectionError). Waiting 2 seconds, then trying again."))


# --- Settings -------------------------------------------------------------------------------------------------------


def test_blanks_around_pasted_values_are_taken_off(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(start_date=" 2026-01-01 ")
    config["credentials"] = {name: f" \t{value}\r\n" for name, value in config["credentials"].items()}

    outcome = read(tiktok, clock, "account", config=config)

    assert len(outcome.rows("account")) == 1
    assert {call.headers["Access-Token"] for call in tiktok.calls} == {ACCESS_TOKEN}


def test_blanks_in_additional_accounts_are_taken_off() -> None:
    config = {"credentials": {}, "additional_accounts": [{"access_token": "act.2\n", "business_id": " -000 "}]}

    trim(config)

    assert config["additional_accounts"] == [{"access_token": "act.2", "business_id": "-000"}]


@pytest.mark.parametrize(
    "odd", ["\u201cact.1\u201d", "act\u00a0.1", "act.\u200b1", "act.1\x00", "act\n1", "\u0430ct.1"]
)
def test_what_cannot_be_sent_is_named_by_its_setting(odd: str, tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    config = static_token_config()
    config["credentials"]["access_token"] = odd

    status = check(tiktok, clock, config, tmp_path)

    assert (status.message or "").startswith(
        "The setting `credentials.access_token` has a character that can't be part of it: "
    )
    assert tiktok.calls == []


def test_a_full_refresh_reads_everything_although_there_is_a_state(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, "videos", "videos_comments")

    second = read(
        tiktok, clock, "videos", "videos_comments", state=first.state, sync_mode=SyncMode.full_refresh
    )  # fmt: skip

    for stream in ("videos", "videos_comments"):
        assert len(second.rows(stream)) == len(first.rows(stream)) > 0


@pytest.mark.parametrize("expires_in", ["86400", 86400])
def test_a_number_of_seconds_as_text_is_a_number(expires_in: Any, tiktok: TikTok, clock: Clock) -> None:
    answer = fixture("refreshed_token")
    answer["data"]["expires_in"] = expires_in
    tiktok.answer_always(REFRESH_PATH, answer)
    tiktok.valid_tokens = {RENEWED_ACCESS_TOKEN}
    config = oauth_config()

    read(tiktok, clock, "account", config=config)

    assert config["credentials"]["token_expiry_date"].startswith("2026-11-21T12:00:00")


def test_a_used_refresh_token_says_where_the_newest_config_is(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, fixture("refused_refresh"))

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert "prints the newest config as a CONNECTOR_CONFIG message" in (outcome.failures["account"].message or "")


def test_analytics_that_are_off_in_the_app_are_mentioned(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, refusal(40001, "No permission"))

    outcome = read(tiktok, clock, "account_metrics", expect_failure=True)

    assert "analytics may not be turned on in the TikTok app" in (outcome.failures["account_metrics"].message or "")


@pytest.mark.parametrize("days", [36_501, 400_000])
def test_more_days_than_a_century_has_are_refused_before_any_call(
    days: int, tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, static_token_config(video_lookback_days=days), tmp_path)

    assert status.message == (
        f"The setting `video_lookback_days` is {days}, but it must be a whole number from 0 to 36500."
    )
    assert tiktok.calls == []


def test_a_century_of_days_reads_every_post(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(video_lookback_days=36_500)
    first = read(tiktok, clock, "videos", config=config)

    assert len(read(tiktok, clock, "videos", config=config, state=first.state).rows("videos")) == 3


def test_a_full_disk_is_a_sentence(tiktok: TikTok, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every write to it fails with ENOSPC.
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "r+b", buffering=0))  # noqa: SIM115

    outcome = read(tiktok, clock, "account", expect_failure=True)

    assert "TMPDIR" in (outcome.failures["account"].message or "")
    assert "No space left on device" in (outcome.failures["account"].message or "")


def test_no_folder_for_temporary_files_is_a_sentence(
    tiktok: TikTok, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    outcome = read(tiktok, clock, "account", expect_failure=True)

    assert "TMPDIR" in (outcome.failures["account"].message or "")
    assert outcome.failures["account"].failure_type == FailureType.config_error


# --- Login Kit ------------------------------------------------------------------------------------------------------


def test_odd_posts_of_login_kit_cost_no_more_than_their_values(tiktok: TikTok, clock: Clock) -> None:
    posts = fixture("display_video_list")["data"]["videos"]
    posts[0] |= {"like_count": "-", "create_time": None, "title": "a\x00b"}
    keys = {post["id"] for post in posts}
    tiktok.answer_always(USER_VIDEOS_PATH, display_success({"videos": posts, "cursor": 0, "has_more": False}))

    outcome = read(tiktok, clock, "user_videos", config=login_kit_config())

    assert {row["id"] for row in outcome.rows("user_videos")} == keys
    odd = outcome.rows_by("user_videos", "id")[posts[0]["id"]]
    assert (odd.get("like_count"), odd["title"]) == (None, "ab")
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 1


# --- Not mended yet -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["-", 12.5, None, {"count": 7}])
def test_an_odd_number_of_replies_costs_no_reply(odd: Any, tiktok: TikTok, clock: Clock) -> None:
    replies = [reply(str(number), "2026-11-10T00:00:00Z") for number in range(2, 9)]
    tiktok.posts = tiktok.posts[:1]
    written = comment("1", "2026-11-10T00:00:00Z", *replies) | {"replies": odd}
    tiktok.comments = {tiktok.posts[0]["item_id"]: [written]}

    outcome = read(tiktok, clock, "videos_comments", "videos_comments_replies")

    assert len(outcome.rows("videos_comments_replies")) == 7


def test_the_counts_are_said_also_when_a_stream_failed(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, page(likes="-", engagement_likes={"second": "0"}))

    outcome = read(tiktok, clock, "videos", "videos_engagement_likes", expect_failure=True)

    assert counted(outcome) == ["Odd in this sync: 1 values of `likes` in `videos`."]


def test_an_odd_value_of_a_post_is_not_said_of_comments(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, page(likes="-", comments=0))

    outcome = read(tiktok, clock, "videos", "videos_comments", "videos_comments_replies")

    assert counted(outcome) == ["Odd in this sync: 1 values of `likes` in `videos`."]


def test_milliseconds_of_login_kit_leave_the_cursor_right(tiktok: TikTok, clock: Clock) -> None:
    posts = fixture("display_video_list")["data"]["videos"]
    posts[0]["create_time"] *= 1000
    tiktok.answer_always(USER_VIDEOS_PATH, display_success({"videos": posts, "cursor": 0, "has_more": False}))

    outcome = read(tiktok, clock, "user_videos", config=login_kit_config())

    assert not [line for line in outcome.logged(Level.WARN) if line.startswith("Skipping cursor update")]
    # The post is of 2026-09-08.
    assert "2026-09-08" in state_text(outcome.state)
