"""Read one TikTok account in one call, for Airflow, Dagster, Prefect or cron.

`python -m examples.orchestrated accounts/harbour.json data/harbour.duckdb` does it once from the command line. The
first file is the account's config; the connector's new tokens are written back to it. The second is its own database,
in which PyAirbyte keeps the state too. Names of streams may follow. See docs/scaling.md.
"""

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

# PyAirbyte reads these when it is imported: nothing is sent anywhere, and no list of connectors is fetched. Code that
# imports it before this module has to set them itself.
os.environ.update(AIRBYTE_OFFLINE_MODE="1", DO_NOT_TRACK="1")

import airbyte

from source_tiktok_organic.keep import replace


class UnreadableConfigError(ValueError):
    """The config is not there, or it is no JSON."""


class AccountIsBeingReadError(RuntimeError):
    """Two processes with one account would replace each other's refresh token."""


def read_account(
    config_path: Path, cache: airbyte.caches.CacheBase, streams: list[str] | Literal["*"] = "*"
) -> dict[str, int]:
    """Read streams of the account into `cache`, and return how many rows each table has now.

    In:  a config of `{"credentials": {"auth_type": "business_oauth", …}}`, and a cache that no other account uses
    Out: `{"account": 1, "account_metrics": 57, "videos": 210, …}`, and the config with its newest tokens
    """
    with _only_reader_of(config_path):

        def keep(new_config: dict[str, Any]) -> None:
            replace(config_path, new_config)
            source.set_config(new_config, validate=False)

        source = airbyte.get_source(
            "source-tiktok-organic",
            config=_config_in(config_path),
            config_change_callback=keep,
            local_executable=Path(sys.executable).parent / "source-tiktok-organic",
            install_if_missing=False,
        )
        source.select_streams(streams)
        result = source.read(cache=cache)
        return {name: len(dataset) for name, dataset in result.streams.items()}


def duckdb_cache(database: Path) -> airbyte.caches.DuckDBCache:
    """A DuckDB file; what PyAirbyte writes on the way stands beside it."""
    return airbyte.caches.DuckDBCache(db_path=database, cache_dir=database.with_suffix(".files"))


def _config_in(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except OSError as error:
        raise UnreadableConfigError(
            f"{path} can't be read: {error.strerror}. `python -m source_tiktok_organic.sign_in` writes a config."
        ) from None
    except ValueError:
        raise UnreadableConfigError(f"{path} is no JSON. Mend it, or delete it and sign in again.") from None
    return config


@contextmanager
def _only_reader_of(config_path: Path) -> Iterator[None]:
    with config_path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AccountIsBeingReadError(
                f"Another process is reading the account of {config_path}. Wait for it, or let your orchestrator run "
                "one task at a time for an account."
            ) from None
        yield


def main() -> None:
    """Read the account of a config into a DuckDB file."""
    if len(sys.argv) < 3:
        sys.exit("Name the config and the database: python -m examples.orchestrated harbour.json harbour.duckdb")
    config_path, database = map(Path, sys.argv[1:3])
    try:
        _config_in(config_path)  # before there are a lock and a database
        tables = read_account(config_path, duckdb_cache(database), sys.argv[3:] or "*")
    except (UnreadableConfigError, AccountIsBeingReadError) as error:
        sys.exit(str(error))
    for stream, rows in tables.items():
        print(f"{stream:<36}{rows:>8}")


if __name__ == "__main__":
    main()
