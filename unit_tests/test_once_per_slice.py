"""OncePerSlice lets each record of a slice through once, also over several pages."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components.pagination import OncePerSlice


def post_slice(video_id: str = "7") -> StreamSlice:
    """The slice of a post."""
    return StreamSlice(partition={"business_id": "-000abc", "video_id": video_id}, cursor_slice={})


once = OncePerSlice(config={}, parameters={}, column="comment_id")


def passing(stream_slice: StreamSlice | None, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the rows of a page that pass."""
    return [dict(row) for row in once.filter_records(list(rows), stream_state={}, stream_slice=stream_slice)]


def page(stream_slice: StreamSlice | None, *comment_ids: Any) -> list[Any]:
    """The comment_ids of a page that pass."""
    return [row["comment_id"] for row in passing(stream_slice, *({"comment_id": found} for found in comment_ids))]


def test_different_comments_pass_in_their_order() -> None:
    assert page(post_slice(), "3", "1", "2") == ["3", "1", "2"]


def test_a_comment_that_comes_twice_on_a_page_passes_once() -> None:
    assert page(post_slice(), "1", "2", "1", "1") == ["1", "2"]


def test_a_comment_that_was_on_an_earlier_page_does_not_pass() -> None:
    stream_slice = post_slice()

    assert page(stream_slice, "1", "2") == ["1", "2"]
    assert page(stream_slice, "2", "3") == ["3"]
    assert page(stream_slice, "1", "2", "3") == []


def test_a_bare_number_is_the_same_comment_as_its_digits() -> None:
    assert page(post_slice(), 7683457950245653518, "7683457950245653518", 7683457950245653519) == [
        7683457950245653518,
        7683457950245653519,
    ]


def test_the_first_row_of_a_comment_stays_as_it_is() -> None:
    assert passing(post_slice(), {"comment_id": "1", "likes": 4}, {"comment_id": "1", "likes": 5}) == [
        {"comment_id": "1", "likes": 4}
    ]


def test_slices_know_nothing_of_each_other() -> None:
    assert page(post_slice("7"), "1", "2") == ["1", "2"]
    assert page(post_slice("8"), "2", "3") == ["2", "3"]


def test_workers_that_read_slices_at_the_same_time_do_not_disturb_each_other() -> None:
    one, another = post_slice("7"), post_slice("8")
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        pages = [
            worker.submit(page, stream_slice, *comment_ids).result()
            for worker, stream_slice, comment_ids in (
                (first, one, "12"),
                (second, another, "23"),
                (first, one, "23"),
                (second, another, "34"),
            )
        ]

    assert pages == [["1", "2"], ["2", "3"], ["3"], ["4"]]


def test_without_a_slice_a_page_alone_is_looked_at() -> None:
    assert page(None, "1", "1") == ["1"]
    assert page(None, "1") == ["1"]
