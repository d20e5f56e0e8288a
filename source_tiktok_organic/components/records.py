"""Arrays and objects of a response as records."""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.exceptions import shortened, unexpected_response
from source_tiktok_organic.components.sync import sync_of


def objects_in(data: Mapping[str, Any], array: str) -> list[dict[str, Any]]:
    """The objects of an array; none where TikTok withheld it. A system error for anything but an array of objects."""
    found = data.get(array)
    if isinstance(found, list) and set(map(type, found)) == {dict}:
        return found
    items = [] if found is None else found
    wrong = items if not isinstance(items, list) else next((x for x in items if not isinstance(x, dict | None)), None)
    if wrong is not None:
        raise unexpected_response(
            f"TikTok sent {shortened(wrong)} {'in' if isinstance(items, list) else 'for'} `{array}`, where a list of "
            "objects belongs."
        )
    return [item for item in items if item is not None]


def replies_left_out(comment: Mapping[str, Any]) -> int:
    """How many replies of a comment did not come with it: TikTok sends up to three (docs/tiktok-api.md A8).

    If their number can't be read and three came along, there may be more.
    """
    replies, along = str(comment.get("replies") or "unknown"), len(objects_in(comment, "reply_list"))
    return max(0, int(replies) - along) if replies.isdecimal() else along // 3


def is_identifier(value: Any) -> bool:
    """Whether a value can name something: text that is not blank, or a whole number."""
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool)


@dataclass
class ObjectExtractor(RecordExtractor):
    """One record for each object of an array in a response's `data`, or for the object `object`, or for `data` itself.

    In:  array "metrics", rename `{"date": "metric_date"}`, data `{"metrics": [{"date": "2026-09-10", "likes": 3}]}`
    Out: `{"metric_date": "2026-09-10", "likes": 3}`

    A record without its `key` can't be told from others. It is left out, with a warning.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    array: str = ""
    object: str = ""
    key: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters.get("name", "")

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The records of one page, values as TikTok sent them."""
        for item in self.named_objects(response):
            record = dict(item)
            for name, column in self.rename.items():
                record[column] = record.pop(name, None)
            yield record

    def named_objects(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The objects of one page, each with a key of its own."""
        named: dict[str, dict[str, Any]] = {}
        for item in self.objects_of(data_of(response)):
            name = item.get(self.key)
            if not self.key:
                yield item
            elif not is_identifier(name):
                self._leave_out(f"{shortened(name)} as `{self.key}` of a record", f"without `{self.key}`")
            elif named.setdefault(str(name), item) is item:
                yield item
            elif named[str(name)] != item:
                self._leave_out(f"the `{self.key}` {shortened(name)} twice", f"with the same `{self.key}`")

    def _leave_out(self, what: str, kind: str) -> None:
        sync_of(self.api_budget).log.odd(
            f"records of `{self._stream}` {kind}",
            f"TikTok sent {what}, in the stream `{self._stream}`. The record is left out, because nothing else tells "
            "it from others.",
        )

    def objects_of(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """The objects that become records."""
        if self.array:
            return objects_in(data, self.array)
        found = data.get(self.object) if self.object else data
        if not isinstance(found, dict | None):
            raise unexpected_response(f"TikTok sent {shortened(found)} for `{self.object}`, where an object belongs.")
        return [] if found is None else [found]


@dataclass
class ReplyExtractor(ObjectExtractor):
    """The replies of a page: those that came with their comments, or a page of one comment's replies.

    In:  `{"comments": [{"comment_id": "1", "replies": 1, "reply_list": [{"comment_id": 2, …}]}]}`, or a page
         of replies, `{"comments": [{"comment_id": 2, "parent_comment_id": "1"}]}`
    Out: `{"comment_id": 2, "parent_comment_id": "1"}`

    A comment with more replies than came with it gives none here, because ThreadPagination lists them. A hidden
    comment's replies can't be listed, so those that came with it are taken.
    """

    def objects_of(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """The replies."""
        replies = []
        for comment in objects_in(data, "comments"):
            if comment.get("parent_comment_id"):
                replies.append(comment)
            elif comment.get("status") == "HIDDEN" or not replies_left_out(comment):
                replies += objects_in(comment, "reply_list")
        return replies


@dataclass
class BreakdownExtractor(ObjectExtractor):
    """One record for each element of the array `breakdown` in each object.

    Each column is prefixed with the array's name. Columns of the object come along as `keep` says (new name: TikTok's).
    `label` is the element's name among its equals; `number` instead where it is a number, such as a second.

    In:  array "videos", breakdown "audience_countries", label "country", keep `{"item_id": "item_id"}`, data
         `{"videos": [{"item_id": "7", "audience_countries": [{"country": "GB", "percentage": 0.71}]}]}`
    Out: `{"item_id": "7", "audience_countries_country": "GB", "audience_countries_percentage": 0.71}`

    TikTok withheld an array that is missing, null or empty: it gives no records. Labels are unique and never null: one
    that is missing is "unknown", and the shares of equal ones are added up. A number that is missing or equal to an
    earlier one is left out. All of that with a warning.
    """

    breakdown: str = ""
    label: str = ""
    number: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The records of one page, values as TikTok sent them."""
        prefix = f"{self.breakdown}_"
        for item in self.named_objects(response):
            elements = objects_in(item, self.breakdown)
            if not self._are_clean([element.get(self.label or self.number) for element in elements]):
                elements = list(self._with_unique_labels(elements))
            kept = {column: item.get(name) for column, name in self.keep.items()}
            for element in elements:
                record = kept.copy()
                for name, value in element.items():
                    record[prefix + name] = value
                yield record

    def _are_clean(self, labels: list[Any]) -> bool:
        """Whether labels are unique and of one kind; a look at the whole array, because nearly all are clean."""
        types = set(map(type, labels))
        is_text = types == {str} and all(map(str.strip if self.label else str.isdecimal, labels))
        return (is_text or types == {int}) and len(set(labels)) == len(labels)

    def _name_of(self, element: Mapping[str, Any]) -> str | None:
        value = element.get(self.label or self.number)
        return str(value) if is_identifier(value) and (self.label or str(value).isdecimal()) else None

    def _with_unique_labels(self, elements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        label = self.label or self.number
        unique: dict[str, dict[str, Any]] = {}
        for element in elements:
            name = self._name_of(element)
            if name is None:
                # A number can't be called unknown.
                consequence = "left out" if self.number else "called `unknown`"
                self._odd(f"{shortened(element.get(label))} as a `{label}`", consequence)
                if self.number:
                    continue
                name, element = "unknown", {**element, label: "unknown"}
            if name not in unique:
                unique[name] = element
            elif self.number:
                self._odd(f"the `{label}` {shortened(name)} twice", "left out where it comes again")
            else:
                self._odd(f"the `{label}` {shortened(name)} twice", "added up")
                unique[name] = {key: _sum(found, element.get(key)) for key, found in unique[name].items()}
        yield from unique.values()

    def _odd(self, what: str, consequence: str) -> None:
        sync_of(self.api_budget).log.odd(
            f"labels of `{self._stream}`",
            f"TikTok sent {what} in `{self.breakdown}`, in the stream `{self._stream}`. It is {consequence}.",
        )


def _sum(first: Any, second: Any) -> Any:
    """Both numbers added up; `first` where they are none."""
    numbers = [value for value in (first, second) if isinstance(value, int | float) and not isinstance(value, bool)]
    return sum(numbers) if len(numbers) == 2 else first
