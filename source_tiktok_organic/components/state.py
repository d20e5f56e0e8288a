"""States of earlier syncs, made ready for the next."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.migrations.state_migration import StateMigration
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config

from source_tiktok_organic.components.settings import TIMESTAMP_FORMAT, is_config_path
from source_tiktok_organic.components.sync import CommentCounts, sync_of


@dataclass
class StartNewAccountsFresh(StateMigration):
    """Removes the shared cursor, so an account added later starts from the beginning.

    In:  `{"states": [{"partition": {"business_id": "-000abc", "parent_slice": {"business_id": "-000abc"}}, …}],
         "state": {"create_time": "2026-11-20T10:00:00Z"}, …}`
    Out: the same without `state`; without those of `states` that name an account by its config path, because it was not
         reached; and with the partition `{"business_id": "-000abc"}`: until 0.1.0 it had its parent's beside it
    """

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Whether the state is one of accounts."""
        return "states" in stream_state

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state of the accounts that were reached, each with its own cursor."""
        states = [
            {**entry, "partition": _without_parent(entry["partition"])}
            for entry in stream_state["states"]
            if not is_config_path(entry["partition"].get("business_id", ""))
        ]
        return {key: value for key, value in stream_state.items() if key != "state"} | {"states": states}


def _without_parent(partition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in partition.items() if name != "parent_slice" or not value}


@dataclass
class KeepOnlyCommentCounts(StateMigration):
    """Hands the numbers of comments in a state to PostsWithNewComments and drops the CDK's cursors.

    In:  `{"use_global_cursor": true, "state": {…}, "parent_state": {"comments": {"-000abc": {"7": 12}}}}`
    Out: the same without `state`

    With a cursor for each post, a state would grow with the account, and the CDK changes to one for all at 10,000 of
    them anyway. So it uses one for all from the beginning, and starts without any: what to read is decided by post.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters["name"]

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Always: also a first sync starts with one cursor for all."""
        return True

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """A state of numbers alone."""
        comments = (stream_state.get("parent_state") or {}).get("comments") or {}
        known = {business_id: CommentCounts(counts) for business_id, counts in comments.items()}
        sync_of(self.api_budget).comment_counts[self._stream] = known
        return {"use_global_cursor": True, "states": [], "parent_state": {"comments": comments}}


@dataclass
class ReopenRecentPosts(StateMigration):
    """Sets each account's cursor back to the oldest post that is still to be read again.

    TikTok keeps changing a post's numbers for 365 days (docs/tiktok-api.md A7), so a sync reads the posts of the last
    `video_lookback_days` again and freezes older records. Posts that no sync has seen are read whatever their age.

    In, on 2026-11-20 with 365 days:
        `{"states": [{"partition": {"business_id": "-000abc", …}, "cursor": {"create_time": "2026-11-19T08:00:00Z"}}]}`
    Out: the cursor `{"create_time": "2025-11-20T12:00:00Z"}`

    An account whose newest post is older than that continues right after it, and one that was never read to its end
    (see AccountPartitionRouter) starts from the beginning.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    start_datetime: str
    video_lookback_days: str
    _start: str = field(init=False)
    _days: int = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._start = str(InterpolatedString.create(self.start_datetime, parameters=parameters).eval(self.config))
        self._days = int(InterpolatedString.create(self.video_lookback_days, parameters=parameters).eval(self.config))

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Whether any account has a cursor."""
        return bool(stream_state.get("states"))

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with the cursors set back."""
        read_to_the_end = ((stream_state.get("parent_state") or {}).get("account") or {}).get("read") or []
        states = []
        for entry in stream_state["states"]:
            newest = entry["cursor"].get("create_time", "")
            if newest > self._start or entry["partition"]["business_id"] in read_to_the_end:
                states.append({**entry, "cursor": {**entry["cursor"], "create_time": self._first_to_read(newest)}})
        return {**stream_state, "states": states}

    def _first_to_read(self, newest: str) -> str:
        if self._days == 0:
            return self._start
        oldest_open = (sync_of(self.api_budget).started_at - timedelta(days=self._days)).strftime(TIMESTAMP_FORMAT)
        if self._start < newest < oldest_open:
            just_after = datetime.strptime(newest, TIMESTAMP_FORMAT) + timedelta(seconds=1)
            return just_after.strftime(TIMESTAMP_FORMAT)
        return oldest_open
