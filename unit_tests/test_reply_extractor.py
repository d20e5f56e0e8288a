"""ReplyExtractor: the replies of a page of comments, or of a page of one comment's replies."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.records import ReplyExtractor
from unit_tests.parts import budget
from unit_tests.tiktok import fixture, response, success


def rows(body: Any, rename: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of an answer with this body."""
    extractor = ReplyExtractor(parameters={"name": "videos"}, api_budget=budget(), rename=rename or {})
    return list(extractor.extract_records(response(body)))


def ids(*comments: dict[str, Any]) -> list[Any]:
    """The comment_ids of the rows of a page with these comments."""
    return [row["comment_id"] for row in rows(success({"comments": list(comments)}))]


def parent(replies: Any, *along: int, status: str = "PUBLIC") -> dict[str, Any]:
    """A comment that has so many replies, of which these came along."""
    return {
        "comment_id": "1",
        "replies": replies,
        "status": status,
        "reply_list": [{"comment_id": number, "parent_comment_id": "1"} for number in along],
    }


# --- A page of comments ---------------------------------------------------------------------------------------------


def test_replies_that_all_came_along_are_rows() -> None:
    assert ids(parent(3, 11, 12, 13)) == [11, 12, 13]


def test_comments_themselves_are_no_rows() -> None:
    assert ids(parent(0), {"comment_id": "2"}, {"comment_id": "3", "replies": None, "reply_list": None}) == []


@pytest.mark.parametrize("replies", [4, "4", 100])
def test_replies_of_a_longer_thread_are_left_to_its_list(replies: Any) -> None:
    assert ids(parent(replies, 11, 12, 13)) == []


def test_more_replies_than_were_counted_are_rows() -> None:
    assert ids(parent(1, 11, 12)) == [11, 12]


@pytest.mark.parametrize("replies", [None, ""])
def test_replies_that_were_not_counted_are_rows(replies: Any) -> None:
    assert ids(parent(replies, 11)) == [11]


@pytest.mark.parametrize("replies", [2, 3, 50])
def test_of_a_hidden_comment_those_are_rows_that_came_along(replies: int) -> None:
    assert ids(parent(replies, 11, 12, status="HIDDEN")) == [11, 12]


def test_the_page_of_the_fixture() -> None:
    assert rows(fixture("comment_list")) == [
        {
            "comment_id": 7683457950245653518,
            "video_id": 7683102070583443467,
            "parent_comment_id": "7683445795471428621",
            "user_id": "aa",
            "unique_identifier": "bb+/",
            "create_time": "1788944530",
            "text": "House blend",
            "likes": 1,
            "owner": True,
            "liked": False,
            "status": "PUBLIC",
            "username": "harbour_coffee",
            "display_name": "Harbour Coffee",
            "profile_image": "",
        }
    ]


def test_bare_numbers_beyond_two_to_the_53_keep_all_their_digits() -> None:
    # As floats they would end in 3520 and 3424.
    text = '{"code": 0, "data": {"comments": [{"comment_id": "1", "replies": 1, "reply_list": [%s]}]}}'
    found = rows(text % '{"comment_id": 7683457950245653518, "video_id": 7683102070583443467}')

    assert [str(row["comment_id"]) for row in found] == ["7683457950245653518"]
    assert [str(row["video_id"]) for row in found] == ["7683102070583443467"]


# --- A page of replies ----------------------------------------------------------------------------------------------


def test_a_page_of_replies_is_taken_as_it_is() -> None:
    found = rows(fixture("reply_list"))

    assert found == fixture("reply_list")["data"]["comments"]
    assert [row["comment_id"] for row in found] == [
        "7683809725356851217",
        "7683811241234563345",
        "7683812000000000019",
        "7683815874290458641",
    ]


def test_hidden_replies_are_rows() -> None:
    assert ids({"comment_id": "12", "parent_comment_id": "1", "status": "HIDDEN"}) == ["12"]


# --- Both -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comments",
    [
        pytest.param([{"comment_id": "12", "parent_comment_id": "1", "username": "tiny"}], id="listed"),
        pytest.param(
            [
                {
                    "comment_id": "1",
                    "username": "not this one",
                    "replies": 1,
                    "reply_list": [{"comment_id": "12", "parent_comment_id": "1", "username": "tiny"}],
                }
            ],
            id="came along",
        ),
    ],
)
def test_a_column_is_renamed(comments: list[dict[str, Any]]) -> None:
    found = rows(success({"comments": comments}), rename={"username": "comment_author_username"})

    assert found == [{"comment_id": "12", "parent_comment_id": "1", "comment_author_username": "tiny"}]


@pytest.mark.parametrize("data", [{}, {"comments": None}, {"comments": []}, {"has_more": False, "cursor": 0}])
def test_no_comments_are_no_rows(data: dict[str, Any]) -> None:
    assert rows(success(data)) == []


@pytest.mark.parametrize("wrong", ["text", 5, ["text"]])
def test_something_else_where_comments_belong_is_an_error_and_not_silence(wrong: Any) -> None:
    with pytest.raises(AirbyteTracedException, match="`comments`") as caught:
        rows(success({"comments": wrong}))

    assert caught.value.failure_type == FailureType.system_error


def test_something_else_where_replies_belong_is_an_error_and_not_silence() -> None:
    with pytest.raises(AirbyteTracedException, match="`reply_list`"):
        rows(success({"comments": [{"comment_id": "1", "replies": 1, "reply_list": ["text"]}]}))


def test_an_answer_without_data_is_an_error() -> None:
    with pytest.raises(AirbyteTracedException, match="without any data"):
        rows({"code": 0, "message": "OK", "request_id": "1"})


def test_changing_a_row_does_not_change_the_page_for_other_readers() -> None:
    answer = response(fixture("comment_list"))
    extractor = ReplyExtractor(
        parameters={"name": "videos"}, api_budget=budget(), rename={"username": "comment_author_username"}
    )

    for row in extractor.extract_records(answer):
        row["text"] = "changed"

    assert data_of(answer) == fixture("comment_list")["data"]
