"""PostPagination walks from the newest post to the oldest; `has_more` or the slice's start end the walk."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.pagination import PostPagination
from unit_tests.tiktok import epoch, fixture, post, response, success

SINCE_EVER = "2010-01-01T00:00:00Z"
NEWER = "2026-11-19T08:00:00Z"
OLDER = "2026-11-18T08:00:00Z"


def pagination(**config: Any) -> PostPagination:
    """The strategy that the manifest declares, with this config."""
    return PostPagination(config=config)


def page(*created: str, has_more: bool, cursor: int | None = None) -> dict[str, Any]:
    """A page of posts that were created at these moments."""
    last = epoch(created[-1]) * 1000 if created else 0
    posts = [post(str(number), moment) for number, moment in enumerate(created)]
    return success({"videos": posts, "cursor": last if cursor is None else cursor, "has_more": has_more})


def next_token(answer: dict[str, Any], *, after: int | None = None, since: str = SINCE_EVER) -> int | None:
    """The token of the page after `answer`, which was asked for with the token `after`."""
    videos = answer.get("data", {}).get("videos") or []
    return pagination().next_page_token(
        response=response(answer),
        last_page_size=len(videos),
        last_record=None,
        last_page_token_value=after,
        stream_slice=StreamSlice(
            partition={"business_id": "-000abc"},
            cursor_slice={"start_time": since, "end_time": "2026-11-20T12:00:00Z"},
        ),
    )


# --- The way through the list ---------------------------------------------------------------------------------------


def test_the_cursor_of_a_page_leads_to_the_next() -> None:
    assert next_token(fixture("video_list_first_page")) == 1784568604000


def test_the_last_page_ends_the_walk_although_it_has_a_cursor() -> None:
    assert next_token(fixture("video_list_last_page"), after=1784568604000) is None


def test_a_short_page_goes_on() -> None:
    assert next_token(page(NEWER, has_more=True)) == epoch(NEWER) * 1000


def test_an_empty_page_goes_on() -> None:
    assert next_token(page(has_more=True, cursor=1784568604000)) == 1784568604000


def test_an_empty_page_goes_on_after_another_page() -> None:
    assert next_token(page(has_more=True, cursor=1784568603000), after=1784568604000) == 1784568603000


def test_a_full_page_without_more_ends_the_walk() -> None:
    assert next_token(page(*[NEWER] * 20, has_more=False)) is None


def test_an_account_without_posts_ends_the_walk() -> None:
    assert next_token(page(has_more=False)) is None


@pytest.mark.parametrize(
    "data", [{}, {"videos": []}, {"videos": None}, {"videos": None, "has_more": False}, {"cursor": 0}]
)
def test_no_posts_and_no_word_of_more_ends_the_walk(data: dict[str, Any]) -> None:
    assert next_token(success(data)) is None


def test_a_cursor_sent_as_text_is_a_number() -> None:
    answer = page(NEWER, has_more=True)
    answer["data"]["cursor"] = str(epoch(NEWER) * 1000)

    assert next_token(answer, after=epoch(NEWER) * 1000 + 1) == epoch(NEWER) * 1000


# --- Where the slice begins -----------------------------------------------------------------------------------------


def test_a_page_that_ends_before_the_slice_is_the_last() -> None:
    assert next_token(page(NEWER, OLDER, has_more=True), since="2026-11-18T08:00:01Z") is None


def test_a_page_that_ends_at_the_very_start_of_the_slice_goes_on() -> None:
    assert next_token(page(NEWER, OLDER, has_more=True), since=OLDER) == epoch(OLDER) * 1000


def test_the_oldest_post_of_the_page_decides_and_not_the_newest() -> None:
    assert next_token(page(NEWER, OLDER, has_more=True), since=NEWER) is None


def test_an_empty_page_says_nothing_about_its_age() -> None:
    assert next_token(page(has_more=True, cursor=1), since=NEWER) == 1


def test_without_a_slice_the_whole_list_is_walked() -> None:
    token = pagination().next_page_token(response(page(OLDER, has_more=True)), last_page_size=1, last_record=None)

    assert token == epoch(OLDER) * 1000


# --- Lists that make no sense ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cursor", "after"),
    [
        pytest.param(1784568604000, 1784568604000, id="the same again"),
        pytest.param(1784568605000, 1784568604000, id="back to the future"),
        pytest.param("1784568604000", 1784568604000, id="the same as text"),
    ],
)
def test_a_cursor_that_does_not_go_back_in_time_is_an_error(cursor: Any, after: int) -> None:
    answer = page(NEWER, has_more=True)
    answer["data"]["cursor"] = cursor

    with pytest.raises(AirbyteTracedException, match="does not advance") as caught:
        next_token(answer, after=after)

    assert caught.value.failure_type == FailureType.system_error


def test_an_empty_page_with_the_same_cursor_is_an_error_and_no_endless_walk() -> None:
    with pytest.raises(AirbyteTracedException, match="does not advance"):
        next_token(page(has_more=True, cursor=5), after=5)


@pytest.mark.parametrize("cursor", [None, "absent"])
def test_more_posts_but_no_cursor_is_an_error(cursor: str | None) -> None:
    answer = page(NEWER, has_more=True)
    if cursor == "absent":
        del answer["data"]["cursor"]
    else:
        answer["data"]["cursor"] = None

    with pytest.raises(AirbyteTracedException, match="does not advance"):
        next_token(answer)


def test_posts_without_a_word_of_more_are_an_error() -> None:
    answer = page(NEWER, has_more=True)
    del answer["data"]["has_more"]

    with pytest.raises(AirbyteTracedException, match="whether there are more"):
        next_token(answer)


def test_an_answer_without_data_is_an_error() -> None:
    with pytest.raises(AirbyteTracedException, match="without any data"):
        next_token({"code": 0, "message": "OK", "request_id": "1"})


# --- Where it begins ------------------------------------------------------------------------------------------------


def test_without_an_end_date_the_walk_begins_now() -> None:
    assert pagination().initial_token is None


def test_an_end_date_is_part_of_the_walk() -> None:
    # 2026-07-20 ends at 2026-07-21T00:00:00Z, and TikTok lists the posts before the cursor.
    assert pagination(end_date="2026-07-20").initial_token == 1784592000000
