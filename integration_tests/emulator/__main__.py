"""The command `python -m integration_tests.emulator`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any, get_args

from pydantic import ValidationError

from .accounts import SIZES, AccountKind, AccountSpec
from .emulator import Emulator
from .knobs import Knobs
from .server import EmulatorServer, NotLoopbackError, listen, url_of


def knob(text: str) -> tuple[str, Any]:
    """Return name and value of an option. A value that is not JSON is a string.

    In: "latent_days=1" or "idle_values=null". Out: ("latent_days", 1) or ("idle_values", None).
    Raises ArgumentTypeError without `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value, such as latent_days=1.")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def number(text: str) -> int:
    """Return a whole number of 0 or more. Raises ArgumentTypeError for another text."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more.")
    return int(text)


def port(text: str) -> int:
    """Return a port. Raises ArgumentTypeError for another text."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, which is a number from 0 to 65535.")
    return int(text)


def instant(text: str) -> datetime:
    """Return an instant. Raises ArgumentTypeError for another text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-11-20T12:00:00Z.") from None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    defaults = AccountSpec()
    options = argparse.ArgumentParser(
        prog="python -m integration_tests.emulator",
        usage="%(prog)s [options] (--help lists them)",
        description="A local emulator of TikTok's APIs for organic data.",
    )
    options.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    options.add_argument("--port", type=port, default=8585, help="0: any free port (default: %(default)s)")
    options.add_argument("--seed", type=int, default=7, help="seed of the data (default: %(default)s)")
    options.add_argument("--accounts", type=number, default=1, help="number of accounts (default: %(default)s)")
    options.add_argument("--posts", type=number, default=defaults.posts, help="of each account (default: %(default)s)")
    options.add_argument("--followers", type=number, help="of each account (default: another number for each)")
    options.add_argument("--comments", type=number, help="of each post (default: in proportion to its views)")
    options.add_argument(
        "--now", type=instant, metavar="TIME", help="time at which the clock starts, e.g. 2026-11-20T12:00:00Z"
    )
    options.add_argument("--frozen", action="store_true", help="let the clock stand still")
    options.add_argument(
        "--knob", type=knob, action="append", default=[], metavar="NAME=VALUE", help="see the emulator's page"
    )
    return options


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C. Return the exit code: 2 for wrong options."""
    options = parser().parse_args(arguments)
    kinds = get_args(AccountKind)
    try:
        specs = [
            AccountSpec(
                kind=kinds[number % len(kinds)],
                posts=options.posts,
                followers=SIZES[number % len(SIZES)] if options.followers is None else options.followers,
                comments_per_post=options.comments,
            )
            for number in range(options.accounts)
        ]
        knobs = Knobs.model_validate(dict(options.knob))
        listening = listen(options.host, options.port)
    except ValidationError as error:
        for mistake in error.errors():
            (name,) = mistake["loc"]
            if name in Knobs.model_fields:
                print(f"The knob {name} can't be {mistake['input']!r}: {mistake['msg']}.", file=sys.stderr)
            else:
                print(f"There is no knob {name}. integration_tests/emulator/knobs.py has all of them.", file=sys.stderr)
        return 2
    except NotLoopbackError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"Port {options.port} of {options.host} can't be used: {error.strerror}. End the program that has it, "
            'or let the system choose another port: make emulator OPTIONS="--port 0"',
            file=sys.stderr,
        )
        return 2
    emulator = Emulator(seed=options.seed, now=options.now, frozen=options.frozen, accounts=specs, knobs=knobs)
    url = url_of(listening)

    def announce() -> None:
        print(f"TikTok emulator on {url}", flush=True)
        print(f"  its accounts, its app, its endpoints and its knobs: open {url} in a browser", flush=True)

    with listening:
        try:
            EmulatorServer(emulator, announce).run(sockets=[listening])
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
