"""KeepOnlyCommentCounts hands the numbers of comments over and drops the cursors of the CDK."""

import copy
from typing import Any

import pytest
from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_tiktok_organic.components.state import KeepOnlyCommentCounts
from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import budget

COUNTS = {"-000abc": {"7": 12, "8": 3}, "-000xyz": {"9": 1}}


def migration(api_budget: APIBudget | None = None, name: str = "videos_comments") -> KeepOnlyCommentCounts:
    """The migration of this stream's state."""
    return KeepOnlyCommentCounts(parameters={"name": name}, api_budget=api_budget or budget())


def state(**changes: Any) -> dict[str, Any]:
    """A state as a sync leaves it."""
    return {
        "use_global_cursor": True,
        "state": {"create_time": "2026-11-19T08:00:00Z"},
        "lookback_window": 7,
        "parent_state": {"comments": copy.deepcopy(COUNTS)},
        **changes,
    }


def test_a_state_of_numbers_alone_is_left() -> None:
    assert migration().migrate(state()) == {
        "use_global_cursor": True,
        "states": [],
        "parent_state": {"comments": {"-000abc": {"7": 12, "8": 3}, "-000xyz": {"9": 1}}},
    }


def test_the_numbers_are_there_for_the_stream() -> None:
    api_budget = budget()

    migration(api_budget).migrate(state())

    assert sync_of(api_budget).comment_counts["videos_comments"] == {"-000abc": {"7": 12, "8": 3}, "-000xyz": {"9": 1}}


def test_each_stream_has_its_own_numbers() -> None:
    api_budget = budget()

    migration(api_budget).migrate(state())
    migration(api_budget, "videos_comments_replies").migrate(state(parent_state={"comments": {"-000abc": {"7": 11}}}))

    sync = sync_of(api_budget)
    assert sync.comment_counts["videos_comments"] == {"-000abc": {"7": 12, "8": 3}, "-000xyz": {"9": 1}}
    assert sync.comment_counts["videos_comments_replies"] == {"-000abc": {"7": 11}}


def test_two_syncs_at_once_know_nothing_of_each_other() -> None:
    one, another = budget(), budget()

    migration(one).migrate(state())

    assert sync_of(another).comment_counts == {}


def test_cursors_of_posts_are_dropped() -> None:
    by_post = state(
        use_global_cursor=False,
        states=[
            {
                "partition": {"business_id": "-000abc", "video_id": "7"},
                "cursor": {"create_time": "2026-11-19T08:00:00Z"},
            }
        ],
    )

    assert migration().migrate(by_post)["states"] == []
    assert migration().migrate(by_post)["use_global_cursor"] is True


@pytest.mark.parametrize(
    "without",
    [
        {},
        {"parent_state": None},
        {"parent_state": {}},
        {"parent_state": {"comments": None}},
        {"state": {"create_time": "2026-11-19T08:00:00Z"}},
        {"create_time": "2026-11-19T08:00:00Z"},
    ],
)
def test_a_state_without_numbers_is_as_good_as_none(without: dict[str, Any]) -> None:
    api_budget = budget()

    assert migration(api_budget).should_migrate(without)
    assert migration(api_budget).migrate(without) == {
        "use_global_cursor": True,
        "states": [],
        "parent_state": {"comments": {}},
    }
    assert sync_of(api_budget).comment_counts["videos_comments"] == {}


def test_a_state_that_was_migrated_stays_the_same() -> None:
    once = migration().migrate(state())

    assert migration().migrate(once) == once


def test_the_given_state_is_not_changed() -> None:
    before = state()

    migration().migrate(before)

    assert before == state()
