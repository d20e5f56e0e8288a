"""`make read` shows what the command reads from the emulator."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "tools.read"]


def run(folder: Path, *streams: str) -> "subprocess.CompletedProcess[str]":
    """Run it in a folder, where it leaves its files."""
    return subprocess.run(
        [*COMMAND, *streams],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_and_the_rows_of_each_stream_are_printed(tmp_path: Path) -> None:
    process = run(tmp_path, "account", "videos_audience_genders")

    assert process.returncode == 0, process.stderr
    command, _, heading, account, _, posts, *rows = process.stdout.splitlines()
    assert command == "source-tiktok-organic read --config .tmp/read/config.json --catalog .tmp/read/catalog.json"
    assert heading == "account: 1 rows"
    assert json.loads(account)["video_creator_username"] == "harbour_coffee"
    assert posts.startswith("videos_audience_genders: ")
    assert posts.endswith(" rows, the first of them")
    assert {json.loads(row)["audience_genders_gender"] for row in rows} == {"Female", "Male", "Other"}
    catalog = json.loads((tmp_path / ".tmp/read/catalog.json").read_text())
    assert [stream["stream"]["name"] for stream in catalog["streams"]] == ["account", "videos_audience_genders"]


def test_a_stream_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    process = run(tmp_path, "videos_audience_moods")

    assert process.returncode == 2
    assert 'make read STREAMS="account account_audience_ages' in process.stderr
