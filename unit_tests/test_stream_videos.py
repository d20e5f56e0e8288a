"""The stream `videos`: every post in the first sync, then the posts of the last 365 days in each."""

from typing import Any

import pytest
from airbyte_cdk.models import Level, SyncMode

from unit_tests.syncs import Clock, Outcome, State, cursors, read, state_of, static_token_config
from unit_tests.tiktok import BUSINESS_ID, POSTS_PATH, TikTok, epoch, fixture, post, refusal, success

STREAM = "videos"

COLD_BREW = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "item_id": "7683102070583443467",
    "metric_date": "2026-11-20",
    "video_creator_username": "harbour_coffee",
    "create_time": "2026-09-08T10:00:07Z",
    "media_type": "VIDEO",
    "is_ad": False,
    "caption": "Cold brew in 30s #coffee",
    "share_url": "https://www.tiktok.com/@harbour_coffee/video/7683102070583443467"
    "?utm_campaign=tt4d_open_api&utm_source=7400000000000000001",
    "embed_url": "https://www.tiktok.com/player/v1/7683102070583443467"
    "?music_info=1&description=1&autoplay=1&loop=1&utm_campaign=tt4d_open_api&utm_source=7400000000000000001",
    "thumbnail_url": "https://p16-sign-va.tiktokcdn.com/obj/tos-maliva-p-0068/aa11bb22cc33"
    "?x-expires=1795348800&x-signature=abc%3D",
    "video_duration": 20.001,
    "likes": 1880,
    "comments": 74,
    "shares": 96,
    "favorites": 210,
    "reach": 30144,
    "video_views": 41207,
    "total_time_watched": 268401.512,
    "average_time_watched": 6.514,
    "full_video_watched_rate": 0.1832,
    "new_followers": 57,
    "profile_views": 311,
    "website_clicks": 12,
    "phone_number_clicks": 0,
    "lead_submissions": 0,
    "app_download_clicks": 0,
    "email_clicks": 0,
    "address_clicks": 2,
}
IDLE_PHOTO = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "item_id": "7664663774755959620",
    "metric_date": "2026-11-20",
    "video_creator_username": "harbour_coffee",
    "create_time": "2026-07-20T17:30:04Z",
    "media_type": "PHOTO",
    "is_ad": True,
    "caption": "",
    "share_url": "https://www.tiktok.com/@harbour_coffee/photo/7664663774755959620"
    "?utm_campaign=tt4d_open_api&utm_source=7400000000000000001",
    "video_duration": 0,
    "likes": 40,
    "comments": 2,
    "shares": 1,
    "favorites": 3,
    "video_views": 910,
}
OLD_VIDEO = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "item_id": "7108678102229781766",
    "metric_date": "2026-11-20",
    "video_creator_username": "harbour_coffee",
    "create_time": "2022-06-13T11:01:46Z",
    "media_type": "VIDEO",
    "is_ad": False,
    "caption": "How we roast",
    "share_url": "https://www.tiktok.com/@harbour_coffee/video/7108678102229781766"
    "?utm_campaign=tt4d_open_api&utm_source=7400000000000000001",
    "video_duration": 31.5,
    "likes": 212,
    "comments": 9,
    "shares": 4,
    "favorites": 11,
    "video_views": 5120,
    "new_followers": 0,
}


def ids(outcome: Outcome) -> list[Any]:
    """The posts that were read."""
    return outcome.column(STREAM, "item_id")


def pages(tiktok: TikTok) -> list[str | None]:
    """The cursors that were asked for; None is the newest page."""
    return [call.params.get("cursor") for call in tiktok.calls_of(POSTS_PATH)]


def read_until(moment: str) -> State:
    """The state of a sync that read the account to its end and found this newest post."""
    return state_of(STREAM, {"create_time": moment})


def hourly_posts(count: int, newest: str = "2026-11-20T11:00:00Z") -> list[dict[str, Any]]:
    """So many posts, one an hour, numbered from the newest: `1`, `2`, …"""
    last = epoch(newest)
    return [post(str(n + 1), newest) | {"create_time": str(last - 3600 * n)} for n in range(count)]


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_each_post_is_a_row(first_sync: Outcome) -> None:
    assert first_sync.rows(STREAM) == [COLD_BREW, IDLE_PHOTO, OLD_VIDEO]


def test_what_an_idle_post_lost_is_null(first_sync: Outcome) -> None:
    row = first_sync.rows_by(STREAM, "item_id")["7664663774755959620"]

    lost = {"reach", "total_time_watched", "average_time_watched", "full_video_watched_rate"}
    assert lost & set(row) == set()
    assert row["video_views"] == 910


def test_a_photo_post_has_no_length_and_an_empty_caption(first_sync: Outcome) -> None:
    row = first_sync.rows_by(STREAM, "item_id")["7664663774755959620"]

    assert (row["media_type"], row["video_duration"], row["caption"]) == ("PHOTO", 0, "")


def test_no_breakdown_is_nested_in_a_row(first_sync: Outcome) -> None:
    nested = [name for row in first_sync.rows(STREAM) for name, value in row.items() if isinstance(value, dict | list)]

    assert nested == []


def test_an_account_without_posts_is_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = []

    outcome = read(tiktok, clock, STREAM)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)
    assert pages(tiktok) == [None]


@pytest.mark.parametrize(("item_id", "created"), [("7", None), (str((1788861607 << 32) + 5), "2026-09-08T10:00:07Z")])
def test_a_post_without_a_time_does_not_vanish(item_id: str, created: str | None, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, success({"videos": [{"item_id": item_id}], "cursor": 0, "has_more": False}))

    outcome = read(tiktok, clock, STREAM)

    assert [(row["item_id"], row.get("create_time")) for row in outcome.rows(STREAM)] == [(item_id, created)]
    assert len(outcome.logged(Level.WARN)) == 2


# --- Paging ---------------------------------------------------------------------------------------------------------


def test_posts_are_asked_for_twenty_at_a_time(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM)

    (call,) = tiktok.calls_of(POSTS_PATH)
    assert call.method == "GET"
    assert call.params["business_id"] == "-000EmuOpenId_0001abcDEFghiJKL"
    assert call.params["max_count"] == "20"
    assert call.fields[0] == "item_id"
    assert "filters" not in call.params


def test_the_cursor_of_a_page_leads_to_the_next(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, fixture("video_list_first_page"), fixture("video_list_last_page"))

    outcome = read(tiktok, clock, STREAM)

    assert pages(tiktok) == [None, "1784568604000"]
    assert ids(outcome) == ["7683102070583443467", "7664663774755959620", "7108678102229781766"]


def test_forty_five_posts_are_three_pages_and_forty_five_rows(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = hourly_posts(45)

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == [str(number) for number in range(1, 46)]
    # The posts 20 and 40 end the first two pages: 19 and 39 hours before 2026-11-20T11:00:00Z.
    assert pages(tiktok) == [None, "1795104000000", "1795032000000"]


def test_exactly_one_full_page_is_one_call(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = hourly_posts(20)

    assert len(ids(read(tiktok, clock, STREAM))) == 20
    assert pages(tiktok) == [None]


def test_short_and_empty_pages_do_not_end_the_walk(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = hourly_posts(65)
    tiktok.withheld_posts = {"3", "20", *(str(number) for number in range(21, 41))}

    outcome = read(tiktok, clock, STREAM)

    assert len(pages(tiktok)) == 4
    assert ids(outcome) == [
        *(str(number) for number in range(1, 20) if number != 3),
        *(str(number) for number in range(41, 66)),
    ]


def test_a_list_that_repeats_itself_is_a_failure_and_no_endless_walk(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("video_list_first_page"))

    outcome = read(tiktok, clock, STREAM, expect_failure=True)

    assert pages(tiktok) == [None, "1784568604000"]
    assert "does not advance" in (outcome.failures[STREAM].message or "")


# --- The window of the settings -------------------------------------------------------------------------------------


def test_posts_before_start_date_are_left_out_and_not_paged_for(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = hourly_posts(65, newest="2026-01-02T11:00:00Z")

    outcome = read(tiktok, clock, STREAM, config=static_token_config(start_date="2026-01-01"))

    # 36 posts from 2026-01-02T11:00 back to 2026-01-01T00:00, and the second page ends before that.
    assert ids(outcome) == [str(number) for number in range(1, 37)]
    assert len(pages(tiktok)) == 2


def test_start_date_begins_with_its_first_second(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [post("in", "2026-01-01T00:00:00Z"), post("out", "2025-12-31T23:59:59Z")]

    assert ids(read(tiktok, clock, STREAM, config=static_token_config(start_date="2026-01-01"))) == ["in"]


def test_end_date_ends_with_its_last_second(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        post("out", "2026-02-01T00:00:00Z"),
        post("in", "2026-01-31T23:59:59Z"),
        post("in too", "2026-01-01T00:00:00Z"),
    ]

    assert ids(read(tiktok, clock, STREAM, config=static_token_config(end_date="2026-01-31"))) == ["in", "in too"]


def test_posts_after_end_date_cost_no_calls(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [*hourly_posts(100), post("in", "2026-01-31T23:59:59Z")]

    outcome = read(tiktok, clock, STREAM, config=static_token_config(end_date="2026-01-31"))

    assert ids(outcome) == ["in"]
    assert pages(tiktok) == ["1769904000000"]  # 2026-02-01T00:00:00Z


def test_start_and_end_date_together_are_a_window(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(start_date="2026-07-01", end_date="2026-07-31")

    assert ids(read(tiktok, clock, STREAM, config=config)) == ["7664663774755959620"]


# --- Later syncs ----------------------------------------------------------------------------------------------------

AROUND_365_DAYS = [
    post("new", "2026-11-19T08:00:00Z"),
    post("365 days old", "2025-11-20T12:00:00Z"),
    post("a second older", "2025-11-20T11:59:59Z"),
    post("years old", "2022-06-13T11:01:46Z"),
]


def test_the_first_sync_reads_every_post(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = AROUND_365_DAYS

    assert ids(read(tiktok, clock, STREAM)) == ["new", "365 days old", "a second older", "years old"]


def test_a_later_sync_reads_the_posts_of_365_days_and_freezes_older_rows(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = AROUND_365_DAYS

    outcome = read(tiktok, clock, STREAM, state=read_until("2026-11-19T08:00:00Z"))

    assert ids(outcome) == ["new", "365 days old"]


def test_paging_stops_at_365_days(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [*hourly_posts(30), *hourly_posts(200, newest="2024-01-01T00:00:00Z")]

    outcome = read(tiktok, clock, STREAM, state=read_until("2026-11-19T08:00:00Z"))

    assert len(ids(outcome)) == 30
    assert len(pages(tiktok)) == 2


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, []),
        (2, ["new"]),
        (364, ["new"]),
        (366, ["new", "365 days old", "a second older"]),
        (0, ["new", "365 days old", "a second older", "years old"]),
    ],
)
def test_video_lookback_days_says_how_old_a_post_may_be(
    days: int, expected: list[str], tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts = AROUND_365_DAYS

    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=static_token_config(video_lookback_days=days),
        state=read_until("2026-11-19T08:00:00Z"),
    )

    assert ids(outcome) == expected


def test_a_setting_does_not_shorten_the_first_sync(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = AROUND_365_DAYS

    assert len(ids(read(tiktok, clock, STREAM, config=static_token_config(video_lookback_days=1)))) == 4


def test_after_a_pause_of_years_no_post_is_missing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        post("new", "2026-11-19T08:00:00Z"),
        post("published in the pause", "2024-03-01T08:00:00Z"),
        post("the newest of the last sync", "2024-01-01T08:00:00Z"),
        post("older", "2023-06-13T11:01:46Z"),
    ]

    outcome = read(tiktok, clock, STREAM, state=read_until("2024-01-01T08:00:00Z"))

    assert ids(outcome) == ["new", "published in the pause"]


@pytest.mark.parametrize("days", [365, 0])
def test_a_later_sync_never_reads_before_start_date(days: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [
        post("new", "2026-11-19T08:00:00Z"),
        post("in", "2026-06-01T00:00:00Z"),
        post("out", "2026-05-31T23:59:59Z"),
    ]

    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=static_token_config(start_date="2026-06-01", video_lookback_days=days),
        state=read_until("2026-11-19T08:00:00Z"),
    )

    assert ids(outcome) == ["new", "in"]


def test_two_syncs_on_one_day_give_the_same_rows_for_recent_posts(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM)
    second = read(tiktok, clock, STREAM, state=first.state)

    assert second.rows(STREAM) == [COLD_BREW, IDLE_PHOTO]


def test_the_next_day_gives_rows_of_its_own(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM)
    clock.move_to("2026-11-21T12:00:00Z")
    tiktok.posts[0]["likes"] = 2000
    second = read(tiktok, clock, STREAM, state=first.state)

    assert second.rows(STREAM) == [
        COLD_BREW | {"metric_date": "2026-11-21", "likes": 2000},
        IDLE_PHOTO | {"metric_date": "2026-11-21"},
    ]


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    refreshed = read(tiktok, clock, STREAM, sync_mode=SyncMode.full_refresh)

    assert refreshed.rows(STREAM) == [COLD_BREW, IDLE_PHOTO, OLD_VIDEO]


def test_a_sync_that_runs_past_midnight_dates_all_rows_with_its_beginning(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    tiktok.posts = hourly_posts(45)
    tiktok.before_answering = lambda _: clock.tick(30)

    outcome = read(tiktok, clock, STREAM)

    assert len(ids(outcome)) == 45
    assert set(outcome.column(STREAM, "metric_date")) == {"2026-11-20"}


# --- State ----------------------------------------------------------------------------------------------------------


def test_the_state_is_the_newest_post_of_each_account(first_sync: Outcome) -> None:
    assert cursors(first_sync.state, STREAM) == [(BUSINESS_ID, {"create_time": "2026-09-08T10:00:07Z"})]


def test_the_state_follows_new_posts(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM)
    tiktok.posts.insert(0, post("brand new", "2026-11-20T11:00:00Z"))
    second = read(tiktok, clock, STREAM, state=first.state)

    assert cursors(second.state, STREAM) == [(BUSINESS_ID, {"create_time": "2026-11-20T11:00:00Z"})]


def test_after_a_first_sync_that_failed_half_way_every_post_is_read(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [*hourly_posts(40), *hourly_posts(25, newest="2024-01-01T00:00:00Z")]
    tiktok.before_answering = lambda call: refusal(40002) if call.params.get("cursor") == "1795032000000" else None
    first = read(tiktok, clock, STREAM, expect_failure=True)
    assert len(ids(first)) == 40

    tiktok.before_answering = None
    second = read(tiktok, clock, STREAM, state=first.state)

    assert len(ids(second)) == 65


def test_after_a_later_sync_that_failed_half_way_the_365_days_are_read_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = [*hourly_posts(40), *hourly_posts(25, newest="2024-01-01T00:00:00Z")]
    first = read(tiktok, clock, STREAM)
    tiktok.answer_next(POSTS_PATH, refusal(40002))
    second = read(tiktok, clock, STREAM, state=first.state, expect_failure=True)
    third = read(tiktok, clock, STREAM, state=second.state or first.state)

    assert len(ids(third)) == 40


def test_an_account_added_later_gets_its_whole_history(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = AROUND_365_DAYS
    state_of_another_account = state_of(STREAM, {"create_time": "2026-11-19T08:00:00Z"}, business_id="-000another")

    outcome = read(tiktok, clock, STREAM, state=state_of_another_account)

    assert ids(outcome) == ["new", "365 days old", "a second older", "years old"]


def test_an_account_that_posted_nothing_at_first_is_read_when_it_does(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = []
    first = read(tiktok, clock, STREAM)
    tiktok.posts = [post("the first", "2026-11-20T11:00:00Z")]
    second = read(tiktok, clock, STREAM, state=first.state)

    assert ids(second) == ["the first"]
