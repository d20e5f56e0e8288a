"""Columns of a record: times, columns of the slice, types."""

import math
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.declarative.transformations.transformation import RecordTransformation
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_tiktok_organic.components.exceptions import shortened
from source_tiktok_organic.components.settings import DATE_FORMAT, TIMESTAMP_FORMAT
from source_tiktok_organic.components.sync import sync_of


class Timestamp(str):
    """A time as RFC 3339 text in UTC that still knows its seconds since 1970.

    Out: `Timestamp(1788861607) == "2026-09-08T10:00:07Z"`, `int(Timestamp(1788861607)) == 1788861607`

    The CDK's cursor parses the cursor field of every record twice. If the field may be epoch seconds (`%s` in
    `cursor_datetime_formats`), it calls `int()` and not a text parser under a lock that all workers share: a quarter
    of a sync's CPU time.
    """

    epoch: int

    def __new__(cls, epoch: int) -> "Timestamp":
        text = super().__new__(cls, datetime.fromtimestamp(epoch, tz=timezone.utc).strftime(TIMESTAMP_FORMAT))
        text.epoch = epoch
        return text

    def __int__(self) -> int:
        return self.epoch

    def __getnewargs__(self) -> tuple[int]:  # type: ignore[override]  # made of its epoch, not of its text
        """What a copy is made of; the Connector Builder copies the records that it shows."""
        return (self.epoch,)


def time_of(record: Mapping[str, Any], column: str, id_column: str) -> Timestamp | None:
    """When something was created: TikTok's seconds since 1970, a string or a number.

    If TikTok sent none, or milliseconds, it is taken from the id: its upper 32 bits (docs/tiktok-api.md C). None where
    that can't be had either.
    """
    value = record.get(column)
    try:
        return _timestamp(value)
    except (TypeError, ValueError, OverflowError):
        identifier = str(record.get(id_column))
        try:
            return _timestamp(int(identifier) >> 32)
        except ValueError:
            return None


# Of a time that TikTok can mean: 2001 to 2100.
_PLAUSIBLE = range(978_307_200, 4_102_444_800)


@lru_cache(maxsize=4096)
def _timestamp(value: Any) -> Timestamp:
    epoch = int(value)
    if epoch not in _PLAUSIBLE or isinstance(value, bool | float):
        raise ValueError
    return Timestamp(epoch)


@dataclass
class EpochToTimestamp(RecordTransformation):
    """Writes a column as RFC 3339 instead of epoch seconds.

    In:  column `created_at`, source `create_time`, the record `{"create_time": 1788861607}`
    Out: `{"create_time": 1788861607, "created_at": "2026-09-08T10:00:07Z"}`

    A time that TikTok did not send is taken from the id in `id_column`, with a warning.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    id_column: str
    column: str = "create_time"
    source: str = "create_time"
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters.get("name", "")

    def transform(self, record: dict[str, Any], *_: Any, **__: Any) -> None:
        """Change `record` in place."""
        sent = record.get(self.source)
        time = record[self.column] = time_of(record, self.source, self.id_column)
        if time is None or str(sent) != str(time.epoch):
            if self.column != self.source:
                record[self.source] = time and time.epoch
            sync_of(self.api_budget).log.odd(
                f"times of `{self._stream}`",
                f"TikTok sent {shortened(sent)} as `{self.source}` of {shortened(record.get(self.id_column))} in the "
                f"stream `{self._stream}`. The time in the id is taken instead, if there is one.",
            )


@dataclass
class SliceColumns(RecordTransformation):
    """Adds columns that are the same for all records of a slice: from the slice, or from the account's profile.

    In:  columns `["business_id", "metric_date", "video_creator_username"]`, a slice of partition `{"business_id":
         "-000abc"}` with the extra field `metric_date` "2026-11-20", and an account whose profile was noted
    Out: `{…, "business_id": "-000abc", "metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"}`
    """

    api_budget: APIBudget
    columns: list[str] = field(default_factory=list)
    _of_slice: tuple[StreamSlice | None, dict[str, Any]] = field(init=False, repr=False, default=(None, {}))

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """Change `record` in place."""
        # Read and replaced as one object, because the slices of several accounts are read at the same time.
        known, values = self._of_slice
        if known is not stream_slice and stream_slice is not None:
            profile = sync_of(self.api_budget).account_of(stream_slice.partition.get("business_id")).profile
            date = sync_of(self.api_budget).started_at.strftime(DATE_FORMAT)
            found = {"metric_date": date, **profile, **stream_slice.extra_fields, **stream_slice.partition}
            values = {name: found.get(name) for name in self.columns}
            self._of_slice = (stream_slice, values)
        record.update(values)


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
    return value if isinstance(value, bool) else {"true": True, "false": False}[value.lower()]


def _string(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError
    return str(value)


# For a JSON schema type: the Python types that need no work, what makes one of any other, and its name in sentences.
_TYPES: Mapping[str, tuple[frozenset[type], Callable[[Any], Any], str]] = {
    "integer": (frozenset({int, type(None)}), _integer, "a whole number"),
    "number": (frozenset({float, int, type(None)}), _number, "a number"),
    "boolean": (frozenset({bool, type(None)}), _boolean, "true or false"),
    "string": (frozenset({str, Timestamp, type(None)}), _string, "text"),
}


@dataclass
class TypedColumns(TypeTransformer):
    """Gives a record exactly the columns of its schema, in their types.

    In:  the schema's columns `likes` (integer) and `reach` (integer), the record `{"likes": "12", "nested": []}`
    Out: `{"likes": 12, "reach": null}`

    What TikTok withheld is null; null never becomes 0 and 0 never null. An empty text in a column of numbers is
    TikTok's way of having nothing to say, so it is null too. A value that is not of its column's type is null, with a
    warning.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    _stream: str = field(init=False)
    _schema: Mapping[str, Any] | None = field(init=False, default=None, repr=False)
    _plan: list[tuple[str, frozenset[type], Callable[[Any], Any], str]] = field(
        init=False, default_factory=list, repr=False
    )

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters.get("name", "")

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Change `record` in place."""
        if schema is not self._schema:
            self._plan = [(column, *_type_of(definition)) for column, definition in schema["properties"].items()]
            self._schema = schema
        typed: dict[str, Any] = {}
        for column, ready, convert, kind in self._plan:
            value = record.get(column)
            if type(value) not in ready:
                try:
                    value = None if value == "" else convert(value)
                except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                    self._warn(column, value, kind)
                    value = None
            typed[column] = value
        record.clear()
        record.update(typed)

    def _warn(self, column: str, value: Any, kind: str) -> None:
        sync_of(self.api_budget).log.odd(
            f"values of `{column}` in `{self._stream}`",
            f"TikTok sent {shortened(value)} in `{column}` of the stream `{self._stream}`, where {kind} belongs. The "
            "value is null.",
        )


def _type_of(definition: Mapping[str, Any]) -> tuple[frozenset[type], Callable[[Any], Any], str]:
    types = definition["type"]
    return _TYPES[next(name for name in ([types] if isinstance(types, str) else types) if name != "null")]
