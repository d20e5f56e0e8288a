"""The migrations of a state: accounts added later begin at the beginning, recent posts are read again."""

import copy
from typing import Any

import pytest
from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_tiktok_organic.components.state import ReopenRecentPosts, StartNewAccountsFresh
from source_tiktok_organic.components.sync import sync_of
from unit_tests.syncs import Clock

SINCE_EVER = "2010-01-01T00:00:00Z"


def cursor(business_id: str, create_time: str) -> dict[str, Any]:
    """One account's entry in a state."""
    return {
        "partition": {"business_id": business_id},
        "cursor": {"create_time": create_time},
    }


def state(*cursors: dict[str, Any], read: list[str] | None = None) -> dict[str, Any]:
    """A state as the CDK stores it, after a sync that read these accounts to their end."""
    newest = max((entry["cursor"]["create_time"] for entry in cursors), default=SINCE_EVER)
    return {
        "use_global_cursor": False,
        "states": list(cursors),
        "state": {"create_time": newest},
        "lookback_window": 7,
        "parent_state": {"account": {"read": read or []}},
    }


# --- StartNewAccountsFresh ------------------------------------------------------------------------------------------

fresh = StartNewAccountsFresh()


def test_the_common_cursor_is_taken_out_and_the_rest_stays() -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"])

    assert fresh.should_migrate(before)
    assert fresh.migrate(before) == {
        "use_global_cursor": False,
        "states": [
            {
                "partition": {"business_id": "-000abc"},
                "cursor": {"create_time": "2026-11-19T08:00:00Z"},
            }
        ],
        "lookback_window": 7,
        "parent_state": {"account": {"read": ["-000abc"]}},
    }


@pytest.mark.parametrize("without", [{}, {"state": {"create_time": "2026-11-19T08:00:00Z"}}])
def test_a_state_that_is_not_one_of_accounts_is_left_alone(without: dict[str, Any]) -> None:
    assert not fresh.should_migrate(without)


@pytest.mark.parametrize("before", [{"states": []}, {"states": [], "parent_state": {"account": {"read": []}}}])
def test_a_state_without_accounts_stays_the_same(before: dict[str, Any]) -> None:
    assert fresh.should_migrate(before)
    assert fresh.migrate(before) == before


def test_a_state_that_was_migrated_stays_the_same() -> None:
    once = fresh.migrate(state(cursor("-000abc", "2026-11-19T08:00:00Z"), cursor("credentials", SINCE_EVER)))

    assert fresh.migrate(once) == once


@pytest.mark.parametrize("place", ["credentials", "additional_accounts[0]", "additional_accounts[12]"])
def test_an_account_that_was_not_reached_leaves_nothing_behind(place: str) -> None:
    reached = cursor("-000abc", "2026-11-19T08:00:00Z")
    before = state(reached, cursor(place, SINCE_EVER), read=["-000abc"])

    assert fresh.migrate(before)["states"] == [reached]


@pytest.mark.parametrize(
    "business_id", ["-000abc", "credentials2", "-credentials", "-additional_accounts[0]", "additional_accounts", ""]
)
def test_what_only_looks_like_a_place_is_an_account(business_id: str) -> None:
    before = state(cursor(business_id, "2026-11-19T08:00:00Z"))

    assert fresh.migrate(before)["states"] == before["states"]


@pytest.mark.parametrize(
    "partition", [{"open_id": "723f24d7"}, {"business_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "parent_slice": {}}]
)
def test_a_partition_of_something_else_than_an_account_stays(partition: dict[str, Any]) -> None:
    entry = {"partition": partition, "cursor": {"create_time": "1788861607"}}

    assert fresh.migrate({"states": [entry]}) == {"states": [entry]}


def test_a_partition_of_version_0_1_0_loses_the_one_of_its_parent() -> None:
    before = state(read=["-000abc"])
    before["states"] = [
        {
            "partition": {"business_id": business_id, "parent_slice": {"business_id": business_id}},
            "cursor": {"create_time": "2026-11-19T08:00:00Z"},
        }
        for business_id in ("-000abc", "additional_accounts[0]", "-000xyz")
    ]
    copied = copy.deepcopy(before)

    assert fresh.migrate(before)["states"] == [
        cursor("-000abc", "2026-11-19T08:00:00Z"),
        cursor("-000xyz", "2026-11-19T08:00:00Z"),
    ]
    assert before == copied


def test_the_state_that_new_accounts_start_without_is_not_changed_itself() -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), cursor("credentials", SINCE_EVER), read=["-000abc"])
    copied = copy.deepcopy(before)

    fresh.migrate(before)

    assert before == copied


# --- ReopenRecentPosts ----------------------------------------------------------------------------------------------


def migrated_cursors(before: dict[str, Any], *, days: int = 365, since: str = SINCE_EVER) -> dict[str, str]:
    """The accounts' cursors after the migration, in a sync at noon of 2026-11-20."""
    migration = ReopenRecentPosts(
        config={},
        parameters={},
        api_budget=APIBudget(policies=[]),
        start_datetime=since,
        video_lookback_days=str(days),
    )
    assert migration.should_migrate(before)
    return {
        entry["partition"]["business_id"]: entry["cursor"]["create_time"]
        for entry in migration.migrate(before)["states"]
    }


def test_an_active_account_is_read_again_365_days_back() -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"])

    assert migrated_cursors(before) == {"-000abc": "2025-11-20T12:00:00Z"}


def test_the_days_are_counted_from_the_beginning_of_the_sync(clock: Clock) -> None:
    api_budget = APIBudget(policies=[])
    sync_of(api_budget)
    clock.move_to("2026-11-21T09:00:00Z")
    migration = ReopenRecentPosts(
        config={}, parameters={}, api_budget=api_budget, start_datetime=SINCE_EVER, video_lookback_days="365"
    )

    after = migration.migrate(state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"]))

    assert after["states"][0]["cursor"] == {"create_time": "2025-11-20T12:00:00Z"}


@pytest.mark.parametrize(
    ("days", "expected"), [(1, "2026-11-19T12:00:00Z"), (30, "2026-10-21T12:00:00Z"), (730, "2024-11-20T12:00:00Z")]
)
def test_the_setting_says_how_many_days(days: int, expected: str) -> None:
    before = state(cursor("-000abc", "2026-11-20T08:00:00Z"), read=["-000abc"])

    assert migrated_cursors(before, days=days) == {"-000abc": expected}


def test_zero_days_read_every_post_again() -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"])

    assert migrated_cursors(before, days=0) == {"-000abc": "2010-01-01T00:00:00Z"}
    assert migrated_cursors(before, days=0, since="2024-05-01T00:00:00Z") == {"-000abc": "2024-05-01T00:00:00Z"}


def test_after_a_long_pause_an_account_goes_on_right_after_its_newest_post() -> None:
    before = state(cursor("-000abc", "2024-03-01T08:00:00Z"), read=["-000abc"])

    assert migrated_cursors(before) == {"-000abc": "2024-03-01T08:00:01Z"}


def test_an_account_that_was_never_read_to_its_end_begins_at_the_beginning() -> None:
    before = state(cursor("-000abc", SINCE_EVER), read=[])

    assert migrated_cursors(before) == {}


def test_an_account_that_was_read_to_its_end_but_gave_no_rows_is_not_read_in_full_again() -> None:
    before = state(cursor("-000abc", SINCE_EVER), read=["-000abc"])

    assert migrated_cursors(before) == {"-000abc": "2025-11-20T12:00:00Z"}


@pytest.mark.parametrize(("read", "expected"), [([], {}), (["-000abc"], {"-000abc": "2025-11-20T12:00:00Z"})])
def test_an_entry_without_a_cursor_is_understood(read: list[str], expected: dict[str, str]) -> None:
    entry = cursor("-000abc", SINCE_EVER)
    entry["cursor"] = {}
    before = state(read=read) | {"states": [entry]}

    assert migrated_cursors(before) == expected


def test_each_account_has_its_own_cursor() -> None:
    before = state(
        cursor("-000active", "2026-11-19T08:00:00Z"),
        cursor("-000paused", "2024-03-01T08:00:00Z"),
        cursor("-000failed", SINCE_EVER),
        cursor("-000silent", SINCE_EVER),
        read=["-000active", "-000paused", "-000silent"],
    )

    assert migrated_cursors(before) == {
        "-000active": "2025-11-20T12:00:00Z",
        "-000paused": "2024-03-01T08:00:01Z",
        "-000silent": "2025-11-20T12:00:00Z",
    }


@pytest.mark.parametrize("parent_state", [None, {}, {"account": {}}, {"account": None}])
def test_a_state_that_does_not_say_who_was_read_is_understood(parent_state: Any) -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), cursor("-000new", SINCE_EVER))
    before["parent_state"] = parent_state

    assert migrated_cursors(before) == {"-000abc": "2025-11-20T12:00:00Z"}


def test_the_given_state_is_not_changed() -> None:
    before = state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"])
    copied = copy.deepcopy(before)

    migrated_cursors(before)

    assert before == copied


@pytest.mark.parametrize("without", [{}, {"states": []}, {"state": {"create_time": "2026-11-19T08:00:00Z"}}])
def test_a_state_without_accounts_is_left_alone(without: dict[str, Any]) -> None:
    migration = ReopenRecentPosts(
        config={},
        parameters={},
        api_budget=APIBudget(policies=[]),
        start_datetime=SINCE_EVER,
        video_lookback_days="365",
    )

    assert not migration.should_migrate(without)


def test_the_settings_may_be_templates_over_the_config() -> None:
    migration = ReopenRecentPosts(
        config={"start_date": "2024-05-01", "video_lookback_days": 0},
        parameters={},
        api_budget=APIBudget(policies=[]),
        start_datetime="{{ config.get('start_date') or '2010-01-01' }}T00:00:00Z",
        video_lookback_days="{{ config['video_lookback_days'] }}",
    )

    after = migration.migrate(state(cursor("-000abc", "2026-11-19T08:00:00Z"), read=["-000abc"]))

    assert after["states"][0]["cursor"] == {"create_time": "2024-05-01T00:00:00Z"}
