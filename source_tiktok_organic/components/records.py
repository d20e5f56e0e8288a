"""Arrays and objects of a response as records; columns of records, and their types."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.declarative.transformations.transformation import RecordTransformation
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.exceptions import unexpected_response
from source_tiktok_organic.components.settings import TIMESTAMP_FORMAT
from source_tiktok_organic.components.sync import sync_of


def objects_at(data: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """The objects at `path`: one for an object, each for an array, none where TikTok withheld it."""
    for depth, key in enumerate(path):
        if isinstance(data, list):
            for item in data:
                yield from objects_at(item, path[depth:])
            return
        if data is None:
            return
        if not isinstance(data, dict):
            raise unexpected_response(f"TikTok sent {type(data).__name__} where an object with `{key}` belongs.")
        data = data.get(key)
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
        elif item is not None:
            raise unexpected_response(
                f"TikTok sent {type(item).__name__} in `{'.'.join(path)}` where an object belongs."
            )


def replies_left_out(comment: Mapping[str, Any]) -> int:
    """How many replies of a comment did not come with it: TikTok sends up to three (docs/tiktok-api.md A8)."""
    return max(0, int(comment.get("replies") or 0) - len(comment.get("reply_list") or []))


@dataclass
class ObjectExtractor(RecordExtractor):
    """One record for each object at `path` of a response's `data`; an empty path is `data` itself.

    In:  path `["metrics"]`, rename `{"date": "metric_date"}`, data `{"metrics": [{"date": "2026-09-10", "likes": 3}]}`
    Out: `{"metric_date": "2026-09-10", "likes": 3}`
    """

    path: list[str] = field(default_factory=list)
    rename: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The records of one page, values as TikTok sent them."""
        for item in self.objects_of(data_of(response)):
            record = dict(item)
            for name, column in self.rename.items():
                record[column] = record.pop(name, None)
            yield record

    def objects_of(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The objects that become records."""
        return objects_at(data, self.path)


@dataclass
class ReplyExtractor(ObjectExtractor):
    """The replies of a page: those that came with their comments, or a page of one comment's replies.

    In:  `{"comments": [{"comment_id": "1", "replies": 1, "reply_list": [{"comment_id": 2, …}]}]}`, or a page
         of replies, `{"comments": [{"comment_id": 2, "parent_comment_id": "1"}]}`
    Out: `{"comment_id": 2, "parent_comment_id": "1"}`

    A comment with more replies than came with it gives none here, because ThreadPagination lists them. A hidden
    comment's replies can't be listed, so those that came with it are taken.
    """

    def objects_of(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies."""
        for comment in objects_at(data, ["comments"]):
            if comment.get("parent_comment_id"):
                yield comment
            elif comment.get("status") == "HIDDEN" or not replies_left_out(comment):
                yield from objects_at(comment, ["reply_list"])


@dataclass
class BreakdownExtractor(RecordExtractor):
    """One record for each element of the array `breakdown` in each object at `path`.

    Each column is prefixed with the array's name. Columns of the object come along as `keep` says (new name: TikTok's).

    In:  path `["videos"]`, breakdown `audience_countries`, keep `{"item_id": "item_id"}`, data
         `{"videos": [{"item_id": "7", "audience_countries": [{"country": "GB", "percentage": 0.71}]}]}`
    Out: `{"item_id": "7", "audience_countries_country": "GB", "audience_countries_percentage": 0.71}`

    TikTok withheld an array that is missing, null or empty: it gives no records.
    """

    breakdown: str
    path: list[str] = field(default_factory=list)
    keep: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The records of one page, values as TikTok sent them."""
        prefix = f"{self.breakdown}_"
        for item in objects_at(data_of(response), self.path):
            kept = {column: item.get(name) for column, name in self.keep.items()}
            for element in objects_at(item, [self.breakdown]):
                record = kept.copy()
                for name, value in element.items():
                    record[prefix + name] = value
                yield record


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


def timestamp(epoch: Any) -> Timestamp:
    """TikTok's seconds since 1970, a string or a number, as `Timestamp`; a system error for anything else."""
    try:
        return _timestamp(epoch)
    except (TypeError, ValueError, OverflowError):
        raise unexpected_response(f"TikTok sent '{epoch}' as a time, which is not a number of seconds.") from None


@lru_cache(maxsize=4096)
def _timestamp(epoch: Any) -> Timestamp:
    return Timestamp(int(epoch))


@dataclass
class EpochToTimestamp(RecordTransformation):
    """Writes columns as RFC 3339 instead of epoch seconds; `columns` maps them to the columns that they are made of.

    In:  columns `{"created_at": "create_time"}`, the record `{"create_time": 1788861607}`
    Out: `{"create_time": 1788861607, "created_at": "2026-09-08T10:00:07Z"}`
    """

    columns: Mapping[str, str] = field(default_factory=dict)

    def transform(self, record: dict[str, Any], *_: Any, **__: Any) -> None:
        """Change `record` in place."""
        for column, source in self.columns.items():
            record[column] = timestamp(record.get(source))


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
            found = {**profile, **stream_slice.extra_fields, **stream_slice.partition}
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
    TikTok's way of having nothing to say, so it is null too. A system error for a value that is not of its type.
    """

    _schema: Mapping[str, Any] | None = field(init=False, default=None, repr=False)
    _plan: list[tuple[str, frozenset[type], Callable[[Any], Any], str]] = field(
        init=False, default_factory=list, repr=False
    )

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
                except (ValueError, TypeError, KeyError, AttributeError):
                    raise unexpected_response(f"TikTok sent '{value}' in `{column}`, where {kind} belongs.") from None
            typed[column] = value
        record.clear()
        record.update(typed)


def _type_of(definition: Mapping[str, Any]) -> tuple[frozenset[type], Callable[[Any], Any], str]:
    types = definition["type"]
    return _TYPES[next(name for name in ([types] if isinstance(types, str) else types) if name != "null")]
