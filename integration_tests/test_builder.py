"""What `make builder` writes, pasted into the Connector Builder, works there as it is.

The Builder's screens ask the manifest server for `resolve`, `full_resolve` and `test_read`; the components go along
with `test_read` alone (airbyte-platform, ManifestServerManifestProcessor.kt). A connector published from the Builder
gets them in its config instead, for check and discover too; so they are sent with those here.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integration_tests.builder import COMPONENTS, INJECTED, MANIFEST, Builder, Preview, running_builder
from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    COMMENT_STREAMS,
    LOGIN_KIT_STREAMS,
    STREAMS,
    calls,
    granted,
    login_kit_config,
    oauth_config,
    secrets_of,
    several_accounts_config,
    token_config,
)
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator

BUSINESS_STREAMS = [*STREAMS, *COMMENT_STREAMS]
PROFILE, POSTS = "business/get/", "business/video/list/"
COMMENTS, REPLIES = "business/comment/list/", "business/comment/reply/list/"
REFRESH = "tt_user/oauth2/refresh_token/"

MakeConfig = Callable[..., dict[str, Any]]
Properties = dict[str, dict[str, Any]]

# Rows per page of the account below; what differs from post to post is counted by a bare loop.
ROWS_PER_PAGE = {
    "account": [1],
    "account_audience_ages": [5],
    "account_audience_genders": [3],
    "account_audience_countries": [10],
    "account_audience_cities": [10],
    # From 58 days ago to the day before yesterday, the newest that TikTok has computed.
    "account_metrics": [57],
    "account_metrics_audience_activity": [57 * 24],
    "videos": [20, 20, 5],
    "videos_audience_types": [4 * 20, 4 * 20, 4 * 5],
    "videos_audience_genders": [3 * 20, 3 * 20, 3 * 5],
    "user_info": [1],
    "user_info_history": [1],
    "user_videos": [20, 20, 5],
    "user_videos_history": [20, 20, 5],
    "videos_covers": [20, 20, 5],
    "user_videos_covers": [20, 20, 5],
}


UNUSED_TOKEN = {"auth_type": "business_access_token", "access_token": "act.unused", "business_id": "unused"}


@pytest.fixture(scope="session")
def fresh_builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A Builder that nobody has asked for anything."""
    with running_builder(tmp_path_factory.mktemp("builder")) as builder:
        yield builder


@pytest.fixture(scope="session")
def answers_without_components(fresh_builder: Builder) -> dict[str, Any]:
    """What it answers to each verb before it gets the components, which the process then keeps."""
    config = {"credentials": UNUSED_TOKEN}
    return {
        "resolve": fresh_builder.resolve(),
        "full_resolve": fresh_builder.full_resolve(config),
        "check": fresh_builder.ask("check", manifest=MANIFEST, config=config).text,
    }


@pytest.fixture(scope="session")
def builder(fresh_builder: Builder, answers_without_components: dict[str, Any]) -> Builder:
    """The Builder, which goes from test to test from then on, as Airbyte's goes from user to user."""
    return fresh_builder


@pytest.fixture(scope="session")
def catalog(builder: Builder) -> dict[str, Properties]:
    """The columns of each stream of both families; TikTok isn't asked for them, so there is none."""
    login_kit = {"auth_type": "login_kit", "client_key": "7400", "client_secret": "unused", "refresh_token": "unused"}
    streams = [stream for one in (UNUSED_TOKEN, login_kit) for stream in builder.discover({"credentials": one})]
    return {stream["name"]: stream["json_schema"]["properties"] for stream in streams}


@pytest.fixture
def tiktok(start_tiktok: StartTikTok) -> RunningEmulator:
    """An account whose newest post is old enough for TikTok to have computed everything; 4 comments under each post."""
    account = AccountSpec(posts=45, history_days=800, comments_per_post=4, ad_only_share=0)
    return start_tiktok(account, hidden_post_rate=0)


class BareLoop:
    """Asks TikTok without the connector."""

    def __init__(self, tiktok: RunningEmulator) -> None:
        self._url = f"{tiktok.url}/open_api/v1.3"
        self._token = granted(tiktok)["access_token"]

    def _data(self, path: str, **params: Any) -> dict[str, Any]:
        query, headers = {"business_id": FIRST_OPEN_ID, **params}, {"Access-Token": self._token}
        body = requests.get(f"{self._url}/{path}", params=query, headers=headers, timeout=10).json()
        assert body["code"] == 0, body
        data: dict[str, Any] = body["data"]
        return data

    def posts(self, field: str) -> Iterator[list[dict[str, Any]]]:
        """The posts with one field, page by page."""
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            at = {name: value for name, value in page.items() if name == "cursor"}
            page = self._data(POSTS, fields=json.dumps(["item_id", field]), max_count=20, **at)
            yield page["videos"]

    def rows_per_page(self, stream: str) -> list[int]:
        """How many rows the breakdown of the posts has."""
        array = stream.removeprefix("videos_")
        return [sum(len(post.get(array, [])) for post in page) for page in self.posts(array)]

    def posts_with_comments(self) -> list[str]:
        """The newest five, because the Builder shows five slices."""
        return [post["item_id"] for page in self.posts("comments") for post in page if post["comments"]][:5]

    def comments(self, video_id: str) -> list[dict[str, Any]]:
        """The comments of a post; one page holds them all."""
        page = self._data(COMMENTS, video_id=video_id, max_count=30)
        assert not page["has_more"]
        return list(page["comments"])

    def replies(self, video_id: str) -> list[dict[str, Any]]:
        """The replies to all comments of a post."""
        return [
            reply
            for comment in self.comments(video_id)
            for reply in self._data(REPLIES, video_id=video_id, comment_id=comment["comment_id"])["comments"]
        ]


def secrets_shown(preview: Preview, *configs: dict[str, Any]) -> list[str]:
    """Which secrets stand in what the Builder shows. The updated config is not shown, but stored."""
    shown = json.dumps({name: part for name, part in preview.answer.items() if name != "latest_config_update"})
    return [secret for secret in secrets_of(*configs) if secret in shown]


def test_the_manifest_is_resolved_before_any_component_is_known(answers_without_components: dict[str, Any]) -> None:
    for verb in ("resolve", "full_resolve"):
        manifest = answers_without_components[verb]
        names = [[stream["name"] for stream in choice["streams"]] for choice in manifest["streams"]]
        assert names == [
            [*STREAMS, "videos_comments"],
            ["videos_comments_replies"],
            ["business_benchmarks"],
            ["videos_covers"],
            LOGIN_KIT_STREAMS,
            ["user_videos_covers"],
        ]
    # The components that the other tests send are the only ones that the process has.
    assert "Could not load module `source_declarative_manifest.components`" in answers_without_components["check"]


def test_the_components_have_the_checksum_that_airbyte_computes_when_they_are_published() -> None:
    # It takes Java's escapes out of the text before that, but leaves them in the text that it hands to the connector
    # (airbyte-platform, DeclarativeSourceManifestInjector.kt).
    assert chr(92) not in COMPONENTS


def test_what_the_builder_makes_of_the_manifest_reads_the_same_rows(builder: Builder, tiktok: RunningEmulator) -> None:
    preview = builder.preview("videos_audience_types", token_config(tiktok), builder.resolve())

    kinds_of_viewers = ["NEW_VIEWER", "RETURN_VIEWER", "FOLLOWER_PERCENT", "NON_FOLLOWER_PERCENT"]
    assert Counter(row["audience_types_type"] for row in preview.rows) == dict.fromkeys(kinds_of_viewers, 45)
    assert {row["business_id"] for row in preview.rows} == {FIRST_OPEN_ID}


@pytest.mark.parametrize("make_config", [oauth_config, token_config, login_kit_config])
def test_check_succeeds_with_at_most_three_calls(
    builder: Builder, tiktok: RunningEmulator, make_config: MakeConfig
) -> None:
    assert builder.check(make_config(tiktok)) == {"success": True, "message": None}
    assert sum(calls(tiktok).values()) <= 3


@pytest.mark.parametrize(
    ("make_config", "secret", "sentence"),
    [
        (token_config, "access_token", "It ends after 24 hours: put a new one into the source's settings"),
        (oauth_config, "refresh_token", "Authenticate the account again in the source's settings"),
        (login_kit_config, "refresh_token", "Authenticate the account again in the source's settings"),
    ],
)
def test_check_says_what_to_do_about_a_wrong_token(
    builder: Builder, tiktok: RunningEmulator, make_config: MakeConfig, secret: str, sentence: str
) -> None:
    config = make_config(tiktok)
    config["credentials"][secret] = "wrong.token!5001.em"

    answer = builder.check(config)

    assert answer["success"] is False
    assert sentence in answer["message"]
    assert "wrong.token" not in answer["message"]


def test_a_preview_says_what_to_do_about_a_wrong_token(builder: Builder, tiktok: RunningEmulator) -> None:
    config = oauth_config(tiktok)
    config["credentials"]["refresh_token"] = "wrong.token!5001.em"

    preview = builder.preview("videos", config)

    (error,) = preview.errors
    assert "Authenticate the account again in the source's settings" in error
    assert preview.rows == []
    assert secrets_shown(preview, config) == []


def test_discover_lists_the_streams_of_both_families(catalog: dict[str, Properties]) -> None:
    assert list(catalog) == [*BUSINESS_STREAMS, *LOGIN_KIT_STREAMS]


@pytest.mark.parametrize("stream", [stream for stream in BUSINESS_STREAMS if stream not in COMMENT_STREAMS])
def test_a_stream_is_previewed_page_by_page(
    builder: Builder, catalog: dict[str, Properties], tiktok: RunningEmulator, stream: str
) -> None:
    config = token_config(tiktok)

    preview = builder.preview(stream, config, record_limit=5000)

    assert preview.rows_per_page == (ROWS_PER_PAGE.get(stream) or BareLoop(tiktok).rows_per_page(stream))
    assert {row["business_id"] for row in preview.rows} == {FIRST_OPEN_ID}
    assert [one["slice_descriptor"]["business_id"] for one in preview.slices] == [FIRST_OPEN_ID]
    assert preview.auxiliary_requests == ([] if stream.startswith("account") else ["Profile of the account"])
    assert endpoints(preview, tiktok) == {f"/open_api/v1.3/{PROFILE if stream.startswith('account') else POSTS}"}
    assert_is_shown_whole_and_in_order(preview, stream, catalog[stream], config)


@pytest.mark.parametrize("stream", LOGIN_KIT_STREAMS)
def test_a_stream_of_login_kit_is_previewed_page_by_page(
    builder: Builder, catalog: dict[str, Properties], tiktok: RunningEmulator, stream: str
) -> None:
    config = login_kit_config(tiktok)

    preview = builder.preview(stream, config)

    assert preview.rows_per_page == ROWS_PER_PAGE[stream]
    # The first account's open_id for this family's app.
    assert {row["open_id"] for row in preview.rows} == {"96e7f99c-dd8e-4c8b-8dd5-8488b072c22d"}
    assert preview.auxiliary_requests == (
        [] if stream.startswith("user_info") else ["Parent stream: Stream 'user_info' request"]
    )
    assert endpoints(preview, tiktok) == {"/v2/user/info/" if stream.startswith("user_info") else "/v2/video/list/"}
    assert_is_shown_whole_and_in_order(preview, stream, catalog[stream], config)


@pytest.mark.parametrize(
    ("make_config", "stream"), [(token_config, "videos_covers"), (login_kit_config, "user_videos_covers")]
)
def test_covers_are_previewed(builder: Builder, tiktok: RunningEmulator, make_config: Any, stream: str) -> None:
    preview = builder.preview(stream, make_config(tiktok, cover_images=True), record_limit=5000)

    assert preview.errors == []
    assert preview.rows_per_page == ROWS_PER_PAGE[stream]
    for row in preview.rows:
        account, post = row.get("business_id") or row["open_id"], row.get("item_id") or row["id"]
        assert row["file_path"].startswith(f"{stream}/{account}/{post}.")


@pytest.mark.parametrize("stream", COMMENT_STREAMS)
def test_comments_are_previewed_post_by_post(
    builder: Builder, catalog: dict[str, Properties], tiktok: RunningEmulator, stream: str
) -> None:
    # The server reads with one worker, whatever the config says: slices come one after another.
    config = token_config(tiktok, num_workers=20)

    preview = builder.preview(stream, config)

    loop = BareLoop(tiktok)
    read = loop.comments if stream == "videos_comments" else loop.replies
    posts = loop.posts_with_comments()
    assert list(dict.fromkeys(row["video_id"] for row in preview.rows)) == posts
    rows_per_slice = [sum(len(page["records"]) for page in one["pages"]) for one in preview.slices]
    assert rows_per_slice == [len(read(post)) for post in posts]
    assert len(posts) == 5 and min(rows_per_slice) > 0
    assert preview.answer["test_read_limit_reached"] is True
    assert preview.auxiliary_requests == [
        "Parent stream: Profile of the account",
        "Parent stream: Stream 'videos' request",
    ]
    assert endpoints(preview, tiktok) == {f"/open_api/v1.3/{COMMENTS}"}
    assert preview.answer["logs"] == []
    assert secrets_shown(preview, config) == []


def test_several_accounts_are_previewed(builder: Builder, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=25), AccountSpec(posts=3, kind="personal"), hidden_post_rate=0)
    config = several_accounts_config(tiktok)

    preview = builder.preview("videos", config)

    first, second = tiktok.emulator.accounts
    # The CDK reads the slices of both at the same time. Now and then it shows the pages of one below the other.
    accounts_of_pages = [{row["business_id"] for row in page["records"]} for page in preview.pages]
    assert sorted(zip(map(sorted, accounts_of_pages), preview.rows_per_page, strict=True)) == [
        ([first], 5),
        ([first], 20),
        ([second], 3),
    ]
    assert {one["slice_descriptor"]["business_id"] for one in preview.slices} <= {first, second}
    updated = preview.answer["latest_config_update"]
    assert updated["credentials"]["business_id"] == first
    assert [entry["business_id"] for entry in updated["additional_accounts"]] == [second]
    assert secrets_shown(preview, config, updated) == []


def endpoints(preview: Preview, tiktok: RunningEmulator) -> set[str]:
    """Where the pages came from."""
    return {page["request"]["url"].split("?")[0].removeprefix(tiktok.url) for page in preview.pages}


def assert_is_shown_whole_and_in_order(
    preview: Preview, stream: str, columns: Properties, config: dict[str, Any]
) -> None:
    """What every preview has to have besides its rows."""
    assert preview.answer["logs"] == []
    assert preview.answer["test_read_limit_reached"] is False
    assert [state["stream"]["stream_descriptor"]["name"] for state in preview.state] == [stream]
    for page in preview.pages:
        assert page["response"]["status"] == 200
        assert json.loads(page["response"]["body"])
        sent = page["request"]["headers"]
        assert sent.get("Access-Token", sent.get("Authorization")) in ("****", "Bearer ****")
    assert secrets_shown(preview, config) == []

    inferred = preview.answer["inferred_schema"]["properties"]
    assert set(inferred) == set(columns)
    for name, column in columns.items():
        # The Builder knows no integers.
        declared = {"number" if kind == "integer" else kind for kind in kinds(column)}
        assert kinds(inferred[name]) - {"null"} == declared - {"null"}, name


def kinds(column: dict[str, Any]) -> set[str]:
    """The JSON types of a column."""
    return {column["type"]} if isinstance(column["type"], str) else set(column["type"])


def test_a_preview_goes_on_from_a_state(builder: Builder, tiktok: RunningEmulator) -> None:
    first = builder.preview("videos", token_config(tiktok))
    second = builder.preview("videos", token_config(tiktok, video_lookback_days=40), state=first.state)

    assert first.rows_per_page == [20, 20, 5]
    newest = [row["item_id"] for row in first.rows][: len(second.rows)]
    assert [row["item_id"] for row in second.rows] == newest
    assert 0 < len(newest) < 5


@pytest.mark.parametrize(
    ("stream", "limit", "rows_per_page"),
    [
        # The CDK shows the pages as a whole and says that there is more.
        ("videos", {"record_limit": 7}, [20, 20, 5]),
        ("videos_comments", {"slice_limit": 2}, [4, 4]),
    ],
)
def test_a_preview_that_stops_at_a_limit_says_so(
    builder: Builder, tiktok: RunningEmulator, stream: str, limit: dict[str, Any], rows_per_page: list[int]
) -> None:
    preview = builder.preview(stream, token_config(tiktok), **limit)
    assert preview.rows_per_page == rows_per_page
    assert preview.answer["test_read_limit_reached"] is True


def test_each_preview_shows_what_tiktok_says_of_its_own_account_by_then(
    builder: Builder, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(display_name="Before"), AccountSpec(display_name="Another"))
    first, second = (token_config(tiktok, open_id) for open_id in tiktok.emulator.accounts)

    before = builder.preview("account", first)
    tiktok.emulator.change_account(FIRST_OPEN_ID, display_name="After")
    after = builder.preview("account", first)
    another = builder.preview("account", second)

    shown = [row["display_name"] for preview in (before, after, another) for row in preview.rows]
    assert shown == ["Before", "After", "Another"]


def test_a_preview_renews_the_token_once_and_hands_it_back(builder: Builder, tiktok: RunningEmulator) -> None:
    config = oauth_config(tiktok)

    first = builder.preview("videos_comments", config)
    updated = first.answer["latest_config_update"]
    second = builder.preview("videos_comments", updated)

    assert calls(tiktok)[REFRESH] == 1
    assert first.rows_per_page == second.rows_per_page == [4, 4, 4, 4, 4]
    assert updated["credentials"]["refresh_token"] != config["credentials"]["refresh_token"]
    assert not set(updated) & set(INJECTED)
    assert second.answer["latest_config_update"] is None
    assert secrets_shown(first, config, updated) == secrets_shown(second, updated) == []
