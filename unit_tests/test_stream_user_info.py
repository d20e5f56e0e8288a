"""The stream `user_info`: the account as Login Kit shows it, one row in each sync."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType, Level, SyncMode

from unit_tests.syncs import (
    Clock,
    login_kit_config,
    rate_limit_statuses,
    read,
    signed_in_login_kit_config,
    state_text,
)
from unit_tests.tiktok import (
    LOGIN_KIT_TOKEN_PATH,
    RENEWED_ACCESS_TOKEN,
    USER_INFO_PATH,
    USER_VIDEOS_PATH,
    TikTok,
    display_refusal,
    display_success,
)

STREAM = "user_info"

HARBOUR_COFFEE = {
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "union_id": "c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1",
    "avatar_url": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/aa11~c5_168x168.webp"
    "?x-expires=1795348800&x-signature=a%2Bb%3D",
    "avatar_url_100": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/aa11~c5_100x100.webp"
    "?x-expires=1795348800&x-signature=c%3D",
    "avatar_large_url": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/aa11~c5_1080x1080.webp"
    "?x-expires=1795348800&x-signature=d%3D",
    "display_name": "Harbour Coffee",
    "username": "harbour_coffee",
    "bio_description": "Roasted by the harbour ☕",
    "profile_deep_link": "https://vm.tiktok.com/ZM8eKjV1P/",
    "is_verified": False,
    "follower_count": 15342,
    "following_count": 87,
    "likes_count": 402118,
    "video_count": 214,
}
ALL_FIELDS = (
    "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name,"
    "username,bio_description,profile_deep_link,is_verified,"
    "follower_count,following_count,likes_count,video_count"
)


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_the_account_is_one_row(tiktok: TikTok, clock: Clock) -> None:
    (row,) = read(tiktok, clock, STREAM, config=login_kit_config()).rows(STREAM)

    assert row == HARBOUR_COFFEE
    assert {name: type(value) for name, value in row.items()} == {
        name: type(value) for name, value in HARBOUR_COFFEE.items()
    }


def test_what_tiktok_leaves_out_is_null(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user = {"open_id": "723f24d7", "video_count": 0, "bio_description": "", "is_verified": None}

    assert read(tiktok, clock, STREAM, config=login_kit_config()).rows(STREAM) == [
        {"open_id": "723f24d7", "video_count": 0, "bio_description": ""}
    ]


def test_numbers_that_come_as_text_are_numbers(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user |= {"follower_count": "15342", "is_verified": "true"}

    (row,) = read(tiktok, clock, STREAM, config=login_kit_config()).rows(STREAM)

    assert (row["follower_count"], row["is_verified"]) == (15342, True)


def test_a_field_of_a_later_version_is_no_column(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_INFO_PATH, display_success({"user": {**tiktok.user, "is_aigc": True}}))

    assert read(tiktok, clock, STREAM, config=login_kit_config()).rows(STREAM) == [HARBOUR_COFFEE]


@pytest.mark.parametrize("value", ["many", 1.5, [15342]])
def test_a_number_that_is_none_is_null_with_a_warning(value: Any, tiktok: TikTok, clock: Clock) -> None:
    tiktok.user["follower_count"] = value

    outcome = read(tiktok, clock, STREAM, config=login_kit_config())

    assert [row.get("follower_count") for row in outcome.rows(STREAM)] == [None]
    assert outcome.logged(Level.WARN) == [
        f"TikTok sent {value!r} in `follower_count` of the stream `user_info`, where a whole number belongs. The value "
        "is null.",
        "Odd in this sync: 1 values of `follower_count` in `user_info`.",
    ]


def test_success_without_data_is_a_failure_and_not_an_empty_table(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_INFO_PATH, {"error": {"code": "ok", "message": "", "log_id": "2026"}})

    outcome = read(tiktok, clock, STREAM, config=login_kit_config(), expect_failure=True)

    assert outcome.failures[STREAM].failure_type == FailureType.system_error
    assert "without any data" in (outcome.failures[STREAM].message or "")


# --- Calls ----------------------------------------------------------------------------------------------------------


def test_one_call_with_a_bearer_token_asks_for_every_field(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM, config=login_kit_config())

    renewal, call = tiktok.calls
    assert renewal.path == LOGIN_KIT_TOKEN_PATH
    assert (call.method, call.url.split("?")[0]) == ("GET", "https://open.tiktokapis.com/v2/user/info/")
    assert call.params == {"fields": ALL_FIELDS}
    assert call.headers["Authorization"] == f"Bearer {RENEWED_ACCESS_TOKEN}"
    assert "Access-Token" not in call.headers
    assert not call.body


def test_all_calls_go_to_the_api_url(tiktok: TikTok, clock: Clock) -> None:
    config = login_kit_config({"api_url": "http://localhost:9000/"})

    read(tiktok, clock, STREAM, "user_videos", config=config)

    assert [call.url.split("?")[0] for call in tiktok.calls] == [
        "http://localhost:9000/v2/oauth/token/",
        "http://localhost:9000/v2/user/info/",
        "http://localhost:9000/v2/video/list/",
    ]


def test_both_streams_of_a_sync_share_the_call(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM, "user_videos", config=login_kit_config({"num_workers": 20}))

    assert len(tiktok.calls_of(USER_INFO_PATH)) == 1
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 1


# --- Syncs ----------------------------------------------------------------------------------------------------------


def test_every_sync_reads_the_row_and_the_state_remembers_nothing(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM, config=signed_in_login_kit_config(), sync_mode=SyncMode.full_refresh)
    tiktok.user["follower_count"] = 15400
    second = read(
        tiktok, clock, STREAM, config=signed_in_login_kit_config(), sync_mode=SyncMode.full_refresh, state=first.state
    )

    assert first.column(STREAM, "follower_count") == [15342]
    assert second.column(STREAM, "follower_count") == [15400]
    assert '"stream_state": {"__ab_no_cursor_state_message": true}' in state_text(first.state)


def test_the_log_says_once_whom_a_sync_reached_and_what_was_granted(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM, "user_videos", config=login_kit_config())

    assert [line for line in outcome.logged(Level.INFO) if line.startswith("Reached")] == [
        "Reached the TikTok account Harbour Coffee (@harbour_coffee, open_id 723f24d7-e717-40f8-a2b6-cb8464cd23b4). "
        "It granted: user.info.basic, user.info.profile, user.info.stats, video.list."
    ]


def test_a_rate_limit_is_waited_for_a_minute_and_said(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(USER_INFO_PATH, display_refusal("rate_limit_exceeded"))

    outcome = read(tiktok, clock, STREAM, config=login_kit_config())

    first, second = tiktok.calls_of(USER_INFO_PATH)
    assert 60 <= (second.at - first.at).total_seconds() <= 65
    assert rate_limit_statuses(capsys.readouterr().out) == [STREAM]
    assert outcome.is_complete(STREAM)
