"""The demo as `make demo` starts it, and what is in its DuckDB file, counted with SQL."""

import os
import re
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from integration_tests.connector import COMMENT_STREAMS, STREAMS, Connector, ReadyToRun

pytestmark = pytest.mark.skipif(not find_spec("airbyte"), reason="PyAirbyte needs Python 3.11 or 3.12")

ROOT = Path(__file__).parent.parent
CAME_AND_LEFT = r"<p>From the end of \S+ to the end of \S+, ([\d,]+) followers came and ([\d,]+) left"


def environment_in(folder: Path) -> dict[str, str]:
    """What the demo of two small accounts needs, with its files in a folder."""
    return {
        **os.environ,
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT)]),
        "POSTS": "25",
        "ACCOUNTS": "2",
        "WEEKS": "2",
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What it printed of a registered Business Account and one that is not registered, and its database."""
    folder = tmp_path_factory.mktemp("demo")
    process = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=folder,
        env=environment_in(folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return process.stdout, folder / "demo" / "tiktok.duckdb"


def test_the_demo_fills_a_table_for_each_stream_and_answers_in_words(demo: tuple[str, Path]) -> None:
    printed, database = demo
    with duckdb.connect(str(database), read_only=True) as connection:
        for stream in [*STREAMS, *COMMENT_STREAMS]:
            (rows,) = connection.execute(f'SELECT count(*) FROM "{stream}"').fetchone() or (0,)
            assert rows > 0, stream
        dates = connection.execute("SELECT count(DISTINCT metric_date) FROM videos").fetchone()
        gained = connection.execute(
            "SELECT max(newer.video_views - coalesce(older.video_views, 0)) FROM videos newer LEFT JOIN videos older "
            "ON older.item_id = newer.item_id AND older.metric_date < newer.metric_date "
            "WHERE newer.metric_date = (SELECT max(metric_date) FROM videos)"
            " AND (older.item_id IS NOT NULL OR newer.create_time > (SELECT min(metric_date) FROM videos))"
        ).fetchone()
    assert dates == (2,)
    assert gained is not None
    assert f"gained most since the sync before: {gained[0]:,} views." in printed
    assert "Open demo/report.html in a browser." in printed
    assert [line for line in printed.splitlines() if line.startswith("Sync ")][1].startswith("Sync 2 of 2, as of 20")


def test_the_page_of_charts_is_drawn_without_an_error_and_asks_nobody(demo: tuple[str, Path], tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("There is no chromium here to look at the page with: apt-get install chromium")
    page = demo[1].with_name("report.html")
    # Its own policy refuses every request, and a refusal is an error in the console.
    assert "default-src 'none'" in page.read_text()
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    process = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", *quiet, "--enable-logging=stderr",
         f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip

    assert [line for line in process.stderr.splitlines() if "CONSOLE" in line] == []
    charts = re.findall(r'<div class="chart.*?</svg>', process.stdout, re.DOTALL)
    assert len(charts) == page.read_text().count("class='chart'") > 12
    assert f'data-drawn="{len(charts)}"' in process.stdout
    marks = r'<g class="mark-(?:rect|line|symbol|group)[^>]*>\s*<path[^>]* d="M'
    assert [chart[:80] for chart in charts if not re.search(marks, chart)] == []
    assert process.stdout.count("<figure>") == 20


def test_the_page_agrees_with_the_tables_on_waiting_comments_and_on_followers(demo: tuple[str, Path]) -> None:
    page = demo[1].with_name("report.html").read_text()
    with duckdb.connect(str(demo[1]), read_only=True) as connection:
        waiting = connection.execute(
            "SELECT count(*) FROM videos_comments c WHERE status = 'PUBLIC' AND NOT owner AND comment_id NOT IN"
            " (SELECT parent_comment_id FROM videos_comments_replies WHERE owner) GROUP BY business_id"
        ).fetchall()
        days = connection.execute(
            "SELECT min_by(followers_count, metric_date), max_by(followers_count, metric_date) FROM account_metrics"
            " WHERE NOT is_provisional GROUP BY business_id"
        ).fetchall()
    assert len(waiting) == len(days) == 2
    for (count,) in waiting:
        assert f"<p>{count:,} public comments have no answer of the account." in page
    for first, last in days:
        assert f"followers went from {first:,} to {last:,}, and" in page
    # Who came and who left is told of the same days.
    changes = [[int(number.replace(",", "")) for number in pair] for pair in re.findall(CAME_AND_LEFT, page)]
    assert {came - left for came, left in changes} <= {last - first for first, last in days}
    assert changes


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


def test_each_key_is_there_once_for_each_account(demo: tuple[str, Path], ready: ReadyToRun, tmp_path: Path) -> None:
    # Only described, not read; unit_tests/test_manifest.py holds the keys to a list made by hand.
    credentials = {"auth_type": "business_access_token", "access_token": "act.unused", "business_id": "unused"}
    catalog = Connector(tmp_path, ready=ready).discover({"credentials": credentials}).catalog
    keys = {name: [column for (column,) in stream["source_defined_primary_key"]] for name, stream in catalog.items()}
    assert list(keys) == [*STREAMS, *COMMENT_STREAMS]
    with duckdb.connect(str(demo[1]), read_only=True) as connection:
        for stream, key in keys.items():
            columns = ", ".join(key)
            counts = connection.execute(f"SELECT count(*), count(DISTINCT ({columns})) FROM {stream}").fetchone()
            assert counts is not None
            assert counts[0] == counts[1] > 0, stream
            accounts = connection.execute(f"SELECT count(DISTINCT business_id) FROM {stream}").fetchone()
            assert accounts == (2,), stream


def test_ctrl_c_while_it_reads_is_a_sentence(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo"],
        cwd=tmp_path,
        env=environment_in(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as in a terminal, where Ctrl-C reaches the connector too
    ) as process:
        assert process.stdout
        assert process.stderr
        assert any(line.startswith("Sync 1 of") for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "AirbyteConnectorFailedError" not in said
    assert "Stopped before the page was drawn. `make demo` begins anew." in said
