"""PostsWithNewComments: which posts are asked about, and what of them is remembered."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.incremental.concurrent_partition_cursor import iterate_with_last_flag_and_state
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import ParentStreamConfig
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.partitions import PostsWithNewComments
from source_tiktok_organic.components.sync import CommentCounts, sync_of
from unit_tests.parts import budget
from unit_tests.syncs import Clock

STREAM = "videos_comments"
OLD = "2026-10-01T08:00:00Z"
FRESH = "2026-11-20T08:00:00Z"

Known = Mapping[str, Mapping[str, int]]


def row(item_id: str, comments: int | None, created: str = OLD, business_id: str = "-000abc") -> dict[str, Any]:
    """A row of `videos`."""
    return {
        "item_id": item_id,
        "business_id": business_id,
        "video_creator_username": "harbour_coffee",
        "create_time": created,
        "comments": comments,
        "thumbnail_url": f"https://example.com/{item_id}",
        "likes": 5,
    }


TROUBLE = AirbyteTracedException(message="TikTok account -000abc: TikTok's servers have a problem of their own.")
BUG = RuntimeError("a mistake of ours")


def broken_off(business_id: str = "-000abc", error: Exception = TROUBLE) -> dict[str, Any]:
    """The place at which an account's list of posts breaks off, with this error."""
    return {"business_id": business_id, "error": error}


def parent_partition(business_id: str, rows: list[dict[str, Any]]) -> Mock:
    """One account's partition of the stream `videos`."""
    stream_slice = StreamSlice(partition={"business_id": business_id}, cursor_slice={})

    def read() -> Iterator[Record]:
        for found in rows:
            if "error" in found:
                raise found["error"]
            yield Record(data=found, stream_name="videos", associated_slice=stream_slice)

    partition = Mock()
    partition.to_slice.return_value = stream_slice
    partition.read.side_effect = read
    return partition


def router(
    *rows: dict[str, Any],
    known: Known | None = None,
    api_budget: APIBudget | None = None,
    name: str = STREAM,
    accounts_without_posts: tuple[str, ...] = (),
) -> PostsWithNewComments:
    """The router over these rows, in a sync whose state has the numbers in `known`."""
    api_budget = api_budget or budget()
    if known is not None:
        sync_of(api_budget).comment_counts[STREAM] = {
            business_id: CommentCounts(counts) for business_id, counts in known.items()
        }
    accounts: dict[str, list[dict[str, Any]]] = {business_id: [] for business_id in accounts_without_posts}
    for found in rows:
        accounts.setdefault(found["business_id"], []).append(found)
    videos = Mock()
    videos.name = "videos"
    videos.generate_partitions.return_value = [parent_partition(*account) for account in accounts.items()]
    parent = ParentStreamConfig(
        stream=videos,
        parent_key="item_id",
        partition_field="video_id",
        extra_fields=[["video_creator_username"], ["thumbnail_url"]],
        config={},
        parameters={},
    )
    return PostsWithNewComments(
        parent_stream_configs=[parent], config={}, parameters={"name": name}, api_budget=api_budget
    )


def asked(posts: PostsWithNewComments) -> list[str]:
    """The posts that are asked about."""
    return [found.partition["video_id"] for found in posts.stream_slices()]


def names(slices: Iterable[StreamSlice]) -> list[tuple[str, str]]:
    """Account and post of each slice."""
    return [(found.partition["business_id"], found.partition["video_id"]) for found in slices]


def remembered(posts: PostsWithNewComments) -> Any:
    """The state, as plain data."""
    ((name, accounts),) = posts.get_stream_state().items()
    return {name: {business_id: dict(counts) for business_id, counts in accounts.items()}}


# --- Slices ---------------------------------------------------------------------------------------------------------


def test_a_post_is_a_slice_of_account_and_post_with_what_its_records_need() -> None:
    (found,) = router(row("7", 12)).stream_slices()

    assert found.partition == {"business_id": "-000abc", "video_id": "7"}
    assert found.cursor_slice == {}
    assert found.extra_fields == {
        "video_creator_username": "harbour_coffee",
        "thumbnail_url": "https://example.com/7",
    }


def test_posts_come_in_the_order_of_the_parent() -> None:
    assert asked(router(row("9", 1), row("7", 1), row("8", 1))) == ["9", "7", "8"]


def test_an_account_without_posts_has_no_slices() -> None:
    assert list(router(accounts_without_posts=("-000abc",)).stream_slices()) == []


def test_no_accounts_are_no_slices_and_nothing_to_remember() -> None:
    posts = router()

    assert list(posts.stream_slices()) == []
    assert remembered(posts) == {"comments": {}}


def test_accounts_take_turns() -> None:
    posts = router(
        row("1", 1, business_id="-000abc"),
        row("2", 1, business_id="-000abc"),
        row("3", 1, business_id="-000abc"),
        row("4", 1, business_id="-000xyz"),
        row("5", 1, business_id="-000pqr"),
        row("6", 1, business_id="-000pqr"),
    )

    assert names(posts.stream_slices()) == [
        ("-000abc", "1"),
        ("-000xyz", "4"),
        ("-000pqr", "5"),
        ("-000abc", "2"),
        ("-000pqr", "6"),
        ("-000abc", "3"),
    ]


def test_an_account_is_read_no_further_than_its_posts_are_handed_out() -> None:
    posts = router(row("1", 1), row("2", 1), broken_off(error=BUG), row("4", 1, business_id="-000xyz"))
    slices = iter(posts.stream_slices())

    assert names([next(slices), next(slices), next(slices)]) == [("-000abc", "1"), ("-000xyz", "4"), ("-000abc", "2")]


def test_slices_add_nothing_to_requests() -> None:
    posts = router(row("7", 12))
    (found,) = posts.stream_slices()

    assert posts.get_request_params(stream_slice=found) == {}


# --- Which posts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comments", "known", "is_asked"),
    [
        pytest.param(12, None, True, id="never read"),
        pytest.param(12, 11, True, id="more than then"),
        pytest.param(12, 13, True, id="fewer than then"),
        pytest.param(12, 12, False, id="as many as then"),
        pytest.param(0, None, False, id="none ever"),
        pytest.param(0, 0, False, id="none then and now"),
        pytest.param(0, 3, False, id="all deleted"),
        pytest.param(3, 0, True, id="the first ones"),
        pytest.param(None, None, True, id="TikTok does not say, never read"),
        pytest.param(None, 5, True, id="TikTok does not say any more"),
    ],
)
def test_an_older_post_is_asked_about_if_its_number_of_comments_changed(
    comments: int | None, known: int | None, is_asked: bool
) -> None:
    state = {} if known is None else {"-000abc": {"7": known}}

    assert asked(router(row("7", comments), known=state)) == (["7"] if is_asked else [])


@pytest.mark.parametrize(("comments", "known"), [(12, 12), (12, None), (0, None), (0, 0), (None, None)])
def test_a_post_younger_than_48_hours_is_always_asked_about(comments: int | None, known: int | None) -> None:
    state = {} if known is None else {"-000abc": {"7": known}}

    assert asked(router(row("7", comments, FRESH), known=state)) == ["7"]


@pytest.mark.parametrize(
    ("created", "is_asked"),
    [("2026-11-18T12:00:01Z", True), ("2026-11-18T12:00:00Z", False), ("2026-11-18T11:59:59Z", False)],
)
def test_48_hours_end_to_the_second(created: str, is_asked: bool) -> None:
    state = {"-000abc": {"7": 12}}

    assert asked(router(row("7", 12, created), known=state)) == (["7"] if is_asked else [])


def test_48_hours_count_from_the_beginning_of_the_sync(clock: Clock) -> None:
    api_budget = budget()
    sync_of(api_budget)
    clock.tick(3600)

    posts = router(row("7", 12, "2026-11-18T12:30:00Z"), known={"-000abc": {"7": 12}}, api_budget=api_budget)

    assert asked(posts) == ["7"]


def test_the_numbers_of_another_account_do_not_count() -> None:
    posts = router(row("7", 12), row("7", 12, business_id="-000xyz"), known={"-000abc": {"7": 12}})

    assert names(posts.stream_slices()) == [("-000xyz", "7")]


def test_the_numbers_of_another_stream_do_not_count() -> None:
    posts = router(row("7", 12), known={"-000abc": {"7": 12}}, name="videos_comments_replies")

    assert asked(posts) == ["7"]


# --- What is remembered ---------------------------------------------------------------------------------------------


def test_before_the_first_post_the_numbers_are_those_of_the_last_sync() -> None:
    assert remembered(router(row("7", 12), known={"-000abc": {"7": 11, "8": 2}})) == {
        "comments": {"-000abc": {"7": 11, "8": 2}}
    }


def test_the_numbers_are_noted_from_the_third_post_on() -> None:
    posts = router(*(row(str(number), 3) for number in range(9, 4, -1)), known={"-000abc": {"8": 1}})
    slices = iter(posts.stream_slices())

    for _ in range(2):
        next(slices)
        assert remembered(posts) == {"comments": {"-000abc": {"8": 1}}}
    next(slices)
    assert remembered(posts) == {"comments": {"-000abc": {"9": 3, "8": 3, "7": 3}}}


def test_no_number_is_noted_before_its_post_is_handed_out() -> None:
    posts = router(*(row(str(number), 1) for number in range(300)))
    handed_out = set()

    for found in posts.stream_slices():
        handed_out.add(found.partition["video_id"])
        assert set(remembered(posts)["comments"].get("-000abc", {})) <= handed_out


def test_numbers_are_noted_often_enough_that_an_interruption_repeats_little() -> None:
    posts = router(*(row(str(number), 1) for number in range(1000)))

    behind = [
        number + 1 - len(posts.get_stream_state()["comments"].get("-000abc", {}))
        for number, _ in enumerate(posts.stream_slices())
    ]

    assert len(behind) == 1000
    assert max(behind[:80]) <= 3
    assert max(behind) <= 50
    assert remembered(posts)["comments"]["-000abc"] == {str(number): 1 for number in range(1000)}


def test_a_thousand_posts_leave_few_different_states_behind() -> None:
    posts = router(*(row(str(number), 1) for number in range(1000)))

    states: list[Any] = []
    for _ in posts.stream_slices():
        counts = posts.get_stream_state()["comments"].get("-000abc")
        if not states or states[-1] is not counts:
            states.append(counts)

    assert len(states) < 150


def test_at_the_end_the_numbers_are_those_of_the_posts_that_have_comments() -> None:
    posts = router(
        row("9", 3, FRESH),
        row("8", 0, FRESH),
        row("7", 12),
        row("6", 0),
        row("5", None),
        known={"-000abc": {"7": 12, "6": 4}},
    )

    assert asked(posts) == ["9", "8", "5"]
    assert remembered(posts) == {"comments": {"-000abc": {"9": 3, "7": 12}}}


def test_posts_that_are_not_listed_any_more_are_forgotten_at_the_end_and_not_before() -> None:
    posts = router(row("9", 3), row("7", 13), known={"-000abc": {"7": 12, "1": 5}})
    slices = iter(posts.stream_slices())

    next(slices)
    assert remembered(posts)["comments"]["-000abc"]["1"] == 5
    assert names(slices) == [("-000abc", "7")]
    assert remembered(posts) == {"comments": {"-000abc": {"9": 3, "7": 13}}}


def test_posts_that_refused_their_comments_are_forgotten() -> None:
    api_budget = budget()
    posts = router(row("9", 3), row("7", 13), known={"-000abc": {"7": 12}}, api_budget=api_budget)
    list(posts.stream_slices())
    sync_of(api_budget).commented_posts("-000abc").refused["7"] = TROUBLE

    assert remembered(posts) == {"comments": {"-000abc": {"9": 3}}}


def test_of_an_account_that_lists_no_posts_any_more_all_are_forgotten() -> None:
    posts = router(row("7", 12), known={"-000abc": {"7": 12}, "-000xyz": {"1": 5}}, accounts_without_posts=("-000xyz",))

    assert asked(posts) == []
    assert remembered(posts) == {"comments": {"-000abc": {"7": 12}, "-000xyz": {}}}


def test_an_account_that_is_gone_from_the_config_keeps_its_numbers() -> None:
    posts = router(row("7", 12), known={"-000abc": {"7": 12}, "-000gone": {"1": 5}})

    assert asked(posts) == []
    assert remembered(posts) == {"comments": {"-000abc": {"7": 12}, "-000gone": {"1": 5}}}


def test_each_account_is_noted_by_itself_and_not_before_its_post_is_handed_out() -> None:
    accounts = ("-000abc", "-000xyz")
    posts = router(*(row(str(number), 1, business_id=account) for number in range(6) for account in accounts))

    handed_out: set[tuple[str, str]] = set()
    for found in posts.stream_slices():
        handed_out |= set(names([found]))
        noted = {(account, post) for account, counts in remembered(posts)["comments"].items() for post in counts}
        assert noted <= handed_out
    assert {account: len(counts) for account, counts in remembered(posts)["comments"].items()} == dict.fromkeys(
        accounts, 6
    )


# --- Lists of posts that break off ----------------------------------------------------------------------------------


def read_until_failure(posts: PostsWithNewComments) -> tuple[list[tuple[str, str]], Exception]:
    """The slices that the CDK reads of a router that fails, and the failure. The CDK loses the slice that it holds."""
    read: list[tuple[str, str]] = []
    try:
        for stream_slice, _, _ in iterate_with_last_flag_and_state(posts.stream_slices(), posts.get_stream_state):
            read += names([stream_slice])
    except Exception as failure:
        return read, failure
    pytest.fail("The router did not fail.")


def test_a_list_of_posts_that_breaks_off_forgets_nothing_and_lets_the_other_accounts_go_on() -> None:
    posts = router(
        row("9", 3),
        row("8", 2),
        broken_off(),
        row("3", 1, business_id="-000xyz"),
        row("2", 1, business_id="-000xyz"),
        row("1", 1, business_id="-000xyz"),
        known={"-000abc": {"7": 12, "8": 1}, "-000xyz": {"1": 5}, "-000gone": {"4": 4}},
    )

    read, failure = read_until_failure(posts)

    assert read == [("-000abc", "9"), ("-000xyz", "3"), ("-000abc", "8"), ("-000xyz", "2"), ("-000xyz", "1")]
    assert failure is TROUBLE
    assert remembered(posts)["comments"] == {
        "-000abc": {"7": 12, "8": 1},
        "-000xyz": {"3": 1, "2": 1, "1": 1},
        "-000gone": {"4": 4},
    }


@pytest.mark.parametrize("count", [0, 1, 2, 21, 60])
@pytest.mark.parametrize("error", [TROUBLE, BUG])
def test_what_is_remembered_after_a_failure_was_read(error: Exception, count: int) -> None:
    posts = router(*(row(str(number), 1) for number in range(count)), broken_off(error=error))

    read, failure = read_until_failure(posts)

    assert failure is error
    assert read == [("-000abc", str(number)) for number in range(count)]
    noted = list(remembered(posts)["comments"].get("-000abc", {}))
    assert noted == [str(number) for number in range(len(noted))]
    # The last posts may be read again.
    assert count - 4 <= len(noted) <= count


def test_several_accounts_that_fail_are_one_failure_with_the_sentence_of_each() -> None:
    other = AirbyteTracedException(message="TikTok account -000xyz: No.", failure_type=FailureType.config_error)
    posts = router(broken_off(), broken_off("-000xyz", error=other), row("2", 6, business_id="-000pqr"))

    read, failure = read_until_failure(posts)

    assert read == [("-000pqr", "2")]
    assert isinstance(failure, AirbyteTracedException)
    assert failure.message == (
        "TikTok account -000abc: TikTok's servers have a problem of their own. TikTok account -000xyz: No."
    )
    assert failure.failure_type == FailureType.system_error


def test_a_mistake_of_ours_is_not_hidden_behind_an_accounts_failure() -> None:
    assert read_until_failure(router(broken_off(), broken_off("-000xyz", error=BUG)))[1] is BUG


# --- States ---------------------------------------------------------------------------------------------------------


def test_a_state_that_was_taken_does_not_change_afterwards() -> None:
    posts = router(*(row(str(number), 3) for number in range(9)))
    slices = iter(posts.stream_slices())
    for _ in range(3):
        next(slices)
    taken = copy.deepcopy(posts.get_stream_state())
    list(slices)

    assert taken == {"comments": {"-000abc": {"0": 3, "1": 3, "2": 3}}}


def test_the_numbers_of_the_last_sync_are_not_changed() -> None:
    known = {"-000abc": {"7": 11, "1": 5}}

    list(router(row("7", 12), known=known).stream_slices())

    assert known == {"-000abc": {"7": 11, "1": 5}}


def test_a_copy_of_a_state_copies_no_numbers() -> None:
    posts = router(row("7", 12))
    list(posts.stream_slices())
    state = posts.get_stream_state()

    copied = copy.deepcopy(state)

    assert copied == state
    assert copied["comments"] is not state["comments"]
    assert copied["comments"]["-000abc"] is state["comments"]["-000abc"]
