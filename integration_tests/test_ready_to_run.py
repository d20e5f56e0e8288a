"""The processes in which the tests run the command do what processes that begin from nothing do."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import COMMAND, Connector, Output, ReadyToRun, set_fault, token_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator
from integration_tests.emulator.testing import NOON

# The moment of a message, and what TikTok signs anew for every answer.
CHANGING = re.compile(r'(?<="emitted_at":)[0-9.]+|(?<=x-signature=)[^"]+')


def lines(output: Output) -> list[str]:
    """What was printed, except what differs between any two runs and the frames of tracebacks above the command's."""
    text = CHANGING.sub("…", output.text).replace("\\n", "\n")
    above = re.compile(r"runpy|ready_to_run\.py|^[ ~^]*$")  # since 3.13 a line of ~ and ^ stands below a frame's
    return [line for line in text.splitlines() if not above.search(line)]


@pytest.fixture(scope="module")
def still_tiktok() -> Iterator[RunningEmulator]:
    """An emulated TikTok that says the same to each run."""
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, hidden_post_rate=0)
    with running_emulator(accounts=[AccountSpec(posts=25)], knobs=knobs, now=NOON, frozen=True) as running:
        yield running


@pytest.mark.parametrize(
    ("run", "exit_code"),
    [
        pytest.param(lambda connector, config: connector.check(config), 0, id="check"),
        pytest.param(lambda connector, config: connector.discover(config), 0, id="discover"),
        pytest.param(lambda connector, config: connector.read(config, ["videos"]), 0, id="read"),
        pytest.param(lambda connector, config: connector.read({}), 1, id="an exception that becomes a message"),
        pytest.param(lambda connector, config: connector.without_waiting.check({}), 1, id="an exception that does not"),
    ],
)
def test_a_run_in_the_tests_is_a_run_of_the_command(
    connector: Connector, still_tiktok: RunningEmulator, run: Callable[[Connector, Any], Output], exit_code: int
) -> None:
    config = token_config(still_tiktok)

    forked, installed = run(connector, config), run(connector.installed, config)

    assert forked.exit_code == installed.exit_code == exit_code
    assert lines(forked) == lines(installed)


def test_a_run_that_does_not_end_is_ended_and_the_next_one_is_none_the_worse(
    connector: Connector, ready: ReadyToRun, tiktok: RunningEmulator, tmp_path: Path
) -> None:
    set_fault(tiktok, "business/get/", "slow", seconds=8)
    options = connector.write_files(token_config(tiktok), ["account"])

    with pytest.raises(subprocess.TimeoutExpired):
        ready.run([COMMAND, "read", *options], tmp_path, seconds=3)

    assert connector.read(token_config(tiktok), ["account"]).errors == []
