"""Where a list of TikTok's ends."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_tiktok_organic.components.columns import timestamp
from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.exceptions import unexpected_answer
from source_tiktok_organic.components.extractors import objects_at, replies_left_out
from source_tiktok_organic.components.settings import parse_date

LOGGER = logging.getLogger("airbyte")


@dataclass
class PostPagination(PaginationStrategy):
    """Walks posts from the newest to the oldest and stops where the slice begins (docs/tiktok-api.md A7).

    `cursor` is a time in epoch milliseconds; TikTok returns the posts created before it, `max_count` at a time.

    In:  `{"videos": [… 20 posts, the last created 1788861607 …], "cursor": 1788861607000, "has_more": true}`
    Out: 1788861607000, or None when `has_more` is false or the last post is older than the slice's `start_time`

    Short and empty pages are normal (TikTok takes out posts that break its rules), so they never end the walk.
    Raises a system error where the cursor does not move back in time: the walk would never end.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    page_size: int = 20

    @property
    def initial_token(self) -> int | None:
        """None to begin now, or the end of the config's `end_date` in epoch milliseconds."""
        end = parse_date(self.config, "end_date")
        if end is None:
            return None
        midnight = datetime(end.year, end.month, end.day, tzinfo=timezone.utc) + timedelta(days=1)
        return int(midnight.timestamp() * 1000)

    def get_page_size(self) -> int:
        """Posts per call; TikTok's maximum is 20."""
        return self.page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> int | None:
        """The cursor of the next page, or None at the end."""
        data = data_of(response)
        posts = data.get("videos") or []
        if not _has_more(data, posts):
            return None
        if posts and stream_slice and timestamp(posts[-1].get("create_time")) < stream_slice["start_time"]:
            return None
        cursor = _cursor_of(data)
        if cursor is None or (last_page_token_value and cursor >= int(last_page_token_value)):
            raise unexpected_answer(
                f"TikTok's list of posts does not advance: cursor {data.get('cursor')} follows {last_page_token_value}."
            )
        return cursor


def _has_more(data: Mapping[str, Any], items: list[Any]) -> bool:
    """Whether there is another page; short and empty pages say nothing about it."""
    if "has_more" not in data and items:
        raise unexpected_answer("TikTok sent a page of a list without saying whether there are more.")
    return bool(data.get("has_more"))


def _cursor_of(data: Mapping[str, Any]) -> int | None:
    return int(data["cursor"]) if str(data.get("cursor")).isdecimal() else None


def _next_offset(data: Mapping[str, Any], offset: int) -> int | None:
    """The offset of the next page of comments or replies after the page at `offset`, None at the end."""
    if not _has_more(data, data.get("comments") or []):
        return None
    cursor = _cursor_of(data)
    if cursor is None or cursor <= offset:
        raise unexpected_answer(
            f"TikTok's list of comments does not advance: cursor {data.get('cursor')} follows {offset}."
        )
    return cursor


@dataclass
class CommentPagination(PaginationStrategy):
    """Walks the comments of a post: `cursor` is the number of comments to skip (docs/tiktok-api.md A8).

    In:  `{"comments": [… 30 comments …], "cursor": 30, "has_more": true}`
    Out: `{"cursor": 30}`, or None when `has_more` is false

    Raises a system error where the cursor does not advance: the walk would never end.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    @property
    def initial_token(self) -> None:
        """None: the first page."""

    def get_page_size(self) -> None:
        """None: the requester's `max_count` says it."""

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> Mapping[str, Any] | None:
        """The token of the next page, or None at the end."""
        return self.token_after(data_of(response), last_page_token_value or {"cursor": 0}, stream_slice)

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any], stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the page after that of `token`."""
        offset = _next_offset(data, token["cursor"])
        return None if offset is None else {"cursor": offset}


@dataclass
class ThreadPagination(CommentPagination):
    """Walks the comments of a post, and after each page the replies of those comments that did not bring all along.

    Out: `{"thread": "7683445795471428621", "cursor": 0, "threads": […], "comments": 30, "listed": […]}` for the first
         page of a comment's replies. Then come those of `threads`, then the page of comments at 30, or the end where
         that is None. `listed` are the comments that were dealt with: TikTok may send a comment twice.
    """

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any], stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the page after that of `token`."""
        offset = _next_offset(data, token["cursor"])
        if "thread" in token and offset is not None:
            return {**token, "cursor": offset}
        listed = token.get("listed", [])
        if "thread" in token:
            threads, comments = token["threads"], token["comments"]
        else:
            longer = {
                str(comment["comment_id"]): comment
                for comment in objects_at(data, ["comments"])
                if replies_left_out(comment) and str(comment["comment_id"]) not in listed
            }
            _say_left_out(longer.values(), stream_slice)
            listed, comments = [*listed, *longer], offset
            threads = [comment_id for comment_id, comment in longer.items() if comment.get("status") != "HIDDEN"]
        if threads:
            return {"thread": threads[0], "cursor": 0, "threads": threads[1:], "comments": comments, "listed": listed}
        return None if comments is None else {"cursor": comments, "listed": listed}


def _say_left_out(comments: Iterable[Mapping[str, Any]], stream_slice: StreamSlice | None) -> None:
    """Say how many replies can't be had: TikTok does not list those of hidden comments."""
    hidden = sum(replies_left_out(comment) for comment in comments if comment.get("status") == "HIDDEN")
    if hidden and stream_slice:
        LOGGER.info(
            f"{hidden} replies of hidden comments of the post {stream_slice.partition['video_id']} are left out: "
            "TikTok does not list them."
        )
