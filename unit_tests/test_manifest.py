"""What the manifest promises, checked against lists made by hand: streams, keys, columns, types and secrets.

The fields are those of integration_tests/emulator/fields.py, which was written from TikTok's documentation.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from airbyte_cdk.models import AirbyteStream, SyncMode

from integration_tests.emulator.fields import DAILY_FIELDS, PROFILE_FIELDS, VIDEO_FIELDS, Field
from integration_tests.streams import (
    ACCOUNT_STREAMS,
    ALL_STREAMS,
    BREAKDOWN_STREAMS,
    COMMENT_STREAMS,
    LOGIN_KIT_STREAMS,
    POST_STREAMS,
)
from source_tiktok_organic import source as package
from source_tiktok_organic.source import SourceTiktokOrganic
from unit_tests.syncs import PreparedSource, discovered, login_kit_config, oauth_config, static_token_config
from unit_tests.tiktok import CATEGORIES, POST_SCOPES, PROFILE_SCOPES, USER_SCOPES, USER_VIDEO_SCOPES, TikTok

MANIFEST = Path(package.__file__).with_name("manifest.yaml")

# Every stream of the API for Business. A breakdown's key ends with the label of its array's elements.
KEYS_AND_CURSORS = {
    "account": (["business_id", "metric_date"], "metric_date"),
    "account_audience_ages": (["business_id", "metric_date", "audience_ages_age"], "metric_date"),
    "account_audience_genders": (["business_id", "metric_date", "audience_genders_gender"], "metric_date"),
    "account_audience_countries": (["business_id", "metric_date", "audience_countries_country"], "metric_date"),
    "account_audience_cities": (["business_id", "metric_date", "audience_cities_city_name"], "metric_date"),
    "account_metrics": (["business_id", "metric_date"], "metric_date"),
    "account_metrics_audience_activity": (["business_id", "metric_date", "audience_activity_hour"], "metric_date"),
    "videos": (["business_id", "item_id", "metric_date"], "create_time"),
    "videos_impression_sources": (
        ["business_id", "item_id", "metric_date", "impression_sources_impression_source"],
        "create_time",
    ),
    "videos_audience_types": (["business_id", "item_id", "metric_date", "audience_types_type"], "create_time"),
    "videos_audience_countries": (
        ["business_id", "item_id", "metric_date", "audience_countries_country"],
        "create_time",
    ),
    "videos_audience_cities": (["business_id", "item_id", "metric_date", "audience_cities_city_name"], "create_time"),
    "videos_audience_genders": (["business_id", "item_id", "metric_date", "audience_genders_gender"], "create_time"),
    "videos_video_view_retention": (
        ["business_id", "item_id", "metric_date", "video_view_retention_second"],
        "create_time",
    ),
    "videos_engagement_likes": (["business_id", "item_id", "metric_date", "engagement_likes_second"], "create_time"),
    "videos_comments": (["business_id", "comment_id"], "create_time"),
    "videos_comments_replies": (["business_id", "comment_id"], "create_time"),
    "business_benchmarks": (["business_category", "metric_date"], "metric_date"),
    "videos_covers": (["business_id", "item_id"], "create_time"),
}
# Those that are there only if a setting says so, and those that are there without one.
OPTIONAL_STREAMS = {"business_benchmarks", "videos_covers"}
STREAMS = set(KEYS_AND_CURSORS) - OPTIONAL_STREAMS


def scalars(fields: Mapping[str, Field]) -> set[str]:
    """The fields that are a column."""
    return {name for name, field in fields.items() if not field.is_array}


def arrays(fields: Mapping[str, Field]) -> set[str]:
    """The fields that are a stream."""
    return {name for name, field in fields.items() if field.is_array}


# A comment's `username` is the column `comment_author_username`, beside that of the account.
COMMENT_FIELDS = {
    "comment_id", "video_id", "parent_comment_id", "user_id", "unique_identifier", "create_time", "text", "image_url",
    "likes", "replies", "owner", "liked", "pinned", "status", "display_name", "profile_image",
}  # fmt: skip

# An array's elements have a label, which is text, and a percentage, except for these.
NUMBERED_LABELS = {"hour", "second"}
COUNTED_ARRAYS = {"audience_activity"}


def elements_of(array: str, stream: str) -> dict[str, str]:
    """The columns of an array's elements without the array's name, and their types."""
    label = KEYS_AND_CURSORS[stream][0][-1].removeprefix(f"{array}_")
    share = {"count": "integer"} if array in COUNTED_ARRAYS else {"percentage": "number"}
    return {label: "integer" if label in NUMBERED_LABELS else "string"} | share


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The file as it is."""
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def streams() -> dict[str, AirbyteStream]:
    """What `discover` finds, without any call: nothing answers in this fixture."""
    return discovered(static_token_config(benchmark_categories=["OTHERS"], cover_images=True))


@pytest.fixture(scope="module")
def columns(streams: dict[str, AirbyteStream]) -> dict[str, dict[str, Any]]:
    """The columns of each stream."""
    return {name: dict(stream.json_schema["properties"]) for name, stream in streams.items()}


def kind(column: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """A column's type, whether or not it may be null."""
    types = column["type"] if isinstance(column["type"], list) else [column["type"]]
    (name,) = [found for found in types if found != "null"]
    return name, column.get("format"), column.get("airbyte_type")


def fields_of(manifest: Mapping[str, Any], call: str) -> set[str]:
    """The fields that a call asks for."""
    scopes = manifest["definitions"]["fields"][call]
    names = [name for fields in scopes.values() for name in fields]
    assert len(names) == len(set(names)), "a field is asked for twice"
    return set(names)


# --- Streams --------------------------------------------------------------------------------------------------------


def test_these_are_the_streams(streams: dict[str, AirbyteStream]) -> None:
    assert set(streams) == set(KEYS_AND_CURSORS), (
        "The manifest's `streams` and KEYS_AND_CURSORS in unit_tests/test_manifest.py differ in "
        f"{sorted(set(streams) ^ set(KEYS_AND_CURSORS))}: add what is missing in one of them."
    )


def test_the_other_tests_loop_over_these_streams() -> None:
    assert set(ALL_STREAMS) == STREAMS
    assert (len(ALL_STREAMS), ALL_STREAMS[0]) == (len(STREAMS), "account")
    assert {"account_metrics", "account_audience_ages"} < set(ACCOUNT_STREAMS)
    assert {"videos_audience_types", "videos_engagement_likes"} < set(BREAKDOWN_STREAMS)
    assert set(COMMENT_STREAMS) == {"videos_comments", "videos_comments_replies"}


def test_each_stream_has_its_key_and_cursor(streams: dict[str, AirbyteStream]) -> None:
    for name, (key, cursor) in KEYS_AND_CURSORS.items():
        stream = streams[name]
        assert stream.source_defined_primary_key == [[column] for column in key], name
        assert stream.default_cursor_field == [cursor], name
        assert stream.source_defined_cursor is True, name
        assert stream.supported_sync_modes == [SyncMode.full_refresh, SyncMode.incremental], name


def test_keys_and_cursor_are_columns_that_are_never_null(columns: dict[str, dict[str, Any]]) -> None:
    nullable = [
        f"{name}.{column}"
        for name, (key, cursor) in KEYS_AND_CURSORS.items()
        for column in {*key, cursor}
        if "null" in columns[name][column]["type"]
    ]

    assert nullable == []


# --- Columns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "documented"), [("account", {*PROFILE_FIELDS, *DAILY_FIELDS}), ("post", {*VIDEO_FIELDS})]
)
def test_every_documented_field_is_asked_for(call: str, documented: set[str], manifest: dict[str, Any]) -> None:
    asked = fields_of(manifest, call)

    assert asked == documented, (
        f"`definitions.fields.{call}` of the manifest and integration_tests/emulator/fields.py differ in "
        f"{sorted(asked ^ documented)}: add what is missing in one of them."
    )


@pytest.mark.parametrize(
    ("call", "scope_of"),
    [
        ("account", PROFILE_SCOPES),
        ("post", POST_SCOPES),
        ("user", USER_SCOPES),
        ("user_video", USER_VIDEO_SCOPES),
    ],
)
def test_every_field_is_asked_for_under_the_scope_that_opens_it(
    call: str, scope_of: dict[str, str], manifest: dict[str, Any]
) -> None:
    scopes = manifest["definitions"]["fields"][call]
    found = {name: scope for scope, names in scopes.items() for name in names}

    assert found == {name: scope_of[name] for name in found}


def test_every_field_of_the_profile_is_a_column(columns: dict[str, dict[str, Any]]) -> None:
    assert set(columns["account"]) == (scalars(PROFILE_FIELDS) - {"username"}) | {
        "business_id",
        "metric_date",
        "video_creator_username",
    }


def test_every_field_of_a_day_is_a_column(columns: dict[str, dict[str, Any]]) -> None:
    assert set(columns["account_metrics"]) == scalars(DAILY_FIELDS) | {
        "business_id",
        "metric_date",
        "video_creator_username",
        "profile_image",
        "is_provisional",
    }


def test_every_field_of_a_post_is_a_column(columns: dict[str, dict[str, Any]]) -> None:
    assert set(columns["videos"]) == scalars(VIDEO_FIELDS) | {"business_id", "metric_date", "video_creator_username"}


def test_every_field_of_a_comment_is_a_column(columns: dict[str, dict[str, Any]]) -> None:
    constant = {"business_id", "video_creator_username", "comment_author_username"}

    assert set(columns["videos_comments"]) == COMMENT_FIELDS | constant | {"thumbnail_url"}
    assert set(columns["videos_comments_replies"]) == COMMENT_FIELDS | constant


@pytest.mark.parametrize(
    ("prefix", "fields", "of_the_parent"),
    [
        ("account_", PROFILE_FIELDS, {"business_id", "metric_date", "video_creator_username"}),
        ("account_metrics_", DAILY_FIELDS, {"business_id", "metric_date", "video_creator_username"}),
        ("videos_", VIDEO_FIELDS, {"business_id", "item_id", "metric_date", "video_creator_username", "create_time"}),
    ],
)
def test_every_array_is_a_stream_with_prefixed_columns(
    prefix: str, fields: dict[str, Field], of_the_parent: set[str], columns: dict[str, dict[str, Any]]
) -> None:
    for array in arrays(fields):
        stream = prefix + array
        assert stream in columns, (
            f"The field {array!r} of integration_tests/emulator/fields.py has no stream {stream!r}."
        )
        found, elements = columns[stream], elements_of(array, stream)
        assert set(found) == of_the_parent | {f"{array}_{name}" for name in elements}
        assert {name: kind(found[f"{array}_{name}"])[0] for name in elements} == elements


def test_every_average_of_a_benchmark_is_a_column(columns: dict[str, dict[str, Any]]) -> None:
    averages = {
        "average_likes", "average_comments", "average_shares", "average_video_count", "average_follower_count",
        "average_follower_growth", "average_engagement_rate", "average_video_views",
    }  # fmt: skip

    found = columns["business_benchmarks"]
    assert set(found) == averages | {"business_category", "metric_date", "business_id", "video_creator_username"}
    assert {kind(found[name])[0] for name in averages} == {"number"}


def test_no_stream_has_a_nested_column(columns: dict[str, dict[str, Any]]) -> None:
    kinds = {kind(column)[0] for table in columns.values() for column in table.values()}

    assert kinds == {"string", "integer", "number", "boolean"}


# The types of columns that matter to whoever joins and adds them up, wherever they appear.
TYPES = {
    "business_id": ("string", None, None),
    "item_id": ("string", None, None),
    "video_id": ("string", None, None),
    "comment_id": ("string", None, None),
    "parent_comment_id": ("string", None, None),
    "replies": ("integer", None, None),
    "owner": ("boolean", None, None),
    "metric_date": ("string", "date", None),
    "create_time": ("string", "date-time", "timestamp_with_timezone"),
    "video_creator_username": ("string", None, None),
    "likes": ("integer", None, None),
    "video_views": ("integer", None, None),
    "reach": ("integer", None, None),
    "followers_count": ("integer", None, None),
    "video_duration": ("number", None, None),
    "total_time_watched": ("number", None, None),
    "average_time_watched": ("number", None, None),
    "full_video_watched_rate": ("number", None, None),
    "is_ad": ("boolean", None, None),
    "is_provisional": ("boolean", None, None),
}


def test_a_column_has_its_type_wherever_it_appears(columns: dict[str, dict[str, Any]]) -> None:
    found = {(column, kind(table[column])) for table in columns.values() for column in TYPES if column in table}

    assert found == set(TYPES.items())


def test_no_two_streams_disagree_on_a_columns_type(columns: dict[str, dict[str, Any]]) -> None:
    kinds: dict[str, set[tuple[str, str | None, str | None]]] = {}
    for table in columns.values():
        for name, column in table.items():
            kinds.setdefault(name, set()).add(kind(column))

    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_what_tiktok_may_withhold_may_be_null(columns: dict[str, dict[str, Any]]) -> None:
    never_null = {
        f"{name}.{column}"
        for name, table in columns.items()
        for column, definition in table.items()
        if "null" not in definition["type"] and column not in KEYS_AND_CURSORS[name][0]
    }

    assert never_null == {
        "account_metrics.is_provisional",
        *(f"{name}.create_time" for name in (*POST_STREAMS, *COMMENT_STREAMS)),
        *(f"{name}.video_id" for name in COMMENT_STREAMS),
        "videos_comments_replies.parent_comment_id",
        "business_benchmarks.business_id",
        "videos_covers.create_time",
        "videos_covers.file_path",
    }


def test_every_column_says_what_it_is(columns: dict[str, dict[str, Any]]) -> None:
    silent = [
        f"{name}.{column}"
        for name, table in columns.items()
        for column, definition in table.items()
        if len(definition.get("description", "")) < 20
    ]

    assert silent == []


def test_every_number_says_its_unit(columns: dict[str, dict[str, Any]]) -> None:
    units = ("count", "second", "fraction", "hour")
    silent = [
        f"{name}.{column}"
        for name, table in columns.items()
        for column, definition in table.items()
        if kind(definition)[0] in ("integer", "number")
        and not any(unit in definition["description"].lower() for unit in units)
    ]

    assert silent == []


@pytest.mark.parametrize("column", ["daily_total_followers", "followers_count"])
def test_a_disputed_column_says_that_it_is_disputed(column: str, columns: dict[str, dict[str, Any]]) -> None:
    description = columns["account_metrics"][column]["description"]

    assert "TikTok's page says" in description


def test_a_breakdown_of_a_post_says_which_post(columns: dict[str, dict[str, Any]]) -> None:
    for name in BREAKDOWN_STREAMS:
        assert {"business_id", "item_id", "metric_date", "create_time"} < set(columns[name]), name


# --- Settings -------------------------------------------------------------------------------------------------------


def settings_in(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each setting with its definition, those of the variants of the credentials and of additional accounts too."""
    for name, definition in schema["properties"].items():
        yield name, definition
        items = definition.get("items", {})
        for variant in [*definition.get("oneOf", []), *([items] if "properties" in items else [])]:
            yield from settings_in(variant)


def test_secrets_are_marked_as_secrets(specification: dict[str, Any]) -> None:
    marked = {name for name, definition in settings_in(specification) if definition.get("airbyte_secret")}
    unmarked = {name for name, definition in settings_in(specification) if not definition.get("airbyte_secret")}

    secret = {"client_id", "client_key", "client_secret", "refresh_token", "access_token"}
    assert marked == secret
    assert unmarked & secret == set()


def test_the_address_for_tests_is_hidden(specification: dict[str, Any]) -> None:
    assert specification["properties"]["api_url"]["airbyte_hidden"] is True


def test_only_the_credentials_are_required(specification: dict[str, Any]) -> None:
    variants = specification["properties"]["credentials"]["oneOf"]

    assert specification["required"] == ["credentials"]
    assert {variant["properties"]["auth_type"]["const"]: set(variant["required"]) for variant in variants} == {
        "business_oauth": {"auth_type", "client_id", "client_secret", "refresh_token"},
        "business_access_token": {"auth_type", "access_token", "business_id"},
        "login_kit": {"auth_type", "client_key", "client_secret", "refresh_token"},
    }


@pytest.mark.parametrize(
    ("name", "default", "minimum", "maximum"),
    [
        ("lookback_days", 58, 1, 58),
        ("video_lookback_days", None, 0, 36500),
        ("max_videos", None, 1, None),
        ("requests_per_minute", 40, 2, None),
        ("num_workers", 8, 2, 20),
    ],
)
def test_a_number_among_the_settings_has_its_default_and_its_limits(
    name: str, default: int | None, minimum: int, maximum: int | None, specification: dict[str, Any]
) -> None:
    definition = specification["properties"][name]

    assert definition["type"] == "integer"
    assert (definition.get("default"), definition["minimum"], definition.get("maximum")) == (default, minimum, maximum)


def test_replies_are_read_unless_the_settings_say_otherwise(specification: dict[str, Any]) -> None:
    definition = specification["properties"]["include_comment_replies"]

    assert (definition["type"], definition["default"]) == ("boolean", True)


def test_an_additional_account_has_what_the_credentials_have_of_an_account_and_a_name(
    specification: dict[str, Any],
) -> None:
    definition = specification["properties"]["additional_accounts"]
    account = definition["items"]

    assert definition["type"] == "array"
    assert account["type"] == "object"
    assert set(account["properties"]) == {
        "name",
        "refresh_token",
        "access_token",
        "token_expiry_date",
        "business_id",
    }
    assert "required" not in account
    assert account["additionalProperties"] is True


def test_a_benchmark_category_is_one_of_those_that_tiktok_has_and_there_is_none_by_default(
    specification: dict[str, Any],
) -> None:
    definition = specification["properties"]["benchmark_categories"]

    assert definition["type"] == "array"
    assert definition["items"] == {"type": "string", "enum": list(CATEGORIES)}
    assert len(CATEGORIES) == len(set(CATEGORIES)) == 25
    assert "default" not in definition


def test_settings_are_shown_in_an_order(specification: dict[str, Any]) -> None:
    schemas = [
        specification,
        specification["properties"]["additional_accounts"]["items"],
        *specification["properties"]["credentials"]["oneOf"],
    ]

    for schema in schemas:
        orders = [definition.get("order") for definition in schema["properties"].values()]
        assert orders == list(range(len(orders)))


def test_unknown_keys_do_not_break_a_config(specification: dict[str, Any]) -> None:
    assert specification["additionalProperties"] is True
    assert all(variant["additionalProperties"] for variant in specification["properties"]["credentials"]["oneOf"])


def test_every_setting_has_a_title_and_every_field_to_fill_in_a_description(specification: dict[str, Any]) -> None:
    silent = [
        name
        for name, definition in settings_in(specification)
        if "const" not in definition and not (definition.get("title") and definition.get("description"))
    ]

    assert silent == []


# --- Without the network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "streams"),
    [
        pytest.param(static_token_config(), STREAMS, id="access token"),
        pytest.param(oauth_config(), STREAMS, id="oauth"),
        pytest.param(
            login_kit_config(), {"user_info", "user_info_history", "user_videos", "user_videos_history"}, id="Login Kit"
        ),
    ],
)
def test_spec_and_discover_call_nothing_and_find_the_streams_of_the_family(
    config: dict[str, Any], streams: set[str], tiktok: TikTok
) -> None:
    before = json.dumps(config)
    with tiktok.serving():
        source = PreparedSource(config=config)
        source.spec(source.logger)
        found = [stream.name for stream in source.discover(source.logger, config).streams]

    assert sorted(found) == sorted(streams)
    assert tiktok.calls == []
    assert json.dumps(config) == before


@pytest.mark.parametrize("replies", [True, False])
def test_a_setting_hides_the_stream_of_replies_and_no_other(replies: bool) -> None:
    found = set(discovered(static_token_config(include_comment_replies=replies)))

    assert found == STREAMS - (set() if replies else {"videos_comments_replies"})


def test_the_file_is_loaded_without_a_config_and_without_a_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        source = SourceTiktokOrganic(config={})
        specification = source.spec(source.logger).connectionSpecification

    assert specification["required"] == ["credentials"]
    assert tiktok.calls == []


# --- Login Kit ------------------------------------------------------------------------------------------------------

# By stream: the fields that TikTok documents, in the types of their columns.
LOGIN_KIT_COLUMNS: dict[str, dict[str, tuple[str, str | None, str | None]]] = {
    "user_info": {
        **dict.fromkeys(
            (
                "open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name", "username",
                "bio_description", "profile_deep_link",
            ),
            ("string", None, None),
        ),
        **dict.fromkeys(
            ("follower_count", "following_count", "likes_count", "video_count"), ("integer", None, None)
        ),
        "is_verified": ("boolean", None, None),
    },
    "user_videos": {
        **dict.fromkeys(
            (
                "id", "open_id", "title", "video_description", "cover_image_url", "share_url", "embed_link",
                "embed_html",
            ),
            ("string", None, None),
        ),
        **dict.fromkeys(
            (
                "create_time", "duration", "width", "height", "like_count", "comment_count", "share_count",
                "view_count",
            ),
            ("integer", None, None),
        ),
        "created_at": ("string", "date-time", "timestamp_with_timezone"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def login_kit_streams() -> dict[str, AirbyteStream]:
    """What `discover` finds for a config of Login Kit, without any call: nothing answers in this fixture."""
    return discovered(login_kit_config())


def test_a_config_of_login_kit_has_its_four_streams_and_no_other(login_kit_streams: dict[str, AirbyteStream]) -> None:
    assert list(login_kit_streams) == list(LOGIN_KIT_STREAMS)
    assert LOGIN_KIT_STREAMS == ("user_info", "user_info_history", "user_videos", "user_videos_history")


@pytest.mark.parametrize("name", ["user_info", "user_videos"])
def test_a_history_has_the_columns_of_its_stream_and_the_date(
    name: str, login_kit_streams: dict[str, AirbyteStream]
) -> None:
    now = login_kit_streams[name].json_schema["properties"]
    history = login_kit_streams[f"{name}_history"].json_schema["properties"]

    assert {column for column in history if column not in now} == {"metric_date"}
    assert {column: history[column] for column in now} == now
    key = login_kit_streams[name].source_defined_primary_key or []
    assert login_kit_streams[f"{name}_history"].source_defined_primary_key == [*key, ["metric_date"]]


@pytest.mark.parametrize("replies", [True, False])
def test_the_setting_of_the_replies_means_nothing_to_login_kit(replies: bool) -> None:
    assert set(discovered(login_kit_config({"include_comment_replies": replies}))) == set(LOGIN_KIT_STREAMS)


def test_the_user_is_read_anew_in_every_sync(login_kit_streams: dict[str, AirbyteStream]) -> None:
    stream = login_kit_streams["user_info"]

    assert stream.source_defined_primary_key == [["open_id"]]
    assert not stream.default_cursor_field
    assert stream.supported_sync_modes == [SyncMode.full_refresh]


def test_the_posts_of_login_kit_are_incremental(login_kit_streams: dict[str, AirbyteStream]) -> None:
    stream = login_kit_streams["user_videos"]

    assert stream.source_defined_primary_key == [["id"]]
    assert stream.default_cursor_field == ["create_time"]
    assert stream.source_defined_cursor is True
    assert stream.supported_sync_modes == [SyncMode.full_refresh, SyncMode.incremental]


@pytest.mark.parametrize("name", LOGIN_KIT_COLUMNS)
def test_every_field_of_login_kit_is_a_column_of_its_type(
    name: str, login_kit_streams: dict[str, AirbyteStream]
) -> None:
    columns = login_kit_streams[name].json_schema["properties"]

    assert {column: kind(definition) for column, definition in columns.items()} == LOGIN_KIT_COLUMNS[name]


@pytest.mark.parametrize(
    ("name", "never_null"),
    [("user_info", {"open_id"}), ("user_videos", {"id", "open_id", "create_time", "created_at"})],
)
def test_what_login_kit_may_withhold_may_be_null(
    name: str, never_null: set[str], login_kit_streams: dict[str, AirbyteStream]
) -> None:
    columns = login_kit_streams[name].json_schema["properties"]

    assert {column for column, definition in columns.items() if "null" not in definition["type"]} == never_null


@pytest.mark.parametrize("name", LOGIN_KIT_COLUMNS)
def test_every_column_of_login_kit_says_what_it_is_and_in_which_unit(
    name: str, login_kit_streams: dict[str, AirbyteStream]
) -> None:
    columns = login_kit_streams[name].json_schema["properties"]

    assert [column for column, definition in columns.items() if len(definition.get("description", "")) < 15] == []
    units = ("count", "second", "pixels")
    numbers = {column: found for column, found in columns.items() if kind(found)[0] == "integer"}
    assert [name for name, found in numbers.items() if not any(unit in found["description"] for unit in units)] == []


def test_every_documented_field_of_login_kit_is_asked_for(manifest: dict[str, Any]) -> None:
    assert fields_of(manifest, "user") == set(USER_SCOPES)
    assert fields_of(manifest, "user_video") == set(USER_VIDEO_SCOPES)
