"""GET business/comment/list/ and business/comment/reply/list/ (docs/tiktok-api.md A8, D10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
LIST, REPLIES = "business/comment/list/", "business/comment/reply/list/"
BASE_KEYS = {
    "comment_id", "video_id", "user_id", "unique_identifier", "create_time", "text", "likes", "owner", "liked",
    "status", "username", "display_name", "profile_image",
}  # fmt: skip


def old_post(api: Api, comments: int) -> str:
    """Make an account whose posts have that many top-level comments, and return the oldest post."""
    api.new_account(posts=5, history_days=200, comments_per_post=comments)
    return str(api.all_posts()[-1]["item_id"])


def walk(api: Api, path: str, size: int = 30, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = 0
    while True:
        page = api.data(path, cursor=cursor, max_count=size, **params)
        found += page["comments"]
        cursor = page["cursor"]
        if not page["has_more"]:
            return found


def test_paging_by_offset(api: Api) -> None:
    post = old_post(api, comments=25)
    first = api.data(LIST, video_id=post)
    assert (len(first["comments"]), first["cursor"], first["has_more"]) == (20, 20, True)
    second = api.data(LIST, video_id=post, cursor=20)
    assert (len(second["comments"]), second["cursor"], second["has_more"]) == (5, 25, False)
    assert len({comment["comment_id"] for comment in first["comments"] + second["comments"]}) == 25


@pytest.mark.parametrize(
    "params",
    [{"max_count": 31}, {"max_count": 0}, {"cursor": "x"}, {"cursor": -1}, {"sort_field": "LIKES"}, {"status": "all"},
     {"sort_order": "DESC"}, {"include_replies": "1"}, {"include_replies": "True"}, {"comment_ids": "1,2"},
     {"comment_ids": [1]}, {"comment_ids": [str(number) for number in range(31)]}],
)  # fmt: skip
def test_wrong_parameters_are_40002(api: Api, params: dict[str, Any]) -> None:
    assert api.code(LIST, video_id=old_post(api, comments=3), **params) == 40002


def test_the_shape_of_a_comment(api: Api) -> None:
    comments = walk(api, LIST, video_id=old_post(api, comments=60))
    for comment in comments:
        assert set(comment) - {"image_url"} == BASE_KEYS | {"replies", "pinned"}
        assert ("image_url" in comment) == (comment["text"] == "")
        assert isinstance(comment["create_time"], str)
        assert 60 <= int(comment["create_time"]) - (int(comment["comment_id"]) >> 32) < 180
        assert re.fullmatch(r"[0-9a-f]{64}", comment["user_id"])
        assert "+" in comment["unique_identifier"]
        assert "/" in comment["unique_identifier"]


def test_the_order_is_random_but_the_same_for_every_page(api: Api) -> None:
    post = old_post(api, comments=100)
    comments = walk(api, LIST, video_id=post)
    times = [comment["create_time"] for comment in comments]
    assert times not in (sorted(times), sorted(times, reverse=True))
    assert len({comment["comment_id"] for comment in comments}) == 100
    assert [comment["comment_id"] for comment in walk(api, LIST, video_id=post)] == [
        comment["comment_id"] for comment in comments
    ]


@pytest.mark.parametrize("field", ["likes", "replies", "create_time"])
@pytest.mark.parametrize(("order", "reverse"), [("asc", False), ("desc", True), ("smart", True)])
def test_sorting(api: Api, field: str, order: str, reverse: bool) -> None:
    post = old_post(api, comments=70)
    values = [int(comment[field]) for comment in walk(api, LIST, video_id=post, sort_field=field, sort_order=order)]
    assert values == sorted(values, reverse=reverse)
    assert len(set(values)) > 2


def test_status_public_leaves_out_hidden_comments(api: Api) -> None:
    post = old_post(api, comments=200)
    everything = walk(api, LIST, video_id=post)
    public = walk(api, LIST, video_id=post, status="PUBLIC")
    assert {comment["status"] for comment in everything} == {"PUBLIC", "HIDDEN"}
    assert {comment["status"] for comment in public} == {"PUBLIC"}
    assert len(public) == sum(comment["status"] == "PUBLIC" for comment in everything)


def test_beyond_500_comments_some_come_again_by_likes(api: Api) -> None:
    post = old_post(api, comments=650)
    comments = walk(api, LIST, video_id=post, sort_field="create_time", sort_order="desc")
    times = [int(comment["create_time"]) for comment in comments[:500]]
    likes = [comment["likes"] for comment in comments[500:]]
    assert times == sorted(times, reverse=True)
    assert likes == sorted(likes, reverse=True)
    assert len({comment["comment_id"] for comment in comments}) == 650 < len(comments)


def test_up_to_three_replies_come_along_with_numeric_ids(api: Api) -> None:
    post = old_post(api, comments=30)
    comments = walk(api, LIST, video_id=post, include_replies="true")
    assert max(comment["replies"] for comment in comments) == 5
    for comment in comments:
        assert len(comment["reply_list"]) == min(3, comment["replies"])
        for reply in comment["reply_list"]:
            assert set(reply) == BASE_KEYS | {"parent_comment_id"}
            assert reply["video_id"] == int(post)
            assert isinstance(reply["comment_id"], int)
            assert reply["comment_id"] > 2**53
            assert reply["parent_comment_id"] == comment["comment_id"]
    assert "reply_list" not in walk(api, LIST, video_id=post)[0]


def test_reply_list(api: Api) -> None:
    post = old_post(api, comments=30)
    parent = next(
        comment
        for comment in walk(api, LIST, video_id=post)
        if comment["replies"] == 5 and comment["status"] == "PUBLIC"
    )
    params = {"video_id": post, "comment_id": parent["comment_id"]}
    page = api.data(REPLIES, max_count=3, sort_field="create_time", sort_order="asc", **params)
    assert (len(page["comments"]), page["cursor"], page["has_more"]) == (3, 3, True)
    replies = walk(api, REPLIES, size=2, sort_field="create_time", sort_order="asc", **params)
    times = [reply["create_time"] for reply in replies]
    assert (len(replies), times) == (5, sorted(times))
    for reply in replies:
        assert set(reply) == BASE_KEYS | {"parent_comment_id"}
        assert (reply["video_id"], reply["parent_comment_id"]) == (post, parent["comment_id"])
        assert isinstance(reply["comment_id"], str)
    assert api.code(REPLIES, sort_order="smart", **params) == 40002
    assert api.code(REPLIES, max_count=0, **params) == 40002
    api.emulator.set_knobs(reply_min_count=0)
    assert len(api.data(REPLIES, max_count=0, **params)["comments"]) == 5


def test_replies_of_a_hidden_comment_cannot_be_listed(api: Api) -> None:
    post = old_post(api, comments=200)
    hidden = next(comment for comment in walk(api, LIST, video_id=post) if comment["status"] == "HIDDEN")
    assert api.code(REPLIES, video_id=post, comment_id=hidden["comment_id"]) == 40002


def test_comments_by_id_come_without_paging_and_may_be_replies(api: Api) -> None:
    post = old_post(api, comments=30)
    parent = next(
        comment for comment in walk(api, LIST, video_id=post, include_replies="true") if comment["reply_list"]
    )
    ids = [parent["comment_id"], str(parent["reply_list"][0]["comment_id"]), "1"]
    data = api.data(LIST, video_id=post, comment_ids=ids)
    assert set(data) == {"comments"}
    assert [comment["comment_id"] for comment in data["comments"]] == ids[:2]
    assert ["parent_comment_id" in comment for comment in data["comments"]] == [False, True]


@pytest.mark.parametrize("code", [40002, 40007])
def test_an_unknown_post_or_comment(api: Api, code: int) -> None:
    api.emulator.set_knobs(unknown_object_code=code)
    post = old_post(api, comments=3)
    assert api.code(LIST, video_id="7108678102229781766") == code
    assert api.code(REPLIES, video_id=post, comment_id="1") == code
    assert api.code(LIST) == 40002


def test_a_post_without_comments(api: Api) -> None:
    post = old_post(api, comments=0)
    assert api.data(LIST, video_id=post) == {"comments": [], "cursor": 0, "has_more": False}
    api.emulator.set_knobs(empty_comments="absent")
    assert api.data(LIST, video_id=post) == {"cursor": 0, "has_more": False}


def test_short_pages_of_comments(api: Api) -> None:
    post = old_post(api, comments=40)
    api.emulator.set_knobs(short_page_rate=1)
    page = api.data(LIST, video_id=post, max_count=10)
    assert (len(page["comments"]), page["cursor"], page["has_more"]) == (9, 9, True)
    assert len(walk(api, LIST, size=10, video_id=post)) == 40


def test_new_comments_appear_at_once_while_the_counter_of_the_post_is_late(api: Api) -> None:
    api.new_account(posts=20, history_days=4, comments_per_post=100)
    fresh = api.all_posts("comments", "create_time")[1]
    assert "comments" not in fresh
    soon = walk(api, LIST, video_id=fresh["item_id"])
    api.emulator.clock.advance(6 * 3600)
    later = walk(api, LIST, video_id=fresh["item_id"])
    assert 0 < len(soon) < len(later) < 100


def test_the_counter_of_an_old_post_includes_replies(api: Api) -> None:
    post = old_post(api, comments=100)
    comments = walk(api, LIST, video_id=post)
    fields = ["item_id", "comments"]
    counted = api.data("business/video/list/", fields=fields, filters={"video_ids": [post]})["videos"][0]["comments"]
    assert counted == len(comments) + sum(comment["replies"] for comment in comments) == 190
