"""Permissions that the owner of the account did not grant: what is read without them, what fails, and what is said."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from airbyte_cdk.models import FailureType, Level

from integration_tests.emulator.fields import VIDEO_FIELDS
from integration_tests.streams import ACCOUNT_STREAMS, ALL_STREAMS, BREAKDOWN_STREAMS, COMMENT_STREAMS
from unit_tests.syncs import (
    Clock,
    Outcome,
    oauth_config,
    read,
    signed_in_config,
    static_token_config,
    static_token_with_app_config,
)
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    POST_SCOPES,
    POSTS_PATH,
    PROFILE_PATH,
    PROFILE_SCOPES,
    REFRESH_PATH,
    REPLIES_PATH,
    TOKEN_INFO_PATH,
    TikTok,
    fixture,
)

MakeConfig = Callable[..., dict[str, Any]]

# The configs with which TikTok tells the scopes, and the call that does.
TOLD = [
    pytest.param(oauth_config, REFRESH_PATH, id="oauth, renewed"),
    pytest.param(signed_in_config, TOKEN_INFO_PATH, id="oauth, valid token"),
    pytest.param(static_token_with_app_config, TOKEN_INFO_PATH, id="access token and client_id"),
]
ALL_CONFIGS = [*TOLD, pytest.param(static_token_config, "", id="access token")]
AUDIENCE_STREAMS = {stream for stream in ACCOUNT_STREAMS if stream.startswith("account_audience_")}
DAILY_STREAMS = {"account_metrics", "account_metrics_audience_activity"}
# One or two of each kind, where it does not take all.
SOME_STREAMS = (
    "account",
    "account_audience_ages",
    "account_metrics",
    "account_metrics_audience_activity",
    "videos",
    "videos_audience_types",
)

INSIGHTS_OF_A_POST = {
    name for name, field in VIDEO_FIELDS.items() if field.scope == "video.insights" and not field.is_array
}
STATS = {"followers_count", "following_count", "total_likes", "videos_count"}


@dataclass(frozen=True)
class Case:
    """What the account lacks, and what becomes of all streams then."""

    missing: tuple[str, ...]
    # The streams that fail, each with the scope that its sentence names.
    failing: dict[str, str]
    # The columns that stay null in a stream.
    null: dict[str, set[str]]
    # The fields of which the log says that they stay null, by scope and line.
    said: dict[str, list[set[str]]]


def opened_by(scope: str, scope_of: dict[str, str]) -> set[str]:
    """The fields that TikTok documents for a scope."""
    return {name for name, found in scope_of.items() if found == scope}


CASES = {
    "no user.insights": Case(
        missing=("user.insights",),
        failing=dict.fromkeys(AUDIENCE_STREAMS | DAILY_STREAMS, "user.insights"),
        null={},
        said={"user.insights": [opened_by("user.insights", PROFILE_SCOPES)]},
    ),
    "no video.insights": Case(
        missing=("video.insights",),
        failing=dict.fromkeys(BREAKDOWN_STREAMS, "video.insights"),
        null={"videos": INSIGHTS_OF_A_POST},
        said={"video.insights": [opened_by("video.insights", POST_SCOPES)]},
    ),
    "neither user.info.stats nor user.account.type": Case(
        missing=("user.info.stats", "user.account.type"),
        failing={},
        null={"account": STATS | {"is_business_account"}, "account_metrics": {"followers_count"}},
        said={
            "user.info.stats": [STATS],
            "user.account.type": [{"is_business_account"}],
        },
    ),
    "no user.info.username": Case(
        missing=("user.info.username",),
        failing={},
        null={stream: {"video_creator_username"} for stream in ALL_STREAMS},
        said={"user.info.username": [{"username"}]},
    ),
}


def tiktok_without(*missing: str, code: int = 40130) -> TikTok:
    """An account that granted everything but this."""
    tiktok = TikTok()
    tiktok.scopes = [scope for scope in tiktok.scopes if scope not in missing]
    tiktok.code_of_a_missing_scope = code
    return tiktok


def said_in(outcome: Outcome) -> dict[str, list[set[str]]]:
    """The fields that the log says stay null, by scope and line, the longest line first."""
    said: dict[str, list[set[str]]] = {}
    for warning in outcome.logged(Level.WARN):
        start, fields = warning.split("where they are streams: ")
        scope = start.split("`")[1]
        said.setdefault(scope, []).append(set(fields.split(". ")[0].split(", ")))
        assert f"The account {BUSINESS_ID} did not grant `{scope}`, so these fields stay null" in warning
        assert f"allow `{scope}` to have them" in warning
    return {scope: sorted(fields, key=len, reverse=True) for scope, fields in said.items()}


def asked_without_permission(tiktok: TikTok) -> list[str]:
    """The fields that were asked for although their scope was not granted."""
    return [
        name
        for path, scope_of in ((PROFILE_PATH, PROFILE_SCOPES), (POSTS_PATH, POST_SCOPES))
        for call in tiktok.calls_of(path)
        for name in call.fields
        if scope_of[name] not in tiktok.scopes
    ]


def message_of(outcome: Outcome, stream: str) -> str:
    """The sentence with which the stream failed."""
    return outcome.failures[stream].message or ""


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """A case; read with all streams for each way to sign in."""
    return CASES[request.param]


def assert_is_as_expected(outcome: Outcome, case: Case, streams: tuple[str, ...], first_sync: Outcome) -> None:
    """The streams made of what is missing failed with its name; the others have all rows and their other columns."""
    assert set(outcome.failures) == set(case.failing) & set(streams)
    for stream in outcome.failures:
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert message_of(outcome, stream) == (
            f"The account {BUSINESS_ID} did not grant `{case.failing[stream]}`, which the stream `{stream}` is made "
            "of. Authenticate the account again and allow everything that TikTok lists, or deselect the stream; the "
            "other streams go on."
        )
        assert outcome.rows(stream) == []
    for stream in set(streams) - set(case.failing):
        null = case.null.get(stream, set())
        assert outcome.is_complete(stream)
        assert by_content(outcome.rows(stream)) == by_content(without(null, first_sync.rows(stream)))
    assert said_in(outcome) == case.said


def without(columns: set[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without these columns; null columns are not in a row."""
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


def by_content(rows: list[dict[str, Any]]) -> list[str]:
    """The rows in an order that does not depend on which came first."""
    return sorted(str(sorted(row.items())) for row in rows)


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_nothing_is_asked_for_that_was_not_granted(
    config: MakeConfig, path: str, case: Case, clock: Clock, first_sync: Outcome
) -> None:
    tiktok = tiktok_without(*case.missing)

    outcome = read(tiktok, clock, *SOME_STREAMS, config=config(), expect_failure=bool(case.failing))

    assert_is_as_expected(outcome, case, SOME_STREAMS, first_sync)
    assert asked_without_permission(tiktok) == []
    assert Counter(call.path for call in tiktok.calls) == {path: 1, PROFILE_PATH: 1, POSTS_PATH: 1}


@pytest.mark.parametrize("code", [40130, 40001])
def test_without_client_id_everything_is_asked_for_and_a_refusal_fails_the_streams_of_its_call(
    code: int, clock: Clock, first_sync: Outcome
) -> None:
    tiktok = tiktok_without("video.insights", code=code)

    outcome = read(tiktok, clock, *SOME_STREAMS, expect_failure=True)

    assert set(outcome.failures) == {"videos", "videos_audience_types"}
    for stream in outcome.failures:
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert message_of(outcome, stream) == (
            f"TikTok did not permit the stream `{stream}`, which reads what video.list, video.insights open (code "
            f"{code}: The access token lacks the required scope.). If you typed `business_id` in, check that the token "
            "is this account's. Else authenticate the account again and allow everything that TikTok lists. If that "
            'does not help, your app may lack the permission "TikTok Accounts", or analytics may not be turned on in '
            "the TikTok app. If you typed in a token alone, add your app's `client_id`: then only granted "
            "fields are asked for. The other streams go on."
        )
    for stream in SOME_STREAMS[:4]:
        assert by_content(outcome.rows(stream)) == by_content(first_sync.rows(stream))
    assert outcome.logged(Level.WARN) == []
    assert Counter(call.path for call in tiktok.calls) == {PROFILE_PATH: 1, POSTS_PATH: 1}


# --- Without the posts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_without_video_list_the_posts_fail_with_its_name_and_the_account_goes_on(
    config: MakeConfig, path: str, clock: Clock
) -> None:
    tiktok = tiktok_without("video.list", "video.insights")

    outcome = read(tiktok, clock, *SOME_STREAMS, config=config(), expect_failure=True)

    assert set(outcome.failures) == {"videos", "videos_audience_types"}
    assert {error.failure_type for error in outcome.failures.values()} == {FailureType.config_error}
    assert [stream for stream in outcome.failures if "`video.list`" not in message_of(outcome, stream)] == []
    assert [stream for stream in SOME_STREAMS[:4] if not outcome.is_complete(stream)] == []
    assert outcome.logged(Level.WARN) == []
    assert Counter(call.path for call in tiktok.calls) == {path: 1, PROFILE_PATH: 1}


@pytest.mark.parametrize(("config", "_path"), TOLD)
def test_video_insights_is_of_no_use_without_video_list(config: MakeConfig, _path: str, clock: Clock) -> None:
    tiktok = tiktok_without("video.list")

    outcome = read(tiktok, clock, "videos", "videos_audience_types", "account", config=config(), expect_failure=True)

    assert set(outcome.failures) == {"videos", "videos_audience_types"}
    assert [stream for stream in outcome.failures if "`video.list`" not in message_of(outcome, stream)] == []
    assert tiktok.calls_of(POSTS_PATH) == []


def test_a_bare_access_token_without_video_list_fails_with_tiktoks_own_words(clock: Clock) -> None:
    tiktok = tiktok_without("video.list", "video.insights")

    outcome = read(tiktok, clock, *ALL_STREAMS, expect_failure=True)

    assert set(outcome.failures) == {"videos", *BREAKDOWN_STREAMS, *COMMENT_STREAMS}
    for stream in outcome.failures:
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert "video.list" in message_of(outcome, stream)
        assert "The access token lacks the required scope." in message_of(outcome, stream)
    assert [stream for stream in ACCOUNT_STREAMS if not outcome.is_complete(stream)] == []
    assert len(tiktok.calls_of(POSTS_PATH)) == 1


# --- Without the comments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_without_comment_list_the_comments_fail_with_its_name_and_all_others_finish(
    config: MakeConfig, path: str, clock: Clock, first_sync: Outcome
) -> None:
    tiktok = tiktok_without("comment.list")
    streams = (*SOME_STREAMS, *COMMENT_STREAMS)

    outcome = read(tiktok, clock, *streams, config=config(), expect_failure=True)

    assert set(outcome.failures) == {"videos_comments", "videos_comments_replies"}
    for stream in COMMENT_STREAMS:
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert message_of(outcome, stream) == (
            f"The account {BUSINESS_ID} did not grant `comment.list`, which the stream `{stream}` is made of. "
            "Authenticate the account again and allow everything that TikTok lists, or deselect the stream; the other "
            "streams go on."
        )
        assert outcome.rows(stream) == []
    for stream in SOME_STREAMS:
        assert outcome.is_complete(stream)
        assert by_content(outcome.rows(stream)) == by_content(first_sync.rows(stream))
    assert outcome.logged(Level.WARN) == []
    assert Counter(call.path for call in tiktok.calls) == {path: 1, PROFILE_PATH: 1, POSTS_PATH: 1}


@pytest.mark.parametrize("code", [40130, 40001])
def test_a_bare_access_token_without_comment_list_fails_with_tiktoks_own_words_and_all_others_finish(
    code: int, clock: Clock
) -> None:
    tiktok = tiktok_without("comment.list", code=code)

    outcome = read(tiktok, clock, *SOME_STREAMS, *COMMENT_STREAMS, expect_failure=True)

    assert set(outcome.failures) == {"videos_comments", "videos_comments_replies"}
    for stream in COMMENT_STREAMS:
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert stream in message_of(outcome, stream)
        assert "comment.list" in message_of(outcome, stream)
        assert "The access token lacks the required scope." in message_of(outcome, stream)
    assert [stream for stream in SOME_STREAMS if not outcome.is_complete(stream)] == []
    assert tiktok.calls_of(REPLIES_PATH) == []


@pytest.mark.parametrize(("config", "_path"), ALL_CONFIGS)
def test_without_video_list_the_comments_fail_too_because_nobody_knows_the_posts(
    config: MakeConfig, _path: str, clock: Clock
) -> None:
    tiktok = tiktok_without("video.list", "video.insights")

    outcome = read(tiktok, clock, "account", *COMMENT_STREAMS, config=config(), expect_failure=True)

    assert set(outcome.failures) == {"videos_comments", "videos_comments_replies"}
    assert {error.failure_type for error in outcome.failures.values()} == {FailureType.config_error}
    for stream in COMMENT_STREAMS:
        assert "video.list" in message_of(outcome, stream)
        assert f"the stream `{stream}`" in message_of(outcome, stream)
    assert outcome.is_complete("account")
    assert tiktok.calls_of(COMMENTS_PATH) == []


@pytest.mark.parametrize(("config", "_path"), TOLD)
def test_comments_need_no_video_insights(config: MakeConfig, _path: str, clock: Clock, first_sync: Outcome) -> None:
    tiktok = tiktok_without("video.insights")

    outcome = read(tiktok, clock, *COMMENT_STREAMS, config=config())

    for stream in COMMENT_STREAMS:
        assert by_content(outcome.rows(stream)) == by_content(first_sync.rows(stream))


# --- One stream alone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "_path"), TOLD)
@pytest.mark.parametrize(
    ("stream", "scope"),
    [
        ("account_audience_ages", "user.insights"),
        ("account_metrics", "user.insights"),
        ("videos_audience_types", "video.insights"),
    ],
)
def test_a_stream_alone_that_is_made_of_a_missing_scope_names_it(
    stream: str, scope: str, config: MakeConfig, _path: str, clock: Clock
) -> None:
    tiktok = tiktok_without(scope)

    outcome = read(tiktok, clock, stream, config=config(), expect_failure=True)

    assert outcome.failures[stream].failure_type == FailureType.config_error
    assert f"did not grant `{scope}`, which the stream `{stream}` is made of" in message_of(outcome, stream)


@pytest.mark.parametrize(("config", "_path"), TOLD)
@pytest.mark.parametrize("stream", ["account", "account_audience_ages", "account_metrics", "videos"])
def test_a_stream_that_needs_no_video_insights_says_nothing_of_it_or_goes_on_without(
    stream: str, config: MakeConfig, _path: str, clock: Clock
) -> None:
    outcome = read(tiktok_without("video.insights"), clock, stream, config=config())

    assert outcome.is_complete(stream)
    assert set(said_in(outcome)) == ({"video.insights"} if stream == "videos" else set())


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_a_missing_scope_costs_no_call_for_any_page(config: MakeConfig, path: str, clock: Clock) -> None:
    tiktok = tiktok_without("video.insights")
    (lively, _) = fixture("video_list_first_page")["data"]["videos"]
    tiktok.posts = [
        lively | {"item_id": str(7683102070583443467 - number), "create_time": str(1795168800 - 3600 * number)}
        for number in range(45)
    ]

    outcome = read(tiktok, clock, *SOME_STREAMS, config=config(), expect_failure=True)

    assert len(outcome.rows("videos")) == 45
    asked = [(call.params.get("cursor"), len(call.fields)) for call in tiktok.calls_of(POSTS_PATH)]
    of_posts = len(opened_by("video.list", POST_SCOPES))
    assert asked == [(None, of_posts), ("1795100400000", of_posts), ("1795028400000", of_posts)]
    assert Counter(call.path for call in tiktok.calls) == {path: 1, PROFILE_PATH: 1, POSTS_PATH: 3}


def test_without_user_info_basic_an_account_has_no_name_and_everything_else(clock: Clock) -> None:
    outcome = read(tiktok_without("user.info.basic"), clock, *SOME_STREAMS, config=oauth_config())

    (account,) = outcome.rows("account")
    assert {"display_name", "profile_image"} & set(account) == set()
    assert account["followers_count"] == 15342
    assert len(outcome.rows("videos")) == 3
    assert said_in(outcome) == {"user.info.basic": [{"display_name", "profile_image"}]}


# --- What TikTok says of the scopes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_further_scopes_and_spaces_after_commas_change_nothing(
    config: MakeConfig, path: str, clock: Clock, first_sync: Outcome
) -> None:
    tiktok = TikTok()
    tiktok.scopes += ["tcm.order.update", "biz.new.scope"]
    tiktok.scope_separator = ", "

    outcome = read(tiktok, clock, *SOME_STREAMS, config=config())

    assert outcome.logged(Level.WARN) == []
    assert {stream: len(outcome.rows(stream)) for stream in SOME_STREAMS} == {
        stream: len(first_sync.rows(stream)) for stream in SOME_STREAMS
    }
    assert len(tiktok.calls) == 3


@pytest.mark.parametrize(
    ("config", "path", "name", "missing", "sentence"),
    [
        (oauth_config, REFRESH_PATH, "refreshed_token", "scope", "renewed the access token without a proper scope."),
        (
            oauth_config,
            REFRESH_PATH,
            "refreshed_token",
            "open_id",
            "renewed the access token without a proper open_id.",
        ),
        (signed_in_config, TOKEN_INFO_PATH, "token_info", "scope", "did not say which account and which permissions"),
        (signed_in_config, TOKEN_INFO_PATH, "token_info", "creator_id", "did not say which account and which"),
        (static_token_with_app_config, TOKEN_INFO_PATH, "token_info", "scope", "did not say which account and which"),
    ],
)
def test_an_answer_without_scopes_or_account_is_an_error_that_says_so(
    config: MakeConfig, path: str, name: str, missing: str, sentence: str, tiktok: TikTok, clock: Clock
) -> None:
    answer = fixture(name)
    del answer["data"][missing]
    tiktok.answer_always(path, answer)

    outcome = read(tiktok, clock, "account", config=config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.system_error
    assert sentence in message_of(outcome, "account")
    assert tiktok.calls_of(PROFILE_PATH) == []


# --- Whom a sync reached --------------------------------------------------------------------------------------------


def reached(outcome: Outcome) -> list[str]:
    """What the log says of the account that the sync reached."""
    return [line for line in outcome.logged(Level.INFO) if line.startswith("Reached")]


@pytest.mark.parametrize(("config", "path"), TOLD)
def test_the_log_says_once_whom_a_sync_reached_and_what_was_granted(
    config: MakeConfig, path: str, tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, *SOME_STREAMS, config=config())

    assert reached(outcome) == [
        "Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id "
        "-000EmuOpenId_0001abcDEFghiJKL). It granted: comment.list, user.account.type, user.info.basic, "
        "user.info.profile, user.info.stats, user.info.username, user.insights, video.insights, video.list."
    ]


def test_the_log_does_not_make_up_what_a_bare_access_token_was_granted(first_sync: Outcome) -> None:
    assert reached(first_sync) == [
        "Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id "
        "-000EmuOpenId_0001abcDEFghiJKL). It granted: what TikTok does not tell of this token."
    ]


@pytest.mark.parametrize("stream", ["account_metrics", "videos_engagement_likes"])
def test_the_log_says_it_also_where_the_stream_account_is_not_selected(
    stream: str, tiktok: TikTok, clock: Clock
) -> None:
    assert len(reached(read(tiktok, clock, stream))) == 1


def test_the_log_says_that_an_account_is_personal(tiktok: TikTok, clock: Clock) -> None:
    tiktok.profile["is_business_account"] = False

    (line,) = reached(read(tiktok, clock, "account"))

    assert "a Personal Account" in line


def test_the_log_names_an_account_that_grants_next_to_nothing(clock: Clock) -> None:
    tiktok = tiktok_without("user.info.basic", "user.info.username", "user.account.type")

    (line,) = reached(read(tiktok, clock, "account", config=oauth_config()))

    assert line.startswith(
        "Reached the TikTok account without a shown name (username not shown, account type not shown, business_id "
        "-000EmuOpenId_0001abcDEFghiJKL). It granted: comment.list, user.info.profile, "
    )
