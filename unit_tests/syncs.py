"""Configs, and running the connector in this process: a read and what came out of it, or a check."""

import heapq
import json
import threading
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import orjson
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteErrorTraceMessage,
    AirbyteMessageSerializer,
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    AirbyteStream,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    Level,
    SyncMode,
)
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.streams import call_rate
from airbyte_cdk.sources.streams.http import rate_limiting
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.catalog_builder import CatalogBuilder, ConfiguredAirbyteStreamBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.models.scenario import ExpectedOutcome
from backoff import _sync as backoff_sync
from time_machine import Traveller

from integration_tests.streams import LOGIN_KIT_STREAMS
from source_tiktok_organic.components import pacing, pages, sync
from source_tiktok_organic.source import SourceTiktokOrganic, TiktokOrganicEntrypoint
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    CLIENT_ID,
    CLIENT_KEY,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    TikTok,
    TikTokAccount,
)

Row = dict[str, Any]
State = list[AirbyteStateMessage]


def static_token_config(**settings: Any) -> dict[str, Any]:
    """A config with an access token that is used as it is."""
    return {
        "credentials": {
            "auth_type": "business_access_token",
            "access_token": ACCESS_TOKEN,
            "business_id": BUSINESS_ID,
        },
        **settings,
    }


def static_token_with_app_config(settings: Mapping[str, Any] | None = None, /, **credentials: Any) -> dict[str, Any]:
    """The same with the app's id, with which TikTok tells what the token allows."""
    config = static_token_config(**(settings or {}))
    config["credentials"] |= {"client_id": CLIENT_ID, **credentials}
    return config


def oauth_config(settings: Mapping[str, Any] | None = None, /, **credentials: Any) -> dict[str, Any]:
    """A config as after the first sign-in: a refresh token and no access token yet."""
    return {
        "credentials": {
            "auth_type": "business_oauth",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            **credentials,
        },
        **(settings or {}),
    }


def signed_in_config(settings: Mapping[str, Any] | None = None, /, **credentials: Any) -> dict[str, Any]:
    """A config as it was written back: its access token is valid until tomorrow."""
    tokens = {"access_token": ACCESS_TOKEN, "token_expiry_date": "2026-11-21T00:00:00Z", "business_id": BUSINESS_ID}
    return oauth_config(settings, **{**tokens, **credentials})


def oauth_entry(account: TikTokAccount, **values: Any) -> dict[str, Any]:
    """An additional account as after its sign-in: a refresh token and no access token yet."""
    return {"refresh_token": account.tokens.refresh, **values}


def signed_in_entry(account: TikTokAccount, **values: Any) -> dict[str, Any]:
    """An additional account as it was written back: its access token is valid until tomorrow."""
    tokens = {"access_token": account.tokens.access, "token_expiry_date": "2026-11-21T00:00:00Z"}
    return oauth_entry(account, **{**tokens, "business_id": account.business_id, **values})


def static_token_entry(account: TikTokAccount, **values: Any) -> dict[str, Any]:
    """An additional account with an access token that is used as it is."""
    return {"access_token": account.tokens.access, "business_id": account.business_id, **values}


def login_kit_config(settings: Mapping[str, Any] | None = None, /, **credentials: Any) -> dict[str, Any]:
    """A config of Login Kit as after the first sign-in: a refresh token and no access token yet."""
    return {
        "credentials": {
            "auth_type": "login_kit",
            "client_key": CLIENT_KEY,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            **credentials,
        },
        **(settings or {}),
    }


def signed_in_login_kit_config(settings: Mapping[str, Any] | None = None, /, **credentials: Any) -> dict[str, Any]:
    """A config of Login Kit as it was written back: its access token is valid until tomorrow."""
    tokens = {"access_token": ACCESS_TOKEN, "token_expiry_date": "2026-11-21T00:00:00Z"}
    return login_kit_config(settings, **{**tokens, **credentials})


@cache
def _manifest() -> dict[str, Any]:
    manifest = SourceTiktokOrganic().resolved_manifest
    # What these two hold is in the streams, now that all references are resolved.
    return {name: part for name, part in manifest.items() if name not in ("definitions", "schemas")}


def resolved_manifest(streams: Container[str] | None = None) -> dict[str, Any]:
    """The manifest with all references resolved and only these streams, or all.

    It is made anew each time because the CDK changes it.
    """
    selected = [
        {**entry, "streams": [stream for stream in entry["streams"] if streams is None or stream["name"] in streams]}
        for entry in _manifest()["streams"]
        if "streams" in entry
    ]
    manifest: dict[str, Any] = orjson.loads(orjson.dumps({**_manifest(), "streams": selected}))
    return manifest


class PreparedSource(SourceTiktokOrganic):
    """The source, made quickly: its manifest is loaded, resolved and validated once for all reads of all tests, and
    only the selected streams are built of it. Without a catalog these are all.
    """

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: State | None = None,
    ) -> None:
        self._selected = {configured.stream.name for configured in catalog.streams} if catalog else None
        with patch.object(concurrent_declarative_source, "get_declarative_component_schema", dict):
            super().__init__(catalog, config, state)

    def _read_and_parse_yaml_file(self, path_to_yaml_file: str) -> dict[str, Any]:
        return {}

    def _pre_process_manifest(self, manifest: dict[str, Any]) -> dict[str, Any]:
        return resolved_manifest(self._selected)

    def _validate_source(self) -> None:
        pass


class Clock:
    """The time of the tests. It stands still unless it is moved or somebody waits: then it jumps and nobody waits."""

    def __init__(self, traveller: Traveller) -> None:
        self._traveller = traveller
        self.waits: list[float] = []

    def move_to(self, moment: str) -> None:
        """Set the clock, to `2026-11-20T12:00:00Z` for example."""
        self._traveller.move_to(moment)

    def tick(self, seconds: float) -> None:
        """Set the clock forward."""
        self._traveller.shift(seconds)

    def sleep(self, seconds: float) -> None:
        """What replaces `time.sleep` wherever the CDK waits for TikTok."""
        self.waits.append(seconds)
        self.tick(max(seconds, 0.001))

    @property
    def waits_before_retries(self) -> list[float]:
        """The waits that were asked for before calls were made again, without the second that the CDK adds to each."""
        return [wait - 1 for wait in self.waits if wait >= 2]

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(timezone.utc)

    @contextmanager
    def replacing_waits(self) -> Iterator[None]:
        """While this lasts, retries and call rates move the clock instead of waiting."""
        time = SimpleNamespace(sleep=self.sleep, monotonic=lambda: self.now.timestamp())
        with (
            patch.object(pacing, "time", time),
            patch.object(pages, "time", time),
            patch.object(sync, "time", time),
            patch.object(call_rate, "time", time),
            patch.object(rate_limiting, "time", time),
            patch.object(backoff_sync, "time", time),
        ):
            yield


class Turns:
    """Runs threads of which one at a time does something, so that the one clock is right for all of them.

    Whoever waits hands over to the one who is due next, and the clock goes on to that moment. So a minute in which ten
    threads wait is one minute, and not ten. Nobody may wait for anything but the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[datetime, int, threading.Event]] = []
        self._numbers = count()
        self._is_idle = threading.Semaphore(0)
        self._failures: list[BaseException] = []

    def run(self, *works: Callable[[], object]) -> None:
        """Do all this, each in a thread of its own; they begin one after the other at the same moment."""
        threads = [
            threading.Thread(target=self._run, args=(work, self._wake_at(self._clock.now)), daemon=True)
            for work in works
        ]
        for thread in threads:
            thread.start()
        with patch.object(self._clock, "sleep", self._sleep), self._clock.replacing_waits():
            while self._due:
                moment, _, wake = heapq.heappop(self._due)
                self._clock.tick(max(0.0, (moment - self._clock.now).total_seconds()))
                wake.set()
                assert self._is_idle.acquire(timeout=10)
        for thread in threads:
            thread.join(timeout=10)
        if self._failures:
            raise self._failures[0]

    def _wake_at(self, moment: datetime) -> threading.Event:
        wake = threading.Event()
        heapq.heappush(self._due, (moment, next(self._numbers), wake))
        return wake

    def _run(self, work: Callable[[], object], wake: threading.Event) -> None:
        wake.wait(timeout=10)
        try:
            work()
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            self._is_idle.release()

    def _sleep(self, seconds: float) -> None:
        wake = self._wake_at(self._clock.now + timedelta(seconds=max(seconds, 0.001)))
        self._is_idle.release()
        wake.wait(timeout=10)


@dataclass(frozen=True)
class Outcome:
    """What came out of a read."""

    output: EntrypointOutput

    def rows(self, stream: str) -> list[Row]:
        """The stream's rows, in the order in which they came. A column that is null is not there."""
        records = [message.record for message in self.output.records if message.record]
        return [dict(record.data) for record in records if record.stream == stream]

    def rows_by(self, stream: str, column: str) -> dict[Any, Row]:
        """The stream's rows by one column, of which no value may come twice."""
        rows = {row.get(column): row for row in self.rows(stream)}
        assert len(rows) == len(self.rows(stream))
        return rows

    def column(self, stream: str, name: str) -> list[Any]:
        """One column of the stream's rows; null where it is not there."""
        return [row.get(name) for row in self.rows(stream)]

    @property
    def state(self) -> State:
        """The last state of each stream, as Airbyte hands it to the next sync."""
        last: dict[str, AirbyteStateMessage] = {}
        for message in self.output.state_messages:
            assert message.state
            assert message.state.stream
            last[message.state.stream.stream_descriptor.name] = message.state
        return list(last.values())

    @property
    def failures(self) -> dict[str, AirbyteErrorTraceMessage]:
        """The error of each stream that failed."""
        return {error.stream_descriptor.name: error for error in self._errors if error.stream_descriptor}

    def failures_of(self, stream: str) -> list[AirbyteErrorTraceMessage]:
        """The errors of a stream: one for each of its slices that failed."""
        return [error for error in self._errors if error.stream_descriptor and error.stream_descriptor.name == stream]

    @property
    def _errors(self) -> list[AirbyteErrorTraceMessage]:
        return [message.trace.error for message in self.output.errors if message.trace and message.trace.error]

    def is_complete(self, stream: str) -> bool:
        """Whether Airbyte was told that the stream was read to its end."""
        return self.output.get_stream_statuses(stream)[-1:] == [AirbyteStreamStatus.COMPLETE]

    def logged(self, level: Level) -> list[str]:
        """What was logged at this level."""
        return [message.log.message for message in self.output.logs if message.log and message.log.level == level]

    @property
    def text(self) -> str:
        """Every message as text, to look for what must not be in any."""
        messages = self.output.get_message_iterator()
        return "\n".join(json.dumps(AirbyteMessageSerializer.dump(message), default=str) for message in messages)


def catalog(*streams: str, sync_mode: SyncMode = SyncMode.incremental) -> ConfiguredAirbyteCatalog:
    """A catalog that selects these streams."""
    builder = CatalogBuilder()
    for name in streams:
        builder.with_stream(ConfiguredAirbyteStreamBuilder().with_name(name).with_sync_mode(sync_mode))
    built: ConfiguredAirbyteCatalog = builder.build()
    return built


_EXPECTED = {
    True: ExpectedOutcome.EXPECT_EXCEPTION,
    False: ExpectedOutcome.EXPECT_SUCCESS,
    None: ExpectedOutcome.ALLOW_ANY,
}


def read(
    tiktok: TikTok,
    clock: Clock,
    *streams: str,
    config: Mapping[str, Any] | None = None,
    state: State | None = None,
    sync_mode: SyncMode = SyncMode.incremental,
    expect_failure: bool | None = False,
) -> Outcome:
    """Read these streams from `tiktok`. Errors fail the test unless `expect_failure`; None is with them or without."""
    settings = static_token_config() if config is None else config
    selected = catalog(*streams, sync_mode=sync_mode)
    with (
        tiktok.serving(),
        clock.replacing_waits(),
        patch.object(entrypoint_wrapper, "AirbyteEntrypoint", TiktokOrganicEntrypoint),
    ):
        source = PreparedSource(selected, settings, state)
        expected = _EXPECTED[expect_failure]
        outcome = Outcome(entrypoint_wrapper.read(source, settings, selected, state, expected_outcome=expected))
    assert expect_failure in (None, bool(outcome.output.errors)), outcome.output.get_formatted_error_message()
    return outcome


def discovered(config: Mapping[str, Any]) -> dict[str, AirbyteStream]:
    """The streams that `discover` finds with this config, by name."""
    source = PreparedSource(config=config)
    return {stream.name: stream for stream in source.discover(source.logger, config).streams}


def check(tiktok: TikTok, clock: Clock, config: Mapping[str, Any], directory: Path) -> AirbyteConnectionStatus:
    """Check this config as the command `check` does."""
    path = directory / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    arguments = TiktokOrganicEntrypoint.parse_args(["check", "--config", str(path)])
    # The first streams of both families and the next ones, to see that only the first is asked.
    streams = catalog("account", "videos", *LOGIN_KIT_STREAMS)
    with tiktok.serving(), clock.replacing_waits():
        entrypoint = TiktokOrganicEntrypoint(PreparedSource(streams, config, None))
        messages = [AirbyteMessageSerializer.load(json.loads(line)) for line in entrypoint.run(arguments)]
    statuses = [message.connectionStatus for message in messages if message.connectionStatus]
    assert len(statuses) == 1
    return statuses[0]


def state_of(stream: str, cursor: Mapping[str, str], *, business_id: str = BUSINESS_ID) -> State:
    """The state of a stream of which one account was read to its end and has this cursor."""
    message = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": stream},
            "stream_state": {
                "use_global_cursor": False,
                "states": [{"partition": {"business_id": business_id}, "cursor": dict(cursor)}],
                "state": dict(cursor),
                "lookback_window": 1,
                "parent_state": {"account": {"read": [business_id]}},
            },
        },
    }
    return [AirbyteStateMessageSerializer.load(message)]


def state_text(state: State) -> str:
    """A state as Airbyte stores it."""
    return json.dumps([AirbyteStateMessageSerializer.dump(message) for message in state])


def cursors(state: State, stream: str) -> list[tuple[str, dict[str, str]]]:
    """The accounts in the state of a stream with their cursors."""
    dumped = [AirbyteStateMessageSerializer.dump(message)["stream"] for message in state]
    (found,) = [entry for entry in dumped if entry["stream_descriptor"]["name"] == stream]
    return [(entry["partition"]["business_id"], entry["cursor"]) for entry in found["stream_state"]["states"]]


def rate_limit_statuses(printed: str) -> list[str]:
    """The streams whose status said that they wait for a rate limit."""
    lines = [json.loads(line) for line in printed.splitlines() if "RATE_LIMITED" in line]
    return [line["trace"]["stream_status"]["stream_descriptor"]["name"] for line in lines]


def control_messages(printed: str) -> list[dict[str, Any]]:
    """The configs that were printed as CONNECTOR_CONFIG messages."""
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith('{"type":"CONTROL"')]
    return [line["control"]["connectorConfig"]["config"] for line in lines]
