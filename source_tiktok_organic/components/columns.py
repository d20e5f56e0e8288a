"""Columns of a record: times, columns of the slice, types."""

import logging
import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.declarative.transformations.transformation import RecordTransformation
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_tiktok_organic.components.exceptions import unexpected_answer
from source_tiktok_organic.components.settings import DATE_FORMAT, TIMESTAMP_FORMAT
from source_tiktok_organic.components.sync import sync_of

LOGGER = logging.getLogger("airbyte")


class Timestamp(str):
    """A time as RFC 3339 text in UTC that still knows its seconds since 1970.

    Out: `Timestamp(1788861607) == "2026-09-08T10:00:07Z"`, `int(Timestamp(1788861607)) == 1788861607`

    The CDK's cursor parses the cursor field of every row, twice. Told that the field may be epoch seconds (`%s` in
    `cursor_datetime_formats`), it calls `int()` on it, which spares a text parser under a lock that all workers share:
    a quarter of a sync's CPU time.
    """

    epoch: int

    def __new__(cls, epoch: int) -> "Timestamp":
        text = super().__new__(cls, datetime.fromtimestamp(epoch, tz=timezone.utc).strftime(TIMESTAMP_FORMAT))
        text.epoch = epoch
        return text

    def __int__(self) -> int:
        return self.epoch

    def __getnewargs__(self) -> tuple[int]:  # type: ignore[override]  # made of its epoch, not of its text
        """What a copy is made of; the Connector Builder copies the rows that it shows."""
        return (self.epoch,)


def timestamp(epoch: Any) -> Timestamp:
    """TikTok's seconds since 1970, a string or a number.

    In:  "1788861607" or 1788861607
    Out: `Timestamp(1788861607)`
    """
    try:
        return _timestamp(epoch)
    except (TypeError, ValueError, OverflowError):
        raise unexpected_answer(f"TikTok sent '{epoch}' as a time, which is not a number of seconds.") from None


@lru_cache(maxsize=4096)
def _timestamp(epoch: Any) -> Timestamp:
    return Timestamp(int(epoch))


@dataclass
class RowTransformation(RecordTransformation):
    """What the transformations below have in common: they change a row, some with a look at its slice."""

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """The CDK's call for each row."""
        self.change(record, StreamSlice(partition={}, cursor_slice={}) if stream_slice is None else stream_slice)

    @abstractmethod
    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""


@dataclass
class EpochToTimestamp(RowTransformation):
    """Writes columns as RFC 3339 instead of epoch seconds; `columns` maps them to the columns that they are made of.

    In:  columns `{"created_at": "create_time"}`, the row `{"create_time": 1788861607}`
    Out: `{"create_time": 1788861607, "created_at": "2026-09-08T10:00:07Z"}`
    """

    columns: Mapping[str, str] = field(default_factory=dict)

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        for column, source in self.columns.items():
            row[column] = timestamp(row.get(source))


@dataclass
class SliceColumns(RowTransformation):
    """Adds columns that are the same for all records of a slice: from the slice, or from the account's profile.

    In:  columns `["business_id", "metric_date", "video_creator_username"]`, a slice of partition `{"business_id":
         "-000abc"}` with the extra field `metric_date` "2026-11-20", and an account whose profile was noted
    Out: `{…, "business_id": "-000abc", "metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"}`
    """

    api_budget: APIBudget
    columns: list[str] = field(default_factory=list)
    _of_slice: tuple[StreamSlice | None, dict[str, Any]] = field(init=False, repr=False, default=(None, {}))

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        # Read and replaced as one object, because the slices of several accounts are read at the same time.
        known, values = self._of_slice
        if known is not stream_slice:
            profile = sync_of(self.api_budget).grant_of(stream_slice.partition.get("business_id")).profile
            found = {**profile, **stream_slice.extra_fields, **stream_slice.partition}
            values = {name: found.get(name) for name in self.columns}
            self._of_slice = (stream_slice, values)
        row.update(values)


@dataclass
class ProvisionalDays(RowTransformation):
    """Adds `is_provisional`: true while less than 48 hours have passed since the end of the row's day (UTC).

    TikTok completes a day 24 to 48 hours after it (docs/tiktok-api.md A6), so until then its numbers may still change.

    In:  `{"metric_date": "2026-11-18"}` in a sync begun 2026-11-20 12:00 UTC, 36 hours after that day's end
    Out: `{"metric_date": "2026-11-18", "is_provisional": true}`
    """

    api_budget: APIBudget

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        newest_final_day = sync_of(self.api_budget).started_at - timedelta(hours=48 + 24)
        row["is_provisional"] = row["metric_date"] > newest_final_day.strftime(DATE_FORMAT)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    number = value if isinstance(value, int) and not isinstance(value, bool) else float(str(value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    if isinstance(value, bool):
        return value
    raise ValueError


def _string(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError
    return value if isinstance(value, str) else str(value)


# For a JSON schema type: the Python types that need no work, what makes one of any other, and its name in sentences.
_TYPES: Mapping[str, tuple[frozenset[type], Any, str]] = {
    "integer": (frozenset({int, type(None)}), _integer, "a whole number"),
    "number": (frozenset({float, int, type(None)}), _number, "a number"),
    "boolean": (frozenset({bool, type(None)}), _boolean, "true or false"),
    "string": (frozenset({str, Timestamp, type(None)}), _string, "text"),
}


def _value_type(definition: Mapping[str, Any]) -> str:
    types = definition["type"]
    return str(next(name for name in ([types] if isinstance(types, str) else types) if name != "null"))


@dataclass
class TypedColumns(TypeTransformer):
    """Gives a row exactly the columns of its schema, in their types.

    In:  the schema's columns `likes` (integer) and `reach` (integer), the row `{"likes": "12", "nested": []}`
    Out: `{"likes": 12, "reach": null}`

    What TikTok withheld is null; null never becomes 0 and 0 never null. An empty text in a column of numbers is
    TikTok's way of having nothing to say, so it is null too. Raises a system error for a value that is not of the
    column's type.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    _schema: Mapping[str, Any] | None = field(init=False, default=None, repr=False)
    _plan: list[tuple[str, frozenset[type], Any, str]] = field(init=False, default_factory=list, repr=False)

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Change `record` in place."""
        if schema is not self._schema:
            self._plan = [
                (column, *_TYPES[_value_type(definition)]) for column, definition in schema["properties"].items()
            ]
            self._schema = schema
        typed: dict[str, Any] = {}
        for column, ready, convert, kind in self._plan:
            value = record.get(column)
            if type(value) not in ready:
                value = None if value == "" else self._converted(column, value, convert, kind)
            typed[column] = value
        record.clear()
        record.update(typed)

    @staticmethod
    def _converted(column: str, value: Any, convert: Any, kind: str) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, KeyError):
            raise unexpected_answer(f"TikTok sent '{value}' in `{column}`, where {kind} belongs.") from None
