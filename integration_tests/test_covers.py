"""The streams of cover pictures: a file for each post, once."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    Connector,
    Output,
    calls,
    login_kit_config,
    oauth_config,
    token_config,
)
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.covers import PICTURES
from integration_tests.emulator.server import RunningEmulator
from integration_tests.emulator.testing import NOON

STREAM = "videos_covers"
FILES = Path("/tmp/airbyte-file-transfer")


@pytest.fixture(autouse=True)
def no_files_of_before() -> None:
    """The CDK's folder is the same for all runs of the command."""
    for stream in (STREAM, "user_videos_covers"):
        shutil.rmtree(FILES / stream, ignore_errors=True)


def warnings(output: Output) -> list[str]:
    """What the log warns of."""
    return [message["log"]["message"] for message in output.of_type("LOG") if message["log"]["level"] == "WARN"]


def pictures(tiktok: RunningEmulator) -> int:
    """How many pictures were asked for."""
    return sum(call.path.startswith(("obj/", "tos-")) for call in tiktok.emulator.calls.entries)


def requests_status(tiktok: RunningEmulator, address: str) -> int:
    """What the emulator answers at the address of a picture, which names TikTok's host."""
    return requests.get(f"{tiktok.url}/{address.split('/', 3)[3]}", timeout=10).status_code


@pytest.mark.parametrize(
    ("make_config", "stream", "folder"),
    [
        (token_config, STREAM, FIRST_OPEN_ID),
        (login_kit_config, "user_videos_covers", "96e7f99c-dd8e-4c8b-8dd5-8488b072c22d"),
    ],
    ids=["business", "login kit"],
)
def test_each_post_has_a_file_with_the_ending_of_its_kind(
    connector: Connector, start_tiktok: StartTikTok, make_config: Any, stream: str, folder: str
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=12), hidden_post_rate=0)

    output = connector.read(make_config(tiktok, cover_images=True), [stream])

    rows = {row.get("item_id") or row["id"]: row["file_path"] for row in output.rows(stream)}
    assert len(rows) == 12
    endings = {"jpg": PICTURES["image/jpeg"], "webp": PICTURES["image/webp"]}
    for item_id, path in rows.items():
        assert path in [f"{stream}/{folder}/{item_id}.{ending}" for ending in endings]
        assert (FILES / path).read_bytes() == endings[path.rpartition(".")[2]]
    assert {path.rpartition(".")[2] for path in rows.values()} == set(endings)
    files = [message["record"]["file_reference"] for message in output.of_type("RECORD")]
    assert [one["source_file_relative_path"] for one in files] == [row["file_path"] for row in output.rows(stream)]
    assert not [line for line in output.logs if line.startswith("File")]


def test_the_streams_are_there_only_with_the_setting(connector: Connector, tiktok: RunningEmulator) -> None:
    for make_config, stream in ((oauth_config, STREAM), (login_kit_config, "user_videos_covers")):
        assert stream in connector.discover(make_config(tiktok, cover_images=True)).catalog
        assert stream not in connector.discover(make_config(tiktok)).catalog


def test_covers_cost_no_call_of_the_api(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=45), hidden_post_rate=0)

    connector.read(token_config(tiktok, cover_images=True), ["account", "videos", STREAM])

    assert {path: count for path, count in calls(tiktok).items() if path.startswith("business/")} == {
        "business/get/": 1,
        "business/video/list/": 3,
    }
    assert pictures(tiktok) == 45


def test_a_later_sync_reads_the_covers_of_new_posts_and_of_the_two_days_before(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    spec = AccountSpec(posts=50, history_days=100, keeps_posting=True)
    tiktok = start_tiktok(spec, hidden_post_rate=0)
    config = token_config(tiktok, cover_images=True)
    first = connector.read(config, [STREAM])
    newest = max(row["create_time"] for row in first.rows(STREAM))
    tiktok.emulator.calls.clear()
    tiktok.emulator.clock.move_to(NOON + timedelta(hours=20))

    second = connector.read(config, [STREAM], state=first.state)

    again = {row["item_id"] for row in second.rows(STREAM)} & {row["item_id"] for row in first.rows(STREAM)}
    assert len(first.rows(STREAM)) == 50
    assert 0 < len(second.rows(STREAM)) <= 4
    assert pictures(tiktok) == len(second.rows(STREAM))
    two_days = (datetime.fromisoformat(newest) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert again == {row["item_id"] for row in first.rows(STREAM) if row["create_time"] >= two_days}


def test_a_cover_that_cannot_be_had_is_a_warning_and_no_file(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=6), hidden_post_rate=0, gone_covers=True)

    output = connector.without_waiting.read(token_config(tiktok, cover_images=True), ["videos", STREAM])

    assert (output.exit_code, output.errors) == (0, [])
    assert len(output.rows("videos")) == 6
    assert output.rows(STREAM) == []
    assert not (FILES / STREAM).exists()
    said = warnings(output)
    assert len(said) == 2
    assert "could not be had" in said[0]
    assert said[1] == "Odd in this sync: 6 posts without a cover in `videos_covers`."


def test_the_emulators_addresses_of_pictures_end(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=2), hidden_post_rate=0)
    page = connector.read(token_config(tiktok), ["videos"]).rows("videos")
    address = page[0]["thumbnail_url"]
    assert requests_status(tiktok, address) == 200

    tiktok.emulator.clock.advance(49 * 3600)

    assert requests_status(tiktok, address) == 403
