"""docs/data-dictionary.md describes every column as the connector makes it, and is the one that the manifest gives."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import yaml

from integration_tests.streams import ACCOUNT_STREAMS, BREAKDOWN_STREAMS, POST_STREAMS
from tools.data_dictionary import DICTIONARY, MANIFEST, NotDescribed, dictionary, origin_of, resolved, table
from unit_tests.syncs import discovered, login_kit_config, static_token_config
from unit_tests.tiktok import POST_SCOPES, PROFILE_SCOPES, SCOPES, USER_SCOPES, USER_VIDEO_SCOPES

# What the page says of a stream's columns.
Rows = dict[str, list[str]]
TYPE, ADDITIVE, FIELD, SCOPE, ACCOUNTS, MEANING = range(6)
# The columns that are described once for all streams of the API for Business.
SHARED = "shared columns"
# Lines that say something of many columns at once, and a column in a list.
FACTS = ("Fields", "Scopes", "Accounts")
LISTED = re.compile(r"- `(\w+)` \((.+?)(?:, additive: (\w+))?\): (.*)")


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    """The manifest as it is."""
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def manifest(loaded: dict[str, Any]) -> dict[str, Any]:
    """The manifest, to be changed by a test."""
    changeable: dict[str, Any] = orjson.loads(orjson.dumps(loaded))
    return changeable


@pytest.fixture(scope="module")
def page() -> str:
    """The page as it is in the repository."""
    return DICTIONARY.read_text(encoding="utf-8")


def cells_of(line: str) -> list[str]:
    """The cells of a line of a table; a pipe behind a backslash ends none."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def said_of(column: str, line: str) -> str:
    """What a line says of a column.

    In:  "likes", "Scopes: `video.list`; `video.insights` for `likes`, `reach`<br>"
    Out: "`video.insights`"
    """
    most, *others = line.partition(": ")[2].removesuffix("<br>").split("; ")
    exceptions = [other.rpartition(" for ") for other in others]
    return next((words for words, _, names in exceptions if f"`{column}`" in names.split(", ")), most)


def rows_in(section: str) -> Rows:
    """The columns in a table, or in a list with lines such as "- `age` (string): The age."."""
    lines = section.splitlines()
    fields, scopes, accounts = (next(found for found in lines if found.startswith(f"{word}: ")) for word in FACTS)
    of_table = [cells_of(line) for line in lines if line.startswith("| `")]
    of_list = [match.groups() for line in lines if (match := LISTED.fullmatch(line))]
    return {
        name: [kind, additive or "", said_of(name, fields), said_of(name, scopes), said_of(name, accounts), meaning]
        for name, meaning, kind, additive in [
            *((name.strip("`"), *cells) for name, *cells in of_table),
            *((name, meaning, kind, additive) for name, kind, additive, meaning in of_list),
        ]
    }


def streams_in(page: str) -> dict[str, Rows]:
    """The columns that the page describes, by stream; those of all streams under `SHARED`."""
    introduction, *sections = page.split("\n## TikTok API for Business\n")[1].split("\n### ")
    streams = {section.splitlines()[0]: rows_in(section.split("\n## ")[0]) for section in sections}
    return {SHARED: rows_in(introduction), **streams}


def row_of(streams: dict[str, Rows], stream: str, column: str) -> list[str]:
    """What the page says of a column of a stream."""
    return streams[stream].get(column) or streams[SHARED][column]


@pytest.fixture(scope="module")
def streams(page: str) -> dict[str, Rows]:
    """The columns of the page."""
    return streams_in(page)


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    """What `discover` shows of each stream, for both families."""
    # With every stream that is there by a setting alone.
    business = discovered(static_token_config(benchmark_categories=["BEAUTY"], cover_images=True))
    found = business | discovered(login_kit_config({"cover_images": True}))
    return {name: dict(stream.json_schema) for name, stream in found.items()}


def columns_in(schemas: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each stream's name, with the name and the definition of each of its columns."""
    for name, schema in schemas.items():
        for column, definition in schema["properties"].items():
            yield name, column, definition


def is_number(definition: dict[str, Any]) -> bool:
    """Whether a column holds numbers."""
    return "integer" in definition["type"] or "number" in definition["type"]


# --- The page -------------------------------------------------------------------------------------------------------


def test_the_page_is_the_one_that_the_manifest_gives(page: str, manifest: dict[str, Any]) -> None:
    assert page == dictionary(resolved(manifest)), (
        "docs/data-dictionary.md is older than the manifest. Run `make data-dictionary` and commit the file."
    )


def test_every_stream_and_every_column_is_on_the_page(
    page: str, streams: dict[str, Rows], schemas: dict[str, dict[str, Any]]
) -> None:
    shared = list(streams[SHARED])
    assert shared == ["business_id", "metric_date", "video_creator_username", "item_id", "create_time"]
    assert set(schemas) == set(streams) - {SHARED}
    for name, schema in schemas.items():
        others = [column for column in schema["properties"] if column in streams[name] or column not in shared]
        assert list(streams[name]) == others, name
        section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
        assert [column for column in schema["properties"] if f"`{column}`" not in section] == [], name


def test_a_column_that_means_something_else_than_its_namesakes_is_described_with_its_stream(
    streams: dict[str, Rows],
) -> None:
    others = [(name, column) for name, rows in streams.items() for column in rows if column in streams[SHARED]]

    assert [found for found in others if found[0] != SHARED] == [
        ("account_metrics", "metric_date"),
        ("account_metrics_audience_activity", "metric_date"),
        ("videos_comments", "create_time"),
        ("videos_comments_replies", "create_time"),
        ("business_benchmarks", "business_id"),
        ("business_benchmarks", "video_creator_username"),
        ("user_info_history", "metric_date"),
        ("user_videos", "create_time"),
        ("user_videos_history", "create_time"),
        ("user_videos_history", "metric_date"),
        ("user_videos_covers", "create_time"),
    ]


def test_the_page_says_what_a_row_of_a_stream_is(page: str) -> None:
    section = page.split("\n### account_audience_ages\n")[1]

    assert section.splitlines()[1] == (
        "One row for each account, date of a sync and age group: its share of the followers."
    )
    assert section.splitlines()[3] == (
        "Primary key: `business_id`, `metric_date`, `audience_ages_age`. Cursor: `metric_date`. "
        "Sync modes: full refresh, incremental. Calls: `GET /open_api/v1.3/business/get/`. "
        "Also has `video_creator_username`."
    )


@pytest.mark.parametrize(
    ("stream", "facts"),
    [
        (
            "videos_comments_replies",
            "Primary key: `business_id`, `comment_id`. Cursor: `create_time`. Sync modes: full refresh, incremental. "
            "Calls: `GET /open_api/v1.3/business/comment/list/`, `GET /open_api/v1.3/business/comment/reply/list/`. "
            "Also has `video_creator_username`.",
        ),
        ("user_info", "Primary key: `open_id`. Sync mode: full refresh. Calls: `GET /v2/user/info/`."),
        (
            "user_videos",
            "Primary key: `id`. Cursor: `create_time`. Sync modes: full refresh, incremental. "
            "Calls: `POST /v2/video/list/`.",
        ),
    ],
)
def test_the_page_says_how_a_stream_is_read(stream: str, facts: str, page: str) -> None:
    assert facts in page.split(f"\n### {stream}\n")[1].split("\n### ")[0].splitlines()


def test_every_line_of_a_table_has_as_many_cells_as_its_header(page: str, streams: dict[str, Rows]) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)
    widths = [{len(cells_of(line)) for line in found.splitlines()} for found in tables]

    # Up to three columns are a list.
    assert len(tables) == 4 + len([rows for rows in streams.values() if len(rows) > 3])
    assert [width for width in widths if len(width) != 1] == []


def test_a_pipe_and_a_bracket_do_not_break_a_table() -> None:
    assert table(["word", "meaning"], [["a|b", "a < b"]]).splitlines() == [
        "| word | meaning |",
        "| --- | --- |",
        r"| a\|b | a &lt; b |",
    ]


# --- Columns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "column", "expected"),
    [
        (SHARED, "business_id", ["string", "", "`open_id` of the sign-in", "none", "any"]),
        (SHARED, "video_creator_username", ["string", "", "`data.username`", "`user.info.username`", "any"]),
        (SHARED, "metric_date", ["date", "", "computed from the time at which the sync began", "none", "any"]),
        (SHARED, "create_time", ["timestamp", "", "`data.videos`", "`video.list`", "any"]),
        ("account", "is_business_account", ["boolean", "", "`data`", "`user.account.type`", "any"]),
        (
            "account_audience_countries",
            "audience_countries_percentage",
            ["number, share", "labels", "`data`", "`user.insights`", "100 followers"],
        ),
        (
            "account_metrics",
            "unique_video_views",
            ["integer, people", "never", "`data.metrics`", "`user.insights`", "Business"],
        ),
        (
            "account_metrics",
            "followers_count",
            ["integer, count", "accounts", "`data.metrics`", "`user.info.stats`", "any"],
        ),
        ("account_metrics", "profile_image", ["string", "", "`profile_image` of account", "`user.info.basic`", "any"]),
        (
            "account_metrics",
            "is_provisional",
            ["boolean", "", "computed from `metrics.date` and the time at which the sync began", "none", "any"],
        ),
        (
            "account_metrics_audience_activity",
            "metric_date",
            ["date", "", "`data.metrics.date`", "none", "100 followers"],
        ),
        (
            "account_metrics_audience_activity",
            "audience_activity_hour",
            ["integer, hour", "", "`data.metrics`", "`user.insights`", "100 followers"],
        ),
        ("videos", "video_views", ["integer, count", "posts", "`data.videos`", "`video.list`", "any"]),
        (
            "videos",
            "website_clicks",
            ["integer, count", "posts", "`data.videos`", "`video.insights`", "registered Business"],
        ),
        (
            "videos_audience_types",
            "audience_types_percentage",
            ["number, share", "never", "`data.videos`", "`video.insights`", "any"],
        ),
        ("videos_comments", "thumbnail_url", ["string", "", "`videos.thumbnail_url` of videos", "`video.list`", "any"]),
        (
            "videos_comments_replies",
            "comment_author_username",
            ["string", "", "`data.comments.username`", "`comment.list`", "any"],
        ),
        ("user_videos", "open_id", ["string", "", "`user.open_id` of user_info", "`user.info.basic`", "any"]),
        (
            "user_videos",
            "created_at",
            ["timestamp", "", "computed from `videos.create_time`", "`video.list`", "any"],
        ),
    ],
)
def test_a_column_is_described_as_it_is_made(
    stream: str, column: str, expected: list[str], streams: dict[str, Rows]
) -> None:
    assert streams[stream][column][:MEANING] == expected


def test_the_meaning_of_a_column_is_the_one_that_discover_shows(
    streams: dict[str, Rows], schemas: dict[str, dict[str, Any]]
) -> None:
    assert [
        f"{name}.{column}"
        for name, column, definition in columns_in(schemas)
        if row_of(streams, name, column)[MEANING] != definition["description"]
    ] == []


def test_every_number_says_its_unit_and_over_what_it_may_be_added_up(schemas: dict[str, dict[str, Any]]) -> None:
    numbers = {(name, column): found for name, column, found in columns_in(schemas) if is_number(found)}

    assert [column for column, found in numbers.items() if "x-unit" not in found] == []
    # The number of a key is a label: the second of a video, the hour of a day.
    assert [column for column, found in numbers.items() if "x-additive" not in found] == [
        ("account_metrics_audience_activity", "audience_activity_hour"),
        ("videos_video_view_retention", "video_view_retention_second"),
        ("videos_engagement_likes", "engagement_likes_second"),
    ]


def test_nothing_but_a_number_has_a_unit(schemas: dict[str, dict[str, Any]]) -> None:
    others = [(name, column, found) for name, column, found in columns_in(schemas) if not is_number(found)]

    assert [(name, column) for name, column, found in others if {"x-unit", "x-additive"} & set(found)] == []


def test_no_annotation_is_misspelt(schemas: dict[str, dict[str, Any]]) -> None:
    described = [*schemas.values(), *(definition for _, _, definition in columns_in(schemas))]
    keywords = {keyword for schema in described for keyword in schema if keyword.startswith("x-")}

    assert keywords == {"x-unit", "x-additive", "x-account-type"}


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        (r"count of people", "people"),
        (r"\(count(?:, lifetime)?\)", "count"),
        (r"a fraction from 0 to 1", "share"),
        (r"\(seconds(?!.*1970)", "seconds"),
        (r"\(seconds since 1970", "epoch"),
        (r"\(pixels\)", "pixels"),
        (r"^Hour of the day", "hour"),
        (r"^Second of the video", "seconds"),
    ],
)
def test_the_unit_is_the_one_that_the_description_names(
    words: str, unit: str, schemas: dict[str, dict[str, Any]]
) -> None:
    numbers = [found for _, _, found in columns_in(schemas) if is_number(found)]
    named = [found for found in numbers if re.search(words, found["description"])]

    assert named
    assert [found for found in named if found["x-unit"] != unit] == []


def test_what_the_description_forbids_to_add_up_is_never_added_up(schemas: dict[str, dict[str, Any]]) -> None:
    forbidden = {
        (name, column) for name, column, found in columns_in(schemas) if "can't be added up" in found["description"]
    }

    assert forbidden == {
        ("account_metrics", "unique_video_views"),
        ("account_metrics", "engaged_audience"),
        ("account_metrics_audience_activity", "audience_activity_count"),
        ("videos", "reach"),
    }
    assert [column for name, column in forbidden if schemas[name]["properties"][column]["x-additive"] != "never"] == []


def test_the_account_type_is_the_one_that_the_description_names(schemas: dict[str, dict[str, Any]]) -> None:
    named = {
        (name, column): match[1] or "Business"
        for name, column, found in columns_in(schemas)
        if (match := re.search(r"(?:^|\. )(Registered Business|Business)? ?Accounts only\.", found["description"]))
    }
    annotated = {
        (name, column): found["x-account-type"]
        for name, column, found in columns_in(schemas)
        if "x-account-type" in found
    }

    assert len(annotated) == 5 + 6 + 1 + 6
    assert {column: kind.replace("Registered", "registered") for column, kind in named.items()} == annotated


# --- TikTok's fields and scopes -------------------------------------------------------------------------------------

# For each list of fields in the manifest: where TikTok's answer has them, the streams whose columns they are, and the
# scopes as TikTok documents them.
CALLS: dict[str, tuple[set[str], list[str], dict[str, str]]] = {
    "account": ({"data", "data.metrics"}, [SHARED, *ACCOUNT_STREAMS], PROFILE_SCOPES),
    "post": ({"data.videos"}, [SHARED, *POST_STREAMS], POST_SCOPES),
    "user": ({"data.user"}, ["user_info"], USER_SCOPES),
    "user_video": ({"data.videos"}, ["user_videos"], USER_VIDEO_SCOPES),
}


def own_fields(call: str, streams: dict[str, Rows]) -> dict[str, set[str]]:
    """The fields that the columns of a call's streams come from, by TikTok's name, with their scopes."""
    places, names, scope_of = CALLS[call]
    found: dict[str, set[str]] = {}
    for column, row in ((column, row) for name in names for column, row in streams[name].items()):
        place, _, last = row[FIELD].strip("`").rpartition(".")
        if row[FIELD].strip("`") in places:
            # Columns of an array begin with its name.
            name = max((name for name in scope_of if f"{column}_".startswith(f"{name}_")), key=len)
        elif place in places and last != "videos":
            name = last
        else:
            continue
        found.setdefault(name, set()).add(row[SCOPE].strip("`"))
    return found


@pytest.mark.parametrize("call", CALLS)
def test_every_field_that_is_asked_for_is_a_column_with_its_scope(
    call: str, streams: dict[str, Rows], manifest: dict[str, Any]
) -> None:
    asked_for = [name for names in manifest["definitions"]["fields"][call].values() for name in names]
    *_, scope_of = CALLS[call]

    # The date of a day comes without being asked for.
    without_asking = {"date": {"none"}} if call == "account" else {}
    assert own_fields(call, streams) == {name: {scope_of[name]} for name in asked_for} | without_asking


@pytest.mark.parametrize("name", ["videos_comments", "videos_comments_replies"])
def test_one_scope_opens_all_of_a_comment(name: str, streams: dict[str, Rows]) -> None:
    of_comments = [row for row in streams[name].values() if row[FIELD].startswith("`data.comments")]

    assert len(of_comments) == 17
    assert {row[SCOPE] for row in of_comments} == {"`comment.list`"}


def test_the_last_transformation_that_writes_a_column_says_where_it_comes_from() -> None:
    stream = {
        "name": "videos",
        "transformations": [
            {"class_name": "components.SliceColumns", "columns": ["metric_date"]},
            {"class_name": "components.EpochToTimestamp", "column": "metric_date"},
            {"type": "AddFields", "fields": [{"path": ["is_provisional"]}]},
        ],
        "retriever": {
            "requester": {"type": "HttpRequester"},
            "record_selector": {"extractor": {"class_name": "components.ObjectExtractor", "array": "videos"}},
        },
    }

    assert str(origin_of(stream, "metric_date")) == "computed from `videos.create_time`"


def test_every_scope_is_one_of_tiktoks_and_explained(page: str, streams: dict[str, Rows]) -> None:
    used = {row[SCOPE].strip("`") for rows in streams.values() for row in rows.values()} - {"none"}
    explained = re.findall(r"^\| `([a-z.]+)` \|", page.split("\n## ")[1], flags=re.MULTILINE)

    assert used == set(SCOPES)
    assert explained == list(SCOPES)


# --- How streams belong together ------------------------------------------------------------------------------------


def diagrams_of(page: str) -> list[list[str]]:
    """The lines of each diagram."""
    diagrams = re.findall(r"```mermaid\nflowchart LR\n(.*?)```", page, flags=re.DOTALL)
    return [[line.strip() for line in diagram.splitlines()] for diagram in diagrams]


def test_the_diagrams_show_what_belongs_to_what(page: str) -> None:
    assert [line for diagram in diagrams_of(page) for line in diagram if "->" in line] == [
        *(f"account --> {stream}" for stream in ACCOUNT_STREAMS if stream.startswith("account_audience_")),
        # The day of a metric is not the date of a sync.
        'account -.->|"business_id"| account_metrics',
        "account_metrics --> account_metrics_audience_activity",
        "account --> videos",
        "account --> business_benchmarks",
        *(f"videos --> {stream}" for stream in BREAKDOWN_STREAMS),
        'videos -.->|"business_id<br>video_id = item_id"| videos_comments',
        'videos_comments -->|"business_id<br>parent_comment_id = comment_id"| videos_comments_replies',
        'videos -.->|"business_id<br>item_id"| videos_covers',
        "user_info --> user_info_history",
        "user_info --> user_videos",
        "user_videos --> user_videos_history",
        "user_videos --> user_videos_covers",
    ]


def test_a_diagram_has_a_box_for_each_stream_of_its_arrows_and_at_most_ten(page: str) -> None:
    for diagram in diagrams_of(page):
        arrows = [line for line in diagram if "->" in line]
        boxes = [line.partition("[")[0] for line in diagram if line not in arrows]
        assert sorted(boxes) == sorted({name for arrow in arrows for name in (arrow.split()[0], arrow.split()[-1])})
        assert len(boxes) <= 10


@pytest.mark.parametrize(
    "box",
    [
        'account["account<br>business_id<br>metric_date"]',
        'videos["videos<br>item_id"]',
        'videos["videos<br>business_id<br>item_id<br>metric_date"]',
        'videos_audience_types["videos_audience_types<br>audience_types_type"]',
        'videos_comments["videos_comments<br>comment_id"]',
    ],
)
def test_a_box_has_the_part_of_a_key_by_which_its_stream_is_not_joined(box: str, page: str) -> None:
    assert f"    {box}" in page.splitlines()


# --- Changes of the manifest ----------------------------------------------------------------------------------------

AVERAGES = """
$ref: "#/definitions/account_breakdown"
name: category_averages
primary_key: [business_category, metric_date]
$parameters: {name: category_averages}
retriever:
  $ref: "#/definitions/account_breakdown/retriever"
  requester:
    $ref: "#/definitions/http_requester"
    $parameters: {endpoint: business/benchmark/}
  record_selector:
    $ref: "#/definitions/account_breakdown/retriever/record_selector"
    extractor:
      type: CustomRecordExtractor
      class_name: source_declarative_manifest.components.ObjectExtractor
schema_loader:
  type: InlineSchemaLoader
  schema:
    $ref: "#/definitions/table"
    description: One row for each category and date of a sync.
    properties:
      business_category: {type: string, description: The category.}
      metric_date: {$ref: "#/definitions/columns/metric_date"}
      average_likes: {type: ["null", number], x-unit: count, x-additive: never, description: Likes of a post.}
"""


def test_a_stream_that_is_added_in_yaml_alone_is_described(manifest: dict[str, Any]) -> None:
    group = {"type": "ConditionalStreams", "streams": [yaml.safe_load(AVERAGES)]}
    manifest["streams"].append({"condition": "{{ config.get('benchmark_categories') }}", **group})

    page = dictionary(resolved(manifest))

    # Among the streams of its family, also if it stands behind those of Login Kit.
    api_for_business, login_kit = page.split("\n## Login Kit\n")
    assert "category_averages" not in login_kit
    assert api_for_business.split("\n### category_averages\n")[1].splitlines()[1:] == [
        "One row for each category and date of a sync.",
        "",
        "Primary key: `business_category`, `metric_date`. Cursor: `metric_date`. "
        "Sync modes: full refresh, incremental. Calls: `GET /open_api/v1.3/business/benchmark/`.",
        "",
        "Fields: `data`<br>",
        "Scopes: none<br>",
        "Accounts: any",
        "",
        "- `business_category` (string): The category.",
        "- `average_likes` (number, count, additive: never): Likes of a post.",
    ]


def without_a_unit(manifest: dict[str, Any]) -> None:
    """A number of which the unit was forgotten."""
    manifest["schemas"]["videos"]["properties"]["likes"] = {"type": ["null", "integer"], "description": "Likes."}


def with_an_unknown_word(manifest: dict[str, Any]) -> None:
    """YAML reads `no` as false."""
    manifest["schemas"]["videos"]["properties"]["likes"]["x-additive"] = False


def with_an_unknown_account_type(manifest: dict[str, Any]) -> None:
    """Of a whole stream."""
    manifest["schemas"]["videos"]["x-account-type"] = "famous"


def without_a_description(manifest: dict[str, Any]) -> None:
    """Of a column."""
    del manifest["definitions"]["columns"]["item_id"]["description"]


def without_what_a_row_is(manifest: dict[str, Any]) -> None:
    """Of a stream."""
    del manifest["schemas"]["videos"]["description"]


def with_a_column_of_another_array(manifest: dict[str, Any]) -> None:
    """A column that the stream's array does not have."""
    columns = manifest["schemas"]["videos_audience_cities"]["properties"]
    columns["audience_city"] = {"type": "string", "description": "The city."}


def without_the_profiles_column(manifest: dict[str, Any]) -> None:
    """A column that is the same for a slice, which nothing brings."""
    del manifest["definitions"]["account_requester"]["requester"]["columns"]["video_creator_username"]


def with_an_unknown_transformation(manifest: dict[str, Any]) -> None:
    """One that may make columns."""
    account = manifest["streams"][0]["streams"][0]
    account["transformations"].append({"type": "KeysToLower"})


def with_an_unknown_host(manifest: dict[str, Any]) -> None:
    """A third family."""
    manifest["definitions"]["display_requester"]["url"] = "https://api.tiktok.example/v3/"


def of_a_few_streams(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with one stream of each kind, which is resolved sooner."""
    few = ("account", "account_audience_ages", "videos", "videos_audience_cities", "user_info")
    streams = [stream for group in manifest["streams"] for stream in group["streams"]]
    return {
        **manifest,
        "schemas": {name: manifest["schemas"][name] for name in few},
        "streams": [{"streams": [stream for stream in streams if stream["name"] in few]}],
    }


MISTAKES: dict[Callable[[dict[str, Any]], None], str] = {
    without_a_unit: "`x-unit` of the column `videos.likes` is missing, but it must be one of: count, people, share, ",
    with_an_unknown_word: "`x-additive` of the column `videos.likes` is False, but it must be one of: days, accounts, ",
    with_an_unknown_account_type: "`x-account-type` of the column `videos.business_id` is 'famous', but it must be ",
    without_a_description: "The column `videos.item_id` has no description. Write one in the manifest's schemas.",
    without_what_a_row_is: "The stream `videos` has no description. Write one in the manifest's schemas.",
    with_a_column_of_another_array: "The column `videos_audience_cities.audience_city` is none that the stream's ",
    without_the_profiles_column: "The stream `account_audience_ages` takes the column `video_creator_username` from ",
    with_an_unknown_transformation: "The stream `account` has the transformation KeysToLower, and tools/",
    with_an_unknown_host: "The stream `user_info` calls api.tiktok.example, and tools/data_dictionary.py does not ",
}


@pytest.mark.parametrize("change", MISTAKES)
def test_what_cannot_be_described_is_an_error_that_says_what_to_do(
    change: Callable[[dict[str, Any]], None], manifest: dict[str, Any]
) -> None:
    change(manifest)

    with pytest.raises(NotDescribed) as error:
        dictionary(resolved(of_a_few_streams(manifest)))

    assert str(error.value).startswith(MISTAKES[change])
