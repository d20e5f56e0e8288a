"""Where a list ends, and what of it a slice needs."""

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, Record, StreamSlice, StreamState

from source_tiktok_organic.components.columns import Timestamp, time_of
from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.exceptions import shortened, unexpected_response
from source_tiktok_organic.components.records import is_identifier, objects_in, replies_left_out
from source_tiktok_organic.components.settings import DATE_FORMAT
from source_tiktok_organic.components.sync import sync_of

LOGGER = logging.getLogger("airbyte")


def _has_more(data: Mapping[str, Any], items: str) -> bool:
    """Whether there is another page. Short and empty pages say nothing about it (docs/tiktok-api.md A7)."""
    has_more = data.get("has_more")
    if has_more is None and data.get(items):
        raise unexpected_response("TikTok sent a page of a list without saying whether there are more.")
    if has_more not in (None, True, False, "true", "false"):
        raise unexpected_response(f"TikTok sent {shortened(has_more)} in `has_more`, where true or false belongs.")
    return has_more in (True, "true")


def _cursor(data: Mapping[str, Any]) -> int | None:
    return int(data["cursor"]) if str(data.get("cursor")).isdecimal() else None


def _next_offset(data: Mapping[str, Any], offset: int) -> int | None:
    """The offset of the next page of comments or replies after the page at `offset`, None at the end."""
    if not _has_more(data, "comments"):
        return None
    cursor = _cursor(data)
    if cursor is None or cursor <= offset:
        raise unexpected_response(
            f"TikTok's list of comments does not advance: cursor {data.get('cursor')} follows {offset}."
        )
    return cursor


@dataclass
class Walk(PaginationStrategy):
    """A strategy that finds the token of the next page in a response's `data` and in the token of its page.

    A system error where the cursor does not advance: the walk would never end.
    """

    page_size: int | None = None

    @property
    def initial_token(self) -> Any | None:
        """None: the first page."""
        return None

    def get_page_size(self) -> int | None:
        """The value for the manifest's `page_size_option`."""
        return self.page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> Any | None:
        """The CDK's call after each page."""
        return self.token_after(data_of(response), last_page_token_value, stream_slice)

    @abstractmethod
    def token_after(self, data: Mapping[str, Any], token: Any | None, stream_slice: StreamSlice | None) -> Any | None:
        """The token of the page after that of `token`, or None at the end."""


@dataclass
class PostPagination(Walk):
    """Walks posts from the newest to the oldest and stops where the slice begins (docs/tiktok-api.md A7).

    `cursor` is a time in epoch milliseconds. TikTok returns the posts created before it.

    In:  `{"videos": [… 20 posts, the last created 1788861607 …], "cursor": 1788861607000, "has_more": true}`
    Out: 1788861607000, or None when `has_more` is false or the last post is older than the slice's `start_time`
    """

    config: Config = field(default_factory=dict)
    id_column: str = "item_id"

    @property
    def initial_token(self) -> int | None:
        """None to begin now, or the end of the config's `end_date` in epoch milliseconds."""
        end_date = self.config.get("end_date")
        if not end_date:
            return None
        midnight = datetime.strptime(end_date, DATE_FORMAT).replace(tzinfo=timezone.utc) + timedelta(days=1)
        return int(midnight.timestamp() * 1000)

    def token_after(self, data: Mapping[str, Any], token: Any | None, stream_slice: StreamSlice | None) -> int | None:
        """The cursor of the next page, or None at the end."""
        if not _has_more(data, "videos"):
            return None
        posts = objects_in(data, "videos")
        oldest = time_of(posts[-1], "create_time", self.id_column) if posts else None
        if oldest and stream_slice and oldest < stream_slice["start_time"]:
            return None
        cursor = _cursor(data)
        if not cursor or (token is not None and cursor >= int(token)):
            raise unexpected_response(
                f"TikTok's list of posts does not advance: cursor {data.get('cursor')} follows {token}."
            )
        return cursor


@dataclass
class CommentPagination(Walk):
    """Walks the comments of a post: `cursor` is the number of comments to skip (docs/tiktok-api.md A8).

    In:  `{"comments": [… 30 comments …], "cursor": 30, "has_more": true}`
    Out: `{"cursor": 30}`, or None when `has_more` is false
    """

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any] | None, stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the next page of comments."""
        offset = _next_offset(data, token["cursor"] if token else 0)
        return None if offset is None else {"cursor": offset}


@dataclass(kw_only=True)
class ThreadPagination(Walk):
    """Walks the comments of a post, and after each page the replies of those comments that did not bring all along.

    Out: `{"thread": "7683445795471428621", "cursor": 0, "threads": […], "comments": 30, "listed": […]}` for the first
         page of a comment's replies. Then come those of `threads`, then the page of comments at 30, or the end where
         that is None. `listed` are the comments that were dealt with: TikTok may send a comment twice.
    """

    api_budget: APIBudget

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any] | None, stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the next page of comments or replies."""
        token = token or {"cursor": 0}
        offset = _next_offset(data, token["cursor"])
        if "thread" in token and offset is not None:
            return {**token, "cursor": offset}
        listed = token.get("listed", [])
        if "thread" in token:
            threads, comments = token["threads"], token["comments"]
        else:
            longer = {
                str(comment["comment_id"]): comment
                for comment in objects_in(data, "comments")
                if is_identifier(comment.get("comment_id"))
                and replies_left_out(comment)
                and str(comment["comment_id"]) not in listed
            }
            hidden = [comment for comment in longer.values() if comment.get("status") == "HIDDEN"]
            if hidden and sync_of(self.api_budget).log.is_new("hidden comments"):
                LOGGER.info(
                    "Replies of hidden comments beyond the first three are left out. TikTok does not list them."
                )
            listed, comments = [*listed, *longer], offset
            threads = [comment_id for comment_id, comment in longer.items() if comment not in hidden]
        if threads:
            return {"thread": threads[0], "cursor": 0, "threads": threads[1:], "comments": comments, "listed": listed}
        return None if comments is None else {"cursor": comments, "listed": listed}


@dataclass
class SliceFilter(RecordFilter):
    """A filter by `column` that looks at a record and its slice."""

    column: str = ""
    condition: str = ""

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The CDK's call for each page."""
        return self.kept(records, stream_slice or StreamSlice(partition={}, cursor_slice={}))

    @abstractmethod
    def kept(self, records: Iterable[Mapping[str, Any]], stream_slice: StreamSlice) -> Iterator[Mapping[str, Any]]:
        """The records that pass."""


@dataclass(kw_only=True)
class WindowFilter(SliceFilter):
    """Lets the records through whose `column` lies in the slice, both ends included, or has no value.

    Pages are asked for whole, and days with the widest window, because calls are what a sync costs.

    In:  column `metric_date`, a slice of start_time "2026-11-13" and end_time "2026-11-19", records of 58 days
    Out: the records of those seven days
    """

    api_budget: APIBudget

    def kept(self, records: Iterable[Mapping[str, Any]], stream_slice: StreamSlice) -> Iterator[Mapping[str, Any]]:
        """The records inside the slice. All are text of one format, so they compare as text."""
        first, last = stream_slice["start_time"], stream_slice["end_time"]
        for record in records:
            value = record.get(self.column)
            if value is None:
                yield record
            elif type(value) not in (str, Timestamp) or len(value) != len(first):
                sync_of(self.api_budget).log.odd(
                    f"records with an odd `{self.column}`",
                    f"TikTok sent {shortened(value)} as `{self.column}` of a record. The record is left out.",
                )
            elif first <= value <= last:
                yield record


@dataclass
class OncePerSlice(SliceFilter):
    """Lets each record of a slice through once: beyond 500 comments TikTok repeats itself (docs/tiktok-api.md A8).

    In:  records of the `column` "1", "2", 1 on the pages of one slice
    Out: the first two

    A worker reads one slice after the other, so what it has seen of its slice is remembered for the thread.
    """

    _thread: threading.local = field(init=False, repr=False, default_factory=threading.local)

    def kept(self, records: Iterable[Mapping[str, Any]], stream_slice: StreamSlice) -> Iterator[Mapping[str, Any]]:
        """The records that have not been there yet."""
        if getattr(self._thread, "stream_slice", None) is not stream_slice:
            self._thread.stream_slice, self._thread.seen = stream_slice, set()
        seen: set[str] = self._thread.seen
        for record in records:
            name = str(record.get(self.column))
            if name not in seen:
                seen.add(name)
                yield record
