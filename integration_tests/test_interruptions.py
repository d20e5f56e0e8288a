"""A process that is killed in the middle of a sync loses nothing and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import Connector, Message, oauth_config, set_fault, token_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.server import RunningEmulator

STREAMS = ["account_metrics", "videos", "videos_audience_types"]


def killed_read(
    tiktok: RunningEmulator, connector: Connector, config: dict[str, Any], state: list[Message] | None
) -> list[Message]:
    """The messages of a read that is killed after the second page of posts."""
    # Each page takes a moment, so that the walk is still under way when its first rows are out.
    set_fault(tiktok, "business/video/list/", "slow", seconds=0.4, times=None)
    temporary = connector.folder / "temporary"
    temporary.mkdir()
    messages = connector.read_and_be_killed(
        lambda messages: len(keys(messages, "videos")) == 40, config, STREAMS, state, TMPDIR=str(temporary)
    )
    requests.delete(f"{tiktok.url}/_emulator/faults", timeout=10)
    left_behind = [path for path in temporary.rglob("*") if path.is_file()]
    assert left_behind == []
    return messages


def keys(messages: list[Message], stream: str) -> set[tuple[Any, ...]]:
    """What tells the rows of a stream apart."""
    rows = [
        message["record"]["data"]
        for message in messages
        if message["type"] == "RECORD" and message["record"]["stream"] == stream
    ]
    return {(row["metric_date"], row.get("item_id"), row.get("audience_types_type")) for row in rows}


def last_state(messages: list[Message]) -> list[Message]:
    """The last state of each stream."""
    last = {
        message["state"]["stream"]["stream_descriptor"]["name"]: {
            "type": "STREAM",
            "stream": message["state"]["stream"],
        }
        for message in messages
        if message["type"] == "STATE"
    }
    return list(last.values())


@pytest.mark.parametrize("synced_before", [False, True])
def test_a_killed_sync_is_made_good_by_the_next(
    connector: Connector, start_tiktok: StartTikTok, tmp_path: Path, synced_before: bool
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=130, history_days=700), hidden_post_rate=0)
    config = token_config(tiktok)
    state = connector.read(config, STREAMS).state if synced_before else None
    uninterrupted = connector.read(config, STREAMS, state=state).messages

    killed = killed_read(tiktok, connector, config, state)
    assert 0 < len(keys(killed, "videos")) < len(keys(uninterrupted, "videos"))

    # The platform hands back the last state that it got of each stream, or else the one from before.
    known = {
        message["stream"]["stream_descriptor"]["name"]: message for message in [*(state or []), *last_state(killed)]
    }
    resumed = connector.read(config, STREAMS, state=list(known.values()) or None).messages
    for stream in STREAMS:
        assert keys(killed, stream) | keys(resumed, stream) == keys(uninterrupted, stream), stream


def test_a_process_that_is_killed_right_after_a_renewal_leaves_a_config_that_works(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=5), old_refresh_token_dies=True)
    config = oauth_config(tiktok)
    # The first call after the renewal hangs until the process is gone.
    set_fault(tiktok, "business/get/", "slow", seconds=3)
    messages = connector.read_and_be_killed(lambda messages: messages[-1]["type"] == "CONTROL", config, ["account"])
    assert not any(message["type"] == "RECORD" for message in messages)

    (stored,) = [
        message["control"]["connectorConfig"]["config"] for message in messages if message["type"] == "CONTROL"
    ]
    assert connector.read(stored, ["account"]).errors == []
    # Also a day later, when the stored refresh token is needed.
    tiktok.emulator.clock.advance(90_000)
    assert connector.read(stored, ["account"]).errors == []
    assert "Authenticate the account again" in connector.read(config, ["account"]).errors[0]
