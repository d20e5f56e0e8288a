"""Command line: python -m integration_tests.emulator."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any, get_args

from pydantic import ValidationError

from .accounts import AccountKind, AccountSpec
from .emulator import Emulator
from .knobs import Knobs
from .server import EmulatorServer, NotLoopbackError, listen, url_of


def knob(text: str) -> tuple[str, Any]:
    """Read `name=value`; a value that is no JSON is a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def parser() -> argparse.ArgumentParser:
    """Return the command line's options."""
    defaults = AccountSpec()
    options = argparse.ArgumentParser(
        prog="python -m integration_tests.emulator", description="A local stand-in for TikTok's organic-account APIs."
    )
    options.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    options.add_argument("--port", type=int, default=8585, help="0 takes any free one (default: %(default)s)")
    options.add_argument("--seed", type=int, default=7, help="other seed, other data (default: %(default)s)")
    options.add_argument("--accounts", type=int, default=1, help="number of accounts (default: %(default)s)")
    options.add_argument("--posts", type=int, default=defaults.posts, help="per account (default: %(default)s)")
    options.add_argument("--followers", type=int, default=defaults.followers, help="(default: %(default)s)")
    options.add_argument("--comments", type=int, help="per post (default: in proportion to its views)")
    options.add_argument(
        "--now", type=datetime.fromisoformat, help="start the clock at this instant, e.g. 2026-11-20T12:00:00Z"
    )
    options.add_argument("--frozen", action="store_true", help="let the clock stand still")
    options.add_argument("--knob", type=knob, action="append", default=[], metavar="NAME=VALUE", help="see /docs")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    options = parser().parse_args(arguments)
    kinds = get_args(AccountKind)
    try:
        specs = [
            AccountSpec(
                kind=kinds[number % len(kinds)],
                posts=options.posts,
                followers=options.followers,
                comments_per_post=options.comments,
            )
            for number in range(options.accounts)
        ]
        knobs = Knobs.model_validate(dict(options.knob))
        listening = listen(options.host, options.port)
    except (ValidationError, NotLoopbackError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    emulator = Emulator(seed=options.seed, now=options.now, frozen=options.frozen, accounts=specs, knobs=knobs)
    url = url_of(listening)

    def announce() -> None:
        print(f"TikTok emulator on {url}", flush=True)
        print(f"  control: {url}/_emulator/ (knobs, clock, accounts, grant, faults, calls)")
        print(f"  all endpoints: {url}/docs", flush=True)

    with listening:
        try:
            EmulatorServer(emulator, announce).run(sockets=[listening])
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
