"""Records that a slice does not need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.types import StreamSlice, StreamState


@dataclass
class WindowFilter(RecordFilter):
    """Lets the rows through whose `column` lies in the slice, both ends included.

    Calls are what a sync costs, so the connector asks for whole pages and the widest window of days and drops here
    what the slice does not cover.

    In:  column `metric_date`, a slice of start_time "2026-11-13" and end_time "2026-11-19", rows of 58 days
    Out: the rows of those seven days
    """

    column: str = ""
    condition: str = ""

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The rows inside the slice; both sides are text of one format, so they compare as text."""
        if stream_slice is None:
            yield from records
            return
        column, first, last = self.column, stream_slice["start_time"], stream_slice["end_time"]
        for record in records:
            if first <= record[column] <= last:
                yield record


@dataclass
class OncePerPost(RecordFilter):
    """Lets each comment of a post through once: beyond 500 comments TikTok repeats itself (docs/tiktok-api.md A8).

    In:  rows of the comment_ids "1", "2", 1 on the pages of one slice, of which the extra field `seen` is an empty set
    Out: the first two
    """

    condition: str = ""

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The rows that have not been there yet."""
        seen: set[str] = stream_slice.extra_fields["seen"] if stream_slice else set()
        for record in records:
            comment_id = str(record.get("comment_id"))
            if comment_id not in seen:
                seen.add(comment_id)
                yield record
