"""WindowFilter lets the rows of a slice through, both ends included."""

from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components.pagination import WindowFilter
from unit_tests.parts import budget


def passing(column: str, first: str, last: str, *values: str) -> list[str]:
    """Those of the rows with these values that lie in the slice from `first` to `last`."""
    stream_slice = StreamSlice(
        partition={"business_id": "-000abc"}, cursor_slice={"start_time": first, "end_time": last}
    )
    window = WindowFilter(config={}, parameters={}, api_budget=budget(), column=column)
    rows = window.filter_records([{column: value} for value in values], stream_state={}, stream_slice=stream_slice)
    return [str(row[column]) for row in rows]


def test_days_outside_the_slice_are_dropped_and_its_ends_stay() -> None:
    days = ["2026-11-12", "2026-11-13", "2026-11-16", "2026-11-19", "2026-11-20"]

    assert passing("metric_date", "2026-11-13", "2026-11-19", *days) == ["2026-11-13", "2026-11-16", "2026-11-19"]


def test_posts_outside_the_slice_are_dropped_and_its_ends_stay() -> None:
    moments = [
        "2026-11-20T12:00:01Z",
        "2026-11-20T12:00:00Z",
        "2026-01-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
    ]

    assert passing("create_time", "2026-01-01T00:00:00Z", "2026-11-20T12:00:00Z", *moments) == [
        "2026-11-20T12:00:00Z",
        "2026-01-01T00:00:00Z",
    ]


def test_the_order_of_the_rows_does_not_matter_and_stays() -> None:
    assert passing("metric_date", "2026-11-13", "2026-11-19", "2026-11-19", "2026-11-12", "2026-11-14") == [
        "2026-11-19",
        "2026-11-14",
    ]


def test_a_slice_of_one_day_lets_one_day_through() -> None:
    assert passing("metric_date", "2026-11-13", "2026-11-13", "2026-11-12", "2026-11-13", "2026-11-14") == [
        "2026-11-13"
    ]
