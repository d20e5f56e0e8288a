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

# A stream's rows on the page: for a column, the cells behind its name.
Rows = dict[str, list[str]]
TYPE, UNIT, ADDITIVE, API_FIELD, SCOPE, ACCOUNT_TYPE, MEANING = range(7)


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


def streams_in(page: str) -> dict[str, Rows]:
    """The tables of the streams."""
    streams: dict[str, Rows] = {}
    for section in page.split("\n### ")[1:]:
        lines = section.split("\n## ")[0].splitlines()
        rows = [cells_of(line) for line in lines if line.startswith("| `")]
        streams[lines[0]] = {row[0].strip("`"): row[1:] for row in rows}
    return streams


@pytest.fixture(scope="module")
def streams(page: str) -> dict[str, Rows]:
    """The tables of the page."""
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
    streams: dict[str, Rows], schemas: dict[str, dict[str, Any]]
) -> None:
    assert {name: list(rows) for name, rows in streams.items()} == {
        name: list(schema["properties"]) for name, schema in schemas.items()
    }


def test_the_page_says_what_a_row_of_a_stream_is(page: str) -> None:
    section = page.split("\n### account_audience_ages\n")[1]

    assert section.splitlines()[1] == (
        "One row for each account, date of a sync and age group: its share of the followers."
    )
    assert section.splitlines()[3] == (
        "Primary key: `business_id`, `metric_date`, `audience_ages_age`. Cursor: `metric_date`. "
        "Sync modes: full refresh, incremental. Calls: `GET /open_api/v1.3/business/get/`."
    )


@pytest.mark.parametrize(
    ("stream", "facts"),
    [
        (
            "videos_comments_replies",
            "Primary key: `business_id`, `comment_id`. Cursor: `create_time`. Sync modes: full refresh, incremental. "
            "Calls: `GET /open_api/v1.3/business/comment/list/`, `GET /open_api/v1.3/business/comment/reply/list/`.",
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

    assert len(tables) == 4 + len(streams)
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
        ("account", "business_id", ["string", "", "", "`open_id` of the sign-in", "", "any"]),
        ("account", "video_creator_username", ["string", "", "", "`username`", "`user.info.username`", "any"]),
        (
            "account_audience_countries",
            "audience_countries_percentage",
            ["number", "share", "labels", "`audience_countries.percentage`", "`user.insights`", "100 followers"],
        ),
        (
            "account_metrics",
            "unique_video_views",
            ["integer", "people", "never", "`metrics.unique_video_views`", "`user.insights`", "Business"],
        ),
        (
            "account_metrics",
            "followers_count",
            ["integer", "count", "accounts", "`metrics.followers_count`", "`user.info.stats`", "any"],
        ),
        (
            "account_metrics",
            "profile_image",
            ["string", "", "", "`profile_image` of account", "`user.info.basic`", "any"],
        ),
        (
            "account_metrics",
            "is_provisional",
            ["boolean", "", "", "computed from `metrics.date` and the time at which the sync began", "", "any"],
        ),
        ("account_metrics_audience_activity", "metric_date", ["date", "", "", "`metrics.date`", "", "100 followers"]),
        (
            "account_metrics_audience_activity",
            "audience_activity_hour",
            ["integer", "hour", "", "`metrics.audience_activity.hour`", "`user.insights`", "100 followers"],
        ),
        ("videos", "metric_date", ["date", "", "", "computed from the time at which the sync began", "", "any"]),
        ("videos", "create_time", ["timestamp", "", "", "`videos.create_time`", "`video.list`", "any"]),
        ("videos", "video_views", ["integer", "count", "posts", "`videos.video_views`", "`video.list`", "any"]),
        (
            "videos",
            "website_clicks",
            ["integer", "count", "posts", "`videos.website_clicks`", "`video.insights`", "registered Business"],
        ),
        (
            "videos_audience_types",
            "audience_types_percentage",
            ["number", "share", "never", "`videos.audience_types.percentage`", "`video.insights`", "any"],
        ),
        (
            "videos_comments",
            "thumbnail_url",
            ["string", "", "", "`videos.thumbnail_url` of videos", "`video.list`", "any"],
        ),
        (
            "videos_comments",
            "video_creator_username",
            ["string", "", "", "`username` of account", "`user.info.username`", "any"],
        ),
        (
            "videos_comments_replies",
            "comment_author_username",
            ["string", "", "", "`comments.username`", "`comment.list`", "any"],
        ),
        ("user_videos", "open_id", ["string", "", "", "`user.open_id` of user_info", "`user.info.basic`", "any"]),
        (
            "user_videos",
            "created_at",
            ["timestamp", "", "", "computed from `videos.create_time`", "`video.list`", "any"],
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
        if streams[name][column][MEANING] != definition["description"]
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
CALLS: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "account": (r"(?:metrics\.)?", list(ACCOUNT_STREAMS), PROFILE_SCOPES),
    "post": (r"videos\.", list(POST_STREAMS), POST_SCOPES),
    "user": (r"user\.", ["user_info"], USER_SCOPES),
    "user_video": (r"videos\.", ["user_videos"], USER_VIDEO_SCOPES),
}


def own_fields(call: str, streams: dict[str, Rows]) -> dict[str, set[str]]:
    """The fields that the columns of a call's streams come from, by TikTok's name, with their scopes."""
    place, names, _ = CALLS[call]
    found: dict[str, set[str]] = {}
    for name in names:
        for row in streams[name].values():
            if match := re.fullmatch(rf"(?:computed from )?`{place}(\w+)(?:\.\w+)?`", row[API_FIELD]):
                found.setdefault(match[1], set()).add(row[SCOPE].strip("`"))
    return found


@pytest.mark.parametrize("call", CALLS)
def test_every_field_that_is_asked_for_is_a_column_with_its_scope(
    call: str, streams: dict[str, Rows], manifest: dict[str, Any]
) -> None:
    asked_for = [name for names in manifest["definitions"]["fields"][call].values() for name in names]
    *_, scope_of = CALLS[call]

    # The date of a day comes without being asked for.
    without_asking = {"date": {""}} if call == "account" else {}
    assert own_fields(call, streams) == {name: {scope_of[name]} for name in asked_for} | without_asking


@pytest.mark.parametrize("name", ["videos_comments", "videos_comments_replies"])
def test_one_scope_opens_all_of_a_comment(name: str, streams: dict[str, Rows]) -> None:
    of_comments = [row for row in streams[name].values() if row[API_FIELD].startswith("`comments.")]

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
    used = {row[SCOPE].strip("`") for rows in streams.values() for row in rows.values()} - {""}
    explained = re.findall(r"^\| `([a-z.]+)` \|", page.split("\n## ")[1], flags=re.MULTILINE)

    assert used == set(SCOPES)
    assert explained == list(SCOPES)


# --- How streams belong together ------------------------------------------------------------------------------------


def test_the_diagrams_show_what_belongs_to_what(page: str) -> None:
    relations = [line.strip() for line in page.splitlines() if "--o{" in line]

    assert relations == [
        *(
            f'account ||--o{{ {stream} : "business_id, metric_date"'
            for stream in ACCOUNT_STREAMS
            if stream.startswith("account_audience_")
        ),
        # The day of a metric is not the date of a sync.
        'account }|--o{ account_metrics : "business_id"',
        'account_metrics ||--o{ account_metrics_audience_activity : "business_id, metric_date"',
        'account ||--o{ videos : "business_id, metric_date"',
        *(f'videos ||--o{{ {stream} : "business_id, item_id, metric_date"' for stream in BREAKDOWN_STREAMS),
        'videos }|--o{ videos_comments : "business_id, video_id = item_id"',
        'videos_comments ||--o{ videos_comments_replies : "business_id, parent_comment_id = comment_id"',
        'account ||--o{ business_benchmarks : "business_id, metric_date"',
        'videos }|--o{ videos_covers : "business_id, item_id"',
        'user_info ||--o{ user_info_history : "open_id"',
        'user_info ||--o{ user_videos : "open_id"',
        'user_videos ||--o{ user_videos_history : "id"',
        'user_videos ||--o{ user_videos_covers : "id"',
    ]


def test_a_diagram_has_the_keys_of_a_stream_and_what_it_belongs_by(page: str) -> None:
    comments = page.split("    videos_comments {\n")[1].split("    }\n")[0]

    assert comments.splitlines() == [
        "        string business_id PK, FK",
        "        string video_id FK",
        "        string comment_id PK",
    ]


# --- Changes of the manifest ----------------------------------------------------------------------------------------

AVERAGES = """
$ref: "#/definitions/account_breakdown"
name: category_averages
primary_key: [business_category, metric_date]
$parameters: {name: category_averages, endpoint: business/benchmark/}
retriever:
  $ref: "#/definitions/account_breakdown/retriever"
  requester: {$ref: "#/definitions/http_requester"}
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
    manifest["definitions"]["streams"]["category_averages"] = yaml.safe_load(AVERAGES)
    group = {"type": "ConditionalStreams", "streams": [{"$ref": "#/definitions/streams/category_averages"}]}
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
        "| column | type | unit | additive | API field | scope | account type | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `business_category` | string |  |  | `business_category` |  | any | The category. |",
        "| `metric_date` | date |  |  | computed from the time at which the sync began |  | any | "
        "The UTC date on which the sync that read this row began. All rows of one sync carry the same date. |",
        "| `average_likes` | number | count | never | `average_likes` |  | any | Likes of a post. |",
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
    manifest["definitions"]["streams"]["account"]["transformations"].append({"type": "KeysToLower"})


def with_an_unknown_host(manifest: dict[str, Any]) -> None:
    """A third family."""
    manifest["definitions"]["display_requester"]["url"] = "https://api.tiktok.example/v3/"


def of_a_few_streams(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with one stream of each kind, which is resolved sooner."""
    few = ("account", "account_audience_ages", "videos", "videos_audience_cities", "user_info")
    declarations = manifest["definitions"]["streams"]
    return {
        **manifest,
        "definitions": {**manifest["definitions"], "streams": {name: declarations[name] for name in few}},
        "schemas": {name: manifest["schemas"][name] for name in few},
        "streams": [{"streams": [{"$ref": f"#/definitions/streams/{name}"} for name in few]}],
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
