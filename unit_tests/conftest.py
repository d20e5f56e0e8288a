"""What all unit tests share: a clock that stands still, the stand-in for TikTok, and no way to the network."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from airbyte_cdk.sources.declarative.models import declarative_component_schema
from hypothesis import settings

from unit_tests.syncs import ALL_STREAMS, Clock, Outcome, read
from unit_tests.tiktok import TikTok

NOW = "2026-11-20T12:00:00Z"

# The same examples in every run, and nothing kept between runs.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def session_clock() -> Iterator[Clock]:
    """The one clock. Stopwatches and timeouts go on: they are of Python's monotonic clock."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture(autouse=True)
def clock(session_clock: Clock) -> Iterator[Clock]:
    """The clock, at noon of 2026-11-20 (UTC) when a test begins."""
    session_clock.waits.clear()
    yield session_clock
    session_clock.move_to(NOW)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """A call that the stand-in does not catch fails instead of leaving this machine."""

    def refuse(_socket: socket.socket, address: Any) -> None:
        raise AssertionError(f"A unit test tried to connect to {address}.")

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(autouse=True, scope="session")
def quick_building() -> Iterator[None]:
    """The CDK copies all that is inside a custom component, and again at each level, which is half of a short read.

    A shallow copy does here, because each read has a manifest of its own.
    """
    custom = [model for name, model in vars(declarative_component_schema).items() if name.startswith("Custom")]
    with pytest.MonkeyPatch.context() as monkeypatch:
        for model in custom:
            monkeypatch.setattr(model, "dict", lambda component: dict(vars(component)))
        yield


@pytest.fixture
def tiktok() -> TikTok:
    """A stand-in of its own for each test."""
    return TikTok()


@pytest.fixture(scope="session")
def first_sync(session_clock: Clock) -> Outcome:
    """The first sync of all streams, from a stand-in with nothing but the fixtures. Read it; it is shared."""
    return read(TikTok(), session_clock, *ALL_STREAMS)
