"""The command ends by itself and soon: without a reader or room, on a signal, in `check`, after an endless response."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import COMMAND, Connector, set_fault, token_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.server import RunningEmulator
from source_tiktok_organic.components import authentication
from source_tiktok_organic.components.authentication import TimeLimit

POSTS = "business/video/list/"
SECONDS = 5


@contextmanager
def reading(connector: Connector, tiktok: RunningEmulator, stdout: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that reads tens of thousands of records and prints them to `stdout`."""
    options = connector.write_files(token_config(tiktok), ["videos_video_view_retention", "videos"])
    process = subprocess.Popen([COMMAND, "read", *options], stdout=stdout, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def long_list(start_tiktok: StartTikTok) -> RunningEmulator:
    """A TikTok with so many records that they don't fit into a pipe, of which each page takes a while."""
    tiktok = start_tiktok(AccountSpec(posts=400), hidden_post_rate=0)
    set_fault(tiktok, POSTS, "slow", seconds=0.3, times=None)
    return tiktok


def test_a_reader_that_goes_away_ends_the_process(connector: Connector, long_list: RunningEmulator) -> None:
    ours, theirs = os.pipe()
    with reading(connector, long_list, theirs) as process:
        os.close(theirs)
        with os.fdopen(ours) as lines:
            for _ in range(40):
                assert lines.readline()

        assert process.wait(timeout=SECONDS) == 1
        assert process.stderr
        assert "Standard output can't be written any more (Broken pipe)" in process.stderr.read().decode()


def test_a_reader_that_was_never_there_is_said_in_one_sentence(connector: Connector, tiktok: RunningEmulator) -> None:
    options = connector.write_files(token_config(tiktok), ["account"])
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run([COMMAND, "read", *options], stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(theirs)

    assert done.returncode == 1
    assert done.stderr == "Standard output can't be written any more (Broken pipe), so the connector ends.\n"


def test_a_full_disk_ends_the_process(connector: Connector, long_list: RunningEmulator) -> None:
    with open("/dev/full", "wb") as full, reading(connector, long_list, full.fileno()) as process:
        assert process.wait(timeout=60) == 1
        assert process.stderr
        assert "(No space left on device), so the connector ends." in process.stderr.read().decode()


def test_an_interrupt_ends_the_process_although_its_workers_wait(
    connector: Connector, long_list: RunningEmulator
) -> None:
    ours, theirs = os.pipe()
    with reading(connector, long_list, theirs) as process:
        os.close(theirs)
        with os.fdopen(ours) as lines:
            for _ in range(40):
                assert lines.readline()
            process.send_signal(signal.SIGINT)

            assert process.wait(timeout=SECONDS) == -signal.SIGINT


def test_output_is_utf_8_whatever_the_machines_encoding_is(connector: Connector, tiktok: RunningEmulator) -> None:
    options = connector.write_files(token_config(tiktok), ["videos"])
    process = subprocess.run(
        [COMMAND, "read", *options],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "LC_ALL": "C"},
        timeout=60,
        check=True,
    )

    captions = [
        message["record"]["data"]["caption"]
        for message in map(json.loads, process.stdout.decode("utf-8").splitlines())
        if message["type"] == "RECORD"
    ]
    assert any(not caption.isascii() for caption in captions)


def test_check_is_over_within_seconds_where_tiktok_limits_every_call(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    set_fault(tiktok, "business/get/", "code", code=40100, message="Too many requests", times=None)
    began = time.monotonic()

    status = connector.check(token_config(tiktok)).connection_status

    assert time.monotonic() - began < SECONDS
    assert status["status"] == "FAILED"
    assert status["message"].startswith("TikTok is limiting the number of calls (code 40100: Too many requests).")


@contextmanager
def unfinished() -> Iterator[str]:
    """The address of a server that sends one byte of a body of a million, and keeps the connection."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65_536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{")
                gone.wait()

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            gone.set()
            serving.join()


def test_a_response_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # The time is over when the first byte comes.
    monkeypatch.setattr(authentication, "LONGEST_RESPONSE", -1)

    with unfinished() as url, pytest.raises(requests.ReadTimeout, match="The response was not complete after"):
        requests.get(url, auth=TimeLimit(), timeout=10)


def test_a_whole_response_is_read_as_ever(tiktok: RunningEmulator, tmp_path: Path) -> None:
    url = f"{tiktok.url}/_emulator/accounts"

    assert requests.get(url, auth=TimeLimit(), timeout=10).json() == requests.get(url, timeout=10).json()
