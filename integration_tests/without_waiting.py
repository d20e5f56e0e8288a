"""The connector's command, except that nobody waits: its waits move the clock of the emulated TikTok instead.

`python -m integration_tests.without_waiting read --config config.json --catalog catalog.json`

The waits are the connector's own, TikTok's five minutes among them. A clock that stands still stays where it is, so
that what TikTok has to say stays the same. A server that does not answer is given up after a hundredth of its time.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import requests
from airbyte_cdk.sources.streams import call_rate
from airbyte_cdk.sources.streams.http import rate_limiting
from backoff import _sync as backoff_sync

from source_tiktok_organic.run import run

_send = requests.adapters.HTTPAdapter.send


def _send_impatiently(adapter: Any, request: Any, **options: Any) -> requests.Response:
    if isinstance(options["timeout"], tuple):
        connect, read = options["timeout"]
        options["timeout"] = (connect, read / 100)
    return _send(adapter, request, **options)


def main() -> None:
    """Run the verb of the command line."""
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())

    clock = f"{config['api_url']}/_emulator/clock"
    stands_still = requests.get(clock, timeout=10).json()["frozen"]

    def sleep(seconds: float) -> None:
        if not stands_still:
            requests.post(f"{clock}/advance", json={"seconds": max(seconds, 0.001)}, timeout=10)

    time = SimpleNamespace(sleep=sleep)
    with (
        patch.object(call_rate, "time", time),
        patch.object(rate_limiting, "time", time),
        patch.object(backoff_sync, "time", time),
        patch.object(requests.adapters.HTTPAdapter, "send", _send_impatiently),
    ):
        run()


if __name__ == "__main__":
    main()
