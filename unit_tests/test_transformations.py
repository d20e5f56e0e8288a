"""The transformations of rows: timestamps, the columns of a slice, and days that may still change."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components.columns import (
    EpochToTimestamp,
    SliceColumns,
    Timestamp,
)
from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import built, declared


def budget() -> APIBudget:
    """What the CDK hands to all components of one sync."""
    return APIBudget(policies=[])


# --- EpochToTimestamp -----------------------------------------------------------------------------------------------


def with_timestamp(create_time: Any) -> dict[str, Any]:
    """A row whose `create_time` became a timestamp."""
    row = {"item_id": "7", "create_time": create_time}
    EpochToTimestamp({"name": "videos"}, budget(), id_column="item_id").transform(row)
    return row


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1788861607", "2026-09-08T10:00:07Z"),
        (1788861607, "2026-09-08T10:00:07Z"),
        ("1772323199", "2026-02-28T23:59:59Z"),
        ("1709164800", "2024-02-29T00:00:00Z"),
        ("4102444799", "2099-12-31T23:59:59Z"),
    ],
)
def test_epoch_seconds_become_a_timestamp_in_utc(sent: Any, expected: str) -> None:
    assert with_timestamp(sent) == {"item_id": "7", "create_time": expected}


ODD_TIMES: list[Any] = [
    None,
    "",
    "0",
    "yesterday",
    "2026-09-08T10:00:07Z",
    [],
    {},
    True,
    "9" * 30,
    1788861607000,
    "1788861607000",
]


@pytest.mark.parametrize("odd", ODD_TIMES)
def test_an_odd_time_is_taken_from_the_id_with_a_warning(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    # The upper 32 bits of the id are 1788861607.
    record = {"item_id": str((1788861607 << 32) + 12345), "create_time": odd}

    EpochToTimestamp({"name": "videos"}, budget(), id_column="item_id").transform(record)

    assert record["create_time"] == "2026-09-08T10:00:07Z"
    assert [found.levelname for found in caplog.records] == ["WARNING"]
    assert "as `create_time`" in caplog.text


@pytest.mark.parametrize("identifier", ["7", "not a number", None])
def test_an_odd_time_without_a_time_in_the_id_is_null(identifier: Any) -> None:
    record = {"item_id": identifier, "create_time": "yesterday"}

    EpochToTimestamp({"name": "videos"}, budget(), id_column="item_id").transform(record)

    assert record["create_time"] is None


# --- SliceColumns ---------------------------------------------------------------------------------------------------

SLICE = StreamSlice(
    partition={"business_id": "-000abc"},
    cursor_slice={"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-11-20T12:00:00Z"},
    extra_fields={"metric_date": "2026-11-20"},
)
ANOTHER = StreamSlice(partition={"business_id": "-000xyz"}, cursor_slice={}, extra_fields={"metric_date": "2026-11-20"})


def columns_of(*columns: str, **profiles: dict[str, Any]) -> SliceColumns:
    """The transformation that adds these columns, in a sync that has noted the profiles of `abc` and `xyz`."""
    api_budget = budget()
    for name in ("abc", "xyz"):
        account = sync_of(api_budget).account(f"the config path of {name}")
        account.business_id, account.profile = f"-000{name}", profiles.get(name, {})
    return SliceColumns(api_budget=api_budget, columns=list(columns))


def with_columns(row: dict[str, Any], *columns: str, **profiles: dict[str, Any]) -> dict[str, Any]:
    """The row with these columns of the slice."""
    columns_of(*columns, **profiles).transform(row, stream_slice=SLICE)
    return row


def test_the_columns_of_a_slice_are_those_of_its_partition_and_its_extra_fields() -> None:
    assert with_columns({"item_id": "7"}, "business_id", "metric_date") == {
        "item_id": "7",
        "business_id": "-000abc",
        "metric_date": "2026-11-20",
    }


def test_a_column_that_the_account_withheld_is_null() -> None:
    row = with_columns({"item_id": "7"}, "video_creator_username", abc={"video_creator_username": None})

    assert row == {"item_id": "7", "video_creator_username": None}


def test_a_column_that_nobody_has_is_null() -> None:
    assert with_columns({"item_id": "7"}, "profile_image") == {"item_id": "7", "profile_image": None}


def test_nothing_else_of_the_slice_gets_into_the_row() -> None:
    assert with_columns({}, "business_id", abc={"profile_image": "https://…"}) == {"business_id": "-000abc"}


def test_the_profile_of_an_account_has_the_columns_that_its_slice_lacks() -> None:
    profile = {"video_creator_username": "harbour_coffee", "metric_date": "1999-01-01", "business_id": "another"}

    assert with_columns({}, "business_id", "metric_date", "video_creator_username", abc=profile) == {
        "business_id": "-000abc",
        "metric_date": "2026-11-20",
        "video_creator_username": "harbour_coffee",
    }


def test_each_account_has_the_columns_of_its_own_profile() -> None:
    transformation = columns_of(
        "video_creator_username",
        abc={"video_creator_username": "harbour_coffee"},
        xyz={"video_creator_username": "night_baker"},
    )
    rows: list[dict[str, Any]] = [{}, {}, {}]

    for row, stream_slice in zip(rows, (SLICE, ANOTHER, SLICE), strict=True):
        transformation.transform(row, stream_slice=stream_slice)

    assert [row["video_creator_username"] for row in rows] == ["harbour_coffee", "night_baker", "harbour_coffee"]


# --- is_provisional -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "sync", "expected"),
    [
        # The day 2026-11-17 ends with the first moment of 2026-11-18; 48 hours later is 2026-11-20T00:00:00Z.
        ("2026-11-17", "2026-11-19T23:59:59Z", True),
        ("2026-11-17", "2026-11-20T00:00:00Z", False),
        ("2026-11-17", "2026-11-20T12:00:00Z", False),
        ("2026-11-18", "2026-11-20T00:00:00Z", True),
        ("2026-11-18", "2026-11-20T12:00:00Z", True),
        ("2026-11-18", "2026-11-20T23:59:59Z", True),
        ("2026-11-18", "2026-11-21T00:00:00Z", False),
        ("2026-11-19", "2026-11-20T00:00:00Z", True),
        ("2026-09-23", "2026-11-20T12:00:00Z", False),
        ("2026-12-31", "2027-01-02T23:59:59Z", True),
        ("2026-12-31", "2027-01-03T00:00:00Z", False),
    ],
)
def test_a_day_is_provisional_for_48_hours_after_its_end(day: str, sync: str, expected: bool) -> None:
    # The date on which the sync began is in the slice, so the hour does not matter, nor how long the sync takes.
    stream_slice = StreamSlice(partition={}, cursor_slice={}, extra_fields={"metric_date": sync[:10]})
    record: dict[str, Any] = {"metric_date": day}

    built(declared("account_metrics", "transformations")[1], {}).transform(record, {}, stream_slice=stream_slice)

    assert record == {"metric_date": day, "is_provisional": expected}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_of_a_time_is_the_same_text_and_number(copied: Callable[[Timestamp], Timestamp]) -> None:
    copy_of_it = copied(Timestamp(1788861607))

    assert copy_of_it == "2026-09-08T10:00:07Z"
    assert int(copy_of_it) == 1788861607
