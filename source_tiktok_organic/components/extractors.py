"""Arrays and objects of a response as records."""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.types import Config

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.exceptions import unexpected_answer


def replies_left_out(comment: Mapping[str, Any]) -> int:
    """How many replies a comment has that did not come with it; TikTok sends up to three along.

    docs/tiktok-api.md A8.
    """
    return max(0, int(comment.get("replies") or 0) - len(comment.get("reply_list") or []))


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
            raise unexpected_answer(f"TikTok sent {type(data).__name__} where an object with `{key}` belongs.")
        data = data.get(key)
    if data is None:
        return
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
        elif item is not None:
            raise unexpected_answer(f"TikTok sent {type(item).__name__} in `{'.'.join(path)}` where an object belongs.")


@dataclass
class ObjectExtractor(RecordExtractor):
    """One row for each object at `path` of the answer's `data`; an empty path means `data` itself.

    In:  path `["metrics"]`, rename `{"date": "metric_date"}`, data `{"metrics": [{"date": "2026-09-10", "likes": 3}]}`
    Out: `{"metric_date": "2026-09-10", "likes": 3}`
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    path: list[str] = field(default_factory=list)
    rename: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        for item in objects_at(data_of(response), self.path):
            yield _renamed(item, self.rename)


@dataclass
class BreakdownExtractor(RecordExtractor):
    """One row for each element of the array `breakdown` in each object at `path`.

    Each column is prefixed with the array's name; the object's columns in `keep` (new name: TikTok's name) come along.

    In:  path `["videos"]`, breakdown `audience_countries`, keep `{"item_id": "item_id"}`, data
         `{"videos": [{"item_id": "7", "audience_countries": [{"country": "GB", "percentage": 0.71}]}]}`
    Out: `{"item_id": "7", "audience_countries_country": "GB", "audience_countries_percentage": 0.71}`

    An array that is missing, null or empty gives no rows: TikTok withheld it.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    breakdown: str
    path: list[str] = field(default_factory=list)
    keep: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        prefix = f"{self.breakdown}_"
        for item in objects_at(data_of(response), self.path):
            kept = {column: item.get(name) for column, name in self.keep.items()}
            for element in objects_at(item, [self.breakdown]):
                row = kept.copy()
                for name, value in element.items():
                    row[prefix + name] = value
                yield row


@dataclass
class ReplyExtractor(RecordExtractor):
    """The replies of a page: those that came with their comments, or a page of one comment's replies.

    In:  `{"comments": [{"comment_id": "1", "replies": 1, "reply_list": [{"comment_id": 2, …}]}]}`, or a page
         of replies, `{"comments": [{"comment_id": 2, "parent_comment_id": "1"}]}`
    Out: `{"comment_id": 2, "parent_comment_id": "1"}`

    A comment that has more replies than came with it gives none here: they are listed by ThreadPagination. Of hidden
    comments, which can't be listed, at least those are taken that came along.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    rename: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        for comment in objects_at(data_of(response), ["comments"]):
            if comment.get("parent_comment_id"):
                yield _renamed(comment, self.rename)
            elif comment.get("status") == "HIDDEN" or not replies_left_out(comment):
                for reply in objects_at(comment, ["reply_list"]):
                    yield _renamed(reply, self.rename)


def _renamed(item: Mapping[str, Any], rename: Mapping[str, str]) -> dict[str, Any]:
    row = dict(item)
    for name, column in rename.items():
        row[column] = row.pop(name, None)
    return row
