"""One pass: whichever streams are selected, at any number of workers, each page is asked for once in a sync."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from integration_tests.streams import ACCOUNT_STREAMS, COMMENT_STREAMS, POST_STREAMS
from unit_tests.syncs import Clock, Outcome, oauth_config, read, static_token_config
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    RENEWED_ACCESS_TOKEN,
    REPLIES_PATH,
    TikTok,
    epoch,
    fixture,
)

# All but the comments, which cost calls of their own for each post.
STREAMS = (*ACCOUNT_STREAMS, *POST_STREAMS)


@pytest.fixture
def tiktok() -> TikTok:
    """An account with 65 posts."""
    return tiktok_with_many_posts()


LIVELY: dict[str, Any] = fixture("video_list_first_page")["data"]["videos"][0]


def tiktok_with_many_posts() -> TikTok:
    """An account with 65 posts, which are four pages, each with all breakdowns."""
    tiktok = TikTok()
    last = epoch("2026-11-20T11:00:00Z")
    tiktok.posts = [
        LIVELY | {"item_id": str(7683102070583443467 - n), "create_time": str(last - 3600 * n)} for n in range(65)
    ]
    return tiktok


FOUR_PAGES = [None, "1795104000000", "1795032000000", "1794960000000"]


def pages(tiktok: TikTok) -> list[str | None]:
    """The cursors that were asked for, the newest page first."""
    asked = [call.params.get("cursor") for call in tiktok.calls_of(POSTS_PATH)]
    return sorted(asked, key=lambda cursor: -int(cursor or 10**15))


def row_counts(outcome: Outcome) -> dict[str, int]:
    """How many rows each stream has."""
    return {stream: len(outcome.rows(stream)) for stream in STREAMS}


ALL_ROWS = {
    "account": 1,
    "account_audience_ages": 5,
    "account_audience_genders": 3,
    "account_audience_countries": 3,
    "account_audience_cities": 2,
    "account_metrics": 6,
    "account_metrics_audience_activity": 7,
    "videos": 65,
    **{f"videos_{array}": 65 * len(elements) for array, elements in LIVELY.items() if isinstance(elements, list)},
}


@dataclass(frozen=True)
class Sync:
    """A sync of all streams."""

    tiktok: TikTok
    outcome: Outcome


@pytest.fixture(scope="module", params=[2, 20], ids=lambda num_workers: f"{num_workers} workers")
def sync(request: pytest.FixtureRequest, session_clock: Clock) -> Sync:
    """A sync with so many workers. Read it; it is shared."""
    tiktok = tiktok_with_many_posts()
    config = static_token_config(num_workers=request.param)
    return Sync(tiktok, read(tiktok, session_clock, *STREAMS, config=config))


def test_each_stream_has_rows_to_count() -> None:
    assert set(ALL_ROWS) == set(STREAMS), (
        f"Without rows, or unknown: {sorted(set(ALL_ROWS) ^ set(STREAMS))}. Posts have those of the first post of "
        "unit_tests/fixtures/video_list_first_page.json, and accounts those of ALL_ROWS in unit_tests/test_one_pass.py."
    )
    assert (ALL_ROWS["videos_impression_sources"], ALL_ROWS["videos_engagement_likes"]) == (390, 130)


def test_all_streams_cost_one_call_for_the_account_and_one_for_each_page(sync: Sync) -> None:
    assert len(sync.tiktok.calls_of(PROFILE_PATH)) == 1
    assert pages(sync.tiktok) == FOUR_PAGES
    assert len(sync.tiktok.calls) == 5
    assert row_counts(sync.outcome) == ALL_ROWS


def test_the_order_of_the_streams_does_not_matter(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *reversed(STREAMS), config=static_token_config(num_workers=2))

    assert len(tiktok.calls_of(PROFILE_PATH)) == 1
    assert pages(tiktok) == FOUR_PAGES
    assert row_counts(outcome) == ALL_ROWS


@pytest.mark.parametrize("num_workers", [2, 20])
def test_two_child_streams_alone_cost_what_their_pages_cost(num_workers: int, tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(num_workers=num_workers)
    outcome = read(tiktok, clock, "videos_engagement_likes", "videos_audience_cities", config=config)

    assert len(tiktok.calls_of(PROFILE_PATH)) == 1
    assert pages(tiktok) == FOUR_PAGES
    assert len(outcome.rows("videos_engagement_likes")) == 130
    assert len(outcome.rows("videos_audience_cities")) == 130


@pytest.mark.parametrize(
    "stream", ["account", "account_audience_cities", "account_metrics", "videos", "videos_audience_types"]
)
def test_one_stream_alone_makes_no_call_that_it_does_not_need(stream: str, tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, stream)

    assert Counter(call.path for call in tiktok.calls) == Counter(
        {PROFILE_PATH: 1, POSTS_PATH: 4 if stream in POST_STREAMS else 0}
    )


def test_account_streams_alone_ask_for_no_posts(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *ACCOUNT_STREAMS)

    assert [call.path for call in tiktok.calls] == [PROFILE_PATH]


def test_one_renewal_of_the_token_serves_all_streams(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *STREAMS, config=oauth_config({"num_workers": 20}))

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(tiktok.calls) == 6
    assert tiktok.calls[0].path == REFRESH_PATH
    assert {call.headers["Access-Token"] for call in tiktok.calls[1:]} == {RENEWED_ACCESS_TOKEN}
    assert row_counts(outcome) == ALL_ROWS


def test_comments_beside_them_walk_no_posts_of_their_own(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-25T12:00:00Z")
    tiktok.posts[0]["comments"] = tiktok.posts[64]["comments"] = 1
    for item in tiktok.posts[1:64]:
        item["comments"] = 0

    read(tiktok, clock, *STREAMS, *COMMENT_STREAMS, config=oauth_config())

    assert Counter(call.path for call in tiktok.calls) == {
        REFRESH_PATH: 1,
        PROFILE_PATH: 1,
        POSTS_PATH: 4,
        COMMENTS_PATH: 2,
        REPLIES_PATH: 1,
    }


def test_a_business_id_that_begins_with_a_hyphen_is_sent_as_it_is(sync: Sync) -> None:
    assert BUSINESS_ID.startswith("-")
    assert {call.params["business_id"] for call in sync.tiktok.calls} == {BUSINESS_ID}
    assert {row["business_id"] for stream in STREAMS for row in sync.outcome.rows(stream)} == {BUSINESS_ID}


def test_every_dated_row_of_a_sync_carries_the_same_date(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:58Z")
    tiktok.before_answering = lambda _: clock.tick(1)

    outcome = read(tiktok, clock, *STREAMS)

    snapshots = [stream for stream in STREAMS if not stream.startswith("account_metrics")]
    dates: dict[str, set[Any]] = {stream: set(outcome.column(stream, "metric_date")) for stream in snapshots}
    assert dates == {stream: {"2026-11-20"} for stream in snapshots}


def test_no_row_comes_twice(sync: Sync) -> None:
    keys = {
        "videos": ["item_id"],
        "videos_impression_sources": ["item_id", "impression_sources_impression_source"],
        "videos_video_view_retention": ["item_id", "video_view_retention_second"],
        "account_metrics": ["metric_date"],
        "account_metrics_audience_activity": ["metric_date", "audience_activity_hour"],
    }

    for stream, columns in keys.items():
        rows = sync.outcome.rows(stream)
        assert len({tuple(row[column] for column in columns) for row in rows}) == len(rows)


def test_the_second_sync_of_a_process_makes_its_own_calls(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account", "videos")
    tiktok.profile["followers_count"] = 1
    outcome = read(tiktok, clock, "account", "videos")

    assert len(tiktok.calls) == 10
    assert outcome.column("account", "followers_count") == [1]
