"""CommentPagination and ThreadPagination: the pages of a post's comments, and the replies that are listed between."""

import logging
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.pagination import CommentPagination, ThreadPagination, Walk
from unit_tests.parts import budget
from unit_tests.tiktok import fixture, response, success

PAGINATIONS = [
    pytest.param(CommentPagination(), id="comments"),
    pytest.param(ThreadPagination(api_budget=budget()), id="comments and replies"),
]
threads = ThreadPagination(api_budget=budget())


def post_slice() -> StreamSlice:
    """The slice of a post."""
    return StreamSlice(partition={"business_id": "-000abc", "video_id": "7"}, cursor_slice={})


def listed(comment_id: str, replies: int = 0, along: int | None = None, status: str = "PUBLIC") -> dict[str, Any]:
    """A comment with so many replies, of which so many came along: all, up to three, unless said otherwise."""
    came = min(replies, 3) if along is None else along
    return {
        "comment_id": comment_id,
        "replies": replies,
        "status": status,
        "reply_list": [
            {"comment_id": int(comment_id) * 1000 + number, "parent_comment_id": comment_id} for number in range(came)
        ],
    }


def page(*comments: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A page of comments."""
    return success({"comments": list(comments), **data})


def next_token(
    pagination: Walk,
    answer: dict[str, Any],
    after: dict[str, Any] | None = None,
) -> Any:
    """The token of the page after `answer`, which was asked for with the token `after`."""
    comments = answer.get("data", {}).get("comments") or []
    return pagination.next_page_token(
        response=response(answer),
        last_page_size=len(comments),
        last_record=None,
        last_page_token_value=after,
        stream_slice=post_slice(),
    )


# --- Both: the way through the comments -----------------------------------------------------------------------------


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_the_walk_begins_without_a_token(pagination: Walk) -> None:
    assert pagination.initial_token is None


@pytest.mark.parametrize("pagination", PAGINATIONS)
@pytest.mark.parametrize(
    ("after", "cursor", "expected"),
    [
        pytest.param(None, 30, 30, id="first page"),
        pytest.param({"cursor": 30}, 60, 60, id="second page"),
        pytest.param({"cursor": 30}, "60", 60, id="a number as text"),
        pytest.param(None, 29, 29, id="a short page"),
        pytest.param({"cursor": 30}, 31, 31, id="one further"),
    ],
)
def test_the_cursor_of_a_page_leads_to_the_next(
    pagination: Walk, after: dict[str, Any] | None, cursor: Any, expected: int
) -> None:
    assert next_token(pagination, page(listed("1"), cursor=cursor, has_more=True), after)["cursor"] == expected


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_the_last_page_ends_the_walk_although_it_has_a_cursor(pagination: Walk) -> None:
    assert next_token(pagination, page(listed("1"), cursor=61, has_more=False), {"cursor": 60}) is None


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_a_full_page_without_more_ends_the_walk(pagination: Walk) -> None:
    full = [listed(str(number)) for number in range(1, 31)]

    assert next_token(pagination, page(*full, cursor=30, has_more=False)) is None


@pytest.mark.parametrize("pagination", PAGINATIONS)
@pytest.mark.parametrize("comments", [{}, {"comments": []}, {"comments": None}])
def test_an_empty_page_goes_on_where_there_is_more(pagination: Walk, comments: dict[str, Any]) -> None:
    assert next_token(pagination, success({**comments, "cursor": 30, "has_more": True}))["cursor"] == 30


@pytest.mark.parametrize("pagination", PAGINATIONS)
@pytest.mark.parametrize("data", [{}, {"comments": []}, {"comments": None}, {"cursor": 0}, {"has_more": False}])
def test_no_comments_and_no_word_of_more_ends_the_walk(pagination: Walk, data: dict[str, Any]) -> None:
    assert next_token(pagination, success(data)) is None


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_comments_without_a_word_of_more_are_an_error(pagination: Walk) -> None:
    with pytest.raises(AirbyteTracedException, match="whether there are more") as caught:
        next_token(pagination, page(listed("1"), cursor=1))

    assert caught.value.failure_type == FailureType.system_error


@pytest.mark.parametrize("pagination", PAGINATIONS)
@pytest.mark.parametrize(
    ("after", "cursor"),
    [
        pytest.param({"cursor": 30}, 30, id="the same again"),
        pytest.param({"cursor": 30}, "30", id="the same as text"),
        pytest.param({"cursor": 30}, 29, id="backwards"),
        pytest.param(None, 0, id="the first page again"),
        pytest.param(None, None, id="null"),
        pytest.param(None, "next", id="no number"),
        pytest.param({"cursor": 30}, -60, id="less than nothing"),
    ],
)
def test_a_cursor_that_does_not_advance_is_an_error_and_no_endless_walk(
    pagination: Walk, after: dict[str, Any] | None, cursor: Any
) -> None:
    with pytest.raises(AirbyteTracedException, match="does not advance") as caught:
        next_token(pagination, page(listed("1"), cursor=cursor, has_more=True), after)

    assert caught.value.failure_type == FailureType.system_error


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_more_comments_but_no_cursor_is_an_error(pagination: Walk) -> None:
    with pytest.raises(AirbyteTracedException, match="does not advance"):
        next_token(pagination, page(listed("1"), has_more=True))


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_an_empty_page_with_the_same_cursor_is_an_error(pagination: Walk) -> None:
    with pytest.raises(AirbyteTracedException, match="does not advance"):
        next_token(pagination, success({"cursor": 30, "has_more": True}), {"cursor": 30})


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_an_answer_without_data_is_an_error(pagination: Walk) -> None:
    with pytest.raises(AirbyteTracedException, match="without any data"):
        next_token(pagination, {"code": 0, "message": "OK", "request_id": "1"})


def test_comments_alone_need_no_replies() -> None:
    answer = page(listed("1", replies=9), cursor=1, has_more=False)

    assert next_token(CommentPagination(), answer) is None


# --- Threads: which replies are listed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "is_listed"),
    [
        pytest.param(listed("1", replies=0), False, id="no replies"),
        pytest.param(listed("1", replies=3), False, id="three, and all came along"),
        pytest.param(listed("1", replies=4), True, id="four, and three came along"),
        pytest.param(listed("1", replies=2, along=1), True, id="one of two came along"),
        pytest.param(listed("1", replies=1, along=0), True, id="none of one came along"),
        pytest.param(listed("1", replies=2, along=3), False, id="more came along than counted"),
        pytest.param(listed("1", replies=9, status="HIDDEN"), False, id="hidden"),
        pytest.param({"comment_id": "1", "replies": "4", "reply_list": []}, True, id="a number as text"),
        pytest.param({"comment_id": "1", "replies": 4, "reply_list": None}, True, id="null came along"),
        pytest.param({"comment_id": "1", "replies": 4}, True, id="no list"),
        pytest.param({"comment_id": "1", "replies": None}, False, id="no number"),
        pytest.param({"comment_id": "1", "replies": ""}, False, id="an empty number"),
        pytest.param({"comment_id": "1"}, False, id="neither"),
    ],
)
def test_replies_are_listed_where_not_all_came_along(comment: dict[str, Any], is_listed: bool) -> None:
    token = next_token(threads, page(comment, cursor=1, has_more=False))

    assert token == (
        {"thread": "1", "cursor": 0, "threads": [], "comments": None, "listed": ["1"]} if is_listed else None
    )


def test_the_fixture_has_one_thread_to_list() -> None:
    assert next_token(threads, fixture("comment_list")) == {
        "thread": "7683805361204527119",
        "cursor": 0,
        "threads": [],
        "comments": None,
        "listed": ["7683805361204527119"],
    }


def test_a_bare_number_as_comment_id_is_asked_for_as_text() -> None:
    token = next_token(threads, page({"comment_id": 7683805361204527119, "replies": 4}, cursor=1, has_more=False))

    assert token["thread"] == "7683805361204527119"


def test_the_threads_of_a_page_come_one_after_the_other_and_then_the_next_page() -> None:
    comments = page(listed("1", 4), listed("2", 1), listed("3", 33), cursor=30, has_more=True)

    first = next_token(threads, comments)
    second = next_token(threads, fixture("reply_list"), first)
    third = next_token(threads, page(listed("31"), cursor=30, has_more=True), second)
    fourth = next_token(threads, page(listed("32"), cursor=33, has_more=False), third)

    assert first == {"thread": "1", "cursor": 0, "threads": ["3"], "comments": 30, "listed": ["1", "3"]}
    assert second == {"thread": "3", "cursor": 0, "threads": [], "comments": 30, "listed": ["1", "3"]}
    assert third == {"thread": "3", "cursor": 30, "threads": [], "comments": 30, "listed": ["1", "3"]}
    assert fourth == {"cursor": 30, "listed": ["1", "3"]}


def test_after_the_threads_of_the_last_page_comes_the_end() -> None:
    token = {"thread": "1", "cursor": 30, "threads": [], "comments": None}

    assert next_token(threads, page(listed("11"), cursor=31, has_more=False), token) is None


def test_an_empty_page_of_replies_goes_on_where_there_is_more() -> None:
    token = {"thread": "1", "cursor": 30, "threads": ["2"], "comments": 60}

    assert next_token(threads, success({"cursor": 60, "has_more": True}), token) == {
        "thread": "1",
        "cursor": 60,
        "threads": ["2"],
        "comments": 60,
    }


def test_replies_have_no_threads_of_their_own() -> None:
    token = {"thread": "1", "cursor": 0, "threads": [], "comments": None}
    answer = page({"comment_id": "11", "parent_comment_id": "1", "replies": 5}, cursor=1, has_more=False)

    assert next_token(threads, answer, token) is None


@pytest.mark.parametrize("cursor", [0, 30, None])
def test_replies_that_do_not_advance_are_an_error_and_no_endless_walk(cursor: int | None) -> None:
    token = {"thread": "1", "cursor": 30, "threads": [], "comments": 60}

    with pytest.raises(AirbyteTracedException, match="does not advance"):
        next_token(threads, page(listed("11"), cursor=cursor, has_more=True), token)


def test_replies_without_a_word_of_more_are_an_error() -> None:
    token = {"thread": "1", "cursor": 0, "threads": [], "comments": None}

    with pytest.raises(AirbyteTracedException, match="whether there are more"):
        next_token(threads, page(listed("11"), cursor=1), token)


def test_a_comment_that_tiktok_repeats_is_listed_once() -> None:
    first = next_token(threads, page(listed("1", 4), cursor=30, has_more=True))
    on = next_token(threads, page(listed("11"), cursor=4, has_more=False), first)

    token = next_token(threads, page(listed("1", 4), listed("2", 4), listed("2", 4), cursor=60, has_more=True), on)

    assert on == {"cursor": 30, "listed": ["1"]}
    assert token == {"thread": "2", "cursor": 0, "threads": [], "comments": 60, "listed": ["1", "2"]}


# --- Threads: hidden comments ---------------------------------------------------------------------------------------


@pytest.fixture
def fresh() -> ThreadPagination:
    """The pagination of a sync that has said nothing yet."""
    return ThreadPagination(api_budget=budget())


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of hidden comments."""
    return [record.getMessage() for record in caplog.records if "hidden" in record.getMessage()]


LEFT_OUT = "Replies of hidden comments beyond the first three are left out. TikTok does not list them."


def test_replies_of_hidden_comments_that_did_not_come_along_are_said_once(
    fresh: ThreadPagination, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="airbyte")
    hidden = [listed("1", 5, status="HIDDEN"), listed("2", 4, status="HIDDEN"), listed("3", 3, status="HIDDEN")]
    token = next_token(fresh, page(*hidden, listed("4", 9), cursor=4, has_more=False))
    next_token(fresh, page(listed("5", 13, status="HIDDEN"), cursor=1, has_more=False))

    assert token["thread"] == "4"
    assert said(caplog) == [LEFT_OUT]


def test_a_hidden_comment_that_tiktok_repeats_is_said_once(
    fresh: ThreadPagination, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="airbyte")
    token = next_token(fresh, page(listed("1", 5, status="HIDDEN"), cursor=1, has_more=True))
    next_token(fresh, page(listed("1", 5, status="HIDDEN"), cursor=2, has_more=False), token)

    assert said(caplog) == [LEFT_OUT]


def test_where_nothing_is_left_out_nothing_is_said(fresh: ThreadPagination, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="airbyte")
    next_token(fresh, page(listed("1", 3, status="HIDDEN"), listed("2", 4), cursor=2, has_more=False))

    assert said(caplog) == []
