"""Read five weeks of an emulated TikTok account into a DuckDB file with PyAirbyte, and draw a page of charts.

Run it with `make demo`, `make demo POSTS=1000` for a larger account, `make demo ACCOUNTS=5` for five of them in one
connection, `make demo WEEKS=2` for a shorter history, or `make demo FAMILY=login_kit` for TikTok's other product. It
needs neither a TikTok account nor a network: the emulator of this project stands for TikTok. Its clock and the
connector's are moved from week to week, so that there is a history.
"""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import duckdb
import requests

from examples import report
from integration_tests.emulator.accounts import SIZES, AccountKind, AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator

FOLDER = Path("demo")
DATABASE = FOLDER / "tiktok.duckdb"
LOG = FOLDER / "log.txt"
PROGRAMS = Path(sys.executable).parent
MODELS = Path(__file__).parents[1] / "dbt_tiktok_organic"


@dataclass(frozen=True)
class Family:
    """One of TikTok's two products, what the models are told of it, and answers with the queries behind them."""

    credentials: dict[str, str]
    variables: dict[str, Any]
    answers: Sequence[tuple[str, str]]


# What one post gained since the sync before; the models have the same for both products.
GAINED = """\
SELECT coalesce(nullif(p.caption, ''), p.item_id) AS post, d.video_views_gained AS views, d.metric_date AS day
FROM tiktok_organic__post_days d
JOIN tiktok_organic__posts p USING (business_id, item_id)
WHERE d.metric_date = (SELECT max(metric_date) FROM tiktok_organic__post_days)
ORDER BY d.video_views_gained DESC NULLS LAST
LIMIT 1"""
TOLD = "“{post}” gained most since the sync before: {views:,} views."
FAMILIES = {
    "business": Family(
        {"auth_type": "business_oauth", "client_id": "7400000000000000001", "client_secret": "emulator-client-secret"},
        {},
        [
            (TOLD, GAINED),
            (
                "In the last 28 complete days @{name} won {net:+,} followers, to {followers:,}.",
                "SELECT video_creator_username AS name, net_followers_28_days AS net, followers_count AS followers "
                "FROM tiktok_organic__account_days "
                "WHERE NOT is_provisional ORDER BY metric_date DESC, followers_count DESC LIMIT 1",
            ),
            (
                "{waiting:,} public comments wait for an answer.",
                f"SELECT count(*) AS waiting FROM tiktok_organic__comments WHERE {report.WAITING}",
            ),
        ],
    ),
    "login_kit": Family(
        {"auth_type": "login_kit", "client_key": "7400000000000000001", "client_secret": "emulator-client-secret"},
        {"tiktok_organic__using_business": False, "tiktok_organic__using_login_kit": True},
        [
            (TOLD, GAINED),
            (
                "A post has on average {engagements:.1f} likes, comments and shares for 100 views.",
                "SELECT 100 * avg(engagement_rate) AS engagements FROM tiktok_organic__posts",
            ),
            (
                "#{hashtag} is on {posts} posts, more than any other.",
                "SELECT hashtag, count(*) AS posts FROM tiktok_organic__post_hashtags "
                "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
            ),
        ],
    ),
}


def accounts_of(number: int, posts: int) -> list[AccountSpec]:
    """So many accounts, of each kind and size in turn."""
    kinds = get_args(AccountKind)
    return [
        AccountSpec(
            kind=kinds[position % len(kinds)],
            followers=SIZES[position % len(SIZES)],
            posts=posts,
            keeps_posting=True,
            comments_per_post=8,
        )
        for position in range(number)
    ]


def authorised_config(emulator_url: str, name: str) -> dict[str, Any]:
    """The config of a user who has just authenticated each account: app credentials and refresh tokens."""
    refresh_tokens = []
    for account in requests.get(f"{emulator_url}/_emulator/accounts", timeout=10).json():
        wish = {"open_id": account["open_id"], "family": name}
        grant = requests.post(f"{emulator_url}/_emulator/grant", json=wish, timeout=10).json()
        refresh_tokens.append(grant["refresh_token"])
    first, *more = refresh_tokens
    return {
        "credentials": {**FAMILIES[name].credentials, "refresh_token": first},
        **({"additional_accounts": [{"refresh_token": token} for token in more]} if more else {}),
        "api_url": emulator_url,
        # TikTok allows 40; the comments of a few hundred posts would take a quarter of an hour.
        "requests_per_minute": 6000,
    }


def program_of_another_day() -> Path:
    """The connector's command with its clock moved by DEMO_CLOCK seconds, for PyAirbyte to start."""
    program = FOLDER / "bin" / "source-tiktok-organic"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m examples.moved_clock "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def read_week_by_week(emulator: RunningEmulator, name: str, weeks: int) -> None:
    """Sync every stream once a week; TikTok replaces the refresh token, so the new one is kept."""
    # PyAirbyte reads these when it is imported: nothing is sent anywhere, and its files stay in the demo's folder.
    folder = str(FOLDER.absolute())
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        AIRBYTE_PROJECT_DIR=folder,
        AIRBYTE_LOGGING_ROOT=folder,
        NO_LIVE_PROGRESS="1",
        DEMO_CLOCK="0",
    )
    warnings.simplefilter("ignore")
    import airbyte
    from airbyte._processors.sql.duckdb import DuckDBSqlProcessor

    def keep(new_config: dict[str, Any]) -> None:
        source.set_config(new_config, validate=False)

    class Processor(DuckDBSqlProcessor):
        """Looks up no columns before it writes, for half of PyAirbyte's time: all tables were made in this demo."""

        def _ensure_compatible_table_schema(self, *_: Any, **__: Any) -> None:
            pass

    class Cache(airbyte.caches.DuckDBCache):
        _sql_processor_class = Processor

    cache = Cache(db_path=DATABASE)
    # PyAirbyte says everything three times.
    with LOG.open("a") as log, redirect_stdout(log), redirect_stderr(log):
        source = airbyte.get_source(
            "source-tiktok-organic",
            config=authorised_config(emulator.url, name),
            config_change_callback=keep,
            local_executable=program_of_another_day(),
            install_if_missing=False,
        )
        source.select_all_streams()
    for week in range(1, weeks + 1):
        weeks_ago = timedelta(weeks=weeks - week)
        now = datetime.now(UTC) - weeks_ago
        emulator.emulator.clock.move_to(now)
        os.environ["DEMO_CLOCK"] = str(-weeks_ago.total_seconds())
        print(f"Sync {week} of {weeks}, as of {now:%Y-%m-%d}: ", end="", flush=True)
        with LOG.open("a") as log, redirect_stdout(log), redirect_stderr(log):
            # The demo's own config needs no check, for which the connector would be started once more.
            result = source.read(cache=cache, skip_validation=True)
        print(f"{result.processed_records:,} records", flush=True)
    cache.get_sql_engine().dispose()


def dbt(verb: str, variables: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start a command of dbt on the package's models in the same file. Its output goes to the log."""
    command = [PROGRAMS / "dbt", "--quiet", verb, "--project-dir", MODELS, "--profiles-dir", MODELS]
    command += ["--log-path", FOLDER.absolute() / "dbt", "--target-path", FOLDER.absolute() / "dbt"]
    command += ["--vars", json.dumps({"tiktok_organic_schema": "main", **variables})]
    environment = {**os.environ, "DATABASE": str(DATABASE.absolute()), "DO_NOT_TRACK": "1"}
    with LOG.open("a") as log:
        return subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log)


def show_answers(connection: duckdb.DuckDBPyConnection, family: Family) -> None:
    """Print what the models say in words, and the query behind the first of it."""
    for words, query in family.answers:
        cursor = connection.execute(query)
        row = cursor.fetchone()
        names = [column[0] for column in cursor.description or []]
        print(f"- {words.format(**dict(zip(names, row, strict=True)))}" if row and None not in row else "- nothing yet")
    print(f"\nThe query behind the first answer:\n\n{family.answers[0][1]}\n")


def number_from(name: str, default: int) -> int:
    """A number of 1 or more that stands behind `make demo`, e.g. POSTS=1000."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or int(value) < 1:
        sys.exit(f"{name} is '{value}', but it must be a whole number of 1 or more.")
    return int(value)


def main() -> None:
    """Run the demo from an empty folder."""
    if not find_spec("airbyte"):
        sys.exit("The demo reads with PyAirbyte, which needs Python 3.11 or 3.12: make clean demo PYTHON=python3.12")
    number = number_from("ACCOUNTS", 1)
    posts = number_from("POSTS", max(60 // number, 1))
    weeks = number_from("WEEKS", 5)
    name = os.environ.get("FAMILY") or "business"
    if name not in FAMILIES:
        sys.exit(f"FAMILY is '{name}', but it must be {' or '.join(FAMILIES)}.")
    if name == "login_kit" and number > 1:
        sys.exit("ACCOUNTS is for the TikTok API for Business; Login Kit reads one account in a connection.")
    family = FAMILIES[name]
    # PyAirbyte's imports make so many objects that to look through them for garbage takes seconds.
    gc.set_threshold(100_000, 20, 20)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    print(f"Starting the TikTok emulator with {number} account{'s' * (number > 1)} of {posts} posts …", flush=True)
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    first = datetime.now(UTC) - timedelta(weeks=weeks - 1)
    # Both beside the syncs. The build goes on from what dbt's parsing leaves.
    Thread(target=report.bundle, daemon=True).start()
    parsing = dbt("parse", family.variables)
    with running_emulator(Emulator(accounts=accounts_of(number, posts), knobs=knobs, now=first)) as emulator:
        read_week_by_week(emulator, name, weeks)
    parsing.wait()
    print("Building the dbt models …", flush=True)
    if dbt("run", family.variables).wait():
        sys.exit(f"dbt failed. {LOG} says why.")
    print("Drawing the page …", flush=True)
    page = report.write_page(DATABASE)

    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        print(f"\nOpen {page} in a browser. Its figures are in {DATABASE}: a table for each stream, and the models.\n")
        show_answers(connection, family)
    print("docs/data-dictionary.md explains every column of the streams, and dbt_tiktok_organic/ the models.")


def stop(*_: object) -> None:
    """End at once. PyAirbyte would make an error of its own of it, because Ctrl-C ends the connector too."""
    print("\nStopped before the page was drawn. `make demo` begins anew.", file=sys.__stderr__, flush=True)
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    main()
