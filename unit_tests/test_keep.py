"""`python -m source_tiktok_organic.keep`: the newest config and state are stored while the output passes through."""

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEEP = [sys.executable, "-m", "source_tiktok_organic.keep"]
RECORD = {"type": "RECORD", "record": {"stream": "videos", "data": {"caption": 'a "STATE" of mind'}, "emitted_at": 1}}


def control(number: int) -> dict[str, Any]:
    """The message with the config of the renewal of this number."""
    config = {"credentials": {"refresh_token": f"rft.{number}"}, "start_date": "2026-01-01"}
    return {
        "type": "CONTROL",
        "control": {"type": "CONNECTOR_CONFIG", "emitted_at": 1.0, "connectorConfig": {"config": config}},
    }


def state(stream: str, day: str) -> dict[str, Any]:
    """The message with a stream's state."""
    content = {"stream_descriptor": {"name": stream}, "stream_state": {"metric_date": day}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": content, "sourceStats": {"recordCount": 3.0}}}


def entry(stream: str, day: str) -> dict[str, Any]:
    """What the file of states holds of a stream."""
    return {"type": "STREAM", "stream": state(stream, day)["state"]["stream"]}


def log(level: str, text: str) -> dict[str, Any]:
    """A line of the connector's log."""
    return {"type": "LOG", "log": {"level": level, "message": text}}


def failure(text: str, stream: str | None = None) -> dict[str, Any]:
    """The message that a stream, or the run, has failed."""
    error = {"message": text, "stack_trace": "Traceback"} | ({"stream_descriptor": {"name": stream}} if stream else {})
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.0, "error": error}}


def lines(*messages: dict[str, Any]) -> bytes:
    """The messages as the connector prints them."""
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config of before the renewal, that anybody may read."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"credentials": {"refresh_token": "rft.0"}}), encoding="utf-8")
    path.chmod(0o644)
    return path


def keep(text: bytes, *files: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run the filter on the connector's output."""
    return subprocess.run([*KEEP, *map(str, files)], input=text, capture_output=True, timeout=60)


def content(path: Path) -> Any:
    """What is in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_newest_config_is_stored_for_nobody_else_to_read_and_every_line_passes(config: Path) -> None:
    text = lines(RECORD, control(1), RECORD, control(2)) + b"a warning that says CONTROL\n"

    done = keep(text, config)

    assert (done.returncode, done.stdout, done.stderr) == (0, text, b"")
    assert content(config) == control(2)["control"]["connectorConfig"]["config"]
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert list(config.parent.iterdir()) == [config]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (log("WARN", "The connector has no setting `x`."), "The connector has no setting `x`."),
        (log("FATAL", "[Errno 5] Input/output error\nTraceback"), "[Errno 5] Input/output error"),
        (
            log("INFO", "Read so far: 9 posts, 2 comments and replies."),
            "Read so far: 9 posts, 2 comments and replies.",
        ),
        (
            log("INFO", "TikTok is limiting calls. Waiting 300 seconds, then trying again."),
            "TikTok is limiting calls. Waiting 300 seconds, then trying again.",
        ),
        (failure("Sign in again.", "videos"), "videos: Sign in again."),
        (failure("The setting `start_date` is empty."), "The setting `start_date` is empty."),
    ],
)
def test_what_a_person_must_see_is_repeated_as_plain_text(message: dict[str, Any], said: str, config: Path) -> None:
    done = keep(lines(RECORD, message), config)

    assert done.stdout == lines(RECORD, message)
    assert done.stderr.decode() == f"{said}\n"


@pytest.mark.parametrize(
    "message",
    [
        log("INFO", "Syncing stream: videos"),
        log("ERROR", "Exception while syncing stream videos\nTraceback"),
        failure("During the sync, the following streams did not sync successfully: videos: AirbyteTracedException()"),
        {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {"status": "STARTED"}}},
        {"type": "RECORD", "record": {"stream": "videos", "data": {"caption": 'a "LOG" of a "TRACE"'}}},
    ],
)
def test_what_is_said_elsewhere_or_is_for_machines_is_not_repeated(message: dict[str, Any], config: Path) -> None:
    done = keep(lines(message), config)

    assert (done.stdout, done.stderr) == (lines(message), b"")


def test_in_a_terminal_nothing_is_said_twice(config: Path) -> None:
    terminal, end = pty.openpty()
    done = subprocess.run(
        [*KEEP, str(config)], input=lines(log("WARN", "!")), stdout=end, stderr=subprocess.PIPE, timeout=60
    )
    shown = os.read(terminal, 4096)
    os.close(end)
    os.close(terminal)

    assert shown.splitlines() == lines(log("WARN", "!")).splitlines()
    assert done.stderr == b""


def test_without_a_new_config_the_file_stays_as_it_is(config: Path) -> None:
    before = config.read_bytes()

    keep(lines(RECORD), config)

    assert config.read_bytes() == before


def test_the_state_of_each_stream_is_stored_and_those_of_other_streams_stay(config: Path, tmp_path: Path) -> None:
    states = tmp_path / "state.json"
    states.write_text(json.dumps([entry("account", "2026-11-01"), entry("videos", "2026-11-01")]), encoding="utf-8")

    keep(lines(state("videos", "2026-11-02"), RECORD, state("videos", "2026-11-03")), config, states)

    assert content(states) == [entry("account", "2026-11-01"), entry("videos", "2026-11-03")]


def test_a_first_sync_needs_no_file_of_states(config: Path, tmp_path: Path) -> None:
    keep(lines(state("videos", "2026-11-02")), config, tmp_path / "state.json")

    assert content(tmp_path / "state.json") == [entry("videos", "2026-11-02")]


@pytest.mark.parametrize("messages", [1, 2, 50, 200])
def test_a_filter_that_is_killed_leaves_a_whole_config_and_no_passed_one_is_lost(config: Path, messages: int) -> None:
    with subprocess.Popen([*KEEP, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        # Each line is longer than what a pipe or a buffer of a file holds back.
        for number in range(1, messages + 1):
            process.stdin.write(lines(control(number), {"padding": "x" * 100_000}))
            process.stdin.flush()
            passed = json.loads(process.stdout.readline())
            process.stdout.readline()
        process.kill()

    assert passed == control(messages)
    assert content(config) == control(messages)["control"]["connectorConfig"]["config"]


def test_a_message_that_was_cut_off_is_left_out_and_said(config: Path) -> None:
    done = keep(lines(RECORD) + lines(control(1))[:-20], config)

    assert done.stdout == lines(RECORD)
    assert b"ends inside of a message" in done.stderr
    assert content(config) == {"credentials": {"refresh_token": "rft.0"}}


def test_a_link_stays_a_link(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.json"
    link.parent.mkdir()
    link.symlink_to(config)

    keep(lines(control(1)), link)

    assert link.is_symlink()
    assert content(config) == control(1)["control"]["connectorConfig"]["config"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no {path}. Name the file that the connector's --config names."),
        ("[]", "{path} is not what the connector was given: name the files of its command line."),
        ("no JSON", "{path} is not what the connector was given: name the files of its command line."),
    ],
)
def test_a_file_that_is_no_config_is_refused_before_anything_passes(
    text: str | None, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    done = keep(lines(RECORD), path)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == sentence.format(path=path) + "\n"


def test_a_reader_that_goes_away_ends_the_filter_without_a_traceback(config: Path) -> None:
    with subprocess.Popen(
        [*KEEP, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(lines(control(1), RECORD) * 100)
        process.stdin.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == b""

    assert content(config) == control(1)["control"]["connectorConfig"]["config"]
