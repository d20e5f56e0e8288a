"""The connector's command, except that nobody waits: its waits move the clock of the emulated TikTok instead.

`python -m integration_tests.without_waiting read --config config.json --catalog catalog.json`

The waits are the connector's own, TikTok's five minutes among them. A clock that stands still stays where it is, so
that what TikTok has to say stays the same. Where the emulator is told to be slow, its answers are waited for a fortieth
of the time; elsewhere for all of it, because on a busy machine an answer may take a second, and a call that is given
up too early is one call more.
"""

import json
import sys
from pathlib import Path
from threading import Lock
from time import monotonic
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import requests
from airbyte_cdk.sources.streams import call_rate
from airbyte_cdk.sources.streams.http import rate_limiting
from backoff import _sync as backoff_sync

from source_tiktok_organic.components import pacing, pages
from source_tiktok_organic.run import run

_send = requests.adapters.HTTPAdapter.send


def _send_impatiently(adapter: Any, request: Any, **options: Any) -> requests.Response:
    if isinstance(options["timeout"], tuple):
        connect, read = options["timeout"]
        options["timeout"] = (connect, read / 40)
    return _send(adapter, request, **options)


def main() -> None:
    """Run the verb of the command line."""
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())

    control = f"{config['api_url']}/_emulator"
    clock = f"{control}/clock"
    stands_still = requests.get(clock, timeout=10).json()["frozen"]
    is_slow = any(fault["kind"] == "slow" for fault in requests.get(f"{control}/faults", timeout=10).json())

    slept: list[float] = []
    # While the emulator's clock is on its way to another time, nobody here can tell what time it is.
    moving = Lock()

    def sleep(seconds: float) -> None:
        with moving:
            if not stands_still:
                requests.post(f"{clock}/advance", json={"seconds": max(seconds, 0.001)}, timeout=10)
            slept.append(seconds)

    def now() -> float:
        with moving:
            return monotonic() + sum(slept)

    time = SimpleNamespace(sleep=sleep, monotonic=now)
    with (
        patch.object(pacing, "time", time),
        patch.object(pages, "time", time),
        patch.object(call_rate, "time", time),
        patch.object(rate_limiting, "time", time),
        patch.object(backoff_sync, "time", time),
        patch.object(requests.adapters.HTTPAdapter, "send", _send_impatiently if is_slow else _send),
    ):
        run()


if __name__ == "__main__":
    main()
