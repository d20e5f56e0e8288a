"""The streams `videos_*` that break a post's numbers down: one row per label, from the pages of `videos`."""

from typing import Any

import pytest
from airbyte_cdk.models import SyncMode

from integration_tests.streams import BREAKDOWN_STREAMS, POST_STREAMS
from unit_tests.syncs import Clock, Outcome, read, state_of, static_token_config
from unit_tests.tiktok import POSTS_PATH, PROFILE_PATH, TikTok, epoch, post, refusal

# The rows of the one post of the fixtures that is not idle; its other columns are the same in each.
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "videos_impression_sources": [
        {"impression_sources_impression_source": "For You", "impression_sources_percentage": 0.8123},
        {"impression_sources_impression_source": "Follow", "impression_sources_percentage": 0.1011},
        {"impression_sources_impression_source": "Personal Profile", "impression_sources_percentage": 0.0502},
        {"impression_sources_impression_source": "Search", "impression_sources_percentage": 0.0244},
        {"impression_sources_impression_source": "Sound", "impression_sources_percentage": 0.006},
        {"impression_sources_impression_source": "Others", "impression_sources_percentage": 0.006},
    ],
    "videos_audience_types": [
        {"audience_types_type": "FOLLOWER_PERCENT", "audience_types_percentage": 0.12},
        {"audience_types_type": "NON_FOLLOWER_PERCENT", "audience_types_percentage": 0.88},
        {"audience_types_type": "NEW_VIEWER", "audience_types_percentage": 0.93},
        {"audience_types_type": "RETURN_VIEWER", "audience_types_percentage": 0.07},
    ],
    "videos_audience_countries": [
        {"audience_countries_country": "GB", "audience_countries_percentage": 0.71},
        {"audience_countries_country": "IE", "audience_countries_percentage": 0.12},
    ],
    "videos_audience_cities": [
        {"audience_cities_city_name": "GB London", "audience_cities_percentage": 0.312},
        {"audience_cities_city_name": "IE Dublin", "audience_cities_percentage": 0.081},
    ],
    "videos_audience_genders": [
        {"audience_genders_gender": "Female", "audience_genders_percentage": 0.61},
        {"audience_genders_gender": "Male", "audience_genders_percentage": 0.38},
        {"audience_genders_gender": "Other", "audience_genders_percentage": 0.01},
    ],
    "videos_video_view_retention": [
        {"video_view_retention_second": 0, "video_view_retention_percentage": 1},
        {"video_view_retention_second": 1, "video_view_retention_percentage": 0.8123},
        {"video_view_retention_second": 2, "video_view_retention_percentage": 0.6934},
        {"video_view_retention_second": 20, "video_view_retention_percentage": 0.1832},
    ],
    "videos_engagement_likes": [
        {"engagement_likes_second": 0, "engagement_likes_percentage": 0.02},
        {"engagement_likes_second": 3, "engagement_likes_percentage": 0.11},
    ],
}
COLD_BREW = "7683102070583443467"
IDLE_PHOTO = "7664663774755959620"
OLD_VIDEO = "7108678102229781766"


def of_post(outcome: Outcome, stream: str, item_id: str) -> list[dict[str, Any]]:
    """The rows of one post."""
    return [row for row in outcome.rows(stream) if row["item_id"] == item_id]


def pages(tiktok: TikTok) -> list[str | None]:
    """The cursors that were asked for; None is the newest page."""
    return [call.params.get("cursor") for call in tiktok.calls_of(POSTS_PATH)]


def idle_posts(count: int, newest: str) -> list[dict[str, Any]]:
    """So many posts, one an hour, of which TikTok gives no breakdowns any more."""
    last = epoch(newest)
    return [post(f"idle {n + 1}", newest) | {"create_time": str(last - 3600 * n)} for n in range(count)]


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_each_stream_has_rows_to_compare() -> None:
    assert set(EXPECTED) == set(BREAKDOWN_STREAMS), (
        "EXPECTED in unit_tests/test_stream_video_breakdowns.py and the manifest differ in "
        f"{sorted(set(EXPECTED) ^ set(BREAKDOWN_STREAMS))}: write down the rows of the first post of "
        "unit_tests/fixtures/video_list_first_page.json."
    )
    assert [stream for stream, rows in EXPECTED.items() if not rows] == []


@pytest.mark.parametrize("stream", EXPECTED)
def test_each_label_of_a_post_is_a_row(stream: str, first_sync: Outcome) -> None:
    assert of_post(first_sync, stream, COLD_BREW) == [
        {
            "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
            "item_id": "7683102070583443467",
            "metric_date": "2026-11-20",
            "video_creator_username": "harbour_coffee",
            "create_time": "2026-09-08T10:00:07Z",
            **row,
        }
        for row in EXPECTED[stream]
    ]


@pytest.mark.parametrize("stream", BREAKDOWN_STREAMS)
def test_an_idle_post_gives_no_rows(stream: str, first_sync: Outcome) -> None:
    assert of_post(first_sync, stream, IDLE_PHOTO) == []


def test_the_labels_of_a_post_are_those_that_tiktok_still_gives(first_sync: Outcome) -> None:
    # The oldest post came with an empty array of genders and one second of retention, all as text.
    assert of_post(first_sync, "videos_audience_genders", OLD_VIDEO) == []
    assert of_post(first_sync, "videos_video_view_retention", OLD_VIDEO) == [
        {
            "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
            "item_id": "7108678102229781766",
            "metric_date": "2026-11-20",
            "video_creator_username": "harbour_coffee",
            "create_time": "2022-06-13T11:01:46Z",
            "video_view_retention_second": 1,
            "video_view_retention_percentage": 0.5,
        }
    ]


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock, first_sync: Outcome) -> None:
    refreshed = read(tiktok, clock, *BREAKDOWN_STREAMS, sync_mode=SyncMode.full_refresh)

    assert {stream: refreshed.rows(stream) for stream in BREAKDOWN_STREAMS} == {
        stream: first_sync.rows(stream) for stream in BREAKDOWN_STREAMS
    }


def test_start_and_end_date_are_those_of_the_posts(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(start_date="2022-01-01", end_date="2022-12-31")

    outcome = read(tiktok, clock, *BREAKDOWN_STREAMS, config=config)

    assert {stream: len(outcome.rows(stream)) for stream in BREAKDOWN_STREAMS if outcome.rows(stream)} == {
        "videos_video_view_retention": 1
    }


# --- Which pages are read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", BREAKDOWN_STREAMS)
def test_with_a_state_paging_stops_at_365_days_although_nothing_is_emitted(
    stream: str, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts = [
        *idle_posts(25, newest="2026-11-20T11:00:00Z"),
        *idle_posts(100, newest="2024-01-01T00:00:00Z"),
    ]

    outcome = read(tiktok, clock, stream, state=state_of(stream, {"create_time": "2026-11-19T08:00:00Z"}))

    assert outcome.rows(stream) == []
    assert pages(tiktok) == [None, "1795104000000"]


def test_with_states_of_their_own_all_streams_stop_on_the_same_page(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        *idle_posts(45, newest="2026-11-20T11:00:00Z"),
        *idle_posts(100, newest="2024-01-01T00:00:00Z"),
    ]
    newest = ["2026-11-20T10:00:00Z", "2026-11-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z"]
    state = [
        message
        for number, stream in enumerate(POST_STREAMS)
        for message in state_of(stream, {"create_time": newest[number % 4]})
    ]

    outcome = read(tiktok, clock, *POST_STREAMS, state=state)

    assert pages(tiktok) == [None, "1795104000000", "1795032000000"]
    assert len(outcome.rows("videos")) == 45


def test_an_account_whose_posts_gave_no_rows_is_not_walked_in_full_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        *idle_posts(25, newest="2026-11-20T11:00:00Z"),
        *idle_posts(100, newest="2024-01-01T00:00:00Z"),
    ]
    first = read(tiktok, clock, *BREAKDOWN_STREAMS)
    assert len(pages(tiktok)) == 7
    tiktok.calls.clear()

    second = read(tiktok, clock, *BREAKDOWN_STREAMS, state=first.state)

    assert pages(tiktok) == [None, "1795104000000"]
    assert {stream: second.rows(stream) for stream in BREAKDOWN_STREAMS} == {stream: [] for stream in BREAKDOWN_STREAMS}


@pytest.mark.parametrize("syncs", [2, 3])
def test_it_is_not_walked_in_full_in_any_later_sync(syncs: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        *idle_posts(5, newest="2026-11-20T11:00:00Z"),
        *idle_posts(100, newest="2024-01-01T00:00:00Z"),
    ]
    state = read(tiktok, clock, "videos_impression_sources").state
    for _ in range(syncs - 1):
        state = read(tiktok, clock, "videos_impression_sources", state=state).state
    tiktok.calls.clear()

    read(tiktok, clock, "videos_impression_sources", state=state)

    assert pages(tiktok) == [None]


@pytest.mark.parametrize("path", [PROFILE_PATH, POSTS_PATH])
def test_a_later_sync_that_failed_does_not_make_the_next_walk_in_full(path: str, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        *idle_posts(5, newest="2026-11-20T11:00:00Z"),
        *idle_posts(100, newest="2024-01-01T00:00:00Z"),
    ]
    first = read(tiktok, clock, "videos_impression_sources")
    tiktok.answer_next(path, refusal(40002))
    failed = read(tiktok, clock, "videos_impression_sources", state=first.state, expect_failure=True)
    tiktok.calls.clear()

    read(tiktok, clock, "videos_impression_sources", state=failed.state or first.state)

    assert pages(tiktok) == [None]


def test_a_first_sync_that_failed_without_a_row_is_made_up_for(tiktok: TikTok, clock: Clock) -> None:
    old_but_lively = post("lively", "2020-01-01T00:00:00Z", audience_genders=[{"gender": "Other", "percentage": 1}])
    tiktok.posts = [*idle_posts(45, newest="2026-11-20T11:00:00Z"), old_but_lively]
    tiktok.before_answering = lambda call: refusal(40002) if call.params.get("cursor") == "1795032000000" else None
    first = read(tiktok, clock, "videos_audience_genders", expect_failure=True)
    assert first.rows("videos_audience_genders") == []

    tiktok.before_answering = None
    second = read(tiktok, clock, "videos_audience_genders", state=first.state)

    assert second.column("videos_audience_genders", "item_id") == ["lively"]


def test_a_post_that_comes_back_to_life_gives_rows_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = idle_posts(5, newest="2026-11-20T11:00:00Z")
    first = read(tiktok, clock, "videos_impression_sources")
    tiktok.posts[4]["impression_sources"] = [{"impression_source": "Search", "percentage": 0.5}]
    second = read(tiktok, clock, "videos_impression_sources", state=first.state)

    assert second.column("videos_impression_sources", "item_id") == ["idle 5"]


def test_a_post_frozen_after_365_days_gives_no_rows_any_more(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, "videos_video_view_retention")
    assert first.column("videos_video_view_retention", "item_id") == [COLD_BREW] * 4 + [OLD_VIDEO]

    second = read(tiktok, clock, "videos_video_view_retention", state=first.state)

    assert second.column("videos_video_view_retention", "item_id") == [COLD_BREW] * 4
