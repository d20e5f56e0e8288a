"""The setting `max_videos`: only the newest so many posts of an account, and no call for older ones."""

from collections import Counter
from typing import Any

import pytest
from airbyte_cdk.models import SyncMode

from integration_tests.streams import POST_STREAMS
from unit_tests.syncs import Clock, Outcome, read, signed_in_login_kit_config, static_token_config, static_token_entry
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    POSTS_PATH,
    USER_VIDEOS_PATH,
    TikTok,
    comment,
    epoch,
    post,
    user_post,
)

NEWEST = "2026-11-19T08:00:00Z"


def posts(count: int, **values: Any) -> list[dict[str, Any]]:
    """So many posts, one an hour, numbered from the newest: `0`, `1`, …"""
    last = epoch(NEWEST)
    return [post(str(n), NEWEST, **values) | {"create_time": str(last - 3600 * n)} for n in range(count)]


def ids(outcome: Outcome, stream: str = "videos") -> list[int]:
    """The numbers of the posts that were read."""
    return sorted({int(row.get("item_id") or row["id"]) for row in outcome.rows(stream)})


@pytest.mark.parametrize(("most", "calls"), [(1, 1), (19, 1), (20, 1), (21, 2), (45, 3), (1000, 5)])
def test_the_newest_posts_are_read_and_older_pages_are_not_asked_for(
    most: int, calls: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts = posts(90)

    outcome = read(tiktok, clock, *POST_STREAMS, config=static_token_config(max_videos=most, num_workers=20))

    assert ids(outcome) == list(range(min(most, 90)))
    assert set(ids(outcome, "videos_video_view_retention")) <= set(ids(outcome))
    assert len(tiktok.calls_of(POSTS_PATH)) == calls


def test_a_later_sync_reads_the_newest_posts_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(40)
    config = static_token_config(max_videos=25)
    first = read(tiktok, clock, "videos", config=config)
    tiktok.posts.insert(0, post("1000", "2026-11-20T08:00:00Z"))

    second = read(tiktok, clock, "videos", config=config, state=first.state)

    assert ids(second) == [*range(24), 1000]
    assert len(tiktok.calls_of(POSTS_PATH)) == 4


def test_the_age_of_posts_limits_too(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(40)
    config = static_token_config(max_videos=25, video_lookback_days=1)
    first = read(tiktok, clock, "videos", config=config)

    assert ids(read(tiktok, clock, "videos", config=config, state=first.state)) == []


def test_posts_count_from_the_end_date(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(60)

    outcome = read(tiktok, clock, "videos", config=static_token_config(max_videos=3, end_date="2026-11-18"))

    assert ids(outcome) == [9, 10, 11]


def test_comments_are_read_of_these_posts_alone(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(30, comments=1)
    tiktok.comments = {str(n): [comment(f"9{n}", NEWEST)] for n in range(30)}

    outcome = read(tiktok, clock, "videos_comments", config=static_token_config(max_videos=4))

    assert sorted(row["video_id"] for row in outcome.rows("videos_comments")) == ["0", "1", "2", "3"]
    assert len(tiktok.calls_of(COMMENTS_PATH)) == 4


def test_each_account_has_its_own_newest_posts(tiktok: TikTok, clock: Clock) -> None:
    other = tiktok.add_account("night_baker")
    tiktok.posts, other.posts = posts(30), posts(50)
    outcome = read(
        tiktok,
        clock,
        "videos",
        config=static_token_config(max_videos=22, additional_accounts=[static_token_entry(other)]),
    )

    assert Counter(row["business_id"] for row in outcome.rows("videos")) == {BUSINESS_ID: 22, other.business_id: 22}


@pytest.mark.parametrize("sync_mode", [SyncMode.full_refresh, SyncMode.incremental])
def test_login_kit_has_it_too(sync_mode: SyncMode, tiktok: TikTok, clock: Clock) -> None:
    last = epoch(NEWEST)
    tiktok.user_posts = [user_post(str(n), NEWEST) | {"create_time": last - 3600 * n} for n in range(70)]

    outcome = read(
        tiktok,
        clock,
        "user_videos",
        "user_videos_history",
        config=signed_in_login_kit_config({"max_videos": 30}),
        sync_mode=sync_mode,
    )

    assert ids(outcome, "user_videos") == ids(outcome, "user_videos_history") == list(range(30))
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 2
