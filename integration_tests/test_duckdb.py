"""The demo, and two syncs on one day into one DuckDB file, counted with SQL."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from integration_tests.connector import STREAMS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo printed, and its database."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "POSTS": "60"}
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


def test_the_demo_fills_fifteen_tables_and_shows_them(demo: tuple[str, Path]) -> None:
    printed, database = demo
    with duckdb.connect(str(database), read_only=True) as connection:
        for stream in STREAMS:
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
