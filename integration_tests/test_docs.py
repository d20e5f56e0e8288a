"""The pages in docs/ and the files beside them say what is so: links, commands, tables and queries."""

import json
import os
import re
import stat
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
import yaml

from integration_tests.connector import (
    COMMENT_STREAMS,
    STREAMS,
    Connector,
    ReadyToRun,
    Row,
    login_kit_config,
    oauth_config,
    token_config,
)
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONNECTOR_PAGE = (ROOT / "docs" / "tiktok-organic.md").read_text()
DATA_DICTIONARY = (ROOT / "docs" / "data-dictionary.md").read_text()
MIGRATION_PAGE = (ROOT / "docs" / "migration.md").read_text()
SCALING_PAGE = (ROOT / "docs" / "scaling.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "BEHAVIOR.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

Table = list[dict[str, str]]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [text for _, found, text in FENCE.findall(page) if found == language]


def section(page: str, heading: str) -> str:
    """What stands between a heading and the next one of its level or above."""
    level = heading.index(" ")
    _, _, rest = page.partition(f"\n{heading}\n")
    assert rest, heading
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables(page: str) -> list[Table]:
    """The tables, row by row, with their header's words as keys; code marks are left out.

    In:  "| Setting | Default |\n| --- | --- |\n| `num_workers` | 8 |"
    Out: [[{"Setting": "num_workers", "Default": "8"}]]
    """
    found: list[Table] = []
    for lines in re.findall(r"(?:^\|.*\|\n)+", page.replace("`", "") + "\n", re.MULTILINE):
        header, _, *rows = ([cell.strip() for cell in line[1:-1].split("|")] for line in lines.splitlines())
        found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found


def anchors(page: str) -> set[str]:
    """The anchors that GitHub makes of headings: "Why do they differ?" is `why-do-they-differ`."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in re.findall(r"\]\((?!https?://)([^)\s]+)\)", FENCE.sub("", path.read_text())):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_make_target_that_a_page_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    page = path.read_text()
    code = [text for _, _, text in FENCE.findall(page)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", page))
    named = {target for text in code for target in re.findall(r"^\s*make ([a-z-]+)", text, re.MULTILINE)}
    assert named <= targets


@pytest.fixture(scope="module")
def tiktok() -> Iterator[RunningEmulator]:
    """An emulated TikTok with one account of 25 posts and no limits."""
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    # Comments on every post, so that there is something to find in every table.
    spec = AccountSpec(posts=25, comments_per_post=4)
    with running_emulator(Emulator(accounts=[spec], knobs=knobs)) as running:
        yield running


@pytest.fixture(scope="module")
def connector(tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun) -> Connector:
    """The command, with its files in a folder of these tests."""
    return Connector(tmp_path_factory.mktemp("docs"), ready=ready)


@pytest.fixture(scope="module")
def catalog(connector: Connector, tiktok: RunningEmulator) -> dict[str, dict[str, Any]]:
    """The streams of both families as `discover` describes them."""
    business = connector.discover(token_config(tiktok, benchmark_categories=["PETS"], cover_images=True)).catalog
    return business | connector.discover(login_kit_config(tiktok, cover_images=True)).catalog


def test_the_tables_of_streams_have_the_streams_of_discover(catalog: dict[str, dict[str, Any]]) -> None:
    described = [row["Stream"] for table in tables(CONNECTOR_PAGE) if "Stream" in table[0] for row in table]
    assert sorted(described) == sorted(catalog), "See the tables under `Supported streams` in docs/tiktok-organic.md."


def test_the_data_dictionary_has_the_keys_and_cursors_of_discover(catalog: dict[str, dict[str, Any]]) -> None:
    for name, stream in catalog.items():
        key = ", ".join(f"`{column}`" for (column,) in stream["source_defined_primary_key"])
        cursor = "".join(f"Cursor: `{column}`. " for column in stream.get("default_cursor_field") or [])
        assert f"\nPrimary key: {key}. {cursor}Sync mode" in section(DATA_DICTIONARY, f"### {name}")


def test_the_table_of_categories_has_the_values_of_spec(settings: dict[str, dict[str, Any]]) -> None:
    (table,) = tables(section(CONNECTOR_PAGE, "### Benchmark categories"))
    assert [row["Value"] for row in table] == settings["benchmark_categories"]["items"]["enum"]


def test_the_readmes_tables_of_streams_have_the_streams_and_cursors_of_discover(
    catalog: dict[str, dict[str, Any]],
) -> None:
    rows = [row for table in tables(README) if "stream" in table[0] for row in table]
    described = {row["stream"]: row["cursor"] for row in rows}
    discovered = {name: "".join(stream.get("default_cursor_field") or []) for name, stream in catalog.items()}
    assert len(rows) == len(described)
    assert described == discovered, "See the tables under `What you get` in README.md."


def test_the_overview_of_joins_names_streams_and_columns_that_exist(catalog: dict[str, dict[str, Any]]) -> None:
    (overview,) = blocks(CONNECTOR_PAGE, "mermaid")
    stand_ins = {"account_audience": "account_audience_ages", "videos_breakdown": "videos_audience_types"}
    joins = re.findall(r'(\w+) \|\|--o\{ (\w+) : "?([^"\n]+)', overview)
    assert len(joins) == len(overview.splitlines()) - 1
    for parent, child, on in joins:
        for pair in on.split(", "):
            ours, _, theirs = pair.partition(" = ")
            assert ours in catalog[stand_ins.get(parent, parent)]["json_schema"]["properties"], pair
            assert (theirs or ours) in catalog[stand_ins.get(child, child)]["json_schema"]["properties"], pair


@pytest.fixture(scope="module")
def settings(connector: Connector) -> dict[str, dict[str, Any]]:
    """The settings of `spec`."""
    (message,) = connector.spec().of_type("SPEC")
    properties: dict[str, dict[str, Any]] = message["spec"]["connectionSpecification"]["properties"]
    return properties


def test_the_table_of_settings_has_the_titles_and_defaults_of_spec(settings: dict[str, dict[str, Any]]) -> None:
    table = tables(section(CONNECTOR_PAGE, "## Settings"))[0]
    described = {row["Setting"]: (row["In the form"], row["Default"]) for row in table}
    assert described == {
        name: (
            "(hidden)" if setting.get("airbyte_hidden") else setting["title"],
            str(setting["default"]).lower() if "default" in setting else "",
        )
        for name, setting in settings.items()
    }


def test_the_table_of_credentials_has_every_field_of_every_choice(settings: dict[str, dict[str, Any]]) -> None:
    table = tables(section(CONNECTOR_PAGE, "## Settings"))[1]
    described = {(row["auth_type"], row["Setting"]): row["Required"] for row in table}
    assert described == {
        (choice["properties"]["auth_type"]["const"], name): "yes" if name in choice["required"] else ""
        for choice in settings["credentials"]["oneOf"]
        for name in choice["properties"]
        if name != "auth_type"
    }


def manifest() -> dict[str, Any]:
    """The manifest as it is written, references unresolved."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "source_tiktok_organic" / "manifest.yaml").read_text())
    return parsed


def test_every_sentence_about_tiktoks_answers_is_explained_with_its_codes() -> None:
    errors = manifest()["definitions"]["errors"]
    sentences = {name: error.get("sentence") for name, error in errors.items()}
    expected: dict[str, set[str]] = defaultdict(set)
    for name, error in errors.items():
        sentence = sentences[name] or sentences[error["$ref"].rpartition("/")[2]]
        expected[re.split(r"[({`]", sentence)[0].strip()] |= set(str(error["codes"]).split(", "))

    (table,) = (table for table in tables(CONNECTOR_PAGE) if "TikTok's codes" in table[0])
    described = {row["The sentence begins with"]: set(row["TikTok's codes"].split(", ")) for row in table}
    assert described == expected


def test_every_scope_that_the_connector_asks_for_is_explained() -> None:
    fields = manifest()["definitions"]["fields"]
    (table,) = (table for table in tables(CONNECTOR_PAGE) if "Scope" in table[0])
    assert {row["Scope"] for row in table} == {scope for scopes in fields.values() for scope in scopes}


def test_the_newest_entry_of_the_changelog_is_the_version_of_the_image() -> None:
    newest = tables(section(CONNECTOR_PAGE, "## Changelog"))[0][0]
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    assert newest["Version"] == metadata["dockerImageTag"]
    assert f"## {newest['Version']} - {newest['Date']}" in (ROOT / "CHANGELOG.md").read_text()


# Counted by hand in the documents of the other tools.
TABLES_THERE = {
    "Nekt: user_info": 12,
    "Nekt: videos": 15,
    "Kondado: Account": 12,
    "Kondado: Account: metrics": 20,
    "Kondado: tiktok_organic_account_metrics_audience_activity": 4,
    "Kondado: Videos": 24,
    "Kondado: tiktok_organic_videos_impression_sources": 5,
    "Kondado: tiktok_organic_videos_engagement_likes": 5,
    "Kondado: tiktok_organic_videos_audience_types": 5,
    "Kondado: tiktok_organic_videos_audience_countries": 5,
    "Kondado: tiktok_organic_videos_audience_cities": 5,
    "Kondado: tiktok_organic_videos_video_view_retention": 5,
    "Kondado: tiktok_organic_videos_audience_genders": 5,
    "Kondado: Videos: comments": 17,
    "QUANTI: profile": 8,
    "QUANTI: profile_snapshot_metric": 11,
    "QUANTI: profile_daily_metric": 22,
    "QUANTI: video_snapshot_metric": 19,
    "YOOtheme: Video Type": 15,
    "Dataddo: profile data": 7,
    "Dataddo: video data": 6,
    "Fivetran: profile": 11,
    "Fivetran: profile_metric": 19,
    "Fivetran: profile_metric_audience_activity": 4,
    "Fivetran: profile_audience_age": 4,
    "Fivetran: profile_audience_city": 4,
    "Fivetran: profile_audience_country": 4,
    "Fivetran: profile_audience_gender": 4,
    "Fivetran: video": 24,
    "Fivetran: video_audience_city": 4,
    "Fivetran: video_audience_country": 4,
    "Fivetran: video_audience_gender": 4,
    "Fivetran: video_audience_type": 4,
    "Fivetran: video_engagement_like": 4,
    "Fivetran: video_impression_source": 4,
    "Fivetran: video_view_retention": 4,
    "Fivetran: comment": 15,
    "Fivetran: replies_to_comment": 15,
    "Fivetran: business_benchmark": 10,
}


def mappings() -> dict[str, Table]:
    """The tables of the migration page by their headings, with whole names of columns under "Here".

    The page writes "same name", or a name without the stream, for a column of the stream that stands before the table.
    """
    found = {}
    for heading in re.findall(r"^### (.+: .+)$", MIGRATION_PAGE, re.MULTILINE):
        text = section(MIGRATION_PAGE, f"### {heading}")
        (stream,) = re.findall(r"^Here: `(\w+)`\.$", text, re.MULTILINE)
        (table,) = tables(text)
        for row in table:
            name = row["There"] if row["Here"] == "same name" else row["Here"]
            row["Here"] = name if name == "none" or "." in name else f"{stream}.{name}"
        found[heading] = table
    return found


def test_every_table_and_column_of_other_tools_is_mapped_once() -> None:
    mapped = mappings()
    assert {heading: len(table) for heading, table in mapped.items()} == TABLES_THERE
    for heading, table in mapped.items():
        assert max(Counter(row["There"] for row in table).values()) == 1, heading


def test_every_column_to_which_another_is_mapped_exists(catalog: dict[str, dict[str, Any]]) -> None:
    columns = {f"{name}.{column}" for name, stream in catalog.items() for column in stream["json_schema"]["properties"]}
    for heading, table in mappings().items():
        for row in table:
            assert row["Here"] in columns | {"none"}, heading
            assert row["What differs"], (heading, row["There"])


# Counted by hand in the documents of these tools: setup, settings, behavior and limits.
PROMISES_THERE = {"Nekt": 17, "Kondado": 14, "QUANTI": 27, "YOOtheme": 13, "Dataddo": 24}
# In these tables beside streams, columns and settings: commands, and a name of additional accounts, SQL and PyAirbyte.
OTHER_NAMES = {"check", "discover", "name", "left", "dataset_name"}


def promises() -> dict[str, dict[str, str]]:
    """The promises of each tool, and where they are met, with the marks of code and links."""
    tools = re.findall(r"^### What (\w+) promises$", MIGRATION_PAGE, re.MULTILINE)
    rows = re.compile(r"^\| (?!Promise|---)(.+) \| (.+) \|$", re.MULTILINE)
    return {tool: dict(rows.findall(section(MIGRATION_PAGE, f"### What {tool} promises"))) for tool in tools}


def test_every_promise_of_other_tools_has_a_place_or_a_reason_that_there_is_none() -> None:
    assert {tool: len(places) for tool, places in promises().items()} == PROMISES_THERE
    for tool, places in promises().items():
        for promise, place in places.items():
            assert re.search(r"`\w+(\.\w+)?`|\]\(|^Airbyte: |^None: ", place), (tool, promise)


def test_every_stream_column_and_setting_that_meets_a_promise_exists(
    catalog: dict[str, dict[str, Any]], settings: dict[str, dict[str, Any]]
) -> None:
    columns = {f"{name}.{column}" for name, stream in catalog.items() for column in stream["json_schema"]["properties"]}
    for tool, places in promises().items():
        named = {name for place in places.values() for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", place)}
        assert named <= columns | set(catalog) | set(settings) | OTHER_NAMES, tool


# Airbyte's types, and what they are in DuckDB.
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DECIMAL(38, 9)", "boolean": "BOOLEAN"}
FORMATS = {"date": "DATE", "date-time": "TIMESTAMP"}
# Tables of other tools, as far as the queries need them, with a day of long ago and one that both tools have.
OLD_TABLES = """
CREATE SCHEMA kondado; CREATE SCHEMA quanti; CREATE SCHEMA fivetran;
CREATE TABLE kondado.account_metrics AS
SELECT day AS metric_date, 'harbour_coffee' AS video_creator_username, 1000.0::DOUBLE AS video_views,
       10.0::DOUBLE AS likes, 1.0::DOUBLE AS comments, 2.0::DOUBLE AS shares, 3.0::DOUBLE AS daily_new_followers,
       1.0::DOUBLE AS daily_lost_followers
FROM (VALUES (DATE '2026-01-05'), ((SELECT min(metric_date) FROM account_metrics))) days(day);
CREATE TABLE quanti.video_snapshot_metric AS
SELECT '7000000000000000001' AS item_id, seen::TIMESTAMP AS _quanti_sync_date, views AS video_views, 5 AS likes,
       0 AS comments, 0 AS shares, 90 AS reach
FROM (VALUES ('2026-01-05 03:00', 100), ('2026-01-05 21:00', 140), ('2026-01-06 03:00', 150)) rows(seen, views);
CREATE TABLE quanti.profile_snapshot_metric AS
SELECT 'harbour_coffee' AS username, TIMESTAMP '2026-01-05 03:00' AS _quanti_sync_date,
       '[{"percentage": 0.6, "country": "GB"}, {"percentage": 0.25, "country": "IE"}]' AS audience_countries;
CREATE TABLE fivetran.video AS
SELECT '7000000000000000001' AS id, '150' AS video_views, '5' AS likes, '0' AS comments, '0' AS shares, NULL AS reach;
"""


def duckdb_type(column: dict[str, Any]) -> str:
    """In: `{"type": ["null", "integer"], "description": "…"}`; out: "BIGINT"."""
    kinds = [column["type"]] if isinstance(column["type"], str) else column["type"]
    (kind,) = (kind for kind in kinds if kind != "null")
    return FORMATS.get(column.get("format", "")) or TYPES[kind]


def _dated(rows: list[Row], stream: str, days_ago: int) -> list[Row]:
    """The rows as a sync of an earlier date would have given them; days of TikTok's stay as they are."""
    if stream.startswith("account_metrics") or stream in COMMENT_STREAMS:
        return rows
    earlier = timedelta(days=days_ago)
    return [row | {"metric_date": str(date.fromisoformat(row["metric_date"]) - earlier)} for row in rows]


@pytest.fixture(scope="module")
def rows(
    connector: Connector, tiktok: RunningEmulator, catalog: dict[str, dict[str, Any]]
) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The rows of two syncs on two days, by stream and key."""
    config = token_config(tiktok)
    streams = [*STREAMS, *COMMENT_STREAMS]
    first = connector.read(config, streams)
    requests.post(f"{tiktok.url}/_emulator/clock/advance", json={"seconds": 80_000}, timeout=10).raise_for_status()
    # TikTok withholds a few posts that the first sync had.
    requests.patch(f"{tiktok.url}/_emulator/knobs", json={"hidden_post_rate": 0.15}, timeout=10).raise_for_status()
    second = connector.read(config, streams, state=first.state)
    assert first.errors + second.errors == []
    found = {}
    for stream in streams:
        key = [column for (column,) in catalog[stream]["source_defined_primary_key"]]
        both = [*_dated(first.rows(stream), stream, days_ago=1), *second.rows(stream)]
        found[stream] = {tuple(row[column] for column in key): row for row in both}
    return found


@pytest.fixture(scope="module")
def history(
    tmp_path_factory: pytest.TempPathFactory,
    catalog: dict[str, dict[str, Any]],
    rows: dict[str, dict[tuple[Any, ...], Row]],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with these rows and with tables of other tools."""
    folder = tmp_path_factory.mktemp("history")
    with duckdb.connect() as connection:
        for stream, of_stream in rows.items():
            file = folder / f"{stream}.json"
            file.write_text("\n".join(map(json.dumps, of_stream.values())))
            properties = catalog[stream]["json_schema"]["properties"]
            columns = {name: duckdb_type(column) for name, column in properties.items()}
            connection.execute(
                f"CREATE TABLE {stream} AS SELECT * FROM read_json('{file}', format = 'newline_delimited',"
                f" columns = {columns})"
            )
        connection.execute(OLD_TABLES)
        for name in ("harbour", "bakery"):
            connection.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.videos AS FROM videos")
        yield connection


def query(page: str, words: str) -> str:
    """The query of a page that has these words in it."""
    (text,) = (text for text in blocks(page, "sql") if words in text)
    return text


def test_every_query_of_the_pages_runs_and_finds_something(history: duckdb.DuckDBPyConnection) -> None:
    queries = [text for path in PAGES for text in blocks(path.read_text(), "sql")]
    assert len(queries) >= 15
    for text in queries:
        view = re.match(r"CREATE OR REPLACE VIEW (\w+)", text)
        history.execute(text)
        found = history.execute(f"SELECT * FROM {view[1]}").fetchall() if view else history.fetchall()
        assert found, text
        assert any(any(value is not None for value in row) for row in found), text


def test_the_latest_rows_are_one_for_each_post(
    history: duckdb.DuckDBPyConnection, rows: dict[str, dict[tuple[Any, ...], Row]]
) -> None:
    latest = history.execute(query(CONNECTOR_PAGE, "SELECT *\nFROM videos\nQUALIFY")).fetchall()
    views = {row["item_id"]: row["video_views"] for row in sorted(rows["videos"].values(), key=_date)}
    column = [name for name, *_ in history.description or []]
    found = {row[column.index("item_id")]: row[column.index("video_views")] for row in latest}
    assert len(latest) == len(found)
    assert found == views


def _date(row: Row) -> str:
    return str(row["metric_date"])


def _days(rows: dict[str, dict[tuple[Any, ...], Row]]) -> list[str]:
    return sorted({_date(row) for row in rows["videos"].values()})


def test_growth_is_the_difference_of_two_dates(
    history: duckdb.DuckDBPyConnection, rows: dict[str, dict[tuple[Any, ...], Row]]
) -> None:
    grown = history.execute(query(CONNECTOR_PAGE, "AS new_views")).fetchall()
    days = _days(rows)
    views = {(row["item_id"], _date(row)): row["video_views"] for row in rows["videos"].values()}
    assert len(days) == 2
    top, day, now, new, in_days = grown[0]
    assert str(day) == days[1]
    assert in_days == 1
    assert (now, new) == (views[top, days[1]], views[top, days[1]] - views[top, days[0]])
    assert new > 0


def test_posts_that_the_newest_sync_lacks_are_found(
    history: duckdb.DuckDBPyConnection, rows: dict[str, dict[tuple[Any, ...], Row]]
) -> None:
    found = history.execute(query(CONNECTOR_PAGE, "AS last_seen")).fetchall()
    first, second = _days(rows)
    a_year_before = str(date.fromisoformat(second) - timedelta(days=365))
    recent = [row for row in rows["videos"].values() if row["create_time"] > a_year_before]
    of_day = {day: {row["item_id"] for row in recent if _date(row) == day} for day in (first, second)}
    assert {item for _, item, *_ in found} == of_day[first] - of_day[second]
    assert {str(last_seen) for *_, last_seen in found} == {first}


# Tables by hand, and what a query finds in them.
QUESTIONS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "AS last_seen": (
        """CREATE TABLE videos AS SELECT * FROM (VALUES
            ('a', 'there', 'url1', DATE '2026-11-01', TIMESTAMP '2026-10-01'),
            ('a', 'there', 'url1', DATE '2026-11-02', TIMESTAMP '2026-10-01'),
            ('a', 'gone', 'url2', DATE '2026-10-30', TIMESTAMP '2026-10-01'),
            ('a', 'gone', 'url2', DATE '2026-11-01', TIMESTAMP '2026-10-01'),
            ('a', 'not read again', 'url3', DATE '2026-11-01', TIMESTAMP '2025-11-02'),
            ('another, which was not synced since', 'there', 'url4', DATE '2026-11-01', TIMESTAMP '2026-10-01'),
        ) v(business_id, item_id, share_url, metric_date, create_time)""",
        [("a", "gone", "url2", date(2026, 11, 1))],
    ),
    "AS by_reach": (
        """CREATE TABLE videos AS SELECT * FROM (VALUES
            ('old row', 'A', 90, 9, 1, 100, 100, DATE '2026-11-01'),
            ('well', 'A', 90, 9, 1, 1000, 500, DATE '2026-11-02'),
            ('idle', 'B', 10, 0, 0, 400, NULL, DATE '2026-11-02'),
            ('not seen', 'C', 0, 0, 0, 0, 0, DATE '2026-11-02'),
        ) v(item_id, caption, likes, comments, shares, video_views, reach, metric_date)""",
        [("well", "A", 0.1, 0.2), ("idle", "B", 0.025, None), ("not seen", "C", None, None)],
    ),
    "AS hook_rate": (
        """CREATE TABLE videos AS SELECT * FROM (VALUES
            ('a', 'one', 'A', DATE '2026-11-01'), ('a', 'one', 'A', DATE '2026-11-02'),
            ('a', 'two', 'B', DATE '2026-11-02'), ('a', 'short', 'C', DATE '2026-11-02'),
        ) v(business_id, item_id, caption, metric_date);
        CREATE TABLE videos_video_view_retention AS SELECT * FROM (VALUES
            ('a', 'one', DATE '2026-11-01', 3, 0.9), ('a', 'one', DATE '2026-11-02', 2, 0.7),
            ('a', 'one', DATE '2026-11-02', 3, 0.5), ('a', 'two', DATE '2026-11-02', 3, 0.6),
            ('a', 'short', DATE '2026-11-02', 2, 0.8),
        ) r(business_id, item_id, metric_date, video_view_retention_second, video_view_retention_percentage)""",
        [("two", "B", 0.6), ("one", "A", 0.5)],
    ),
    "AS hashtag": (
        """CREATE TABLE videos AS SELECT * FROM (VALUES
            ('Cold brew #Coffee #coffee', 100, DATE '2026-11-02'), ('\uff03カフェ and #coffee', 300, DATE '2026-11-02'),
            ('#☕️ #👩🏽‍🍳 #a_b, #️⃣ nothing # here', 50, DATE '2026-11-02'), ('', 7, DATE '2026-11-02'),
            ('#yesterday', 9, DATE '2026-11-01'),
        ) v(caption, video_views, metric_date)""",
        [("coffee", 2, 200), ("カフェ", 1, 300), ("a_b", 1, 50), ("☕️", 1, 50), ("👩🏽‍🍳", 1, 50)],
    ),
    "AS active_followers": (
        """CREATE TABLE account_metrics_audience_activity AS SELECT * FROM (VALUES
            ('a', 18, 100), ('a', 18, 200), ('a', 7, 400),
        ) f(business_id, audience_activity_hour, audience_activity_count);
        CREATE TABLE videos AS SELECT * FROM (VALUES
            ('a', TIMESTAMP '2026-10-01 18:59:59', 10, DATE '2026-11-02'),
            ('a', TIMESTAMP '2026-10-02 18:00:00', 30, DATE '2026-11-02'),
            ('a', TIMESTAMP '2026-10-02 18:00:00', 5, DATE '2026-11-01'),
            ('a', TIMESTAMP '2026-11-01 18:00:00', 1, DATE '2026-11-02'),
        ) v(business_id, create_time, video_views, metric_date)""",
        [("a", 7, 400, None, None), ("a", 18, 150, 2, 20)],
    ),
    "AS change": (
        # Monday the 2nd: 7 days of 10 views, then 7 of 15, then a week that is not over.
        """CREATE TABLE account_metrics AS
        SELECT 'a' AS business_id, DATE '2026-11-02' + day::INT AS metric_date, day > 15 AS is_provisional,
               CASE WHEN day < 7 THEN 10 ELSE 15 END AS video_views
        FROM range(-1, 18) days(day)""",
        [("a", date(2026, 11, 9), 105, 0.5), ("a", date(2026, 11, 2), 70, None)],
    ),
}


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_query_answers_its_question(words: str) -> None:
    tables_by_hand, expected = QUESTIONS[words]
    with duckdb.connect() as connection:
        connection.execute(tables_by_hand)
        found = connection.execute(query(CONNECTOR_PAGE, words)).fetchall()
    numbers = [tuple(float(cell) if isinstance(cell, Decimal) else cell for cell in row) for row in found]
    # Rows of equal rank come in any order.
    assert sorted(numbers, key=str) == sorted(expected, key=str)
    assert numbers[0] == expected[0]


def test_old_days_fill_what_is_before_and_new_days_win(
    history: duckdb.DuckDBPyConnection, rows: dict[str, dict[tuple[Any, ...], Row]]
) -> None:
    history.execute(query(MIGRATION_PAGE, "VIEW all_account_metrics "))
    found = history.execute("SELECT metric_date::VARCHAR, video_views, business_id FROM all_account_metrics").fetchall()
    ours = {_date(row): row["video_views"] for row in rows["account_metrics"].values()}
    business_id = next(iter(rows["account"].values()))["business_id"]
    assert {day: views for day, views, _ in found} == ours | {"2026-01-05": 1000}
    assert len(found) == len(ours) + 1
    assert {account for *_, account in found} == {business_id}


def test_several_snapshots_of_a_day_become_the_last_of_them(history: duckdb.DuckDBPyConnection) -> None:
    history.execute(query(MIGRATION_PAGE, "VIEW all_videos "))
    found = history.execute(
        "SELECT metric_date::VARCHAR, video_views FROM all_videos WHERE metric_date < DATE '2026-02-01' ORDER BY ALL"
    ).fetchall()
    assert found == [("2026-01-05", 140), ("2026-01-06", 150)]


def test_lists_in_json_become_rows(history: duckdb.DuckDBPyConnection) -> None:
    history.execute(query(MIGRATION_PAGE, "VIEW all_account_audience_countries "))
    found = history.execute(
        "SELECT audience_countries_country, audience_countries_percentage::DOUBLE FROM all_account_audience_countries"
        " WHERE metric_date = DATE '2026-01-05' ORDER BY ALL"
    ).fetchall()
    assert found == [("GB", 0.6), ("IE", 0.25)]


def test_the_walk_of_the_readme_runs_at_every_command_and_once_more(
    ready: ReadyToRun, tiktok: RunningEmulator, tmp_path: Path
) -> None:
    """From the config that `sign_in` leaves: a day later, when its access token has ended."""
    config = oauth_config(tiktok)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with ready.as_program(tmp_path) as program:
        environment = {**os.environ, "PATH": f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        (walk,) = (text for text in blocks(README, "") if "echo '[]' > state.json" in text)
        private, check, discover, first_state, read = walk.replace("|\n", "| ").strip().splitlines()
        check += " | python -m source_tiktok_organic.keep config.json"
        assert "`| python -m source_tiktok_organic.keep config.json` behind\n`check` too" in README
        for command in (check, discover, first_state, read, read):
            # A forked run can't write to a pipe what it began as writing to a file.
            script = f"exec 2> errors.txt; set -o pipefail; {private}; {command}"
            done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
            assert done.returncode == 0, (command, (tmp_path / "errors.txt").read_text())

    messages = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    read_streams = Counter(message["record"]["stream"] for message in messages if message["type"] == "RECORD")
    assert set(read_streams) == {"account", "account_metrics", "videos"}
    assert read_streams["account"] == 2
    files = ("config.json", "catalog.json", "state.json", "records.jsonl")
    assert {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in files} == dict.fromkeys(files, 0o600)
    assert (
        json.loads((tmp_path / "config.json").read_text())["credentials"]["refresh_token"]
        != (config["credentials"]["refresh_token"])
    )


def test_the_settings_that_are_typed_in_by_hand_are_checked_without_a_renewal(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    grant = requests.post(f"{tiktok.url}/_emulator/grant", json={}, timeout=10).json()
    config = oauth_config(tiktok, grant=grant)
    tomorrow = date.today() + timedelta(days=1)
    config["credentials"] |= {
        "access_token": grant["access_token"],
        "business_id": grant["open_id"],
        "token_expiry_date": f"{tomorrow}T12:00:00Z",
    }
    output = connector.check(config)
    assert output.connection_status["status"] == "SUCCEEDED"
    assert output.written_back == []
