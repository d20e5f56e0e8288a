"""Which accounts and posts are read."""

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, cast
from zlib import crc32

from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.partition_routers.list_partition_router import ListPartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice, StreamState
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.accounts import Account
from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.exceptions import joined
from source_tiktok_organic.components.settings import DATE_FORMAT, TIMESTAMP_FORMAT
from source_tiktok_organic.components.sync import CommentCounts, sync_of


@dataclass(kw_only=True)
class AccountPartitionRouter(ListPartitionRouter):
    """One slice for each account of the config, remembering in the state which accounts were read to their end.

    Out: `StreamSlice(partition={"business_id": "-000abc"}, extra_fields={"metric_date": "2026-11-20"})`; the date is
         the one on which the sync began

    Each stream begins with another account, so that workers wait for different ones. If the business_id is unknown, the
    slice is named by its config path, such as "additional_accounts[0]", so that only this account fails.

    The CDK's state of a partition is the newest record that it emitted. It looks the same for an account that was never
    finished and for one that was but gave no records: idle posts have no impression sources. So the router reports the
    accounts that it has handed out as its "parent state". The CDK writes that when all their slices are closed.

    Out, in the state: `"parent_state": {"account": {"read": ["-000abc"]}}`
    """

    api_budget: APIBudget
    authenticator: AccountAuthenticator
    values: str | list[str] = field(init=False, default_factory=list)
    cursor_field: InterpolatedString | str = field(init=False, default="business_id")
    _name: str = field(init=False)
    _handed_out: list[str] = field(init=False, default_factory=list)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._name = parameters["name"]

    @property
    def accounts(self) -> list[Account]:
        """The accounts to read."""
        return self.authenticator.accounts

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for each account."""
        accounts = self.accounts
        # In the order of the config for all streams: tokens are renewed one after the other, and of two entries that
        # turn out to be the same account it is always the second that fails.
        for account in accounts:
            with suppress(AirbyteTracedException):
                account.learn_business_id()
        metric_date = sync_of(self.api_budget).started_at.strftime(DATE_FORMAT)
        first = crc32(self._name.encode()) % len(accounts)
        for account in accounts[first:] + accounts[:first]:
            business_id = account.known.key
            self._handed_out.append(business_id)
            yield StreamSlice(
                partition={"business_id": business_id}, cursor_slice={}, extra_fields={"metric_date": metric_date}
            )

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The accounts handed out so far."""
        return {"account": {"read": list(self._handed_out)}}


@dataclass(kw_only=True)
class CategoryPartitionRouter(AccountPartitionRouter):
    """One slice for each business category, asked for by the first account of the config: all get the same averages.

    Out: the slice of an account with the partition `{"business_id": "-000abc", "business_category": "PETS"}`
    """

    categories: list[str] | str

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        if isinstance(self.categories, str):
            self.categories = InterpolatedString.create(self.categories, parameters=parameters).eval(self.config)

    @property
    def accounts(self) -> list[Account]:
        """The account of `credentials`."""
        return self.authenticator.accounts[:1]

    def stream_slices(self) -> Iterable[StreamSlice]:
        """A slice for each category."""
        for account in super().stream_slices():
            for category in dict.fromkeys(self.categories):
                yield StreamSlice(
                    partition={**account.partition, "business_category": category},
                    cursor_slice={},
                    extra_fields=account.extra_fields,
                )


@dataclass
class OwnerPartitionRouter(SubstreamPartitionRouter):
    """One slice for the owner of the posts in Login Kit, remembered in the state when all posts were read.

    Only the record of `user_info` says who that is: there is one account, and no request names it.

    Out: a slice of partition `{"business_id": "723f24d7-…", "parent_slice": {}}`, and a state as of
         AccountPartitionRouter
    """

    _handed_out: list[str] = field(init=False, default_factory=list)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The CDK's slices."""
        for stream_slice in super().stream_slices():
            self._handed_out.append(stream_slice.partition["business_id"])
            yield stream_slice

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The owner, if handed out."""
        return {"account": {"read": list(self._handed_out)}}


@dataclass
class PostsWithNewComments(SubstreamPartitionRouter):
    """One slice for each post of the parent stream whose comments have to be read.

    A post is read if its field `comments` is another number than when it was last read, and not 0. A post younger than
    48 hours is always read, because the number lags (docs/tiktok-api.md A7).

    In:  a record of the parent, `{"item_id": "7", "business_id": "-000abc", "create_time": "2026-09-08T10:00:07Z",
         "comments": 12, …}`, where the state says 11
    Out: a slice of partition `{"business_id": "-000abc", "video_id": "7"}` with the parent's extra fields

    The numbers are the stream's parent state, `{"comments": {"-000abc": {"7": 12}}}`. The CDK writes it when all slices
    up to that point are closed. Posts that refused their comments, or are not listed any more, are forgotten.
    If an account's posts can't be listed, that is raised after the slices of the other accounts.
    """

    api_budget: APIBudget
    _stream: str = field(init=False)
    _noted: dict[str, CommentCounts] = field(init=False, default_factory=dict)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._stream = parameters["name"]

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The posts to read, from the newest to the oldest of each account."""
        (parent,) = self.parent_stream_configs
        columns = [str(cast(InterpolatedString, path[0]).eval(self.config)) for path in parent.extra_fields or []]
        failures: list[Exception] = []
        turns = deque(
            _one_behind(self._slices_of(partition, columns, failures))
            for partition in parent.stream.generate_partitions()
        )
        last: StreamSlice | None = None
        # One post of each account in turn, because each account has its own limit of calls.
        while turns:
            account = turns.popleft()
            for last in islice(account, 1):
                yield last
                turns.append(account)
        if failures:
            if last is not None:
                # The CDK is one slice ahead, and drops the slice that it holds when this raises.
                yield last
            raise joined(failures)

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The numbers of the posts handed out so far, and those of the last sync for all others."""
        sync, counts = sync_of(self.api_budget), {**self._known, **self._noted}
        refused = {business_id: sync.commented_posts(business_id).refused for business_id in counts}
        return {"comments": {key: _without(refused[key], found) for key, found in counts.items()}}

    @property
    def _known(self) -> Mapping[str, CommentCounts]:
        return sync_of(self.api_budget).comment_counts.get(self._stream, {})

    def _slices_of(self, account: Partition, columns: list[str], failures: list[Exception]) -> Iterator[StreamSlice]:
        business_id = cast(StreamSlice, account.to_slice()).partition["business_id"]
        counts, listed = dict(self._known.get(business_id, {})), set()
        posts = sync_of(self.api_budget).commented_posts(business_id)
        posts.has_succeeded = posts.has_succeeded or bool(counts)
        handed_out = noted = 0
        fresh_since = (sync_of(self.api_budget).started_at - timedelta(hours=48)).strftime(TIMESTAMP_FORMAT)
        try:
            for post in account.read():
                video_id = post.data["item_id"]
                if video_id in listed:
                    continue
                listed.add(video_id)
                is_to_be_read = _is_to_be_read(post.data, counts.get(video_id, 0), fresh_since)
                # Less and less often, because the CDK keeps what is noted. The first of it comes when
                # OptionalPostRequester knows whether the account allows any post. This post is not handed out yet.
                if is_to_be_read and handed_out - noted >= max(3, noted // 20):
                    noted = handed_out
                    self._noted[business_id] = CommentCounts(counts)
                counts[video_id] = post.data["comments"] or 0
                if is_to_be_read:
                    handed_out += 1
                    sync_of(self.api_budget).progress.expect(video_id, counts[video_id])
                    yield _slice_of(post.data, business_id, columns)
        except Exception as failure:
            failures.append(failure)
        else:
            posts.count = handed_out
            self._noted[business_id] = CommentCounts(
                {video_id: count for video_id, count in counts.items() if video_id in listed and count}
            )


def _slice_of(post: Mapping[str, Any], business_id: str, columns: list[str]) -> StreamSlice:
    return StreamSlice(
        partition={"business_id": business_id, "video_id": post["item_id"]},
        cursor_slice={},
        # Thousands of slices wait to be read, so each holds what its records need and no more.
        extra_fields={column: post.get(column) for column in columns},
    )


def _one_behind(slices: Iterator[StreamSlice]) -> Iterator[StreamSlice]:
    """Each slice when it is known whether it is the last."""
    held = next(slices, None)
    for stream_slice in slices:
        if held is not None:
            yield held
        held = stream_slice
    if held is not None:
        yield held


def _is_to_be_read(post: Mapping[str, Any], known: int, fresh_since: str) -> bool:
    return post["comments"] not in (0, known) or post["create_time"] is None or post["create_time"] > fresh_since


def _without(refused: Container[str], counts: CommentCounts) -> CommentCounts:
    """The counts of the posts that were not refused: the same object where there is none, so that nothing is copied."""
    if not refused:
        return counts
    return CommentCounts({video_id: count for video_id, count in counts.items() if video_id not in refused})
