"""Read every stream of an emulated TikTok account into a DuckDB file with PyAirbyte, and show what is in it.

Run it with `make demo`, or `make demo POSTS=1000` for a larger account. It needs neither a TikTok account nor a
network: the emulator of this project stands for TikTok.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import requests

from integration_tests.emulator.server import running_emulator

FOLDER = Path("demo")
DATABASE = FOLDER / "tiktok.duckdb"
SCHEMA = "tiktok"
OPEN_ID = "-000EmuOpenId_0001abcDEFghiJKL"
QUESTION = "Which posts were seen most, and how much of that came from the For You feed?"
QUERY = f"""\
SELECT v.create_time::DATE AS published, v.caption, v.video_views,
       round(100 * s.impression_sources_percentage) AS percent_for_you
FROM {SCHEMA}.videos v
LEFT JOIN {SCHEMA}.videos_impression_sources s
  ON s.business_id = v.business_id AND s.item_id = v.item_id AND s.metric_date = v.metric_date
 AND s.impression_sources_impression_source = 'For You'
ORDER BY v.video_views DESC
LIMIT 5"""


def authorised_config(emulator_url: str) -> dict[str, Any]:
    """The config of a user who has just authenticated: app credentials and a refresh token."""
    grant = requests.post(f"{emulator_url}/_emulator/grant", json={"open_id": OPEN_ID}, timeout=10).json()
    return {
        "credentials": {
            "auth_type": "business_oauth",
            "client_id": "7400000000000000001",
            "client_secret": "emulator-client-secret",
            "refresh_token": grant["refresh_token"],
        },
        "api_url": emulator_url,
    }


def read_into_duckdb(config: dict[str, Any]) -> None:
    """Check the connection, then read all streams; TikTok replaces the refresh token, so the new one is kept."""
    # PyAirbyte reads these when it is imported: nothing is sent anywhere, and its files stay in the demo's folder.
    os.environ.update(AIRBYTE_OFFLINE_MODE="1", DO_NOT_TRACK="1", AIRBYTE_PROJECT_DIR=str(FOLDER.absolute()))
    import airbyte

    source = airbyte.get_source(
        "source-tiktok-organic",
        config=config,
        config_change_callback=lambda new_config: source.set_config(new_config, validate=False),
        local_executable=Path(sys.executable).parent / "source-tiktok-organic",
        install_if_missing=False,
    )
    source.check()
    source.select_all_streams()
    source.read(cache=airbyte.caches.DuckDBCache(db_path=DATABASE, schema_name=SCHEMA))


def show_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Print the streams and how many rows each has."""
    names = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND NOT starts_with(table_name, '_')",
        [SCHEMA],
    ).fetchall()
    print(f"\n{'stream':<36}{'rows':>8}")
    for (name,) in sorted(names):
        (rows,) = connection.execute(f'SELECT count(*) FROM {SCHEMA}."{name}"').fetchone() or (0,)
        print(f"{name:<36}{rows:>8}")


def main() -> None:
    """Run the demo from an empty folder."""
    posts = int(os.environ.get("POSTS") or 214)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    print(f"Starting the TikTok emulator with an account of {posts} posts …")
    with running_emulator(posts=posts) as emulator:
        print(f"Checking the connection and reading every stream from {emulator.url} …")
        read_into_duckdb(authorised_config(emulator.url))

    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        show_tables(connection)
        print(f"\nThe data is in {DATABASE}, schema {SCHEMA}, a table for each stream.")
        print("Open it with any DuckDB client; docs of every column: source-tiktok-organic discover.")
        print(f"{QUESTION}\n\n{QUERY}\n")
        connection.sql(QUERY).show(max_width=110)


if __name__ == "__main__":
    main()
