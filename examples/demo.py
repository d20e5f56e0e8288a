"""Read every stream of an emulated TikTok account into a DuckDB file with PyAirbyte, and show what is in it.

Run it with `make demo`, `make demo POSTS=1000` for a larger account, `make demo ACCOUNTS=5` for five of them in one
connection, or `make demo FAMILY=login_kit` for TikTok's other product. It needs neither a TikTok account nor a network:
the emulator of this project stands for TikTok.
"""

import os
import shutil
import signal
import sys
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import duckdb
import requests

from integration_tests.emulator.accounts import SIZES, AccountKind, AccountSpec
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import running_emulator

FOLDER = Path("demo")
DATABASE = FOLDER / "tiktok.duckdb"


@dataclass(frozen=True)
class Family:
    """One of TikTok's two products, and something to ask its data."""

    credentials: dict[str, str]
    counts: str
    """A query: how many posts there are, and how many the profiles count."""
    not_listed: str
    question: str
    query: str


FAMILIES = {
    "business": Family(
        {"auth_type": "business_oauth", "client_id": "7400000000000000001", "client_secret": "emulator-client-secret"},
        "SELECT (SELECT count(DISTINCT item_id) FROM videos), (SELECT sum(videos_count) FROM account)",
        "It hides some by policy. account.videos_count, without photo posts and posts in ads only: {counted}.",
        "Which posts were seen most, and how much of that came from the For You feed?",
        """\
SELECT v.create_time::DATE AS published, v.caption, v.video_views,
       round(100 * s.impression_sources_percentage) AS percent_for_you
FROM videos v
LEFT JOIN videos_impression_sources s
  ON s.business_id = v.business_id AND s.item_id = v.item_id AND s.metric_date = v.metric_date
 AND s.impression_sources_impression_source = 'For You'
ORDER BY v.video_views DESC
LIMIT 5""",
    ),
    "login_kit": Family(
        {"auth_type": "login_kit", "client_key": "7400000000000000001", "client_secret": "emulator-client-secret"},
        "SELECT (SELECT count(DISTINCT id) FROM user_videos), (SELECT sum(video_count) FROM user_info)",
        "It hides some by policy, and posts in ads only. user_info.video_count, without photo posts: {counted}.",
        "Which posts were liked by most of those who saw them?",
        """\
SELECT v.created_at::DATE AS published, v.title, v.view_count,
       round(100 * v.like_count / v.view_count, 1) AS percent_liked
FROM user_videos v
JOIN user_info u ON u.open_id = v.open_id
WHERE v.view_count > 0
ORDER BY percent_liked DESC
LIMIT 5""",
    ),
}


def accounts_of(number: int, posts: int) -> list[AccountSpec]:
    """So many accounts, of each kind and size in turn."""
    kinds = get_args(AccountKind)
    return [
        AccountSpec(kind=kinds[position % len(kinds)], followers=SIZES[position % len(SIZES)], posts=posts)
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


def read_into_duckdb(config: dict[str, Any]) -> None:
    """Check the connection, then read all streams; TikTok replaces the refresh token, so the new one is kept."""
    # PyAirbyte reads these when it is imported: nothing is sent anywhere, its files stay in the demo's folder, and it
    # does not list the streams while it reads them.
    folder = str(FOLDER.absolute())
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        AIRBYTE_PROJECT_DIR=folder,
        AIRBYTE_LOGGING_ROOT=folder,
        NO_LIVE_PROGRESS="1",
    )
    warnings.simplefilter("ignore", FutureWarning)
    print("Loading PyAirbyte …", flush=True)
    import airbyte

    def keep(new_config: dict[str, Any]) -> None:
        source.set_config(new_config, validate=False)

    source = airbyte.get_source(
        "source-tiktok-organic",
        config=config,
        config_change_callback=keep,
        local_executable=Path(sys.executable).parent / "source-tiktok-organic",
        install_if_missing=False,
    )
    print(f"Checking the connection to {config['api_url']} …", flush=True)
    source.check()
    print("Asking which streams there are …", flush=True)
    source.select_all_streams()
    print(f"Reading {len(source.get_selected_streams())} streams into {DATABASE} …", flush=True)
    cache = airbyte.caches.DuckDBCache(db_path=DATABASE)
    source.read(cache=cache)
    cache.get_sql_engine().dispose()


def show_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Print the streams and how many rows each has."""
    names = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE NOT starts_with(table_name, '_') ORDER BY table_name"
    ).fetchall()
    print(f"\n{'stream':<36}{'rows':>8}")
    for (name,) in names:
        (rows,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() or (0,)
        print(f"{name:<36}{rows:>8}")


def show_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Print the accounts and how many posts each has."""
    print("\nThe accounts:\n")
    connection.sql(
        "SELECT a.display_name, a.is_business_account, a.followers_count, count(v.item_id) AS posts "
        "FROM account a LEFT JOIN videos v USING (business_id, metric_date) GROUP BY ALL ORDER BY followers_count DESC"
    ).show(max_width=110)


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
    posts = number_from("POSTS", max(214 // number, 1))
    name = os.environ.get("FAMILY") or "business"
    if name not in FAMILIES:
        sys.exit(f"FAMILY is '{name}', but it must be {' or '.join(FAMILIES)}.")
    if name == "login_kit" and number > 1:
        sys.exit("ACCOUNTS is for the TikTok API for Business; Login Kit reads one account in a connection.")
    family = FAMILIES[name]
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    print(f"Starting the TikTok emulator with {number} account{'s' * (number > 1)} of {posts} posts …", flush=True)
    no_limits = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    with running_emulator(accounts=accounts_of(number, posts), knobs=no_limits) as emulator:
        read_into_duckdb(authorised_config(emulator.url, name))

    with duckdb.connect(str(DATABASE)) as connection:
        show_tables(connection)
        if number > 1:
            show_accounts(connection)
        print(f"\nThe data is in {DATABASE}, a table for each stream.")
        listed, counted = connection.execute(family.counts).fetchone() or (0, 0)
        if listed < number * posts:
            print(f"TikTok lists {listed} of the {number * posts} posts. {family.not_listed.format(counted=counted)}")
        print("Open it with any DuckDB client. docs/data-dictionary.md explains every column.\n")
        print(f"{family.question}\n\n{family.query}\n")
        connection.sql(family.query).show(max_width=110)


def stop(*_: object) -> None:
    """End at once. PyAirbyte would make an error of its own of it, because Ctrl-C ends the connector too."""
    print(f"\nStopped. {FOLDER}/ has what was read until then.", file=sys.stderr, flush=True)
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    main()
