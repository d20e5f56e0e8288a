"""The stream `videos_comments_replies`: every reply once, with calls for those threads alone that need them."""

from collections import Counter
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType, Level, SyncMode

from integration_tests.streams import COMMENT_STREAMS
from unit_tests.syncs import Clock, Outcome, Row, State, read, signed_in_config, static_token_config
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    RENEWED_ACCESS_TOKEN,
    REPLIES_PATH,
    Answer,
    Call,
    TikTok,
    comment,
    epoch,
    fixture,
    post,
    refusal,
    reply,
    success,
)

STREAM = "videos_comments_replies"
WRITTEN = "2026-11-01T09:00:00Z"

HOUSE_BLEND = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683457950245653518",
    "parent_comment_id": "7683445795471428621",
    "create_time": "2026-09-09T09:02:10Z",
    "text": "House blend",
    "likes": 1,
    "owner": True,
    "liked": False,
    "status": "PUBLIC",
    "comment_author_username": "harbour_coffee",
    "display_name": "Harbour Coffee",
    "profile_image": "",
    "user_id": "aa",
    "unique_identifier": "bb+/",
}
BEAUTIFUL = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683809725356851217",
    "parent_comment_id": "7683805361204527119",
    "create_time": "2026-09-10T07:47:03Z",
    "text": "Beautiful!",
    "likes": 2,
    "owner": True,
    "liked": False,
    "status": "PUBLIC",
    "comment_author_username": "harbour_coffee",
    "display_name": "Harbour Coffee",
    "profile_image": "",
    "user_id": "aa",
    "unique_identifier": "bb+/",
}
HOW = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683811241234563345",
    "parent_comment_id": "7683805361204527119",
    "create_time": "2026-09-10T07:52:56Z",
    "text": "How?",
    "likes": 0,
    "owner": False,
    "liked": True,
    "status": "PUBLIC",
    "comment_author_username": "tiny",
    "display_name": "Tiny",
    "profile_image": "",
    "user_id": "gg",
    "unique_identifier": "hh",
}
BUY_FOLLOWERS = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683812000000000019",
    "parent_comment_id": "7683805361204527119",
    "create_time": "2026-09-10T07:55:53Z",
    "text": "buy followers",
    "likes": 0,
    "owner": False,
    "liked": False,
    "status": "HIDDEN",
    "comment_author_username": "x2",
    "display_name": "x",
    "profile_image": "",
    "user_id": "ii",
    "unique_identifier": "jj",
}
PRACTICE = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "video_id": "7683102070583443467",
    "comment_id": "7683815874290458641",
    "parent_comment_id": "7683805361204527119",
    "create_time": "2026-09-10T08:10:55Z",
    "text": "Practice",
    "image_url": "https://p16-comment-va.tiktokcdn.com/obj/tos-maliva-i-comment/44ee55ff66aa77bb.image",
    "likes": 3,
    "owner": False,
    "liked": True,
    "status": "PUBLIC",
    "comment_author_username": "latte.art",
    "display_name": "Latte",
    "profile_image": "https://p16-sign-sg.tiktokcdn.com/tiktok-obj/99~c5_168x168.jpeg"
    "?x-expires=1795348800&x-signature=y%3D",
    "user_id": "ee",
    "unique_identifier": "ff",
}


def ids(outcome: Outcome) -> list[Any]:
    """The replies that were read."""
    return outcome.column(STREAM, "comment_id")


def listed(tiktok: TikTok) -> list[tuple[str, str]]:
    """The comments whose replies were listed, with the place where each page began."""
    return [(call.params["comment_id"], call.params["cursor"]) for call in tiktok.calls_of(REPLIES_PATH)]


def counts(state: State) -> Any:
    """The numbers of comments in the state of the account."""
    dumped = [AirbyteStateMessageSerializer.dump(entry)["stream"] for entry in state]
    (found,) = [entry for entry in dumped if entry["stream_descriptor"]["name"] == STREAM]
    return (found["stream_state"].get("parent_state") or {}).get("comments", {}).get(BUSINESS_ID)


def thread(comment_id: str, replies: int, **fields: Any) -> Row:
    """A comment with so many replies, numbered from the oldest: comment 5 has 5001, 5002, …"""
    first = epoch(WRITTEN)
    answers = [
        reply(f"{int(comment_id) * 1000 + number}", WRITTEN) | {"create_time": str(first + 60 * number)}
        for number in range(1, replies + 1)
    ]
    return comment(comment_id, WRITTEN, *answers, **fields)


def replies_of(comment_id: str, count: int) -> list[str]:
    """The numbers of the replies of such a comment."""
    return [str(int(comment_id) * 1000 + number) for number in range(1, count + 1)]


def one_post(tiktok: TikTok, *comments: Row) -> None:
    """Give the account one post, with these comments."""
    tiktok.posts = [post("7", "2026-11-01T08:00:00Z", comments=len(comments))]
    tiktok.comments = {"7": list(comments)}


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_each_reply_is_a_row(first_sync: Outcome) -> None:
    assert first_sync.rows(STREAM) == [HOUSE_BLEND, BEAUTIFUL, HOW, BUY_FOLLOWERS, PRACTICE]


def test_a_reply_has_neither_replies_nor_a_pin(first_sync: Outcome) -> None:
    assert [row for row in first_sync.rows(STREAM) if {"replies", "pinned"} & set(row)] == []


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    refreshed = read(tiktok, clock, STREAM, sync_mode=SyncMode.full_refresh)

    assert refreshed.rows(STREAM) == [HOUSE_BLEND, BEAUTIFUL, HOW, BUY_FOLLOWERS, PRACTICE]


def test_a_reply_belongs_to_a_comment_of_the_same_post(first_sync: Outcome) -> None:
    parents = {row["comment_id"]: row["video_id"] for row in first_sync.rows("videos_comments")}

    assert {row["video_id"] for row in first_sync.rows(STREAM)} == {"7683102070583443467"}
    assert all(parents[row["parent_comment_id"]] == row["video_id"] for row in first_sync.rows(STREAM))


@pytest.mark.parametrize("number", [2**53 + 1, 2**62 + 1, 2**63 - 1, 2**63 + 5])
def test_a_bare_number_as_id_keeps_all_its_digits(number: int, tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, comment("5", WRITTEN, reply(str(number), WRITTEN)))

    assert ids(read(tiktok, clock, STREAM)) == [str(number)]


def test_a_post_without_replies_is_no_failure(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, thread("5", 0))

    outcome = read(tiktok, clock, STREAM)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)
    assert listed(tiktok) == []


# --- Calls ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, []),
        (3, []),
        (4, ["0"]),
        (30, ["0"]),
        (31, ["0", "30"]),
        (65, ["0", "30", "60"]),
    ],
)
def test_a_thread_costs_calls_where_not_all_of_it_came_along(
    count: int, expected: list[str], tiktok: TikTok, clock: Clock
) -> None:
    one_post(tiktok, thread("5", count))

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == replies_of("5", count)
    assert listed(tiktok) == [("5", cursor) for cursor in expected]


def test_thirty_replies_are_asked_for_from_the_oldest(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM)

    (call,) = tiktok.calls_of(REPLIES_PATH)
    assert call.method == "GET"
    assert call.params == {
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "video_id": "7683102070583443467",
        "comment_id": "7683805361204527119",
        "status": "ALL",
        "sort_field": "create_time",
        "sort_order": "asc",
        "max_count": "30",
        "cursor": "0",
    }


def test_comments_are_asked_for_as_the_stream_of_comments_does(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM)
    of_replies = [call.params for call in tiktok.calls_of(COMMENTS_PATH)]
    tiktok.calls.clear()
    read(tiktok, clock, "videos_comments")

    of_comments = [call.params for call in tiktok.calls_of(COMMENTS_PATH)]
    assert len(of_replies) == 2
    assert sorted(of_replies, key=str) == sorted(of_comments, key=str)


@pytest.mark.parametrize("num_workers", [2, 8, 20])
@pytest.mark.parametrize("streams", [COMMENT_STREAMS, COMMENT_STREAMS[::-1]])
def test_both_streams_together_share_the_pages_of_comments(
    streams: tuple[str, ...], num_workers: int, tiktok: TikTok, clock: Clock
) -> None:
    one_post(tiktok, *(thread(str(100 + number), 4 if number == 40 else 1) for number in range(65)))

    outcome = read(tiktok, clock, *streams, config=static_token_config(num_workers=num_workers))

    assert Counter(call.path for call in tiktok.calls) == {
        PROFILE_PATH: 1,
        POSTS_PATH: 1,
        COMMENTS_PATH: 3,
        REPLIES_PATH: 1,
    }
    assert len(outcome.rows("videos_comments")) == 65
    assert len(set(ids(outcome))) == len(ids(outcome)) == 68


def test_without_replies_there_are_none_of_their_calls(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(include_comment_replies=False)

    read(tiktok, clock, "account", "videos_comments", config=config)

    assert tiktok.calls_of(REPLIES_PATH) == []
    assert {call.params["include_replies"] for call in tiktok.calls_of(COMMENTS_PATH)} == {"false"}


# --- Paging ---------------------------------------------------------------------------------------------------------


def test_threads_of_all_lengths_on_several_pages_come_exactly_once(tiktok: TikTok, clock: Clock) -> None:
    lengths = {str(100 + number): (0, 1, 3, 4, 2, 31, 0)[number % 7] for number in range(95)}
    one_post(tiktok, *(thread(comment_id, length) for comment_id, length in lengths.items()))

    outcome = read(tiktok, clock, STREAM)

    expected = [found for comment_id, length in lengths.items() for found in replies_of(comment_id, length)]
    assert sorted(ids(outcome)) == sorted(expected)
    assert sorted(listed(tiktok)) == sorted(
        (comment_id, cursor)
        for comment_id, length in lengths.items()
        for cursor in {4: ["0"], 31: ["0", "30"]}.get(length, [])
    )


def test_short_pages_end_neither_comments_nor_replies(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, *(thread(str(100 + number), 7 if number in (3, 8) else 1) for number in range(10)))
    tiktok.most_comments_per_page = 4

    outcome = read(tiktok, clock, STREAM)

    assert [call.params["cursor"] for call in tiktok.calls_of(COMMENTS_PATH)] == ["0", "4", "8"]
    assert listed(tiktok) == [("103", "0"), ("103", "4"), ("108", "0"), ("108", "4")]
    assert len(set(ids(outcome))) == len(ids(outcome)) == 22


def test_empty_pages_end_neither_comments_nor_replies(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, *(thread(str(100 + number), 65 if number == 61 else 0) for number in range(62)))
    tiktok.withheld_comments = {*(str(100 + number) for number in range(30, 60)), *replies_of("161", 60)[30:]}

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == [*replies_of("161", 30), *replies_of("161", 65)[60:]]


def test_beyond_500_comments_where_tiktok_repeats_itself_each_thread_is_read_once(tiktok: TikTok, clock: Clock) -> None:
    # Every tenth of the first 500 comes again, with what comes along with it.
    comments = [
        thread(str(1000 + number), 5 if number in (0, 10, 11, 600) else 2, likes=number)
        | {"create_time": str(epoch(WRITTEN) + number)}
        for number in range(620)
    ]
    one_post(tiktok, *comments)

    outcome = read(tiktok, clock, STREAM)

    assert sorted(listed(tiktok)) == [("1000", "0"), ("1010", "0"), ("1011", "0"), ("1600", "0")]
    assert len(set(ids(outcome))) == len(ids(outcome)) == 616 * 2 + 4 * 5
    assert len(tiktok.calls_of(COMMENTS_PATH)) == 23


@pytest.mark.parametrize("cursor", [0, 30])
def test_replies_that_repeat_themselves_for_ever_are_a_failure_and_no_endless_walk(
    cursor: int, tiktok: TikTok, clock: Clock
) -> None:
    page = fixture("reply_list")
    page["data"] |= {"cursor": cursor, "has_more": True}
    tiktok.answer_always(REPLIES_PATH, page)

    outcome = read(tiktok, clock, STREAM, expect_failure=True)

    assert outcome.failures[STREAM].failure_type == FailureType.system_error
    assert "does not advance" in (outcome.failures[STREAM].message or "")
    assert len(listed(tiktok)) == (2 if cursor else 1)


# --- Hidden comments ------------------------------------------------------------------------------------------------


def said(outcome: Outcome) -> list[str]:
    """What the log says of hidden comments."""
    return [line for line in outcome.logged(Level.INFO) if "of hidden comments" in line]


@pytest.mark.parametrize("count", [1, 3])
def test_replies_that_came_along_with_a_hidden_comment_are_rows(count: int, tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, thread("5", count, status="HIDDEN"))

    outcome = read(tiktok, clock, STREAM)

    assert ids(outcome) == replies_of("5", count)
    assert said(outcome) == []
    assert listed(tiktok) == []


def test_the_other_replies_of_hidden_comments_are_counted_in_the_log_and_cost_no_call(
    tiktok: TikTok, clock: Clock
) -> None:
    one_post(tiktok, thread("5", 7, status="HIDDEN"), thread("6", 4, status="HIDDEN"), thread("8", 4))

    outcome = read(tiktok, clock, *COMMENT_STREAMS)

    assert sorted(ids(outcome)) == [*replies_of("5", 3), *replies_of("6", 3), *replies_of("8", 4)]
    assert said(outcome) == [
        "Replies of hidden comments beyond the first three are left out. TikTok does not list them.",
    ]
    assert listed(tiktok) == [("8", "0")]
    assert outcome.is_complete(STREAM)


def test_the_stream_of_comments_alone_says_nothing_of_replies(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, thread("5", 7, status="HIDDEN"))

    assert said(read(tiktok, clock, "videos_comments")) == []


# --- Later syncs ----------------------------------------------------------------------------------------------------


def test_the_state_is_the_numbers_of_comments_of_the_posts(first_sync: Outcome) -> None:
    assert counts(first_sync.state) == {"7683102070583443467": 74, "7664663774755959620": 2}


def test_each_stream_keeps_its_own_numbers(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, "videos_comments")

    second = read(tiktok, clock, *COMMENT_STREAMS, state=first.state)

    assert second.rows("videos_comments") == []
    assert len(second.rows(STREAM)) == 5
    assert counts(second.state) == {"7683102070583443467": 74, "7664663774755959620": 2}


def test_a_post_is_asked_again_only_if_its_number_changed(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, *COMMENT_STREAMS)
    tiktok.calls.clear()
    second = read(tiktok, clock, *COMMENT_STREAMS, state=first.state)
    calls_without_a_change = [call.path for call in tiktok.calls]
    tiktok.posts[0]["comments"] = 75
    tiktok.calls.clear()
    third = read(tiktok, clock, *COMMENT_STREAMS, state=second.state)

    assert second.rows(STREAM) == []
    assert calls_without_a_change == [PROFILE_PATH, POSTS_PATH]
    assert third.rows(STREAM) == [HOUSE_BLEND, BEAUTIFUL, HOW, BUY_FOLLOWERS, PRACTICE]
    assert Counter(call.path for call in tiktok.calls) == {
        PROFILE_PATH: 1,
        POSTS_PATH: 1,
        COMMENTS_PATH: 1,
        REPLIES_PATH: 1,
    }
    assert counts(third.state) == {"7683102070583443467": 75, "7664663774755959620": 2}


def test_a_thread_that_fails_leaves_its_post_unread_and_the_stream_of_comments_finished(
    tiktok: TikTok, clock: Clock
) -> None:
    def refuse(call: Call) -> Answer | None:
        return refusal(40002) if call.path == REPLIES_PATH else None

    tiktok.before_answering = refuse
    first = read(tiktok, clock, *COMMENT_STREAMS, expect_failure=True)
    tiktok.before_answering = None
    second = read(tiktok, clock, *COMMENT_STREAMS, state=first.state)

    assert set(first.failures) == {STREAM}
    assert first.is_complete("videos_comments")
    assert len(first.rows("videos_comments")) == 3
    assert not counts(first.state)
    assert second.rows("videos_comments") == []
    assert second.rows(STREAM) == [HOUSE_BLEND, BEAUTIFUL, HOW, BUY_FOLLOWERS, PRACTICE]
    assert counts(second.state) == {"7683102070583443467": 74, "7664663774755959620": 2}


# --- Tokens and trouble that passes ---------------------------------------------------------------------------------


def test_a_token_that_tiktok_refuses_for_replies_is_renewed_once(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(REPLIES_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, STREAM, config=signed_in_config())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tiktok.calls_of(REPLIES_PATH)[-1].headers["Access-Token"] == RENEWED_ACCESS_TOKEN
    assert outcome.rows(STREAM) == [HOUSE_BLEND, BEAUTIFUL, HOW, BUY_FOLLOWERS, PRACTICE]


@pytest.mark.parametrize("trouble", [refusal(50000), refusal(40100)])
def test_trouble_that_passes_costs_a_call_and_no_reply(trouble: Answer, tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, thread("5", 35))
    tiktok.answer_next(REPLIES_PATH, None, trouble)

    outcome = read(tiktok, clock, STREAM)

    assert listed(tiktok) == [("5", "0"), ("5", "30"), ("5", "30")]
    assert ids(outcome) == replies_of("5", 35)


def test_a_refusal_of_replies_names_the_stream(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REPLIES_PATH, refusal(40130, "The access token lacks the required scope."))

    outcome = read(tiktok, clock, STREAM, expect_failure=True)

    assert outcome.failures[STREAM].failure_type == FailureType.config_error
    assert f"`{STREAM}`" in (outcome.failures[STREAM].message or "")


def test_an_answer_without_comments_is_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REPLIES_PATH, success({"has_more": False, "cursor": 0}))

    assert ids(read(tiktok, clock, STREAM)) == ["7683457950245653518"]


def test_never_more_calls_for_replies_a_minute_than_the_settings_allow(tiktok: TikTok, clock: Clock) -> None:
    one_post(tiktok, thread("5", 300))

    read(tiktok, clock, STREAM, config=static_token_config(requests_per_minute=3))

    moments = [call.at.timestamp() for call in tiktok.calls_of(REPLIES_PATH)]
    assert len(moments) == 10
    assert [late for early, late in zip(moments, moments[3:], strict=False) if late - early < 60] == []
