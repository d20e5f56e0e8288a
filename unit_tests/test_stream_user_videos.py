"""The stream `user_videos`: every public post in each sync, unless `video_lookback_days` is set."""

from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType, SyncMode

from unit_tests.syncs import (
    Clock,
    Outcome,
    State,
    login_kit_config,
    rate_limit_statuses,
    read,
    signed_in_login_kit_config,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    USER_INFO_PATH,
    USER_VIDEOS_PATH,
    Page,
    TikTok,
    display_refusal,
    display_success,
    epoch,
    fixture,
    user_post,
)

STREAM = "user_videos"
OPEN_ID = "723f24d7-e717-40f8-a2b6-cb8464cd23b4"

COLD_BREW = {
    "id": "7683102070583443467",
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "create_time": 1788861607,
    "created_at": "2026-09-08T10:00:07Z",
    "title": "Cold brew in 30s #coffee",
    "video_description": "Cold brew in 30s #coffee",
    "duration": 20,
    "width": 576,
    "height": 1024,
    "cover_image_url": "https://p16-sign.tiktokcdn-us.com/tos-useast5-p-0068-tx/aa~tplv-noop.image"
    "?x-expires=1795197600&x-signature=b%3D",
    "share_url": "https://www.tiktok.com/@harbour_coffee/video/7683102070583443467"
    "?utm_campaign=tt4d_open_api&utm_source=awbx37vxswqcvsf6",
    "embed_link": "https://www.tiktok.com/player/v1/7683102070583443467",
    "embed_html": '<blockquote class="tiktok-embed" data-video-id="7683102070583443467"><section></section>'
    "</blockquote>",
    "like_count": 1880,
    "comment_count": 74,
    "share_count": 96,
    "view_count": 41207,
}
PHOTO = {
    "id": "7664663774755959620",
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "create_time": 1784568604,
    "created_at": "2026-07-20T17:30:04Z",
    "title": "",
    "video_description": "",
    "duration": 0,
    "share_url": "https://www.tiktok.com/@harbour_coffee/photo/7664663774755959620"
    "?utm_campaign=tt4d_open_api&utm_source=awbx37vxswqcvsf6",
    "like_count": 40,
    "comment_count": 0,
    "view_count": 3000000000,
}
OLD_VIDEO = {
    "id": "7108678102229781766",
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "create_time": 1655118106,
    "created_at": "2022-06-13T11:01:46Z",
    "title": "How we roast",
    "video_description": "How we roast",
    "duration": 31,
    "width": 576,
    "height": 1024,
    "embed_link": "https://www.tiktok.com/player/v1/7108678102229781766",
    "like_count": 212,
    "comment_count": 9,
    "share_count": 4,
    "view_count": 5120,
}
ALL_FIELDS = (
    "id,create_time,title,video_description,duration,width,height,cover_image_url,share_url,embed_link,embed_html,"
    "like_count,comment_count,share_count,view_count"
)


def read_posts(tiktok: TikTok, clock: Clock, settings: dict[str, Any] | None = None, **options: Any) -> Outcome:
    """A sync of this stream alone with a valid token."""
    return read(tiktok, clock, STREAM, config=signed_in_login_kit_config(settings), **options)


def ids(outcome: Outcome) -> list[Any]:
    """The posts that were read."""
    return outcome.column(STREAM, "id")


def pages(tiktok: TikTok) -> list[Any]:
    """The bodies of the calls for posts."""
    return [call.sent for call in tiktok.calls_of(USER_VIDEOS_PATH)]


def stream_state(outcome: Outcome) -> Any:
    """The state of this stream as Airbyte stores it."""
    (message,) = outcome.state
    return AirbyteStateMessageSerializer.dump(message)["stream"]["stream_state"]


def read_until(moment: str) -> State:
    """The state of a sync that read the account to its end and found this newest post."""
    message = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": STREAM},
            "stream_state": {
                "use_global_cursor": False,
                "states": [
                    {"partition": {"business_id": OPEN_ID, "parent_slice": {}}, "cursor": {"create_time": moment}}
                ],
                "state": {"create_time": moment},
                "lookback_window": 1,
                "parent_state": {"account": {"read": [OPEN_ID]}},
            },
        },
    }
    return [AirbyteStateMessageSerializer.load(message)]


def hourly_posts(count: int, newest: str = "2026-11-20T11:00:00Z") -> list[dict[str, Any]]:
    """So many posts, one an hour, numbered from the newest: `1`, `2`, …"""
    last = epoch(newest)
    return [user_post(str(n + 1), newest) | {"create_time": last - 3600 * n} for n in range(count)]


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_each_post_is_a_row(tiktok: TikTok, clock: Clock) -> None:
    rows = read_posts(tiktok, clock).rows(STREAM)

    assert rows == [COLD_BREW, PHOTO, OLD_VIDEO]
    types = {name: type(value) for name, value in COLD_BREW.items()}
    assert [{name: type(value) for name, value in row.items()} for row in rows] == [
        {name: types[name] for name in row} for row in rows
    ]


def test_create_time_stays_an_integer_and_created_at_says_the_same(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [user_post("1", "2026-11-20T11:59:59Z") | {"create_time": "1795175999"}]
    tiktok.answer_next(USER_VIDEOS_PATH, display_success({"videos": tiktok.user_posts, "cursor": 0, "has_more": False}))

    (row,) = read_posts(tiktok, clock).rows(STREAM)

    assert (row["create_time"], row["created_at"]) == (1795175999, "2026-11-20T11:59:59Z")
    assert type(row["create_time"]) is int


def test_every_post_has_the_open_id_of_its_owner(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user["open_id"] = "-000another/one+"
    tiktok.user_posts = hourly_posts(25)

    outcome = read_posts(tiktok, clock)

    assert outcome.column(STREAM, "open_id") == ["-000another/one+"] * 25


def test_a_field_of_a_later_version_is_no_column(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_VIDEOS_PATH, fixture("display_video_list"))

    assert fixture("display_video_list")["data"]["videos"][0]["is_aigc"] is False
    assert read_posts(tiktok, clock).rows(STREAM)[0] == COLD_BREW


def test_an_account_without_posts_is_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = []

    outcome = read_posts(tiktok, clock)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)
    assert pages(tiktok) == [{"max_count": 20}]


@pytest.mark.parametrize("create_time", [None, "", "soon", [1]])
def test_a_post_without_a_time_does_not_vanish(create_time: Any, tiktok: TikTok, clock: Clock) -> None:
    posts = [{"id": "7", "create_time": create_time}]
    tiktok.answer_always(USER_VIDEOS_PATH, display_success({"videos": posts, "cursor": 0, "has_more": False}))

    outcome = read_posts(tiktok, clock)

    assert [(row["id"], row.get("create_time"), row.get("created_at")) for row in outcome.rows(STREAM)] == [
        ("7", None, None)
    ]


# --- Calls and paging -----------------------------------------------------------------------------------------------


def test_the_page_is_asked_for_in_the_body_and_the_fields_in_the_query(tiktok: TikTok, clock: Clock) -> None:
    read_posts(tiktok, clock)

    user, call = tiktok.calls
    assert user.path == USER_INFO_PATH
    assert (call.method, call.url.split("?")[0]) == ("POST", "https://open.tiktokapis.com/v2/video/list/")
    assert call.params == {"fields": ALL_FIELDS}
    assert call.sent == {"max_count": 20}
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
    assert "Access-Token" not in call.headers


def test_forty_five_posts_are_three_pages_and_forty_five_rows(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = hourly_posts(45)

    outcome = read_posts(tiktok, clock)

    assert ids(outcome) == [str(number) for number in range(1, 46)]
    # The posts 20 and 40 end the first two pages: 19 and 39 hours before 2026-11-20T11:00:00Z.
    assert pages(tiktok) == [
        {"max_count": 20},
        {"max_count": 20, "cursor": 1795104000000},
        {"max_count": 20, "cursor": 1795032000000},
    ]


def test_exactly_one_full_page_is_one_call(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = hourly_posts(20)

    assert len(ids(read_posts(tiktok, clock))) == 20
    assert pages(tiktok) == [{"max_count": 20}]


def test_short_and_empty_pages_do_not_end_the_walk(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = hourly_posts(65)
    tiktok.withheld_posts = {"3", "20", *(str(number) for number in range(21, 41))}

    outcome = read_posts(tiktok, clock)

    assert len(pages(tiktok)) == 4
    assert ids(outcome) == [
        *(str(number) for number in range(1, 20) if number != 3),
        *(str(number) for number in range(41, 66)),
    ]


def test_a_list_that_repeats_itself_is_a_failure_and_no_endless_walk(tiktok: TikTok, clock: Clock) -> None:
    answer = fixture("display_video_list")
    answer["data"]["has_more"] = True
    tiktok.answer_always(USER_VIDEOS_PATH, answer)

    outcome = read_posts(tiktok, clock, expect_failure=True)

    assert pages(tiktok) == [{"max_count": 20}, {"max_count": 20, "cursor": 1655118106000}]
    assert outcome.failures[STREAM].failure_type == FailureType.system_error
    assert "does not advance" in (outcome.failures[STREAM].message or "")


# --- The window of the settings -------------------------------------------------------------------------------------


def test_posts_before_start_date_are_left_out_and_not_paged_for(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = hourly_posts(65, newest="2026-01-02T11:00:00Z")

    outcome = read_posts(tiktok, clock, {"start_date": "2026-01-01"})

    # 36 posts from 2026-01-02T11:00 back to 2026-01-01T00:00, and the second page ends before that.
    assert ids(outcome) == [str(number) for number in range(1, 37)]
    assert len(pages(tiktok)) == 2


def test_start_date_begins_with_its_first_second(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [user_post("in", "2026-01-01T00:00:00Z"), user_post("out", "2025-12-31T23:59:59Z")]

    assert ids(read_posts(tiktok, clock, {"start_date": "2026-01-01"})) == ["in"]


def test_end_date_ends_with_its_last_second_and_later_posts_cost_no_calls(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [
        *hourly_posts(100),
        user_post("out", "2026-02-01T00:00:00Z"),
        user_post("in", "2026-01-31T23:59:59Z"),
        user_post("in too", "2026-01-01T00:00:00Z"),
    ]

    assert ids(read_posts(tiktok, clock, {"end_date": "2026-01-31"})) == ["in", "in too"]
    assert pages(tiktok) == [{"max_count": 20, "cursor": 1769904000000}]  # 2026-02-01T00:00:00Z


def test_start_and_end_date_together_are_a_window(tiktok: TikTok, clock: Clock) -> None:
    outcome = read_posts(tiktok, clock, {"start_date": "2026-07-01", "end_date": "2026-07-31"})

    assert ids(outcome) == ["7664663774755959620"]


# --- Later syncs ----------------------------------------------------------------------------------------------------

AROUND_365_DAYS = [
    user_post("new", "2026-11-19T08:00:00Z"),
    user_post("365 days old", "2025-11-20T12:00:00Z"),
    user_post("a second older", "2025-11-20T11:59:59Z"),
    user_post("years old", "2022-06-13T11:01:46Z"),
]


def test_the_first_sync_reads_every_post_whatever_the_setting(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = AROUND_365_DAYS

    assert len(ids(read_posts(tiktok, clock, {"video_lookback_days": 1}))) == 4


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["new", "365 days old", "a second older", "years old"]),
        ({"video_lookback_days": 365}, ["new", "365 days old"]),
        ({"video_lookback_days": 1}, []),
        ({"video_lookback_days": 2}, ["new"]),
        ({"video_lookback_days": 364}, ["new"]),
        ({"video_lookback_days": 366}, ["new", "365 days old", "a second older"]),
        ({"video_lookback_days": 0}, ["new", "365 days old", "a second older", "years old"]),
    ],
)
def test_a_later_sync_reads_posts_that_are_young_enough(
    settings: dict[str, Any], expected: list[str], tiktok: TikTok, clock: Clock
) -> None:
    tiktok.user_posts = AROUND_365_DAYS

    assert ids(read_posts(tiktok, clock, settings, state=read_until("2026-11-19T08:00:00Z"))) == expected


def test_paging_stops_at_the_age_of_the_setting(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [*hourly_posts(30), *hourly_posts(200, newest="2024-01-01T00:00:00Z")]

    settings = {"video_lookback_days": 365}
    outcome = read_posts(tiktok, clock, settings, state=read_until("2026-11-19T08:00:00Z"))

    assert len(ids(outcome)) == 30
    assert len(pages(tiktok)) == 2


def test_after_a_pause_of_years_no_post_is_missing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [
        user_post("new", "2026-11-19T08:00:00Z"),
        user_post("published in the pause", "2024-03-01T08:00:00Z"),
        user_post("the newest of the last sync", "2024-01-01T08:00:00Z"),
    ]

    settings = {"video_lookback_days": 365}
    outcome = read_posts(tiktok, clock, settings, state=read_until("2024-01-01T08:00:00Z"))

    assert ids(outcome) == ["new", "published in the pause"]


def test_the_state_is_the_newest_post_of_the_account(tiktok: TikTok, clock: Clock) -> None:
    state = stream_state(read_posts(tiktok, clock))

    assert state["states"] == [
        {
            "partition": {"business_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "parent_slice": {}},
            "cursor": {"create_time": "2026-09-08T10:00:07Z"},
        }
    ]
    assert state["parent_state"] == {"account": {"read": ["723f24d7-e717-40f8-a2b6-cb8464cd23b4"]}}
    assert state["use_global_cursor"] is False


def test_the_state_of_one_sync_is_the_start_of_the_next(tiktok: TikTok, clock: Clock) -> None:
    first = read_posts(tiktok, clock)
    tiktok.user_posts.insert(0, user_post("new", "2026-11-20T11:00:00Z"))
    second = read_posts(tiktok, clock, {"video_lookback_days": 365}, state=first.state)

    assert ids(second) == ["new", "7683102070583443467", "7664663774755959620"]
    assert stream_state(second)["states"][0]["cursor"] == {"create_time": "2026-11-20T11:00:00Z"}


def test_a_sync_that_finds_nothing_new_keeps_the_cursor(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = []

    outcome = read_posts(tiktok, clock, state=read_until("2026-09-08T10:00:07Z"))

    assert [entry["partition"]["business_id"] for entry in stream_state(outcome)["states"]] == [OPEN_ID]
    later = [user_post("late", "2026-09-07T00:00:00Z")]
    tiktok.user_posts = later
    assert ids(read_posts(tiktok, clock, state=outcome.state)) == ["late"]


def test_an_account_that_was_not_read_to_its_end_starts_from_the_beginning(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = [*hourly_posts(45), user_post("years old", "2022-06-13T11:01:46Z")]
    tiktok.answer_next(USER_VIDEOS_PATH, None, display_refusal("invalid_params"))

    first = read_posts(tiktok, clock, expect_failure=True)
    second = read_posts(tiktok, clock, state=first.state)

    assert len(ids(first)) == 20
    assert len(ids(second)) == 46


def test_a_full_refresh_reads_every_post_whatever_the_state(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = AROUND_365_DAYS

    outcome = read_posts(tiktok, clock, sync_mode=SyncMode.full_refresh)

    assert len(ids(outcome)) == 4


# --- Trouble --------------------------------------------------------------------------------------------------------


def test_a_rate_limit_is_waited_for_a_minute_and_said(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    tiktok.answer_next(USER_VIDEOS_PATH, display_refusal("rate_limit_exceeded"), Page(429, "<html></html>"))

    outcome = read_posts(tiktok, clock)

    assert clock.waits_before_retries == [60, 60]
    assert rate_limit_statuses(capsys.readouterr().out) == [STREAM, STREAM]
    assert len(ids(outcome)) == 3


@pytest.mark.parametrize("trouble", [display_refusal("internal_error"), Page(502, "<html></html>")], ids=["500", "502"])
def test_passing_trouble_is_tried_again(trouble: Page, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(USER_VIDEOS_PATH, *[trouble] * 5)

    outcome = read_posts(tiktok, clock)

    assert clock.waits_before_retries == [2, 4, 8, 16, 32]
    assert len(ids(outcome)) == 3


def test_an_error_in_http_200_is_no_empty_page(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(USER_VIDEOS_PATH, display_refusal("invalid_params", "Bad cursor.", status=200))

    outcome = read_posts(tiktok, clock, expect_failure=True)

    assert outcome.failures[STREAM].failure_type == FailureType.system_error
    assert "(code invalid_params: Bad cursor., request_id 2026" in (outcome.failures[STREAM].message or "")
    assert not outcome.is_complete(STREAM)


def test_without_video_list_the_stream_fails_without_a_call_and_the_other_goes_on(tiktok: TikTok, clock: Clock) -> None:
    tiktok.login_kit_scopes.remove("video.list")

    outcome = read(tiktok, clock, "user_info", STREAM, config=login_kit_config(), expect_failure=True)

    assert set(outcome.failures) == {STREAM}
    assert outcome.failures[STREAM].failure_type == FailureType.config_error
    assert (outcome.failures[STREAM].message or "") == (
        "The account 723f24d7-e717-40f8-a2b6-cb8464cd23b4 did not grant `video.list`, which the stream `user_videos` "
        "is made of. Authenticate the account again and allow everything that TikTok lists, or deselect the stream; "
        "the other streams go on."
    )
    assert outcome.is_complete("user_info")
    assert pages(tiktok) == []
