"""The stream `videos_comments`: every comment once, and only posts are asked again whose comments may have changed."""

from collections.abc import Mapping
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType, Level, SyncMode

from unit_tests.syncs import Clock, Outcome, Row, State, read, signed_in_config, static_token_config
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    REPLIES_PATH,
    TOKEN_INFO_PATH,
    Answer,
    Call,
    TikTok,
    comment,
    epoch,
    fixture,
    post,
    refusal,
    success,
)

STREAM = "videos_comments"

COLD_BREW = "7683102070583443467"
IDLE_PHOTO = "7664663774755959620"
OLD_VIDEO = "7108678102229781766"

WHICH_BEANS = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683445795471428621",
    "create_time": "2026-09-09T08:15:20Z",
    "text": "Which beans?",
    "likes": 4,
    "replies": 1,
    "owner": False,
    "liked": True,
    "pinned": True,
    "status": "PUBLIC",
    "comment_author_username": "bean_fan",
    "display_name": "Bean Fan",
    "profile_image": "https://p16-sign-sg.tiktokcdn.com/tiktok-obj/1666477470268417~c5_168x168.jpeg"
    "?x-expires=1795348800&x-signature=x%3D",
    "user_id": "367b786990e8dcebcf493e035b820f5be4834422511c851b3bd0010f9690adbc",
    "unique_identifier": "+ABc1D2/E0fGhijklMNOrD34vDW/zDiZUNRH5Jyahue6OcA7b8ZpwnqXV9u1Uh+k",
    "thumbnail_url": "https://p16-sign-va.tiktokcdn.com/obj/tos-maliva-p-0068/aa11bb22cc33"
    "?x-expires=1795348800&x-signature=abc%3D",
}
SPAM = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683452023207562255",
    "create_time": "2026-09-09T08:40:00Z",
    "text": "spam",
    "likes": 0,
    "replies": 0,
    "owner": False,
    "liked": False,
    "pinned": False,
    "status": "HIDDEN",
    "comment_author_username": "x1",
    "display_name": "x",
    "profile_image": "",
    "user_id": "cc",
    "unique_identifier": "dd",
    "thumbnail_url": "https://p16-sign-va.tiktokcdn.com/obj/tos-maliva-p-0068/aa11bb22cc33"
    "?x-expires=1795348800&x-signature=abc%3D",
}
PICTURE = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683805361204527119",
    "create_time": "2026-09-10T07:30:07Z",
    "text": "",
    "image_url": "https://p16-comment-va.tiktokcdn.com/obj/tos-maliva-i-comment/00aa11bb22cc33dd.image",
    "likes": 12,
    "replies": 4,
    "owner": False,
    "liked": False,
    "pinned": False,
    "status": "PUBLIC",
    "comment_author_username": "latte.art",
    "display_name": "Latte",
    "profile_image": "",
    "user_id": "ee",
    "unique_identifier": "ff",
    "thumbnail_url": "https://p16-sign-va.tiktokcdn.com/obj/tos-maliva-p-0068/aa11bb22cc33"
    "?x-expires=1795348800&x-signature=abc%3D",
}


def ids(outcome: Outcome) -> list[Any]:
    """The comments that were read."""
    return outcome.column(STREAM, "comment_id")


def asked(tiktok: TikTok) -> list[str]:
    """The posts whose comments were asked for, once per page."""
    return [call.params["video_id"] for call in tiktok.calls_of(COMMENTS_PATH)]


def cursors(tiktok: TikTok) -> list[str]:
    """Where the pages began that were asked for."""
    return [call.params["cursor"] for call in tiktok.calls_of(COMMENTS_PATH)]


def stream_state(state: State) -> dict[str, Any]:
    """The state of the stream, without what the CDK measures."""
    (message,) = [AirbyteStateMessageSerializer.dump(entry)["stream"] for entry in state]
    assert message["stream_descriptor"]["name"] == STREAM
    kept: dict[str, Any] = message["stream_state"]
    return {name: value for name, value in kept.items() if name != "lookback_window"}


def counts(state: State) -> Any:
    """The numbers of comments in the state of the account."""
    return stream_state(state).get("parent_state", {}).get("comments", {}).get(BUSINESS_ID)


def state_with(counts: Mapping[str, int], *, business_id: str = BUSINESS_ID) -> State:
    """The state after a sync that found these numbers."""
    message = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": STREAM},
            "stream_state": {
                "use_global_cursor": True,
                "state": {"create_time": "2026-11-19T08:00:00Z"},
                "lookback_window": 1,
                "parent_state": {"comments": {business_id: dict(counts)}},
            },
        },
    }
    return [AirbyteStateMessageSerializer.load(message)]


def commented(tiktok: TikTok, item_id: str, created: str, count: int | None, *comment_ids: str) -> None:
    """Add a post that says that it has so many comments, and has these."""
    counter = {} if count is None else {"comments": count}
    tiktok.posts.append(post(item_id, created, **counter))
    tiktok.comments[item_id] = [comment(comment_id, created) for comment_id in comment_ids]


@pytest.fixture
def three_posts(tiktok: TikTok) -> TikTok:
    """An account with three posts older than 48 hours, 3, 2 and 1, which have two comments each."""
    tiktok.posts, tiktok.comments = [], {}
    commented(tiktok, "3", "2026-11-03T08:00:00Z", 2, "31", "32")
    commented(tiktok, "2", "2026-11-02T08:00:00Z", 2, "21", "22")
    commented(tiktok, "1", "2026-11-01T08:00:00Z", 2, "11", "12")
    return tiktok


def one_post(tiktok: TikTok, comments: list[Row]) -> None:
    """Give the account one post, with these comments."""
    tiktok.posts = [post("7", "2026-11-01T08:00:00Z", comments=len(comments))]
    tiktok.comments = {"7": comments}


def numbered(count: int) -> list[Row]:
    """So many comments, numbered from the oldest, one a minute; the newest has the most likes."""
    first = epoch("2026-11-01T09:00:00Z")
    return [
        comment(str(1000 + number), "2026-11-01T09:00:00Z", likes=number) | {"create_time": str(first + 60 * number)}
        for number in range(count)
    ]


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_each_comment_is_a_row(first_sync: Outcome) -> None:
    assert first_sync.rows(STREAM) == [WHICH_BEANS, SPAM, PICTURE]


def test_a_comment_has_no_parent_and_no_nested_replies(first_sync: Outcome) -> None:
    for row in first_sync.rows(STREAM):
        assert "parent_comment_id" not in row
        assert [name for name, value in row.items() if isinstance(value, dict | list)] == []


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    refreshed = read(tiktok, clock, STREAM, sync_mode=SyncMode.full_refresh)

    assert refreshed.rows(STREAM) == [WHICH_BEANS, SPAM, PICTURE]


def test_the_same_number_of_a_comment_on_two_posts_is_two_rows(three_posts: TikTok, clock: Clock) -> None:
    three_posts.comments["2"] = [comment("31", "2026-11-02T08:00:00Z")]

    outcome = read(three_posts, clock, STREAM)

    assert sorted(ids(outcome)) == ["11", "12", "31", "31", "32"]


@pytest.mark.parametrize("wrong", [{}, {"create_time": None}, {"create_time": ""}])
def test_a_comment_without_a_time_does_not_vanish(wrong: Row, tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(1))
    tiktok.answer_always(
        COMMENTS_PATH, success({"comments": [{"comment_id": "1", **wrong}], "cursor": 1, "has_more": False})
    )

    outcome = read(tiktok, clock, STREAM)

    assert [(row["comment_id"], row.get("create_time")) for row in outcome.rows(STREAM)] == [("1", None)]


# --- Calls ----------------------------------------------------------------------------------------------------------


def test_thirty_comments_are_asked_for_from_the_oldest_with_their_replies(three_posts: TikTok, clock: Clock) -> None:
    read(three_posts, clock, STREAM)

    calls = three_posts.calls_of(COMMENTS_PATH)
    assert [call.method for call in calls] == ["GET", "GET", "GET"]
    assert calls[0].params == {
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "video_id": calls[0].params["video_id"],
        "status": "ALL",
        "include_replies": "true",
        "sort_field": "create_time",
        "sort_order": "asc",
        "max_count": "30",
        "cursor": "0",
    }
    assert sorted(asked(three_posts)) == ["1", "2", "3"]
    assert [call.path for call in three_posts.calls if call.path != COMMENTS_PATH] == [PROFILE_PATH, POSTS_PATH]


@pytest.mark.parametrize(
    ("settings", "sent"),
    [({}, "true"), ({"include_comment_replies": True}, "true"), ({"include_comment_replies": False}, "false")],
)
def test_a_setting_says_whether_replies_come_along(
    settings: dict[str, bool], sent: str, tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, STREAM, config=static_token_config(**settings))

    assert {call.params["include_replies"] for call in tiktok.calls_of(COMMENTS_PATH)} == {sent}
    assert tiktok.calls_of(REPLIES_PATH) == []
    assert outcome.rows(STREAM) == [WHICH_BEANS, SPAM, PICTURE]


def test_a_post_without_comments_is_not_asked_about(three_posts: TikTok, clock: Clock) -> None:
    three_posts.posts[1]["comments"] = 0

    outcome = read(three_posts, clock, STREAM)

    assert sorted(asked(three_posts)) == ["1", "3"]
    assert sorted(ids(outcome)) == ["11", "12", "31", "32"]


def test_an_account_without_posts_is_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = []

    outcome = read(tiktok, clock, STREAM)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)
    assert asked(tiktok) == []


def test_posts_on_later_pages_have_comments_too(tiktok: TikTok, clock: Clock) -> None:
    newest = epoch("2026-11-10T00:00:00Z")
    tiktok.posts = [
        post(str(45 - number), "2026-11-10T00:00:00Z", comments=int(number in (0, 19, 20, 44)))
        | {"create_time": str(newest - 3600 * number)}
        for number in range(45)
    ]
    tiktok.comments = {name: [comment(f"{name}1", "2026-11-10T00:00:00Z")] for name in ("45", "26", "25", "1")}

    outcome = read(tiktok, clock, STREAM)

    assert sorted(ids(outcome)) == ["11", "251", "261", "451"]
    assert len(tiktok.calls_of(POSTS_PATH)) == 3


# --- Paging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (29, ["0"]),
        (30, ["0"]),
        (31, ["0", "30"]),
        (95, ["0", "30", "60", "90"]),
    ],
)
def test_so_many_comments_are_so_many_pages(count: int, expected: list[str], tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(count))

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == [str(1000 + number) for number in range(count)]
    assert cursors(tiktok) == expected


def test_short_pages_do_not_end_the_walk(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(65))
    tiktok.most_comments_per_page = 20

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == [str(1000 + number) for number in range(65)]
    assert cursors(tiktok) == ["0", "20", "40", "60"]


def test_empty_pages_do_not_end_the_walk(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(95))
    tiktok.withheld_comments = {str(1000 + number) for number in range(30, 60)}

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == [str(1000 + number) for number in (*range(30), *range(60, 95))]
    assert cursors(tiktok) == ["0", "30", "60", "90"]


def test_beyond_500_comments_where_tiktok_repeats_itself_each_comes_once(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(1203))

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome)[:500] == [str(1000 + number) for number in range(500)]
    assert len(ids(outcome)) == 1203
    assert set(ids(outcome)) == {str(1000 + number) for number in range(1203)}
    # 1,203 comments and 50 of them again.
    assert cursors(tiktok) == [str(30 * number) for number in range(42)]


def test_a_list_that_repeats_itself_for_ever_is_a_failure_and_no_endless_walk(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(1))
    page = success({"comments": numbered(1), "cursor": 30, "has_more": True})
    tiktok.answer_always(COMMENTS_PATH, page)

    outcome = read(tiktok, clock, STREAM, expect_failure=True)

    assert cursors(tiktok) == ["0", "30"]
    assert "does not advance" in (outcome.failures[STREAM].message or "")


# --- Which posts in the first sync ----------------------------------------------------------------------------------

AROUND_365_DAYS = [
    ("5", "2026-11-19T08:00:00Z"),
    ("4", "2026-11-01T08:00:00Z"),
    ("3", "2025-11-20T12:00:00Z"),
    ("2", "2025-11-20T11:59:59Z"),
    ("1", "2022-06-13T11:01:46Z"),
]


@pytest.fixture
def posts_of_years(tiktok: TikTok) -> TikTok:
    """An account with posts around 365 days old, with a comment each."""
    tiktok.posts, tiktok.comments = [], {}
    for item_id, created in AROUND_365_DAYS:
        commented(tiktok, item_id, created, 1, f"{item_id}1")
    return tiktok


def test_posts_older_than_365_days_are_not_asked_about(posts_of_years: TikTok, clock: Clock) -> None:
    outcome = read(posts_of_years, clock, STREAM)

    assert sorted(ids(outcome)) == ["31", "41", "51"]
    assert sorted(asked(posts_of_years)) == ["3", "4", "5"]
    assert counts(outcome.state) == {"5": 1, "4": 1, "3": 1}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, []),
        (2, ["5"]),
        (366, ["2", "3", "4", "5"]),
        (0, ["1", "2", "3", "4", "5"]),
    ],
)
def test_video_lookback_days_says_how_old_a_post_may_be(
    days: int, expected: list[str], posts_of_years: TikTok, clock: Clock
) -> None:
    outcome = read(posts_of_years, clock, STREAM, config=static_token_config(video_lookback_days=days))

    assert sorted(asked(posts_of_years)) == expected
    assert sorted(outcome.column(STREAM, "video_id")) == expected


def test_posts_older_than_that_are_not_paged_for(tiktok: TikTok, clock: Clock) -> None:
    newest = epoch("2024-01-01T00:00:00Z")
    tiktok.posts = [
        post("201", "2026-11-01T00:00:00Z", comments=0),
        *(
            post(str(200 - number), "2024-01-01T00:00:00Z", comments=1) | {"create_time": str(newest - 3600 * number)}
            for number in range(200)
        ),
    ]

    read(tiktok, clock, STREAM)

    assert len(tiktok.calls_of(POSTS_PATH)) == 1
    assert asked(tiktok) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"start_date": "2026-11-01"}, ["4", "5"]),
        ({"start_date": "2026-11-02"}, ["5"]),
        ({"end_date": "2026-11-18"}, ["3", "4"]),
        ({"start_date": "2026-11-01", "end_date": "2026-11-01"}, ["4"]),
        ({"start_date": "2022-01-01"}, ["3", "4", "5"]),
        ({"start_date": "2022-01-01", "video_lookback_days": 0}, ["1", "2", "3", "4", "5"]),
        ({"start_date": "2025-11-20", "video_lookback_days": 0}, ["2", "3", "4", "5"]),
        ({"end_date": "2024-01-01", "video_lookback_days": 0}, ["1"]),
        ({"end_date": "2024-01-01"}, []),
    ],
)
def test_start_and_end_date_are_about_posts(
    settings: dict[str, Any], expected: list[str], posts_of_years: TikTok, clock: Clock
) -> None:
    read(posts_of_years, clock, STREAM, config=static_token_config(**settings))

    assert sorted(asked(posts_of_years)) == expected


def test_comments_written_after_end_date_are_read(three_posts: TikTok, clock: Clock) -> None:
    three_posts.comments["1"] = [comment("11", "2026-11-20T11:00:00Z")]

    outcome = read(three_posts, clock, STREAM, config=static_token_config(end_date="2026-11-01"))

    assert ids(outcome) == ["11"]


# --- State ----------------------------------------------------------------------------------------------------------


def test_the_state_is_the_numbers_of_comments_of_the_posts(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM)

    assert stream_state(outcome.state) == {
        "use_global_cursor": True,
        "state": {"create_time": "2026-09-10T07:30:07Z"},
        "parent_state": {"comments": {BUSINESS_ID: {COLD_BREW: 74, IDLE_PHOTO: 2}}},
    }


def test_a_second_sync_without_changes_asks_about_nothing_and_keeps_the_state(
    three_posts: TikTok, clock: Clock
) -> None:
    first = read(three_posts, clock, STREAM)
    three_posts.calls.clear()

    second = read(three_posts, clock, STREAM, state=first.state)

    assert second.rows(STREAM) == []
    assert second.is_complete(STREAM)
    assert [call.path for call in three_posts.calls] == [PROFILE_PATH, POSTS_PATH]
    assert counts(second.state) == counts(first.state) == {"3": 2, "2": 2, "1": 2}


@pytest.mark.parametrize(
    ("known", "now", "is_asked"),
    [
        pytest.param(2, 3, True, id="more"),
        pytest.param(2, 1, True, id="fewer"),
        pytest.param(2, 2, False, id="the same"),
        pytest.param(2, 0, False, id="none any more"),
        pytest.param(None, 2, True, id="new"),
        pytest.param(2, None, True, id="withheld"),
        pytest.param(2, "3", True, id="more, as text"),
        pytest.param(2, "2", False, id="the same, as text"),
    ],
)
def test_a_later_sync_asks_about_a_post_whose_number_changed(
    known: int | None, now: int | str | None, is_asked: bool, three_posts: TikTok, clock: Clock
) -> None:
    state = state_with({"3": 2, "1": 2} | ({} if known is None else {"2": known}))
    three_posts.posts[1]["comments"] = now

    outcome = read(three_posts, clock, STREAM, state=state)

    assert asked(three_posts) == (["2"] if is_asked else [])
    assert ids(outcome) == (["21", "22"] if is_asked else [])
    expected = {"3": 2, "1": 2} | ({"2": int(now)} if now else {})
    assert counts(outcome.state) == expected


@pytest.mark.parametrize("count", [2, 0, None])
@pytest.mark.parametrize(
    ("created", "is_fresh"),
    [("2026-11-18T12:00:01Z", True), ("2026-11-18T12:00:00Z", False)],
)
def test_a_later_sync_asks_about_posts_of_the_last_48_hours_whatever_their_number(
    created: str, is_fresh: bool, count: int | None, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts, tiktok.comments = [], {}
    commented(tiktok, "7", created, count, "71", "72")

    outcome = read(tiktok, clock, STREAM, state=state_with({"7": count or 0}))

    is_asked = is_fresh or count is None
    assert asked(tiktok) == (["7"] if is_asked else [])
    assert ids(outcome) == (["71", "72"] if is_asked else [])


def test_what_was_written_while_the_counter_lagged_comes_with_a_later_sync(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts, tiktok.comments = [], {}
    commented(tiktok, "7", "2026-11-20T10:00:00Z", 0, "71")
    first = read(tiktok, clock, STREAM)
    clock.move_to("2026-11-22T09:00:00Z")
    tiktok.comments["7"].append(comment("72", "2026-11-20T10:00:00Z"))
    tiktok.posts[0]["comments"] = 1
    second = read(tiktok, clock, STREAM, state=first.state)
    clock.move_to("2026-11-24T09:00:00Z")
    tiktok.posts[0]["comments"] = 2
    third = read(tiktok, clock, STREAM, state=second.state)
    fourth = read(tiktok, clock, STREAM, state=third.state)

    assert [ids(sync) for sync in (first, second, third, fourth)] == [["71"], ["71", "72"], ["71", "72"], []]
    assert [counts(sync.state) for sync in (first, second, third, fourth)] == [{}, {"7": 1}, {"7": 2}, {"7": 2}]


def test_deleted_posts_are_forgotten(three_posts: TikTok, clock: Clock) -> None:
    state = state_with({"3": 2, "2": 2, "1": 2, "99": 5})
    del three_posts.posts[1]

    outcome = read(three_posts, clock, STREAM, state=state)

    assert asked(three_posts) == []
    assert counts(outcome.state) == {"3": 2, "1": 2}


def test_when_all_posts_are_deleted_all_are_forgotten(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = []

    outcome = read(tiktok, clock, STREAM, state=state_with({"3": 2, "2": 2}))

    assert not counts(outcome.state)


def test_posts_that_grew_older_than_the_lookback_are_forgotten(posts_of_years: TikTok, clock: Clock) -> None:
    first = read(posts_of_years, clock, STREAM)
    clock.move_to("2026-11-21T12:00:00Z")
    second = read(posts_of_years, clock, STREAM, state=first.state)

    assert set(counts(first.state)) == {"5", "4", "3"}
    assert set(counts(second.state)) == {"5", "4"}


def test_the_newest_comment_of_the_last_sync_leaves_no_comment_out(three_posts: TikTok, clock: Clock) -> None:
    # The state's cursor is newer than all of these comments.
    outcome = read(three_posts, clock, STREAM, state=state_with({}))

    assert sorted(ids(outcome)) == ["11", "12", "21", "22", "31", "32"]


def test_a_state_with_a_cursor_for_each_post_is_understood(three_posts: TikTok, clock: Clock) -> None:
    message = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": STREAM},
            "stream_state": {
                "use_global_cursor": False,
                "states": [
                    {
                        "partition": {"business_id": BUSINESS_ID, "video_id": "3"},
                        "cursor": {"create_time": "2026-11-19T08:00:00Z"},
                    }
                ],
                "state": {"create_time": "2026-11-19T08:00:00Z"},
            },
        },
    }

    outcome = read(three_posts, clock, STREAM, state=[AirbyteStateMessageSerializer.load(message)])

    assert sorted(ids(outcome)) == ["11", "12", "21", "22", "31", "32"]
    assert stream_state(outcome.state)["use_global_cursor"] is True


def test_a_full_refresh_knows_nothing_of_the_last_sync(three_posts: TikTok, clock: Clock) -> None:
    read(three_posts, clock, STREAM)

    outcome = read(three_posts, clock, STREAM, sync_mode=SyncMode.full_refresh)

    assert len(ids(outcome)) == 6


def test_the_numbers_of_an_account_that_is_gone_do_not_count_and_stay_for_when_it_comes_back(
    three_posts: TikTok, clock: Clock
) -> None:
    state = state_with({"3": 2, "2": 2, "1": 2}, business_id="-000another")

    outcome = read(three_posts, clock, STREAM, state=state)

    assert len(ids(outcome)) == 6
    assert stream_state(outcome.state)["parent_state"]["comments"] == {
        BUSINESS_ID: {"3": 2, "2": 2, "1": 2},
        "-000another": {"3": 2, "2": 2, "1": 2},
    }


# --- Interruptions --------------------------------------------------------------------------------------------------


def refusing(video_id: str, cursor: str | None = None, code: int = 40002) -> Any:
    """TikTok refuses the comments of this post, or one page of them."""

    def refuse(call: Call) -> Answer | None:
        if call.path != COMMENTS_PATH or call.params["video_id"] != video_id:
            return None
        return refusal(code) if cursor in (None, call.params["cursor"]) else None

    return refuse


@pytest.mark.parametrize("code", [40001, 40002, 40003, 40007, 40130])
@pytest.mark.parametrize("refused", ["3", "2", "1"])
def test_a_post_that_refuses_its_comments_is_left_out_and_the_next_sync_asks_again(
    refused: str, code: int, three_posts: TikTok, clock: Clock
) -> None:
    three_posts.before_answering = refusing(refused, code=code)
    first = read(three_posts, clock, STREAM)
    three_posts.before_answering = None
    three_posts.calls.clear()
    second = read(three_posts, clock, STREAM, state=first.state)

    of_the_post = [f"{refused}1", f"{refused}2"]
    assert sorted(ids(first)) == sorted({"11", "12", "21", "22", "31", "32"} - set(of_the_post))
    (warning,) = first.logged(Level.WARN)
    assert warning.startswith(f"The comments of the post {refused} are left out: TikTok ")
    assert f"(code {code}: No." in warning
    assert asked(three_posts) == [refused]
    assert ids(second) == of_the_post
    assert counts(second.state) == {"3": 2, "2": 2, "1": 2}


@pytest.mark.parametrize(("posts", "calls"), [(1, 1), (2, 2), (300, 3)])
def test_an_account_whose_posts_all_refuse_fails_after_a_few(
    posts: int, calls: int, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts, tiktok.comments = [], {}
    for number in range(posts, 0, -1):
        commented(tiktok, str(number), "2026-11-01T08:00:00Z", 1, f"{number}1")
    tiktok.answer_always(COMMENTS_PATH, refusal(40130, "Comments are off."))

    outcome = read(tiktok, clock, STREAM, config=static_token_config(num_workers=2), expect_failure=True)

    assert calls <= len(asked(tiktok)) <= calls + 1
    assert outcome.failures[STREAM].failure_type == FailureType.config_error
    assert "Comments are off." in (outcome.failures[STREAM].message or "")
    assert not counts(outcome.state)


def test_a_list_of_comments_that_does_not_advance_fails_and_the_posts_after_it_are_read_by_the_next_sync(
    three_posts: TikTok, clock: Clock
) -> None:
    three_posts.before_answering = lambda call: (
        success({"comments": [], "cursor": 0, "has_more": True})
        if call.path == COMMENTS_PATH and call.params["video_id"] == "2"
        else None
    )
    first = read(three_posts, clock, STREAM, expect_failure=True)
    three_posts.before_answering = None
    three_posts.calls.clear()
    second = read(three_posts, clock, STREAM, state=first.state)

    assert sorted(ids(first)) == ["11", "12", "31", "32"]
    assert "does not advance" in (first.failures[STREAM].message or "")
    assert sorted(set(ids(first)) | set(ids(second))) == ["11", "12", "21", "22", "31", "32"]
    assert counts(second.state) == {"3": 2, "2": 2, "1": 2}


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refusal(50000, "Trouble."), id="TikTok's servers"),
        pytest.param(refusal(40100, "Too many."), id="a limit of calls"),
        pytest.param(refusal(40107, "No."), id="a sign-in that is not valid"),
    ],
)
def test_after_anything_but_the_failure_of_one_post_the_others_are_not_tried_for_long(
    trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts, tiktok.comments = [], {}
    for number in range(300, 0, -1):
        commented(tiktok, str(number), "2026-11-01T08:00:00Z", 1, f"{number}1")
    tiktok.answer_always(COMMENTS_PATH, trouble)

    outcome = read(tiktok, clock, STREAM, config=static_token_config(num_workers=2), expect_failure=True)

    # Those that were under way, each with its tries.
    assert len(set(asked(tiktok))) <= 2
    assert len({error.message for error in outcome.failures_of(STREAM)}) == 1
    assert not counts(outcome.state)


def test_a_post_that_is_refused_after_its_first_page_is_read_again_from_its_beginning(
    three_posts: TikTok, clock: Clock
) -> None:
    three_posts.comments["2"] = numbered(65)
    three_posts.posts[1]["comments"] = 65
    three_posts.before_answering = refusing("2", cursor="60")
    first = read(three_posts, clock, STREAM)
    three_posts.before_answering = None
    second = read(three_posts, clock, STREAM, state=first.state)

    of_the_post = [row["comment_id"] for row in second.rows(STREAM) if row["video_id"] == "2"]
    assert counts(first.state) == {"3": 2, "1": 2}
    assert of_the_post == [str(1000 + number) for number in range(65)]


def test_where_every_post_fails_no_number_is_left(three_posts: TikTok, clock: Clock) -> None:
    three_posts.answer_always(COMMENTS_PATH, refusal(40002))

    first = read(three_posts, clock, STREAM, expect_failure=True)

    assert sorted(asked(three_posts)) == ["1", "2", "3"]
    assert first.state
    assert not counts(first.state)


def test_in_a_later_sync_a_single_post_that_refuses_is_left_out(three_posts: TikTok, clock: Clock) -> None:
    three_posts.before_answering = refusing("2")

    first = read(three_posts, clock, STREAM, state=state_with({"3": 2, "2": 1, "1": 2, "99": 4}))

    assert asked(three_posts) == ["2"]
    # It is asked about again. The post 99 is not listed any more.
    assert counts(first.state) == {"3": 2, "1": 2}


@pytest.mark.parametrize("place", range(1, 3))
@pytest.mark.parametrize("newest_are_new", [False, True])
def test_a_list_of_posts_that_breaks_off_loses_no_comment(
    newest_are_new: bool, place: int, tiktok: TikTok, clock: Clock
) -> None:
    newest = epoch("2026-11-10T00:00:00Z")
    tiktok.posts = [
        post(str(100 - number), "2026-11-10T00:00:00Z", comments=1) | {"create_time": str(newest - 3600 * number)}
        for number in range(45)
    ]
    tiktok.comments = {
        item["item_id"]: [comment(f"{item['item_id']}1", "2026-11-10T00:00:00Z")] for item in tiktok.posts
    }
    known = {} if newest_are_new else {"100": 1, "99": 1}
    cursor = str(1000 * (newest - 3600 * (20 * place - 1)))
    tiktok.before_answering = lambda call: (
        refusal(40002) if (call.path, call.params.get("cursor")) == (POSTS_PATH, cursor) else None
    )

    first = read(tiktok, clock, STREAM, state=state_with(known), expect_failure=True)
    tiktok.before_answering = None
    second = read(tiktok, clock, STREAM, state=first.state)

    everything = {f"{number}1" for number in range(56, 101) if str(number) not in known}
    assert everything - (set(ids(first)) | set(ids(second))) == set()


def test_a_sync_that_fails_before_any_post_keeps_its_state(three_posts: TikTok, clock: Clock) -> None:
    three_posts.answer_always(POSTS_PATH, refusal(40002))

    outcome = read(three_posts, clock, STREAM, state=state_with({"3": 2, "2": 1}), expect_failure=True)

    assert counts(outcome.state) == {"3": 2, "2": 1}


def test_states_on_the_way_name_no_post_that_was_not_read(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts, tiktok.comments = [], {}
    for number in range(20, 0, -1):
        commented(tiktok, str(number), f"2026-10-{number:02}T08:00:00Z", 1, f"{number}1")
    # A state is due every ten minutes.
    tiktok.before_answering = lambda _: clock.tick(601)

    outcome = read(tiktok, clock, STREAM, config=static_token_config(num_workers=2))

    read_so_far: set[str] = set()
    states = 0
    for message in outcome.output.records_and_state_messages:
        if message.record:
            read_so_far.add(message.record.data["video_id"])
        elif message.state and message.state.stream:
            states += 1
            found = message.state.stream.stream_state.__dict__.get("parent_state") or {}
            assert set(found.get("comments", {}).get(BUSINESS_ID, {})) <= read_so_far
    assert states > 5
    assert read_so_far == {str(number) for number in range(1, 21)}


# --- Tokens and trouble that passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [refusal(50000), refusal(40100)])
def test_trouble_that_passes_costs_a_call_and_no_comment(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(35))
    tiktok.answer_next(COMMENTS_PATH, None, trouble)

    outcome = read(tiktok, clock, STREAM)

    assert cursors(tiktok) == ["0", "30", "30"]
    assert ids(outcome) == [str(1000 + number) for number in range(35)]


def test_a_token_that_tiktok_refuses_on_the_way_is_renewed_once(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(COMMENTS_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, STREAM, config=signed_in_config())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(tiktok.calls_of(TOKEN_INFO_PATH)) == 1
    assert sorted(ids(outcome)) == ["7683445795471428621", "7683452023207562255", "7683805361204527119"]


def test_never_more_calls_a_minute_than_the_settings_allow(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, numbered(300))

    read(tiktok, clock, STREAM, config=static_token_config(requests_per_minute=3))

    moments = [call.at.timestamp() for call in tiktok.calls_of(COMMENTS_PATH)]
    assert len(moments) == 10
    assert [late for early, late in zip(moments, moments[3:], strict=False) if late - early < 60] == []
