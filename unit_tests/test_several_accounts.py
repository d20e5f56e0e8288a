"""Several accounts in one connection: every stream reads all of them, and one account's trouble is its own."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType, Level, SyncMode

from integration_tests.streams import ALL_STREAMS, BREAKDOWN_STREAMS, COMMENT_STREAMS, POST_STREAMS
from unit_tests.syncs import (
    Clock,
    Outcome,
    Row,
    State,
    check,
    control_messages,
    cursors,
    oauth_config,
    oauth_entry,
    rate_limit_statuses,
    read,
    signed_in_config,
    signed_in_entry,
    state_text,
    static_token_config,
    static_token_entry,
)
from unit_tests.tiktok import (
    CLIENT_ID,
    COMMENTS_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    REPLIES_PATH,
    TOKEN_INFO_PATH,
    Answer,
    Call,
    Handler,
    Page,
    TikTok,
    TikTokAccount,
    comment,
    fixture,
    post,
    refusal,
    reply,
)

HARBOUR = "-000EmuOpenId_0001abcDEFghiJKL"
BAKER = "-000EmuOpenId_night_baker"
TEA = "-000EmuOpenId_tea_house"

# The names of posts and comments are the same in all accounts: nothing but the account tells them apart.
NEW_POST, OLD_POST = "9", "1"

MakeConfig = Callable[..., dict[str, Any]]


PROFILE = fixture("profile")["data"]
LIVELY_POST = fixture("video_list_first_page")["data"]["videos"][0]


def shares_in(something: Mapping[str, Any], share: float) -> dict[str, list[dict[str, Any]]]:
    """Its arrays of percentages, each with its first element alone and this for its percentage."""
    return {
        name: [elements[0] | {"percentage": share}]
        for name, elements in something.items()
        if isinstance(elements, list) and "percentage" in elements[0]
    }


def give(account: TikTokAccount, number: int) -> None:
    """Let this number be what the account has of everything: two posts, one comment, one reply, one day."""
    share = number / 10
    account.profile |= {"followers_count": number, **shares_in(PROFILE, share)}
    account.metrics = [
        {"date": "2026-11-13", "video_views": number, "audience_activity": [{"hour": "9", "count": number}]}
    ]
    account.posts = [
        post(
            NEW_POST,
            "2026-11-01T08:00:00Z",
            likes=number,
            comments=number,
            **shares_in(LIVELY_POST, share),
        ),
        post(OLD_POST, "2024-11-01T08:00:00Z", likes=number + 10),
    ]
    account.comments = {
        NEW_POST: [
            comment("91", "2026-11-01T09:00:00Z", reply("911", "2026-11-01T10:00:00Z", likes=number), likes=number)
        ]
    }


@pytest.fixture
def three(tiktok: TikTok) -> TikTok:
    """TikTok with the accounts @harbour_coffee, @night_baker and @tea_house, which have 1, 2 and 3 of everything."""
    for number, account in enumerate([tiktok, tiktok.add_account("night_baker"), tiktok.add_account("tea_house")], 1):
        give(account, number)
    return tiktok


def oauth(tiktok: TikTok, **settings: Any) -> dict[str, Any]:
    """A config of all its accounts as after their sign-in."""
    return oauth_config({"additional_accounts": [oauth_entry(account) for account in tiktok.accounts[1:]], **settings})


def signed_in(tiktok: TikTok, **settings: Any) -> dict[str, Any]:
    """A config of all its accounts as it was written back, the second of which has a name."""
    more = [signed_in_entry(account) for account in tiktok.accounts[1:]]
    more[0]["name"] = "Night Baker"
    return signed_in_config({"additional_accounts": more, **settings})


def bare(tiktok: TikTok, **settings: Any) -> dict[str, Any]:
    """A config of all its accounts with access tokens that are used as they are."""
    more = [static_token_entry(account) for account in tiktok.accounts[1:]]
    return static_token_config(additional_accounts=more, **settings)


def bare_with_app(tiktok: TikTok, **settings: Any) -> dict[str, Any]:
    """The same with the app's id, with which TikTok tells what each token allows."""
    config = bare(tiktok, **settings)
    config["credentials"]["client_id"] = CLIENT_ID
    return config


def mixed(tiktok: TikTok, **settings: Any) -> dict[str, Any]:
    """A config with each kind of account."""
    _, second, third = tiktok.accounts
    return oauth_config({"additional_accounts": [signed_in_entry(second), static_token_entry(third)], **settings})


# In each stream the column that has the account's number, and what becomes of the numbers 1, 2 and 3.
NUMBERS = {HARBOUR: 1, BAKER: 2, TEA: 3}
SHARES = {HARBOUR: 0.1, BAKER: 0.2, TEA: 0.3}
EXPECTED: dict[str, tuple[str, Mapping[str, Any]]] = {
    "account": ("followers_count", NUMBERS),
    **{f"account_{array}": (f"{array}_percentage", SHARES) for array in shares_in(PROFILE, 0)},
    "account_metrics": ("video_views", NUMBERS),
    "account_metrics_audience_activity": ("audience_activity_count", NUMBERS),
    "videos": ("likes", NUMBERS),
    **{f"videos_{array}": (f"{array}_percentage", SHARES) for array in shares_in(LIVELY_POST, 0)},
    "videos_comments": ("likes", NUMBERS),
    "videos_comments_replies": ("likes", NUMBERS),
}
# One or two of each kind, where it does not take all.
SOME_STREAMS = ("account", "account_metrics", "videos", "videos_impression_sources", *COMMENT_STREAMS)
USERNAMES = {HARBOUR: "harbour_coffee", BAKER: "night_baker", TEA: "tea_house"}


def rows_of(outcome: Outcome, stream: str) -> list[Row]:
    """The rows of a stream; of posts, those of the new one."""
    return [row for row in outcome.rows(stream) if row.get("item_id", NEW_POST) == NEW_POST]


def found_in(outcome: Outcome, stream: str) -> dict[str, Any]:
    """By account: what is in the column of the stream that has the account's number."""
    column, _ = EXPECTED[stream]
    rows = rows_of(outcome, stream)
    found = {row["business_id"]: row[column] for row in rows}
    assert len(found) == len(rows)
    return found


def expected_in(stream: str, *accounts: str) -> dict[str, Any]:
    """By account: what belongs there."""
    _, values = EXPECTED[stream]
    return {account: values[account] for account in accounts}


def only_about(account: TikTokAccount, tiktok: TikTok, answer: Answer, *paths: str) -> Handler:
    """Every call about this account, or those to these paths, gets this answer."""

    def handle(call: Call) -> Answer | None:
        is_meant = tiktok.account_about_which(call) is account and (not paths or call.path in paths)
        return answer if is_meant else None

    return handle


def calls_by_account(tiktok: TikTok, path: str) -> dict[str, int]:
    """By account: the number of its calls of an endpoint."""
    accounts = Counter(account.business_id for account in tiktok.accounts for _ in tiktok.calls_of(path, account))
    return dict(accounts)


def comment_counts(state: State, stream: str = "videos_comments") -> Any:
    """The numbers of comments in the state of a stream of comments."""
    dumped = [AirbyteStateMessageSerializer.dump(message)["stream"] for message in state]
    (found,) = [entry for entry in dumped if entry["stream_descriptor"]["name"] == stream]
    return found["stream_state"].get("parent_state", {}).get("comments", {})


def sentences(outcome: Outcome, stream: str) -> list[str]:
    """With what the stream failed."""
    return [error.message or "" for error in outcome.failures_of(stream)]


def test_each_stream_has_a_column_to_tell_the_accounts_by() -> None:
    assert set(EXPECTED) == set(ALL_STREAMS), (
        f"Without one, or unknown: {sorted(set(EXPECTED) ^ set(ALL_STREAMS))}. Breakdowns are those of profile.json "
        "and of the first post of video_list_first_page.json in unit_tests/fixtures, and all others stand in EXPECTED "
        "in unit_tests/test_several_accounts.py."
    )


# --- All accounts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "num_workers", "renewals", "token_infos"),
    [
        pytest.param(oauth, 20, {HARBOUR: 1, BAKER: 1, TEA: 1}, {}, id="oauth, renewed"),
        pytest.param(signed_in, 20, {}, {HARBOUR: 1, BAKER: 1, TEA: 1}, id="oauth, valid tokens"),
        pytest.param(bare, 20, {}, {}, id="access tokens"),
        pytest.param(bare_with_app, 20, {}, {HARBOUR: 1, BAKER: 1, TEA: 1}, id="access tokens and client_id"),
        pytest.param(mixed, 20, {HARBOUR: 1}, {BAKER: 1, TEA: 1}, id="one of each"),
        pytest.param(mixed, 2, {HARBOUR: 1}, {BAKER: 1, TEA: 1}, id="one of each, two workers"),
    ],
)
def test_every_stream_reads_every_account_with_its_token_and_at_the_cost_of_one_alone(
    config: MakeConfig,
    num_workers: int,
    renewals: dict[str, int],
    token_infos: dict[str, int],
    three: TikTok,
    clock: Clock,
) -> None:
    outcome = read(three, clock, *ALL_STREAMS, config=config(three, num_workers=num_workers))

    for stream in ALL_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, BAKER, TEA), stream
        usernames = {row["business_id"]: row["video_creator_username"] for row in outcome.rows(stream)}
        assert usernames == USERNAMES, stream
        assert outcome.is_complete(stream)
    likes_of_old_posts = {row["business_id"]: row["likes"] for row in outcome.rows("videos") if row["likes"] > 10}
    assert likes_of_old_posts == {HARBOUR: 11, BAKER: 12, TEA: 13}

    for account in three.accounts:
        calls = [call for call in three.calls if call.params.get("business_id") == account.business_id]
        assert {call.headers["Access-Token"] for call in calls} == account.valid_tokens

    assert calls_by_account(three, REFRESH_PATH) == renewals
    assert calls_by_account(three, TOKEN_INFO_PATH) == token_infos
    assert calls_by_account(three, PROFILE_PATH) == {HARBOUR: 1, BAKER: 1, TEA: 1}
    assert calls_by_account(three, POSTS_PATH) == {HARBOUR: 1, BAKER: 1, TEA: 1}
    assert calls_by_account(three, COMMENTS_PATH) == {HARBOUR: 1, BAKER: 1, TEA: 1}
    assert calls_by_account(three, REPLIES_PATH) == {}


@pytest.mark.parametrize("stream", ALL_STREAMS)
def test_a_stream_alone_reads_every_account(stream: str, three: TikTok, clock: Clock) -> None:
    outcome = read(three, clock, stream, config=bare(three))

    assert found_in(outcome, stream) == expected_in(stream, HARBOUR, BAKER, TEA)


def test_a_full_refresh_reads_every_account(three: TikTok, clock: Clock) -> None:
    outcome = read(three, clock, *ALL_STREAMS, config=bare(three), sync_mode=SyncMode.full_refresh)

    for stream in ALL_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, BAKER, TEA), stream


def test_an_account_among_others_is_the_same_as_alone(three: TikTok, clock: Clock) -> None:
    together = read(three, clock, *ALL_STREAMS, config=bare(three))
    alone = read(three, clock, *ALL_STREAMS, config=static_token_config())

    for stream in ALL_STREAMS:
        assert [row for row in together.rows(stream) if row["business_id"] == HARBOUR] == alone.rows(stream)


def test_accounts_without_posts_followers_or_permission_to_more_are_no_failure(three: TikTok, clock: Clock) -> None:
    _, second, third = three.accounts
    second.posts = []
    third.profile = fixture("profile_of_a_small_personal_account")["data"] | {"username": "tea_house"}

    outcome = read(three, clock, *ALL_STREAMS, config=signed_in(three))

    assert found_in(outcome, "videos") == {HARBOUR: 1, TEA: 3}
    assert found_in(outcome, "account_audience_ages") == {HARBOUR: 0.1, BAKER: 0.2}
    assert found_in(outcome, "videos_comments") == {HARBOUR: 1, TEA: 3}
    assert all(outcome.is_complete(stream) for stream in ALL_STREAMS)


def test_additional_accounts_that_are_none_change_nothing(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, "account", "videos", config=static_token_config(additional_accounts=[]))

    assert {row["business_id"] for row in outcome.rows("videos")} == {HARBOUR}


def test_whom_it_reached_is_said_of_each_account(three: TikTok, clock: Clock) -> None:
    three.accounts[1].scopes = ["user.info.basic", "user.info.username"]

    outcome = read(three, clock, "account", config=signed_in(three))

    said = [message for message in outcome.logged(Level.INFO) if message.startswith("Reached")]
    assert sorted(message.split(" (")[0] for message in said) == [
        "Reached the TikTok account Harbour Coffee",
        "Reached the TikTok account Night Baker",
        "Reached the TikTok account Tea House",
    ]
    (of_the_second,) = [message for message in said if "Night Baker" in message]
    assert of_the_second.endswith("It granted: user.info.basic, user.info.username.")


# --- Trouble of one account -----------------------------------------------------------------------------------------


def test_the_name_of_an_account_in_trouble_is_the_one_in_the_config(three: TikTok, clock: Clock) -> None:
    _, second, third = three.accounts
    more = [oauth_entry(second, name="Night Baker"), signed_in_entry(third, name="The Tea House")]
    config = oauth_config({"additional_accounts": more})
    three.answer_always(REFRESH_PATH, fixture("refused_refresh"))
    third.valid_tokens = set()

    outcome = read(three, clock, "account", config=config, expect_failure=True)

    assert sorted(sentence.split(": ")[0] for sentence in sentences(outcome, "account")) == [
        "TikTok account Night Baker (`additional_accounts[0]`)",
        f"TikTok account The Tea House ({TEA})",
        "TikTok account `credentials`",
    ]


def test_an_account_that_is_alone_is_not_named(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = set()

    outcome = read(tiktok, clock, "account", config=static_token_config(), expect_failure=True)

    assert sentences(outcome, "account") == [
        "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
        "authenticate with OAuth, which renews it by itself."
    ]


@pytest.mark.parametrize(
    "config",
    [pytest.param(signed_in, id="oauth"), pytest.param(bare_with_app, id="access tokens and client_id")],
)
def test_a_permission_that_one_account_did_not_give_fails_only_what_is_made_of_it(
    config: MakeConfig, three: TikTok, clock: Clock
) -> None:
    _, second, _ = three.accounts
    second.scopes.remove("video.insights")
    three.posts[0]["new_followers"] = second.posts[0]["new_followers"] = 7

    outcome = read(three, clock, *ALL_STREAMS, config=config(three), expect_failure=True)

    assert set(outcome.failures) == set(BREAKDOWN_STREAMS)
    for stream in BREAKDOWN_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, TEA)
        (sentence,) = sentences(outcome, stream)
        assert f"{BAKER}" in sentence.split(": ")[0]
        assert f"The account {BAKER} did not grant `video.insights`, which the stream `{stream}` is made of" in sentence
        assert outcome.failures[stream].failure_type == FailureType.config_error
    for stream in set(ALL_STREAMS) - set(BREAKDOWN_STREAMS):
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, BAKER, TEA)
    followers = {row["business_id"]: row.get("new_followers") for row in rows_of(outcome, "videos")}
    assert followers == {HARBOUR: 7, BAKER: None, TEA: None}


@pytest.mark.parametrize("config", [pytest.param(signed_in, id="oauth"), pytest.param(bare, id="access tokens")])
def test_one_account_without_permission_to_read_comments_leaves_those_of_the_others(
    config: MakeConfig, three: TikTok, clock: Clock
) -> None:
    _, second, _ = three.accounts
    second.scopes.remove("comment.list")

    outcome = read(three, clock, *SOME_STREAMS, config=config(three), expect_failure=True)

    assert set(outcome.failures) == set(COMMENT_STREAMS)
    for stream in COMMENT_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, TEA)
        (sentence,) = sentences(outcome, stream)
        assert BAKER in sentence.split(": ")[0]
        # Where TikTok does not tell the scopes, the state stops at the first post that it refuses.
        if config is signed_in:
            assert comment_counts(outcome.state, stream) == {HARBOUR: {NEW_POST: 1}, TEA: {NEW_POST: 3}}


def test_a_throttled_account_says_that_it_waits_and_is_tried_six_times(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second, _ = three.accounts
    three.before_answering = only_about(second, three, refusal(40100))

    read(three, clock, "account", "videos", config=bare(three), expect_failure=True)

    assert calls_by_account(three, PROFILE_PATH) == {HARBOUR: 1, BAKER: 6, TEA: 1}
    assert calls_by_account(three, POSTS_PATH) == {HARBOUR: 1, TEA: 1}
    assert clock.waits_before_retries == [300, 300, 300, 300, 300]
    # Of the two streams that need the profile, the one that asks first says that it waits.
    waiting = rate_limit_statuses(capsys.readouterr().out)
    assert waiting in (["account"] * 6, ["videos"] * 6)


# Each endpoint with trouble of each kind, and with a missing permission.
NEEDING_POSTS = (*POST_STREAMS, *COMMENT_STREAMS)


@pytest.mark.parametrize(
    ("path", "answer", "streams"),
    [
        pytest.param(POSTS_PATH, refusal(40100), NEEDING_POSTS, id="posts, 40100"),
        pytest.param(POSTS_PATH, refusal(40130), NEEDING_POSTS, id="posts, 40130"),
        pytest.param(COMMENTS_PATH, refusal(50000), COMMENT_STREAMS, id="comments, 50000"),
        pytest.param(COMMENTS_PATH, refusal(40130), COMMENT_STREAMS, id="comments, 40130"),
        pytest.param(PROFILE_PATH, refusal(40130), ALL_STREAMS, id="profile, 40130"),
    ],
)
def test_trouble_with_one_endpoint_of_one_account_fails_what_needs_it(
    path: str, answer: Answer, streams: tuple[str, ...], three: TikTok, clock: Clock
) -> None:
    _, second, _ = three.accounts
    three.before_answering = only_about(second, three, answer, path)

    outcome = read(three, clock, *ALL_STREAMS, config=signed_in(three), expect_failure=True)

    assert set(outcome.failures) == set(streams)
    for stream in ALL_STREAMS:
        accounts = (HARBOUR, TEA) if stream in streams else (HARBOUR, BAKER, TEA)
        assert found_in(outcome, stream) == expected_in(stream, *accounts), stream


def test_two_accounts_in_trouble_are_both_named(three: TikTok, clock: Clock) -> None:
    _, second, third = three.accounts
    second.valid_tokens = third.valid_tokens = set()

    outcome = read(three, clock, *ALL_STREAMS, config=bare(three), expect_failure=True)

    for stream in ALL_STREAMS:
        named = sorted(re.findall("TikTok account ([^:]+):", " ".join(sentences(outcome, stream))))
        assert named == [BAKER, TEA], stream
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR)


def test_where_all_accounts_are_in_trouble_every_one_is_named(three: TikTok, clock: Clock) -> None:
    for account in three.accounts:
        account.valid_tokens = set()

    outcome = read(three, clock, *SOME_STREAMS, config=bare(three), expect_failure=True)

    for stream in SOME_STREAMS:
        assert " ".join(sentences(outcome, stream)).count("TikTok account ") == 3
        assert outcome.rows(stream) == []


# --- The state after trouble ----------------------------------------------------------------------------------------


def post_cursors(state: State, stream: str = "videos") -> dict[str, str]:
    """By account: the newest post that the state knows."""
    return {business_id: cursor["create_time"] for business_id, cursor in cursors(state, stream)}


def read_posts(outcome: Outcome) -> set[tuple[str, str]]:
    """Account and number of each post that was read."""
    return {(row["business_id"], row["item_id"]) for row in outcome.rows("videos")}


TROUBLES = [
    pytest.param(oauth, (REFRESH_PATH,), fixture("refused_refresh"), FailureType.config_error, id="a dead token"),
    pytest.param(
        signed_in, (TOKEN_INFO_PATH, REFRESH_PATH), refusal(40107), FailureType.config_error, id="a withdrawn token"
    ),
    pytest.param(bare, (), fixture("revoked_access_token"), FailureType.config_error, id="a revoked access token"),
    pytest.param(signed_in, (), refusal(40100), FailureType.transient_error, id="throttled, token calls too"),
    pytest.param(bare, (), refusal(40100), FailureType.transient_error, id="throttled"),
    pytest.param(oauth, (REFRESH_PATH,), refusal(51065), FailureType.transient_error, id="a renewal in trouble"),
    pytest.param(bare, (), refusal(50000), FailureType.transient_error, id="server trouble"),
    pytest.param(
        bare, (), Page(502, "<html>Bad gateway</html>"), FailureType.transient_error, id="trouble with HTTP 502"
    ),
    pytest.param(bare, (), refusal(40002), FailureType.system_error, id="a refusal that nobody expects"),
]
# Each for the account in the middle, and two of them for the others.
TROUBLES_BY_POSITION = [
    pytest.param(*trouble.values, position, id=f"{trouble.id}, account {position + 1}")
    for trouble in TROUBLES
    for position in ([0, 1, 2] if trouble.id in ("a dead token", "throttled") else [1])
]


@pytest.mark.parametrize(("config", "paths", "answer", "failure_type", "position"), TROUBLES_BY_POSITION)
def test_one_account_in_trouble_fails_by_name_the_others_finish_and_the_next_sync_reads_what_is_missing(
    config: MakeConfig,
    paths: tuple[str, ...],
    answer: Answer,
    failure_type: FailureType,
    position: int,
    three: TikTok,
    clock: Clock,
) -> None:
    failing = three.accounts[position]
    others = [account.business_id for account in three.accounts if account is not failing]
    three.before_answering = only_about(failing, three, answer, *paths)
    settings = config(three)
    place = ["credentials", "additional_accounts[0]", "additional_accounts[1]"][position]
    name = failing.business_id if config is not oauth else f"`{place}`"
    if config is signed_in and position == 1:
        name = f"Night Baker ({name})"

    first = read(three, clock, *SOME_STREAMS, config=settings, expect_failure=True)

    for stream in SOME_STREAMS:
        assert found_in(first, stream) == expected_in(stream, *others), stream
        (sentence,) = sentences(first, stream)
        assert sentence.startswith(f"TikTok account {name}: "), stream
        assert sentence.count("TikTok account ") == 1
        assert first.failures[stream].failure_type == failure_type
        assert not first.is_complete(stream)
    assert read_posts(first) == {(account, item) for account in others for item in (NEW_POST, OLD_POST)}

    three.before_answering = None
    three.calls.clear()

    second = read(three, clock, *SOME_STREAMS, config=settings, state=first.state)

    # Of the others no post that is frozen, and no comment.
    assert read_posts(second) == {
        *((account, NEW_POST) for account in others),
        (failing.business_id, NEW_POST),
        (failing.business_id, OLD_POST),
    }
    for stream in COMMENT_STREAMS:
        assert found_in(second, stream) == expected_in(stream, failing.business_id)
    assert calls_by_account(three, COMMENTS_PATH) == {failing.business_id: 1}
    for stream in set(SOME_STREAMS) - set(COMMENT_STREAMS):
        assert found_in(second, stream) == expected_in(stream, HARBOUR, BAKER, TEA)
    assert comment_counts(second.state) == {HARBOUR: {NEW_POST: 1}, BAKER: {NEW_POST: 2}, TEA: {NEW_POST: 3}}


@pytest.mark.parametrize("position", [0, 2])
def test_an_account_in_trouble_keeps_the_state_that_it_had(position: int, three: TikTok, clock: Clock) -> None:
    failing = three.accounts[position]
    before = read(three, clock, *SOME_STREAMS, config=bare(three)).state
    failing.valid_tokens = set()
    for account in three.accounts:
        account.posts[0]["comments"] += 10
    broken = read(three, clock, *SOME_STREAMS, config=bare(three), state=before, expect_failure=True)
    failing.valid_tokens = {failing.tokens.access}
    after = read(three, clock, *SOME_STREAMS, config=bare(three), state=broken.state)

    assert post_cursors(broken.state)[failing.business_id] <= post_cursors(before)[failing.business_id]
    assert comment_counts(broken.state) == {
        account.business_id: {NEW_POST: number + (0 if account is failing else 10)}
        for number, account in enumerate(three.accounts, 1)
    }
    assert read_posts(after) == {(HARBOUR, NEW_POST), (BAKER, NEW_POST), (TEA, NEW_POST)}
    assert found_in(after, "videos_comments") == expected_in("videos_comments", failing.business_id)


def idle_posts(tiktok: TikTok) -> None:
    """Let no account have impression sources, and each have three pages of posts, of which two are frozen."""
    for account in tiktok.accounts:
        account.posts = [
            *(post(str(100 - number), "2026-11-01T08:00:00Z") for number in range(20)),
            *(post(str(80 - number), "2024-11-01T08:00:00Z") for number in range(40)),
        ]
        for number, item in enumerate(account.posts):
            item["create_time"] = str(int(item["create_time"]) - 60 * number)


@pytest.mark.parametrize("position", [0, 2])
def test_an_account_that_gave_no_rows_is_not_read_from_its_beginning_again_because_another_is_in_trouble(
    position: int, three: TikTok, clock: Clock
) -> None:
    idle_posts(three)
    failing = three.accounts[position]
    others = [account.business_id for account in three.accounts if account is not failing]
    state = read(three, clock, "videos_impression_sources", config=bare(three)).state
    failing.valid_tokens = set()
    state = read(three, clock, "videos_impression_sources", config=bare(three), state=state, expect_failure=True).state
    failing.valid_tokens = {failing.tokens.access}
    three.calls.clear()

    read(three, clock, "videos_impression_sources", config=bare(three), state=state)

    pages = calls_by_account(three, POSTS_PATH)
    # The page that has the posts of the last 365 days, and the one on which they end.
    assert {account: pages[account] for account in others} == dict.fromkeys(others, 2)
    assert pages[failing.business_id] == 2


# --- Accounts that come and go --------------------------------------------------------------------------------------


def some(tiktok: TikTok, *positions: int) -> dict[str, Any]:
    """A config of some of its accounts, in this order."""
    first, *more = [static_token_entry(tiktok.accounts[position]) for position in positions]
    return {"credentials": {"auth_type": "business_access_token", **first}, "additional_accounts": more}


def test_an_account_that_is_added_is_read_from_its_beginning_and_the_others_go_on(three: TikTok, clock: Clock) -> None:
    before = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1)).state
    three.calls.clear()

    outcome = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1, 2), state=before)

    assert read_posts(outcome) == {(HARBOUR, NEW_POST), (BAKER, NEW_POST), (TEA, NEW_POST), (TEA, OLD_POST)}
    assert found_in(outcome, "account_metrics") == expected_in("account_metrics", HARBOUR, BAKER, TEA)
    assert calls_by_account(three, COMMENTS_PATH) == {TEA: 1}
    for stream in COMMENT_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, TEA)
        assert comment_counts(outcome.state, stream) == {
            HARBOUR: {NEW_POST: 1},
            BAKER: {NEW_POST: 2},
            TEA: {NEW_POST: 3},
        }


@pytest.mark.parametrize("positions", [(2, 0, 1), (1, 2, 0)])
def test_an_account_may_be_added_anywhere(positions: tuple[int, ...], three: TikTok, clock: Clock) -> None:
    before = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1)).state

    outcome = read(three, clock, *SOME_STREAMS, config=some(three, *positions), state=before)

    assert read_posts(outcome) == {(HARBOUR, NEW_POST), (BAKER, NEW_POST), (TEA, NEW_POST), (TEA, OLD_POST)}
    assert found_in(outcome, "videos_comments") == expected_in("videos_comments", TEA)


def test_the_order_of_the_accounts_may_change(three: TikTok, clock: Clock) -> None:
    before = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1, 2)).state
    three.calls.clear()

    outcome = read(three, clock, *SOME_STREAMS, config=some(three, 1, 2, 0), state=before)

    assert read_posts(outcome) == {(HARBOUR, NEW_POST), (BAKER, NEW_POST), (TEA, NEW_POST)}
    assert calls_by_account(three, COMMENTS_PATH) == {}
    assert comment_counts(outcome.state) == comment_counts(before)
    assert post_cursors(outcome.state) == post_cursors(before)


@pytest.mark.parametrize("gone", [0, 1])
def test_removing_an_account_leaves_the_states_of_all_alone(gone: int, three: TikTok, clock: Clock) -> None:
    all_of_them = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1, 2)).state
    left = [position for position in range(3) if position != gone]
    three.calls.clear()

    without = read(three, clock, *SOME_STREAMS, config=some(three, *left), state=all_of_them)

    assert calls_by_account(three, COMMENTS_PATH) == {}
    assert read_posts(without) == {(three.accounts[position].business_id, NEW_POST) for position in left}
    for stream in ("videos", "videos_impression_sources"):
        before, after = post_cursors(all_of_them, stream), post_cursors(without.state, stream)
        account = three.accounts[gone].business_id
        assert after == {**before, account: after[account]}
        # Its own goes back to where a sync that had it would have begun.
        assert "2025-11-20T12:00:00Z" <= after[account] <= before[account]
    for stream in COMMENT_STREAMS:
        assert comment_counts(without.state, stream) == comment_counts(all_of_them, stream)


@pytest.mark.parametrize("gone", [0, 2])
def test_an_account_that_comes_back_goes_on_where_it_was(gone: int, three: TikTok, clock: Clock) -> None:
    state = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1, 2)).state
    left = [position for position in range(3) if position != gone]
    state = read(three, clock, *SOME_STREAMS, config=some(three, *left), state=state).state
    state = read(three, clock, *SOME_STREAMS, config=some(three, *left), state=state).state
    three.calls.clear()

    back = read(three, clock, *SOME_STREAMS, config=some(three, 0, 1, 2), state=state)

    assert read_posts(back) == {(HARBOUR, NEW_POST), (BAKER, NEW_POST), (TEA, NEW_POST)}
    assert calls_by_account(three, COMMENTS_PATH) == {}


@pytest.mark.parametrize("gone", [0, 2])
def test_an_account_that_gave_no_rows_and_comes_back_is_not_read_from_its_beginning_again(
    gone: int, three: TikTok, clock: Clock
) -> None:
    idle_posts(three)
    stream = "videos_impression_sources"
    state = read(three, clock, stream, config=some(three, 0, 1, 2)).state
    left = [position for position in range(3) if position != gone]
    state = read(three, clock, stream, config=some(three, *left), state=state).state
    three.calls.clear()

    read(three, clock, stream, config=some(three, 0, 1, 2), state=state)

    assert calls_by_account(three, POSTS_PATH) == {HARBOUR: 2, BAKER: 2, TEA: 2}


def test_the_state_of_one_account_is_that_of_the_first_of_several(three: TikTok, clock: Clock) -> None:
    alone = read(three, clock, *SOME_STREAMS, config=static_token_config()).state

    outcome = read(three, clock, *SOME_STREAMS, config=bare(three), state=alone)

    assert (HARBOUR, OLD_POST) not in read_posts(outcome)
    assert {(BAKER, OLD_POST), (TEA, OLD_POST)} < read_posts(outcome)


def test_a_post_has_its_number_of_comments_in_each_account(three: TikTok, clock: Clock) -> None:
    before = read(three, clock, "videos_comments", config=bare(three)).state
    three.accounts[1].posts[0]["comments"] = 3
    three.calls.clear()

    outcome = read(three, clock, "videos_comments", config=bare(three), state=before)

    assert calls_by_account(three, COMMENTS_PATH) == {BAKER: 1}
    assert comment_counts(outcome.state) == {HARBOUR: {NEW_POST: 1}, BAKER: {NEW_POST: 3}, TEA: {NEW_POST: 3}}
    assert found_in(outcome, "videos_comments") == {BAKER: 2}


# --- Accounts that turn out to be the same --------------------------------------------------------------------------


def the_same(tiktok: TikTok) -> None:
    """Let the second account be authenticated with the first."""
    tiktok.accounts[1].business_id = HARBOUR


def test_two_entries_for_one_account_are_found_out_and_the_others_are_read(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    the_same(three)

    outcome = read(three, clock, *SOME_STREAMS, config=oauth(three), expect_failure=True)

    for stream in SOME_STREAMS:
        assert sentences(outcome, stream) == [
            "TikTok account `additional_accounts[0]`: `credentials` and `additional_accounts[0]` are the same TikTok "
            f"account, {HARBOUR}. Remove one of them, or authenticate it with the account that you meant."
        ]
        assert outcome.failures[stream].failure_type == FailureType.config_error
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, TEA)
    *_, stored = control_messages(capsys.readouterr().out)
    assert [
        stored["credentials"]["business_id"],
        *(entry["business_id"] for entry in stored["additional_accounts"]),
    ] == [
        HARBOUR,
        HARBOUR,
        TEA,
    ]
    assert stored["additional_accounts"][0]["refresh_token"] == three.accounts[1].tokens.renewed_refresh


def test_two_entries_for_one_account_are_a_config_error_for_check(three: TikTok, clock: Clock, tmp_path: Path) -> None:
    the_same(three)

    status = check(three, clock, oauth(three), tmp_path)

    assert status.message == (
        "TikTok account `additional_accounts[0]`: `credentials` and `additional_accounts[0]` are the same TikTok "
        f"account, {HARBOUR}. Remove one of them, or authenticate it with the account that you meant."
    )


def test_what_was_written_back_of_two_entries_for_one_account_is_refused_before_any_call(
    three: TikTok, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    the_same(three)
    read(three, clock, "account", config=oauth(three), expect_failure=True)
    *_, stored = control_messages(capsys.readouterr().out)
    three.calls.clear()

    status = check(three, clock, stored, tmp_path)

    assert status.message == (
        f"`credentials` and `additional_accounts[0]` are the same TikTok account, {HARBOUR}. Remove one of them, or "
        "authenticate it with the account that you meant."
    )
    assert three.calls == []


# --- What is written back -------------------------------------------------------------------------------------------


def tokens_in(config: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Refresh token and access token of each account in a config."""
    entries = [config["credentials"], *config["additional_accounts"]]
    return [(entry["refresh_token"], entry.get("access_token")) for entry in entries]


def test_new_tokens_are_written_to_their_own_entries(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    config = oauth(three, start_date="2020-01-01", of_another_version=[1])
    config["additional_accounts"][1] |= {"name": "The Tea House", "of_another_version": 2}

    read(three, clock, *SOME_STREAMS, config=config)

    messages = control_messages(capsys.readouterr().out)
    assert len(messages) == 3
    assert messages[-1] == {
        "credentials": {
            "auth_type": "business_oauth",
            "client_id": "7400000000000000001",
            "client_secret": "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ff",
            "refresh_token": "rft.EMU1rOtAtEd!5001.em",
            "access_token": "act.EMU1nEwToKeN!5001.em",
            "token_expiry_date": "2026-11-21T12:00:00+00:00",
            "business_id": HARBOUR,
        },
        "additional_accounts": [
            {
                "refresh_token": "rft.night_baker1!5001.em",
                "access_token": "act.night_baker1!5001.em",
                "token_expiry_date": "2026-11-21T12:00:00+00:00",
                "business_id": BAKER,
            },
            {
                "name": "The Tea House",
                "of_another_version": 2,
                "refresh_token": "rft.tea_house1!5001.em",
                "access_token": "act.tea_house1!5001.em",
                "token_expiry_date": "2026-11-21T12:00:00+00:00",
                "business_id": TEA,
            },
        ],
        "start_date": "2020-01-01",
        "of_another_version": [1],
    }


def test_only_the_account_whose_token_has_ended_is_renewed(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second, third = three.accounts
    more = [signed_in_entry(second, token_expiry_date="2026-11-20T11:00:00Z"), signed_in_entry(third)]

    read(three, clock, *SOME_STREAMS, config=signed_in_config({"additional_accounts": more}))

    assert calls_by_account(three, REFRESH_PATH) == {BAKER: 1}
    (stored,) = control_messages(capsys.readouterr().out)
    assert tokens_in(stored) == [
        (three.tokens.refresh, three.tokens.access),
        (second.tokens.renewed_refresh, second.tokens.renewed_access),
        (third.tokens.refresh, third.tokens.access),
    ]


def test_a_token_that_is_revoked_during_the_sync_is_renewed_for_its_account_alone(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second, third = three.accounts

    def revoke(call: Call) -> Answer | None:
        if call.path == POSTS_PATH and second.valid_tokens == {second.tokens.access}:
            second.valid_tokens = set()
        return None

    three.before_answering = revoke
    outcome = read(three, clock, *SOME_STREAMS, config=signed_in(three))

    for stream in SOME_STREAMS:
        assert found_in(outcome, stream) == expected_in(stream, HARBOUR, BAKER, TEA)
    assert calls_by_account(three, REFRESH_PATH) == {BAKER: 1}
    (stored,) = control_messages(capsys.readouterr().out)
    assert tokens_in(stored)[0] == (three.tokens.refresh, three.tokens.access)
    assert tokens_in(stored)[2] == (third.tokens.refresh, third.tokens.access)


def test_each_control_message_is_a_config_that_works_after_a_crash(
    three: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever message was the last that the platform got, each account's refresh token in it is its newest."""
    accounts = three.accounts
    left: list[list[str]] = []

    def note(call: Call) -> Answer | None:
        if call.path == REFRESH_PATH:
            left.append([account.refresh_token for account in accounts])
        return None

    three.before_answering = note
    read(three, clock, *SOME_STREAMS, config=oauth(three))

    messages = control_messages(capsys.readouterr().out)
    stored = [[refresh_token for refresh_token, _ in tokens_in(message)] for message in messages]
    # Before the second and the third renewal the platform had what TikTok still took then.
    assert stored[:2] == [left[1], left[2]]
    assert stored[2] == [account.refresh_token for account in accounts]


@pytest.mark.parametrize(
    ("config", "known"),
    [
        pytest.param(oauth, ("refresh", "renewed_access", "renewed_refresh"), id="oauth, renewed"),
        pytest.param(signed_in, ("refresh", "access"), id="oauth, valid tokens"),
        pytest.param(bare, ("access",), id="access tokens"),
    ],
)
def test_no_secret_of_any_account_is_in_any_message(
    config: MakeConfig,
    known: tuple[str, ...],
    three: TikTok,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="airbyte")
    secrets = [getattr(account.tokens, name) for account in three.accounts for name in known]
    repeated = refusal(40107, f"None of {', '.join(secrets)} is valid.")
    three.before_answering = only_about(three.accounts[1], three, repeated, POSTS_PATH, COMMENTS_PATH)

    outcome = read(three, clock, *SOME_STREAMS, config=config(three), expect_failure=True)

    printed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith('{"type":"CONTROL"')]
    everything = "\n".join([outcome.text, state_text(outcome.state), *printed])
    assert f"None of {', '.join('****' for _ in secrets)} is valid." in everything
    assert [secret for secret in secrets if secret in everything] == []
