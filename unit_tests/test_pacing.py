"""The connector keeps below TikTok's 40 calls a minute by itself, Login Kit's 600; kept pages are no calls."""

from datetime import timedelta
from typing import Any

import pytest

from unit_tests.syncs import POST_STREAMS, Clock, read, signed_in_login_kit_config, static_token_config
from unit_tests.tiktok import POSTS_PATH, USER_VIDEOS_PATH, Call, TikTok, epoch, post, user_post


def posts(pages: int) -> list[dict[str, Any]]:
    """Posts for so many full pages."""
    last = epoch("2026-11-20T11:00:00Z")
    return [post(str(n), "2026-11-20T11:00:00Z") | {"create_time": str(last - 60 * n)} for n in range(20 * pages)]


def most_calls_within(seconds: int, calls: list[Call]) -> int:
    """The most calls in any span of so many seconds."""
    moments = sorted(call.at for call in calls)
    return max(sum(1 for later in moments if start <= later < start + timedelta(seconds=seconds)) for start in moments)


def test_never_more_than_forty_calls_a_minute(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=90)

    outcome = read(tiktok, clock, "videos")

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 90
    assert len(outcome.rows("videos")) == 1800
    assert 30 <= most_calls_within(60, calls) <= 40


def test_ninety_calls_take_two_minutes_and_not_many_more(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=90)

    read(tiktok, clock, "videos")

    calls = tiktok.calls_of(POSTS_PATH)
    assert timedelta(minutes=2) <= calls[-1].at - calls[0].at <= timedelta(minutes=3)


@pytest.mark.parametrize("requests_per_minute", [2, 10])
def test_the_setting_lowers_the_pace(requests_per_minute: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=25)

    read(tiktok, clock, "videos", config=static_token_config(requests_per_minute=requests_per_minute))

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 25
    assert most_calls_within(60, calls) == requests_per_minute


def test_calls_do_not_come_all_at_once(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=30)

    read(tiktok, clock, "videos")

    assert most_calls_within(1, tiktok.calls_of(POSTS_PATH)) <= 10


def test_a_few_calls_do_not_wait(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account", "videos")

    assert clock.waits == []


def test_pages_that_are_kept_cost_nothing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=25)

    read(tiktok, clock, *POST_STREAMS, config=static_token_config(num_workers=20))

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 25
    assert calls[-1].at - calls[0].at < timedelta(minutes=1)


def test_one_endpoint_does_not_use_up_the_calls_of_another(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=2)
    start = clock.now

    read(tiktok, clock, "account", "account_metrics", "videos", config=static_token_config(requests_per_minute=2))

    assert len(tiktok.calls) == 4
    assert clock.now - start < timedelta(minutes=1)


# --- Login Kit ------------------------------------------------------------------------------------------------------


def user_posts(pages: int) -> list[dict[str, Any]]:
    """Posts of Login Kit for so many full pages."""
    last = epoch("2026-11-20T11:00:00Z")
    return [user_post(str(n), "2026-11-20T11:00:00Z") | {"create_time": last - n} for n in range(20 * pages)]


def test_login_kit_is_called_at_most_600_times_a_minute(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = user_posts(pages=640)

    outcome = read(tiktok, clock, "user_videos", config=signed_in_login_kit_config())

    calls = tiktok.calls_of(USER_VIDEOS_PATH)
    assert len(calls) == 640
    assert len(outcome.rows("user_videos")) == 12_800
    assert 500 <= most_calls_within(60, calls) <= 600
    assert most_calls_within(1, calls) <= 10
    assert calls[-1].at - calls[0].at <= timedelta(seconds=75)


def test_the_setting_is_for_the_api_for_business_and_leaves_login_kit_at_its_pace(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = user_posts(pages=25)

    read(tiktok, clock, "user_videos", config=signed_in_login_kit_config({"requests_per_minute": 2}))

    calls = tiktok.calls_of(USER_VIDEOS_PATH)
    assert len(calls) == 25
    assert calls[-1].at - calls[0].at < timedelta(seconds=10)


def test_the_setting_does_not_raise_the_pace_above_what_login_kit_allows(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = user_posts(pages=40)

    read(tiktok, clock, "user_videos", config=signed_in_login_kit_config({"requests_per_minute": 6000}))

    assert most_calls_within(1, tiktok.calls_of(USER_VIDEOS_PATH)) <= 10
