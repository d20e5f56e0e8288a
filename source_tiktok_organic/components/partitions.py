"""Which accounts and posts are read."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import InitVar, dataclass, field
from datetime import timedelta
from typing import Any, cast
from zlib import crc32

from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import (
    ParentStreamConfig,
    SubstreamPartitionRouter,
)
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.settings import TIMESTAMP_FORMAT
from source_tiktok_organic.components.sync import NO_POST, CommentReading, Counts, sync_of
from source_tiktok_organic.components.tokens import Account


class _NoRequestOptions(PartitionRouter):
    """A partition router whose slices add nothing to requests: the manifest's request parameters do."""

    def get_request_params(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_headers(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_body_data(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_body_json(self, **_: Any) -> Mapping[str, Any]:
        return {}


@dataclass
class AccountPartitionRouter(_NoRequestOptions):
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

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    authenticator: AccountAuthenticator
    _name: str = field(init=False)
    _handed_out: list[str] = field(init=False, default_factory=list)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
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
        first = crc32(self._name.encode()) % len(accounts)
        for account in accounts[first:] + accounts[:first]:
            self._handed_out.append(account.grant.key)
            yield StreamSlice(
                partition={"business_id": account.grant.key},
                cursor_slice={},
                extra_fields={"metric_date": sync_of(self.api_budget).date},
            )

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The accounts handed out so far."""
        return {"account": {"read": list(self._handed_out)}}


@dataclass
class FirstAccountPartitionRouter(AccountPartitionRouter):
    """The same for the first account of the config alone, where it does not matter who asks."""

    @property
    def accounts(self) -> list[Account]:
        """The account of `credentials`."""
        return self.authenticator.accounts[:1]


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


def _partition_of(partition: Partition) -> Mapping[str, Any]:
    """What names a partition of a declarative stream, e.g. `{"business_id": "-000abc"}`."""
    return cast(StreamSlice, partition.to_slice()).partition


def _extra_fields_of(parent: ParentStreamConfig) -> list[str]:
    """The columns of the parent that its manifest's `extra_fields` name, e.g. `[[metric_date], [profile_image]]`."""
    return [str(cast(InterpolatedString, path[0]).eval(parent.config)) for path in parent.extra_fields or []]


@dataclass
class PostsWithNewComments(SubstreamPartitionRouter):
    """One slice for each post of the parent whose comments have to be read.

    Those are the posts of which the counter `comments` is another than when they were last read, and those younger
    than 48 hours, because the counter lags by 24 to 48 hours (docs/tiktok-api.md A7). An older post without comments is
    not asked about.

    In:  a row of the parent, `{"item_id": "7", "business_id": "-000abc", "create_time": "2026-09-08T10:00:07Z",
         "comments": 12, …}`, where the state says 11
    Out: a slice of partition `{"business_id": "-000abc", "video_id": "7"}` with the other extra fields and an empty
         set `seen`, in which the comments of this post are noted as they come

    Accounts take turns, because each is paced by itself. The last slices have no post. The first of them is there to
    be closed, and with it all numbers written; after it, each account has one, where its failures are raised (see
    PostByPost).

    The numbers are the "parent state" of the stream, `{"comments": {"-000abc": {"7": 12}}}`, which the CDK writes when
    all slices up to that point are closed: a post counts as read when all its pages were. Posts that the parent does
    not list any more are forgotten.
    """

    api_budget: APIBudget
    _reading: CommentReading = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._reading = sync_of(self.api_budget).comments(parameters["name"])

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The posts to ask about, one of each account in turn and from the newest to the oldest of each."""
        (parent,) = self.parent_stream_configs
        accounts = {
            _partition_of(partition)["business_id"]: partition for partition in parent.stream.generate_partitions()
        }
        walks = [self._slices_of(business_id, partition, parent) for business_id, partition in accounts.items()]
        handed_out: StreamSlice | None = None
        try:
            while walks:
                for walk in walks.copy():
                    stream_slice = next(walk, None)
                    if stream_slice is None:
                        walks.remove(walk)
                    else:
                        handed_out = stream_slice
                        yield stream_slice
        except Exception:
            # The CDK fetches a slice before it hands on the one before, which it now loses.
            if handed_out is not None:
                self._reading.leave(handed_out.partition["business_id"], handed_out.partition["video_id"])
            raise
        for business_id in ["", *accounts] if accounts else []:
            yield StreamSlice(partition={"business_id": business_id, "video_id": NO_POST}, cursor_slice={})

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The numbers of the posts handed out so far, and for the others those of the last sync."""
        return {"comments": self._reading.counts}

    def _slices_of(self, business_id: str, account: Partition, parent: ParentStreamConfig) -> Iterator[StreamSlice]:
        try:
            yield from self._posts_of(business_id, account, _extra_fields_of(parent))
        except AirbyteTracedException as failure:
            self._reading.keep_for_the_end(business_id, failure)

    def _posts_of(self, business_id: str, account: Partition, columns: list[str]) -> Iterator[StreamSlice]:
        known = self._reading.known.get(business_id, Counts())
        counts, listed = dict(known), set()
        fresh_since = (sync_of(self.api_budget).started_at - timedelta(hours=48)).strftime(TIMESTAMP_FORMAT)
        handed_out = noted = 0
        for post in account.read():
            video_id, comments = post.data["item_id"], post.data["comments"]
            if video_id in listed:
                continue
            listed.add(video_id)
            is_fresh = post.data["create_time"] > fresh_since
            if not is_fresh and comments is not None and known.get(video_id, 0) == comments:
                continue
            counts[video_id] = comments or 0
            if not is_fresh and comments == 0:
                continue
            handed_out += 1
            # After fewer and fewer posts, because the CDK keeps what is noted until all posts before it are read.
            if handed_out - noted > noted // 20:
                noted = handed_out
                self._reading.note(business_id, counts)
            self._reading.open(business_id, video_id)
            yield StreamSlice(
                partition={"business_id": business_id, "video_id": video_id},
                cursor_slice={},
                # Thousands of slices wait to be read, so each holds what its rows need and no more.
                extra_fields={**{column: post.data.get(column) for column in columns}, "seen": set()},
            )
        still_there = {video_id: count for video_id, count in counts.items() if video_id in listed and count}
        self._reading.note(business_id, still_there)
