"""Odd input: what public bug reports say that APIs of this trade send, drawn from the knob `oddities`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from random import Random
from typing import Any

import orjson
from starlette.responses import Response

from . import noise
from .envelope import JsonObject
from .knobs import Knobs

_TEXTS = {"caption", "text", "title", "video_description"}
_LIVES = {"expires_in", "refresh_expires_in", "refresh_token_expires_in"}
# What records are told apart by, and what says which replies there are.
_LEFT_ALONE = {"code", "item_id", "id", "comment_id", "video_id", "hour", "second", "replies"}
_COUNTS: tuple[Any, ...] = (12.5, "-", "31%", {"count": 3})
# JSON has no raw line break and no raw U+0000 in a text. These stand for them until the body is written.
_RAW = {"\ue000": "\n", "\ue001": "\x00"}
_ODD_TEXTS = ("\ud83d", "\udc00", "\x00", *_RAW)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Oddities:
    """Puts odd input into responses. The same seed and request give the same, whatever was asked for before.

    One thing is only there once for each account: a profile without any data.
    """

    def __init__(self, knobs: Knobs) -> None:
        """Take the knobs."""
        self._knobs = knobs
        self._lacked: set[tuple[int, str]] = set()

    def put_into(self, response: Response, path: str, params: Mapping[str, str]) -> Response:
        """Return the response of a request that succeeded, with what the knobs say."""
        seed, body = self._knobs.oddities, bytes(response.body)
        if not body or not (seed or self._knobs.missing_labels):
            return response
        random = Random(noise.seed_of(seed, path, sorted(params.items())))
        sent = orjson.loads(body)
        if self._knobs.missing_labels:
            _take_labels(sent)
        if seed:
            business_id = params.get("business_id", "")
            if "metrics" in (sent.get("data") or {}) and (seed, business_id) not in self._lacked:
                self._lacked.add((seed, business_id))
                sent["data"] = {}
            _change(sent, random)
        content = _written(sent)
        if seed and random.random() < 0.3:
            content = _BYTE_ORDER_MARK + content
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        return Response(content, response.status_code, headers=headers)


def _written(body: JsonObject) -> bytes:
    """Return a body as no JSON library writes it: with NaN, halves of characters and raw line breaks."""
    text = json.dumps(body)
    for stand_in, raw in _RAW.items():
        text = text.replace(json.dumps(stand_in)[1:-1], raw)
    return text.encode()


def _change(record: JsonObject, random: Random) -> None:
    """Put odd values into an object and all that is in it."""
    for name, value in list(record.items()):
        if isinstance(value, dict):
            _change(value, random)
        elif isinstance(value, list):
            record[name] = _changed_array(value, random)
        elif name == "create_time":
            _change_time(record, random)
        elif name not in _LEFT_ALONE:
            record[name] = _changed_value(name, value, random)
    if random.random() < 0.2:
        record["new_in_this_release"] = {"unknown": [1, "two", None]}


def _changed_array(items: list[Any], random: Random) -> list[Any]:
    label = _label_of(items)
    for item in items:
        if isinstance(item, dict):
            _change(item, random)
    changed = list(items)
    if label and random.random() < 0.3:
        _split(changed, random.randrange(len(items)))
    if random.random() < 0.2:
        changed.insert(random.randint(0, len(changed)), None)
    return changed


def _label_of(items: Any) -> str | None:
    """What tells the shares of a breakdown apart, such as "gender"; None for any other value."""
    if not isinstance(items, list) or not items or not isinstance(items[0], dict) or "percentage" not in items[0]:
        return None
    return next((name for name, value in items[0].items() if isinstance(value, str) and not value.isdecimal()), None)


def _split(items: list[JsonObject], index: int) -> None:
    """Put half of an item's share into another item that is called the same."""
    share = items[index]["percentage"]
    if isinstance(share, float) and math.isfinite(share):
        items[index]["percentage"] = share / 2
        items.append(dict(items[index]))


def _change_time(record: JsonObject, random: Random) -> None:
    """Leave the time out, or send milliseconds. The ids hold it, too (docs/tiktok-api.md D)."""
    match random.randrange(6):
        case 0:
            del record["create_time"]
        case 1:
            record["create_time"] = None
        case 2:
            record["create_time"] = type(record["create_time"])(int(record["create_time"]) * 1000)


def _changed_value(name: str, value: Any, random: Random) -> Any:
    draw = random.random()
    if name in _LIVES:
        return str(value)
    if name == "has_more":
        return json.dumps(value) if draw < 0.5 else value
    if name == "cursor":
        return str(value) if draw < 0.5 else value
    if name in _TEXTS:
        position = random.randint(0, len(value))
        return value[:position] + random.choice(_ODD_TEXTS) + value[position:] if draw < 0.3 else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if draw < 0.1:
        return str(value)
    if draw < 0.2:
        return math.nan if isinstance(value, float) else random.choice(_COUNTS)
    return value


def _take_labels(value: Any) -> None:
    """Put half of the first share of each breakdown into an item without a label."""
    if isinstance(value, list):
        for item in value:
            _take_labels(item)
    elif isinstance(value, dict):
        for inside in value.values():
            label = _label_of(inside)
            if label:
                _split(inside, 0)
                del inside[-1][label]
            else:
                _take_labels(inside)
