"""Reads streams from the emulator with the connector's command and prints their rows, one a line.

`make read STREAMS="videos videos_audience_genders"` runs it. The files that the command needs, `config.json` and
`catalog.json`, stay in `.tmp/read`; the emulator ends with it.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from integration_tests.connector import COMMAND, configured_catalog, token_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import running_emulator
from integration_tests.streams import NAMES

FOLDER = Path(".tmp/read")
SHOWN = 12
NO_LIMITS = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)


def read(streams: list[str]) -> int:
    """Read these streams of an account with 25 posts, print the command and what it said, and return its exit code."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    FOLDER.mkdir(parents=True, exist_ok=True)
    config, catalog = FOLDER / "config.json", FOLDER / "catalog.json"
    with running_emulator(accounts=[AccountSpec(posts=25, comments_per_post=4)], knobs=NO_LIMITS) as tiktok:
        config.write_text(json.dumps(token_config(tiktok, benchmark_categories=["PETS"]), indent=2))
        catalog.write_text(json.dumps(configured_catalog(streams), indent=2))
        command = [COMMAND, "read", "--config", str(config), "--catalog", str(catalog)]
        print(" ".join([Path(COMMAND).name, *command[1:]]), flush=True)
        process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    for line in process.stdout.splitlines():
        message: dict[str, Any] = json.loads(line)
        if message["type"] == "RECORD":
            rows[message["record"]["stream"]].append(message["record"]["data"])
        elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
            print(f"ERROR: {message['trace']['error']['message']}")
        elif message["type"] == "LOG" and message["log"]["level"] not in ("INFO", "DEBUG", "TRACE"):
            print(f"{message['log']['level']}: {message['log']['message']}")
    for stream in streams:
        print(f"\n{stream}: {len(rows[stream])} rows{', the first of them' if len(rows[stream]) > SHOWN else ''}")
        for row in rows[stream][:SHOWN]:
            print(json.dumps(row, ensure_ascii=False))
    return process.returncode


def main() -> int:
    """Read the streams that the command line names."""
    streams = sys.argv[1:]
    business = [name for name in NAMES if not name.startswith("user_")]
    if not streams or not set(streams) <= set(business):
        print(f'Name one or more of these: make read STREAMS="{" ".join(business)}"', file=sys.stderr)
        return 2
    return read(streams)


if __name__ == "__main__":
    sys.exit(main())
