"""Records that a slice does not need."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
class OncePerSlice(RecordFilter):
    """Lets each record of a slice through once: beyond 500 comments TikTok repeats itself (docs/tiktok-api.md A8).

    In:  records of the `column` "1", "2", 1 on the pages of one slice
    Out: the first two

    A worker reads one slice after the other, so what it has seen of its slice is remembered for the thread.
    """

    column: str = ""
    condition: str = ""
    _thread: threading.local = field(init=False, repr=False, default_factory=threading.local)

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The records that have not been there yet."""
        if stream_slice is None or getattr(self._thread, "stream_slice", None) is not stream_slice:
            self._thread.stream_slice, self._thread.seen = stream_slice, set()
        seen: set[str] = self._thread.seen
        for record in records:
            name = str(record.get(self.column))
            if name not in seen:
                seen.add(name)
                yield record
