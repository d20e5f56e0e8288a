"""What the integration tests share: an emulated TikTok and the connector's command."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from integration_tests import day
from integration_tests.connector import Connector, ReadyToRun
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator
from integration_tests.emulator.testing import NOON

StartTikTok = Callable[..., RunningEmulator]


def pytest_configure() -> None:
    """Let the tests begin at noon of their day."""
    day.begin()


@pytest.fixture(scope="session")
def ready() -> Iterator[ReadyToRun]:
    """What the runs of all tests are forked from."""
    with closing(ReadyToRun()) as ready:
        yield ready


@pytest.fixture
def connector(tmp_path: Path, ready: ReadyToRun) -> Connector:
    """The command, with its files in the test's folder."""
    return Connector(tmp_path, ready=ready)


@pytest.fixture
def start_tiktok() -> Iterator[StartTikTok]:
    """Start an emulated TikTok without call limits: `start_tiktok(AccountSpec(posts=3), knob=value)`.

    Its clock stands still at NOON, so that it says the same however long a test takes; `frozen=False` lets it go on.
    """
    with ExitStack() as stack:

        def start(*accounts: AccountSpec, now: datetime = NOON, frozen: bool = True, **knobs: Any) -> RunningEmulator:
            limits_off: dict[str, Any] = {"account_endpoint_qpm": 0, "app_qpm": 0, "app_qps": 0, "display_qpm": 0}
            of_account, turned = accounts or [AccountSpec(posts=45)], Knobs(**(limits_off | knobs))
            emulator = Emulator(accounts=of_account, knobs=turned, now=now, frozen=frozen)
            return stack.enter_context(running_emulator(emulator))

        yield start


@pytest.fixture
def tiktok(start_tiktok: StartTikTok) -> RunningEmulator:
    """An emulated TikTok with one account of 45 posts."""
    return start_tiktok()
