"""Odd input costs no record: a sync of an emulator with all its oddities has the keys of a clean one."""

import re
from datetime import datetime
from typing import Any

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    COMMENT_STREAMS,
    LOGIN_KIT_STREAMS,
    SIGNED,
    STREAMS,
    Connector,
    Output,
    Row,
    call_log,
    granted,
    login_kit_config,
    oauth_config,
)
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.streams import PRIMARY_KEYS

ALL_STREAMS = [*STREAMS, *COMMENT_STREAMS]
SPEC = AccountSpec(posts=25, history_days=300, comments_per_post=12)
# Those of which the key ends with a text.
LABELLED = [
    stream for stream, key in PRIMARY_KEYS.items() if re.search("_(age|gender|country|city_name|type|source)$", key[-1])
]
# What a sync may have otherwise than a clean one: texts, times (taken from ids), and addresses with signatures.
CHANGED = {"caption", "text", "title", "video_description", "create_time", "created_at"}
CHANGED |= {*SIGNED, "avatar_url", "avatar_url_100", "avatar_large_url", "cover_image_url"}
# What it says of a time that its cursor can't read.
OF_THE_CDK = "Skipping cursor update for stream 'user_videos"

Keyed = dict[tuple[Any, ...], Row]


def keyed(output: Output, stream: str) -> Keyed:
    """A stream's rows by their primary key, which none shares with another."""
    rows = {tuple(row[column] for column in PRIMARY_KEYS[stream]): row for row in output.rows(stream)}
    assert len(rows) == len(output.rows(stream)) > 0, stream
    return rows


def assert_is_like(odd: Output, clean: Output, streams: list[str]) -> None:
    """The rows are the same, except that a value may be null and a share a rounding error off."""
    for stream in streams:
        rows, clean_rows = keyed(odd, stream), keyed(clean, stream)
        assert rows.keys() == clean_rows.keys(), stream
        for key, row in rows.items():
            for column in row.keys() - CHANGED:
                assert row[column] == pytest.approx(clean_rows[key][column]), (stream, key, column)
            # Ids of comments are up to three minutes older than the comment.
            column = "created_at" if stream.startswith("user_videos") else "create_time"
            if column in clean_rows[key]:
                assert 0 <= seconds(clean_rows[key][column]) - seconds(row[column]) <= 180, (stream, key)


def seconds(moment: str) -> float:
    """A timestamp in seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()


def warnings(output: Output) -> list[str]:
    """What the log warns of."""
    logs = [message["log"] for message in output.of_type("LOG")]
    return [log["message"] for log in logs if log["level"] == "WARN"]


def assert_is_said(odd: Output) -> None:
    """There is one warning for each thing that is odd, and its count at the end."""
    said = [line for line in warnings(odd) if not line.startswith(OF_THE_CDK)]
    counts = [line for line in said if line.startswith("Odd in this sync: ")]
    assert said[-len(counts) :] == counts
    assert len(set(counts)) == len(counts) > 0
    assert sum(line.startswith("TikTok sent ") for line in said) == len(said) - len(counts) == len(counts)


def test_a_sync_with_all_oddities_is_like_a_clean_one(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(SPEC, hidden_post_rate=0)
    clean = connector.read(oauth_config(tiktok), ALL_STREAMS)
    assert warnings(clean) == []

    said = []
    for seed in (1, 2, 3):
        tiktok.emulator.set_knobs(oddities=seed)
        tiktok.emulator.calls.clear()
        odd = connector.without_waiting.read(oauth_config(tiktok), ALL_STREAMS)

        assert (odd.exit_code, odd.errors) == (0, []), seed
        assert_is_like(odd, clean, ALL_STREAMS)
        assert_is_said(odd)
        # Asked again for the days that it did not have at first.
        assert len(call_log(tiktok, "business/get/")) == 2
        said += warnings(odd)
    for thing in ("with text that was repaired", "labels of `", "times of `videos`", "values of `likes` in `videos`"):
        assert thing in "\n".join(said), thing


def test_a_sync_of_login_kit_with_all_oddities_is_like_a_clean_one(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(SPEC, hidden_post_rate=0)
    clean = connector.read(login_kit_config(tiktok), LOGIN_KIT_STREAMS)

    for seed in (4, 5):
        tiktok.emulator.set_knobs(oddities=seed)
        odd = connector.without_waiting.read(login_kit_config(tiktok), LOGIN_KIT_STREAMS)

        assert (odd.exit_code, odd.errors) == (0, []), seed
        assert_is_like(odd, clean, LOGIN_KIT_STREAMS)
        assert_is_said(odd)


def test_the_share_of_a_missing_label_is_a_row_of_its_own(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=5, history_days=100), hidden_post_rate=0)
    clean = connector.read(oauth_config(tiktok), LABELLED)
    tiktok.emulator.set_knobs(missing_labels=True)

    odd = connector.read(oauth_config(tiktok), LABELLED)

    assert (odd.exit_code, odd.errors) == (0, [])
    assert_is_said(odd)
    for stream in LABELLED:
        rows, clean_rows = keyed(odd, stream), keyed(clean, stream)
        assert rows.keys() - clean_rows.keys() == {(*key[:-1], "unknown") for key in clean_rows}
        assert clean_rows.keys() <= rows.keys()
        share = next(name for name in next(iter(rows.values())) if name.endswith("_percentage"))
        assert sum(row[share] for row in rows.values()) == pytest.approx(sum(row[share] for row in clean_rows.values()))


def test_the_same_seed_and_request_give_the_same_oddities(start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(SPEC, hidden_post_rate=0, oddities=7)
    headers = {"Access-Token": granted(tiktok)["access_token"]}
    url = f"{tiktok.url}/open_api/v1.3/business/video/list/"
    cursors = ("1795348800000", "1785348800000")

    def texts(order: tuple[str, ...]) -> dict[str, bytes]:
        params = {"business_id": FIRST_OPEN_ID, "fields": '["item_id","caption","likes","create_time"]'}
        answers = {
            cursor: requests.get(url, params={**params, "cursor": cursor}, headers=headers, timeout=10).content
            for cursor in order
        }
        return {cursor: re.sub(rb'"request_id": "\w+"', b"", answer) for cursor, answer in answers.items()}

    first = texts(cursors)

    assert texts(cursors[::-1]) == first
    tiktok.emulator.set_knobs(oddities=8)
    assert texts(cursors) != first
