"""`python -m source_tiktok_organic.catalog`: what `discover` prints becomes the catalog that `read` wants."""

import json
import subprocess
import sys
from typing import Any

VIDEOS = {
    "name": "videos",
    "json_schema": {"properties": {"item_id": {"type": "string"}}},
    "supported_sync_modes": ["full_refresh", "incremental"],
    "default_cursor_field": ["create_time"],
    "source_defined_primary_key": [["business_id"], ["item_id"], ["metric_date"]],
}
USER_INFO = {"name": "user_info", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
CATALOG = {"type": "CATALOG", "catalog": {"streams": [VIDEOS, USER_INFO]}}
LOG = {"type": "LOG", "log": {"level": "INFO", "message": "…"}}


def catalog(*messages: dict[str, Any], names: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """Run the command on these messages of `discover`."""
    return subprocess.run(
        [sys.executable, "-m", "source_tiktok_organic.catalog", *names],
        input="".join(f"{json.dumps(message)}\n" for message in messages),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_each_stream_is_read_incrementally_where_it_can_be() -> None:
    done = catalog(LOG, CATALOG)

    assert json.loads(done.stdout) == {
        "streams": [
            {
                "stream": VIDEOS,
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
                "cursor_field": ["create_time"],
                "primary_key": [["business_id"], ["item_id"], ["metric_date"]],
            },
            {
                "stream": USER_INFO,
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append_dedup",
                "cursor_field": [],
                "primary_key": [],
            },
        ]
    }


def test_with_names_the_catalog_has_these_streams_alone() -> None:
    found = json.loads(catalog(CATALOG, names=("user_info",)).stdout)

    assert [entry["stream"]["name"] for entry in found["streams"]] == ["user_info"]


def test_a_name_that_is_none_is_answered_with_those_that_are_there() -> None:
    done = catalog(CATALOG, names=("video",))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no stream video. These are there: videos, user_info.\n"


def test_where_discover_failed_its_own_sentence_is_said() -> None:
    error = {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "The setting `credentials` is missing."}}}

    done = catalog(LOG, error)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The setting `credentials` is missing.\n"


def test_without_any_message_the_next_step_is_said() -> None:
    assert catalog().stderr == "`discover` printed no catalog. Run it by itself to see why.\n"
