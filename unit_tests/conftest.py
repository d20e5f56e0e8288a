"""What all unit tests share: a clock that stands still, the stand-in for TikTok, and no way to the network."""

import argparse
import inspect
import socket
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, get_type_hints

import orjson
import pytest
import time_machine
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.models import declarative_component_schema
from airbyte_cdk.sources.declarative.parsers import model_to_component_factory
from hypothesis import settings
from jsonschema import Draft7Validator
from pydantic.v1 import BaseModel

from integration_tests.streams import ALL_STREAMS
from unit_tests.syncs import Clock, Outcome, PreparedSource, read
from unit_tests.tiktok import TikTok

NOW = "2026-11-20T12:00:00Z"

# The same examples in every run, and nothing kept between runs.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, max_examples=50)
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


def once(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function of some JSON, which is called once for all that is equal."""
    results: dict[bytes, Any] = {}

    def remembering(argument: Any) -> Any:
        try:
            key = orjson.dumps(argument)
        except TypeError:  # a component is in it, so it is no JSON
            return function(argument)
        if key not in results:
            results[key] = function(argument)
        return results[key]

    return remembering


@pytest.fixture(autouse=True, scope="session")
def quick_building() -> Iterator[None]:
    """The CDK checks, parses and copies the manifest in each read, which is most of the read. Here it does so once.

    The components are made anew in each read. None changes what it is made of, except for the CDK's `Spec`.
    """
    schema = declarative_component_schema
    models = [model for model in vars(schema).values() if getattr(model, "__module__", None) == schema.__name__]
    parsers = {model: once(model.parse_obj) for model in models if issubclass(model, BaseModel)}
    del parsers[schema.Spec]
    arguments_of = cache(inspect.getfullargspec)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for model, parse in parsers.items():
            monkeypatch.setattr(model, "parse_obj", parse)
            if model.__name__.startswith("Custom"):
                monkeypatch.setattr(model, "dict", lambda component: dict(vars(component)))
        monkeypatch.setattr(concurrent_declarative_source, "deepcopy", lambda value: orjson.loads(orjson.dumps(value)))
        # It looks for a translation of each of its words.
        monkeypatch.setattr(argparse, "_", lambda word: word)
        monkeypatch.setattr(Draft7Validator, "check_schema", once(Draft7Validator.check_schema))
        monkeypatch.setattr(model_to_component_factory, "get_type_hints", cache(get_type_hints))
        remembering = {"getfullargspec": lambda method: arguments_of(method.__func__)}
        monkeypatch.setattr(model_to_component_factory, "inspect", SimpleNamespace(**vars(inspect) | remembering))
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
