"""The demo, and two syncs on one day into one DuckDB file, counted with SQL."""

import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import pytest

from integration_tests.conftest import StartTikTok
from integration_tests.connector import COMMAND, COMMENT_STREAMS, LOGIN_KIT_STREAMS, STREAMS, several_accounts_config
from integration_tests.emulator.accounts import AccountSpec

ROOT = Path(__file__).parent.parent


def run_demo(folder: Path, **options: str) -> tuple[str, Path]:
    """What the demo printed, and its database."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "POSTS": "60", **options}
    process = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return process.stdout, folder / "demo" / "tiktok.duckdb"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The demo of the API for Business."""
    return run_demo(tmp_path_factory.mktemp("demo"))


def test_the_demo_of_login_kit_shows_its_two_tables(tmp_path: Path) -> None:
    printed, database = run_demo(tmp_path, FAMILY="login_kit")
    with duckdb.connect(str(database), read_only=True) as connection:
        for stream in LOGIN_KIT_STREAMS:
            (rows,) = connection.execute(f'SELECT count(*) FROM "{stream}"').fetchone() or (0,)
            assert rows > 0, stream
            assert f"{stream} {rows}" in " ".join(printed.split()), stream
        types = dict(
            connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'user_videos'"
            ).fetchall()
        )
    assert types["create_time"] == "BIGINT"
    assert types["created_at"].startswith("TIMESTAMP")
    assert "percent_liked" in printed


def test_the_demo_fills_seventeen_tables_and_shows_them(demo: tuple[str, Path]) -> None:
    printed, database = demo
    with duckdb.connect(str(database), read_only=True) as connection:
        for stream in [*STREAMS, *COMMENT_STREAMS]:
            (rows,) = connection.execute(f'SELECT count(*) FROM "{stream}"').fetchone() or (0,)
            assert rows > 0, stream
            assert f"{stream} {rows}" in " ".join(printed.split()), stream
    assert "Which posts were seen most" in printed
    assert "percent_for_you" in printed


def test_the_tables_have_their_types_and_their_nulls(demo: tuple[str, Path]) -> None:
    with duckdb.connect(str(demo[1]), read_only=True) as connection:
        types = dict(
            connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'videos'"
            ).fetchall()
        )
        assert types["create_time"].startswith("TIMESTAMP")
        assert types["metric_date"] == "DATE"
        assert types["likes"] == "BIGINT"
        assert types["is_ad"] == "BOOLEAN"
        assert types["item_id"] == "VARCHAR"
        orphans = connection.execute(
            "SELECT count(*) FROM videos_audience_types b LEFT JOIN videos v USING (business_id, item_id, metric_date)"
            " WHERE v.item_id IS NULL"
        ).fetchone()
        assert orphans == (0,)
        idle = connection.execute("SELECT count(*), count(likes) FROM videos WHERE reach IS NULL").fetchone()
        assert idle is not None
        assert idle[0] > 0


KEYS = {
    "account": "business_id, metric_date",
    "account_audience_ages": "business_id, metric_date, audience_ages_age",
    "account_audience_genders": "business_id, metric_date, audience_genders_gender",
    "account_audience_countries": "business_id, metric_date, audience_countries_country",
    "account_audience_cities": "business_id, metric_date, audience_cities_city_name",
    "account_metrics": "business_id, metric_date",
    "account_metrics_audience_activity": "business_id, metric_date, audience_activity_hour",
    "videos": "business_id, item_id, metric_date",
    "videos_impression_sources": "business_id, item_id, metric_date, impression_sources_impression_source",
    "videos_audience_types": "business_id, item_id, metric_date, audience_types_type",
    "videos_audience_countries": "business_id, item_id, metric_date, audience_countries_country",
    "videos_audience_cities": "business_id, item_id, metric_date, audience_cities_city_name",
    "videos_audience_genders": "business_id, item_id, metric_date, audience_genders_gender",
    "videos_video_view_retention": "business_id, item_id, metric_date, video_view_retention_second",
    "videos_engagement_likes": "business_id, item_id, metric_date, engagement_likes_second",
    "videos_comments": "business_id, comment_id",
    "videos_comments_replies": "business_id, comment_id",
}


def test_two_syncs_of_three_accounts_on_one_day_append_each_key_twice(
    start_tiktok: StartTikTok, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AIRBYTE_PROJECT_DIR", "AIRBYTE_LOGGING_ROOT", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("AIRBYTE_OFFLINE_MODE", "1")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import airbyte

    tiktok = start_tiktok(
        AccountSpec(posts=10), AccountSpec(posts=8, kind="business"), AccountSpec(posts=6, kind="personal")
    )
    source = airbyte.get_source(
        "source-tiktok-organic",
        config=several_accounts_config(tiktok, requests_per_minute=6000),
        config_change_callback=lambda config: source.set_config(config, validate=False),
        local_executable=COMMAND,
        install_if_missing=False,
    )
    source.select_all_streams()
    database = tmp_path / "twice.duckdb"
    cache = airbyte.caches.DuckDBCache(db_path=database)
    for _ in range(2):
        source.read(cache=cache, write_strategy="append", force_full_refresh=True)
    cache.get_sql_engine().dispose()

    assert list(KEYS) == [*STREAMS, *COMMENT_STREAMS]
    with duckdb.connect(str(database)) as connection:
        for stream, columns in KEYS.items():
            counts = connection.execute(
                f"SELECT count(*), min(n), max(n) FROM (SELECT count(*) n FROM {stream} GROUP BY {columns})"
            ).fetchone()
            assert counts is not None
            assert counts[0] > 0, stream
            assert counts[1:] == (2, 2), stream
            accounts = connection.execute(f"SELECT count(DISTINCT business_id) FROM {stream}").fetchone()
            assert accounts == (3,), stream
