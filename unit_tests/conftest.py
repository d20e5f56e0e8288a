"""What all unit tests share: a clock that stands still, the stand-in for TikTok, and no way to the network."""

import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_type_hints

import orjson
import pytest
import time_machine
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.models import declarative_component_schema
from airbyte_cdk.sources.declarative.parsers import model_to_component_factory
from hypothesis import settings
from pydantic.v1 import BaseModel

from unit_tests.syncs import ALL_STREAMS, Clock, Outcome, PreparedSource, read
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


def parsing_once(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function for definitions, which parses equal ones once."""
    parsed: dict[bytes, Any] = {}

    def parse_obj(definition: Any) -> Any:
        try:
            key = orjson.dumps(definition)
        except TypeError:  # it holds a component that was built already
            return parse(definition)
        if key not in parsed:
            parsed[key] = parse(definition)
        return parsed[key]

    return parse_obj


@pytest.fixture(autouse=True, scope="session")
def quick_building() -> Iterator[None]:
    """The CDK parses and copies a manifest level by level in every read, which is most of a read. Here it does so once.

    The components are built anew in each read, and nobody changes what they are built of but the CDK, the `Spec` alone.
    """
    schema = declarative_component_schema
    models = [model for model in vars(schema).values() if getattr(model, "__module__", None) == schema.__name__]
    parsers = [(model, parsing_once(model.parse_obj)) for model in models if issubclass(model, BaseModel)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        for model, parse in parsers:
            if model is not schema.Spec:
                monkeypatch.setattr(model, "parse_obj", parse)
        for model in models:
            if model.__name__.startswith("Custom"):
                monkeypatch.setattr(model, "dict", lambda component: dict(vars(component)))
        monkeypatch.setattr(concurrent_declarative_source, "deepcopy", lambda value: orjson.loads(orjson.dumps(value)))
        monkeypatch.setattr(model_to_component_factory, "get_type_hints", cache(get_type_hints))
        yield


@pytest.fixture
def tiktok() -> TikTok:
    """A stand-in of its own for each test."""
    return TikTok()


@pytest.fixture(scope="session")
def specification() -> dict[str, Any]:
    """The JSON schema of a config."""
    source = PreparedSource()
    specification: dict[str, Any] = source.spec(source.logger).connectionSpecification
    return specification


@pytest.fixture(scope="session")
def first_sync(session_clock: Clock) -> Outcome:
    """The first sync of all streams, from a stand-in with nothing but the fixtures. Read it; it is shared."""
    return read(TikTok(), session_clock, *ALL_STREAMS)
