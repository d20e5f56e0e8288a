"""Several accounts in one connection: each is read as if it were alone, and the trouble of one is its own."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    COMMENT_STREAMS,
    STREAMS,
    Connector,
    Message,
    Output,
    ReadyToRun,
    call_log,
    calls,
    calls_by_account,
    granted,
    oauth_config,
    revoke,
    set_fault,
    several_accounts_config,
    token_config,
)
from integration_tests.emulator.accounts import Account, AccountSpec
from integration_tests.emulator.fields import ANALYTICS_SCOPES, PROFILE_FIELDS
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator
from integration_tests.emulator.testing import NOON, Api
from integration_tests.written import comment_ids, fresh_posts, posts, reply_ids

PROFILE, POSTS, BENCHMARK = "business/get/", "business/video/list/", "business/benchmark/"
COMMENTS, REPLIES = "business/comment/list/", "business/comment/reply/list/"
REFRESH, TOKEN_INFO = "tt_user/oauth2/refresh_token/", "tt_user/token_info/get/"

ALL_STREAMS = [*STREAMS, *COMMENT_STREAMS]
AUDIENCE = [name for name in STREAMS if name.startswith("account_")]
POST_STREAMS = [name for name in STREAMS if name.startswith("videos")]
POST_BREAKDOWNS = [name for name in STREAMS if name.startswith("videos_")]

# Three pages of posts, two and two; about a quarter of the posts are of the last hundred days.
THREE = (
    AccountSpec(kind="business_registered", posts=45, history_days=400, comments_per_post=2),
    AccountSpec(kind="business", posts=25, history_days=400, comments_per_post=3),
    AccountSpec(kind="personal", posts=22, history_days=400, comments_per_post=4),
)
PAGES = [3, 2, 2]


@pytest.fixture(scope="module")
def still_tiktok() -> Iterator[RunningEmulator]:
    """An emulated TikTok with three accounts that all tests with the rows of `clean` share."""
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, hidden_post_rate=0)
    with running_emulator(accounts=THREE, knobs=knobs, now=NOON, frozen=True) as running:
        yield running


@pytest.fixture(scope="module")
def clean(still_tiktok: RunningEmulator, tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun) -> Output:
    """A sync in which nothing went wrong."""
    return Connector(tmp_path_factory.mktemp("clean"), ready=ready).read(config_of(still_tiktok), ALL_STREAMS)


@pytest.fixture
def tiktok(still_tiktok: RunningEmulator) -> RunningEmulator:
    """The same before any fault and call."""
    still_tiktok.emulator.faults.clear()
    still_tiktok.emulator.calls.clear()
    return still_tiktok


def config_of(tiktok: RunningEmulator, **settings: Any) -> dict[str, Any]:
    """The config of all accounts, or of those with `grants`, that reads posts of the last hundred days again."""
    return several_accounts_config(tiktok, video_lookback_days=100, **settings)


def stored(output: Output, config: dict[str, Any]) -> dict[str, Any]:
    """The config that the platform has after a run."""
    return (output.written_back or [config])[-1]


def asked_about(tiktok: RunningEmulator, open_id: str) -> set[str]:
    """The posts of an account whose comments were asked for."""
    return {call["params"]["video_id"] for call in call_log(tiktok, COMMENTS) if call["business_id"] == open_id}


# --- Everything of everyone, as if they were alone ------------------------------------------------------------------


def rows_that_tiktok_has(tiktok: RunningEmulator, account: Account) -> dict[str, int]:
    """How many rows each stream ought to have of an account, counted in TikTok's own answers and in its memory."""
    arrays = [name for name, field in PROFILE_FIELDS.items() if field.is_array]
    today = tiktok.emulator.clock.today()
    days = {"start_date": str(today - timedelta(days=58)), "end_date": str(today - timedelta(days=1))}
    with requests.Session() as session:
        api = Api(tiktok, session)
        api.as_account(account)
        profile = api.data(PROFILE, fields=[*arrays, "likes", "audience_activity"], **days)
        videos = api.all_posts(*(name.removeprefix("videos_") for name in POST_BREAKDOWNS))
    return {
        "account": 1,
        **{f"account_{array}": len(profile[array]) for array in arrays},
        "account_metrics": len(profile["metrics"]),
        "account_metrics_audience_activity": sum(len(day["audience_activity"]) for day in profile["metrics"]),
        "videos": len(videos),
        **{name: sum(len(video.get(name.removeprefix("videos_"), [])) for video in videos) for name in POST_BREAKDOWNS},
        "videos_comments": comment_ids(tiktok, account.open_id).total(),
        "videos_comments_replies": reply_ids(tiktok, account.open_id).total(),
    }


def test_every_stream_reads_every_account(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.read(several_accounts_config(tiktok, video_lookback_days=0), ALL_STREAMS)

    assert output.errors == []
    accounts = tiktok.emulator.accounts.values()
    for account in accounts:
        rows = {name: len(found) for name, found in output.contents(ALL_STREAMS, account.open_id).items()}
        assert rows == rows_that_tiktok_has(tiktok, account)
        item_ids = {row["item_id"] for row in output.rows("videos") if row["business_id"] == account.open_id}
        assert item_ids == {str(post.item_id) for post in posts(tiktok, account.open_id)}
    owners = {(account.open_id, account.username) for account in accounts}
    for name in ALL_STREAMS:
        assert {(row["business_id"], row["video_creator_username"]) for row in output.rows(name)} == owners, name
    kinds = {row["business_id"]: row["is_business_account"] for row in output.rows("account")}
    assert list(map(kinds.__getitem__, tiktok.emulator.accounts)) == [True, True, False]


def test_an_account_costs_the_calls_that_it_costs_alone_and_none_is_one_too_many(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(*THREE, frozen=False, hidden_post_rate=0, account_endpoint_qpm=40, app_qpm=600, app_qps=10)

    output = connector.read(several_accounts_config(tiktok, requests_per_minute=40))

    assert output.errors == []
    assert calls(tiktok) == {REFRESH: 3, PROFILE: 3, POSTS: 7}
    assert calls_by_account(tiktok) == {
        open_id: {REFRESH: 1, PROFILE: 1, POSTS: pages}
        for open_id, pages in zip(tiktok.emulator.accounts, PAGES, strict=True)
    }


def test_each_post_of_each_account_is_asked_once_for_its_comments(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    output = connector.read(several_accounts_config(tiktok, video_lookback_days=0), COMMENT_STREAMS)

    assert output.errors == []
    asked = Counter((call["business_id"], call["params"]["video_id"]) for call in call_log(tiktok, COMMENTS))
    written = {(row["business_id"], row["video_id"]) for row in output.rows("videos_comments")}
    fresh = {(open_id, video_id) for open_id in tiktok.emulator.accounts for video_id in fresh_posts(tiktok, open_id)}
    assert asked == dict.fromkeys(written | fresh, 1)


@pytest.mark.parametrize(("pages", "is_too_many"), [(2, False), (3, True)])
def test_an_account_waits_for_its_own_calls_and_not_for_those_of_others(
    connector: Connector, start_tiktok: StartTikTok, pages: int, is_too_many: bool
) -> None:
    three = [AccountSpec(posts=20 * pages, history_days=200)] * 3
    tiktok = start_tiktok(*three, frozen=False, hidden_post_rate=0, account_endpoint_qpm=2)
    ahead = tiktok.emulator.clock.now() - datetime.now(UTC)

    output = connector.without_waiting.read(several_accounts_config(tiktok, requests_per_minute=2), ["videos"])

    assert output.errors == []
    assert calls(tiktok) == {REFRESH: 3, PROFILE: 3, POSTS: 3 * pages}
    moved = tiktok.emulator.clock.now() - datetime.now(UTC) - ahead
    # The minute counts from the first call, which on a busy machine was some seconds ago.
    assert (moved > timedelta(seconds=30)) is is_too_many


def test_ten_accounts_of_two_hundred_posts_stay_below_all_limits(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    ten = [AccountSpec(posts=200)] * 10
    tiktok = start_tiktok(*ten, frozen=False, hidden_post_rate=0, account_endpoint_qpm=40, app_qpm=600, app_qps=10)

    output = connector.without_waiting.read(several_accounts_config(tiktok, requests_per_minute=40), ["videos"])

    assert output.errors == []
    assert calls(tiktok) == {REFRESH: 10, PROFILE: 10, POSTS: 100}
    posts_of = Counter(row["business_id"] for row in output.rows("videos"))
    assert posts_of == dict.fromkeys(tiktok.emulator.accounts, 200)
    assert not any("limiting" in line for line in output.logs)


# --- The trouble of one ---------------------------------------------------------------------------------------------

Entry = dict[str, Any]


def a_revoked_refresh_token(tiktok: RunningEmulator, entry: Entry, open_id: str) -> None:
    """The owner has withdrawn the permission."""
    grant = granted(tiktok, open_id)
    revoke(tiktok, grant["access_token"])
    entry["refresh_token"] = grant["refresh_token"]


def a_dead_access_token(tiktok: RunningEmulator, entry: Entry, open_id: str) -> None:
    """A bare access token that ended yesterday."""
    entry.pop("refresh_token")
    entry["access_token"] = granted(tiktok, open_id, access_token_expires_in=-3600)["access_token"]
    entry["business_id"] = open_id


def html_instead_of_posts(tiktok: RunningEmulator, entry: Entry, open_id: str) -> None:
    """The list of posts of the account is broken."""
    set_fault(tiktok, POSTS, "http", business_id=open_id, times=None)


def html_instead_of_comments(tiktok: RunningEmulator, entry: Entry, open_id: str) -> None:
    """The comments of the account are broken."""
    set_fault(tiktok, COMMENTS, "html_200", business_id=open_id, times=None)


def no_scope(missing: str) -> Callable[[RunningEmulator, Entry, str], None]:
    """The owner has left a permission out."""

    def leave_out(tiktok: RunningEmulator, entry: Entry, open_id: str) -> None:
        scopes = [scope for scope in ANALYTICS_SCOPES if scope != missing]
        entry["refresh_token"] = granted(tiktok, open_id, scopes=scopes)["refresh_token"]

    return leave_out


@dataclass(frozen=True)
class Trouble:
    """What is wrong with an account: how it comes about, which of its streams fail and what is said about it."""

    begin: Callable[[RunningEmulator, Entry, str], None]
    streams: list[str]
    words: str
    has_walked_posts: bool = False
    has_read_comments: bool = False


TROUBLES = [
    pytest.param(Trouble(a_revoked_refresh_token, ALL_STREAMS, "(code 40107: "), id="a revoked refresh token"),
    pytest.param(
        Trouble(html_instead_of_posts, [*POST_STREAMS, *COMMENT_STREAMS], "other than JSON (HTTP 502)"),
        id="HTML instead of posts",
    ),
    pytest.param(
        Trouble(html_instead_of_comments, COMMENT_STREAMS, "other than JSON (HTTP 200)", has_walked_posts=True),
        id="HTML instead of comments",
    ),
    pytest.param(
        Trouble(no_scope("user.insights"), AUDIENCE, "`user.insights`", has_walked_posts=True, has_read_comments=True),
        id="no user.insights",
    ),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_streams_of_an_account_in_trouble_fail_by_name_and_the_next_sync_reads_only_them(
    connector: Connector, tiktok: RunningEmulator, clean: Output, trouble: Trouble
) -> None:
    first, second, third = tiktok.emulator.accounts
    config = config_of(tiktok)
    (entry, _) = config["additional_accounts"]
    trouble.begin(tiktok, entry, second)

    output = connector.without_waiting.read(config, ALL_STREAMS)

    assert output.exit_code == 1
    assert [name for name, _ in output.failures] == sorted(trouble.streams)
    for _, sentence in output.failures:
        assert sentence.startswith("TikTok account Account 2 (")
        assert trouble.words in sentence
    for open_id in (first, third):
        assert output.contents(ALL_STREAMS, open_id) == clean.contents(ALL_STREAMS, open_id)
    untroubled = [name for name in ALL_STREAMS if name not in trouble.streams]
    keys = [keys_of(name, output, second) for name in untroubled]
    assert keys == [keys_of(name, clean, second) for name in untroubled]

    # Mended, whatever it was.
    config = stored(output, config)
    new = granted(tiktok, second)
    (entry, _) = config["additional_accounts"]
    entry |= {name: new[name] for name in ("refresh_token", "access_token") if name in entry}
    tiktok.emulator.faults.clear()
    tiktok.emulator.calls.clear()

    mended = connector.read(config, ALL_STREAMS, state=output.state)

    assert mended.errors == []
    for name in trouble.streams:
        assert mended.contents([name], second) == clean.contents([name], second), name
    assert pages_walked(tiktok) == {first: 1, second: 1 if trouble.has_walked_posts else 2, third: 1}
    # The CDK writes no numbers of comments beyond a post that failed, whosever it is.
    if trouble.streams != COMMENT_STREAMS:
        for open_id in (first, third):
            assert asked_about(tiktok, open_id) == fresh_posts(tiktok, open_id)
    if trouble.has_read_comments:
        assert asked_about(tiktok, second) == fresh_posts(tiktok, second)


def keys_of(stream: str, output: Output, open_id: str) -> Counter[tuple[Any, ...]]:
    """What tells the rows of an account apart, whatever else they say."""
    names = ("metric_date", "item_id", "comment_id")
    return Counter(
        tuple(row.get(name) for name in names) for row in output.rows(stream) if row["business_id"] == open_id
    )


def test_the_first_account_is_no_exception(connector: Connector, tiktok: RunningEmulator, clean: Output) -> None:
    config = config_of(tiktok)
    a_revoked_refresh_token(tiktok, config["credentials"], next(iter(tiktok.emulator.accounts)))

    output = connector.read(config, ["account", "account_metrics", "videos", "videos_comments"])

    assert [name for name, _ in output.failures] == ["account", "account_metrics", "videos", "videos_comments"]
    assert all(sentence.startswith("TikTok account `credentials`: ") for _, sentence in output.failures)
    for open_id in list(tiktok.emulator.accounts)[1:]:
        for name in ("account", "account_metrics", "videos", "videos_comments"):
            assert output.contents([name], open_id) == clean.contents([name], open_id), name


def test_accounts_in_different_trouble_are_each_named(connector: Connector, tiktok: RunningEmulator) -> None:
    first, second, third = tiktok.emulator.accounts
    config = config_of(tiktok)
    a_dead_access_token(tiktok, config["additional_accounts"][0], second)
    no_scope("video.list")(tiktok, config["additional_accounts"][1], third)

    output = connector.read(config, ["videos"])

    (dead, _), (unpermitted, _) = sorted(
        ((sentence, name) for name, sentence in output.failures), key=lambda failure: failure[0]
    )
    assert dead.startswith(f"TikTok account Account 2 ({second}): TikTok refused the access token.")
    assert unpermitted.startswith(f"TikTok account Account 3 ({third}): ")
    assert "`video.list`" in unpermitted
    assert {row["business_id"] for row in output.rows("videos")} == {first}


def test_an_account_without_rows_is_not_walked_to_its_end_again_because_another_gets_into_trouble(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    small, other = AccountSpec(posts=60, history_days=600, followers=41), AccountSpec(posts=2)
    tiktok = start_tiktok(other, other, other, small, hidden_post_rate=0)
    last = list(tiktok.emulator.accounts)[3]
    streams = ["videos_audience_genders", "videos_audience_cities"]
    config = config_of(tiktok)
    before = connector.read(config, streams)
    config = stored(before, config)
    revoke(tiktok, config["additional_accounts"][1]["access_token"])
    failed = connector.read(config, streams, state=before.state)
    tiktok.emulator.calls.clear()

    connector.read(config, streams, state=failed.state)

    assert {name for name, _ in failed.failures} == set(streams)
    assert not any(row["business_id"] == last for name in streams for row in before.rows(name))
    assert calls_by_account(tiktok)[last][POSTS] == 1


# --- Accounts come and go -------------------------------------------------------------------------------------------


def test_an_account_that_is_added_gets_its_history_and_leaves_the_others_where_they_were(
    connector: Connector, tiktok: RunningEmulator, clean: Output
) -> None:
    first, second, third = tiktok.emulator.accounts
    before = connector.read(config_of(tiktok, grants=[granted(tiktok, first), granted(tiktok, second)]), ALL_STREAMS)
    tiktok.emulator.calls.clear()

    output = connector.read(config_of(tiktok), ALL_STREAMS, state=before.state)

    assert output.errors == []
    assert output.contents(ALL_STREAMS, third) == clean.contents(ALL_STREAMS, third)
    assert pages_walked(tiktok) == {first: 1, second: 1, third: 2}
    assert asked_about(tiktok, first) == fresh_posts(tiktok, first)
    assert asked_about(tiktok, second) == fresh_posts(tiktok, second)


def test_an_account_that_is_removed_keeps_its_state_for_the_day_on_which_it_comes_back(
    connector: Connector, tiktok: RunningEmulator, clean: Output
) -> None:
    first, second, third = tiktok.emulator.accounts
    without_second = config_of(tiktok, grants=[granted(tiktok, third), granted(tiktok, first)])
    tiktok.emulator.calls.clear()

    without = connector.read(without_second, ALL_STREAMS, state=clean.state)

    assert without.errors == []
    assert pages_walked(tiktok) == {first: 1, third: 1}
    assert asked_about(tiktok, third) == fresh_posts(tiktok, third)
    assert not any(row["business_id"] == second for name in ALL_STREAMS for row in without.rows(name))
    tiktok.emulator.calls.clear()

    back = connector.read(config_of(tiktok), ALL_STREAMS, state=without.state)

    assert back.errors == []
    assert pages_walked(tiktok) == {first: 1, second: 1, third: 1}
    assert asked_about(tiktok, second) == fresh_posts(tiktok, second)


def pages_walked(tiktok: RunningEmulator) -> dict[str | None, int]:
    """How many pages of posts each account was asked for."""
    return {open_id: counts[POSTS] for open_id, counts in calls_by_account(tiktok).items()}


@pytest.mark.parametrize("verb", ["check", "read"])
@pytest.mark.parametrize("name", ["business_id", "refresh_token"])
def test_two_entries_for_one_account_are_refused_before_any_call(
    connector: Connector, tiktok: RunningEmulator, verb: str, name: str
) -> None:
    config = config_of(tiktok)
    config["credentials"]["business_id"] = next(iter(tiktok.emulator.accounts))
    config["additional_accounts"][1][name] = config["credentials"][name]

    output = connector.check(config) if verb == "check" else connector.read(config)

    (sentence,) = [output.connection_status["message"]] if verb == "check" else output.errors
    assert "`credentials` and `additional_accounts[1]` are the same TikTok account" in sentence
    assert tiktok.emulator.calls.entries == []


def test_two_entries_that_turn_out_to_be_one_account_are_refused_by_name_and_it_is_read_once(
    connector: Connector, tiktok: RunningEmulator, clean: Output
) -> None:
    first, second, _ = tiktok.emulator.accounts
    grants = [granted(tiktok, open_id) for open_id in (first, second, first)]
    config = config_of(tiktok, grants=grants)
    streams = ["account", "videos"]
    sentence = (
        f"`credentials` and `additional_accounts[1]` are the same TikTok account, {first}. Remove one of them, or "
        "authenticate it with the account that you meant."
    )

    output = connector.read(config, streams)

    assert output.exit_code == 1
    assert [name for name, _ in output.failures] == streams
    assert all(said.endswith(sentence) for _, said in output.failures)
    for open_id in (first, second):
        assert output.contents(streams, open_id) == clean.contents(streams, open_id)
    # The tokens of all three are kept, so that removing the entry is all that there is to do.
    config = stored(output, config)
    assert sentence in connector.check(config).connection_status["message"]
    del config["additional_accounts"][1]
    assert connector.read(config, streams).errors == []


@pytest.mark.parametrize("is_bare", [False, True], ids=["refresh tokens", "access tokens"])
def test_entries_that_have_each_others_business_id_are_refused_by_name(
    connector: Connector, tiktok: RunningEmulator, is_bare: bool
) -> None:
    first, second, third = tiktok.emulator.accounts
    config = config_of(tiktok)
    for entry, owner, other in zip(config["additional_accounts"], (second, third), (third, second), strict=True):
        entry["business_id"] = other
        if is_bare:
            del entry["refresh_token"]
            entry["access_token"] = granted(tiktok, owner)["access_token"]

    output = connector.read(config, ["account"])

    assert {row["business_id"] for row in output.rows("account")} == {first}
    refused = [sentence for _, sentence in output.failures]
    for number, (owner, other) in enumerate(((second, third), (third, second))):
        (sentence,) = [one for one in refused if one.startswith(f"TikTok account Account {number + 2} ({other}): ")]
        assert f"The setting `additional_accounts[{number}].business_id` is '{other}', but the account" in sentence
        assert f"is '{owner}'. Change the setting to that" in sentence
    assert {call["business_id"] for call in call_log(tiktok, PROFILE)} == {first}


# --- Tokens ---------------------------------------------------------------------------------------------------------

TOKENS = ("refresh_token", "access_token", "token_expiry_date", "business_id")


def entries(config: dict[str, Any]) -> list[Entry]:
    """The settings of each account."""
    return [config["credentials"], *config["additional_accounts"]]


def owners_of(tiktok: RunningEmulator, config: dict[str, Any], name: str) -> list[str | None]:
    """Whom TikTok gave the tokens in a config to."""
    return [tiktok.emulator.tokens.account_of(entry[name]) for entry in entries(config)]


def test_each_account_gets_its_own_tokens_back_also_when_all_are_renewed_at_the_same_moment(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(*[AccountSpec(posts=2)] * 5, old_refresh_token_dies=True, refresh_kills_old_access_token=True)
    ids = list(tiktok.emulator.accounts)
    config = several_accounts_config(tiktok)

    first = connector.read(config, ["account", "videos"])
    tiktok.emulator.clock.advance(90_000)
    # From now on each renewal takes a moment, so that they meet.
    set_fault(tiktok, REFRESH, "slow", seconds=0.2, times=None)
    second = connector.without_waiting.read(stored(first, config), ["account", "videos"])

    for output in (first, second):
        assert output.errors == []
        assert len(output.written_back) == 5
        assert len(output.rows("account")) == 5
        last = output.written_back[-1]
        assert [entry["business_id"] for entry in entries(last)] == ids
        assert owners_of(tiktok, last, "refresh_token") == owners_of(tiktok, last, "access_token") == ids
        assert without_tokens(last) == without_tokens(config)
    renewed = zip(entries(first.written_back[-1]), entries(second.written_back[-1]), strict=True)
    assert all(before[name] != after[name] for before, after in renewed for name in TOKENS[:3])
    assert calls(tiktok)[REFRESH] == 10
    # What was stored last opens all of them, now and a day later.
    assert connector.read(stored(second, config), ["account"]).errors == []
    tiktok.emulator.clock.advance(90_000)
    assert connector.read(stored(second, config), ["account"]).errors == []


def without_tokens(config: dict[str, Any]) -> dict[str, Any]:
    """What the user typed in."""
    plain = [{name: value for name, value in entry.items() if name not in TOKENS} for entry in entries(config)]
    return {**config, "credentials": plain[0], "additional_accounts": plain[1:]}


@pytest.mark.parametrize("renewed", [1, 2])
def test_a_process_that_is_killed_between_two_renewals_leaves_a_config_that_works_for_all(
    connector: Connector, start_tiktok: StartTikTok, renewed: int
) -> None:
    tiktok = start_tiktok(*[AccountSpec(posts=2)] * 3, old_refresh_token_dies=True)
    config = several_accounts_config(tiktok)
    # The renewal after those comes to nothing until the process is gone.
    set_fault(tiktok, REFRESH, "http", after=renewed, times=None)

    messages = connector.read_and_be_killed(lambda messages: len(controls(messages)) == renewed, config, ["account"])
    tiktok.emulator.faults.clear()

    assert len(controls(messages)) == renewed
    last = controls(messages)[-1]
    assert sum("access_token" in entry for entry in entries(last)) == renewed
    output = connector.read(last, ["account"])
    assert output.errors == []
    assert {row["business_id"] for row in output.rows("account")} == set(tiktok.emulator.accounts)
    # Also a day later, when the refresh tokens are needed.
    tiktok.emulator.clock.advance(90_000)
    assert connector.read(stored(output, last), ["account"]).errors == []
    # The old ones are dead indeed.
    assert len(connector.read(config, ["account"]).failures) == 3


def controls(messages: list[Message]) -> list[dict[str, Any]]:
    """The configs that the platform was asked to store."""
    return [message["control"]["connectorConfig"]["config"] for message in messages if message["type"] == "CONTROL"]


def test_accounts_with_and_without_a_refresh_token_go_together(connector: Connector, tiktok: RunningEmulator) -> None:
    first, second, third = tiktok.emulator.accounts
    bare = {"access_token": granted(tiktok, second)["access_token"], "business_id": second}
    renewable = {"refresh_token": granted(tiktok, third)["refresh_token"]}
    config = oauth_config(tiktok, first, additional_accounts=[bare, renewable])

    output = connector.read(config, ["account"])

    assert output.errors == []
    assert {row["business_id"] for row in output.rows("account")} == {first, second, third}
    assert calls_by_account(tiktok) == {
        first: {REFRESH: 1, PROFILE: 1},
        second: {TOKEN_INFO: 1, PROFILE: 1},
        third: {REFRESH: 1, PROFILE: 1},
    }
    assert stored(output, config)["additional_accounts"][0] == bare


def test_bare_access_tokens_alone_go_together_too(connector: Connector, tiktok: RunningEmulator) -> None:
    first, *others = tiktok.emulator.accounts
    more = [{"access_token": granted(tiktok, open_id)["access_token"], "business_id": open_id} for open_id in others]

    output = connector.read(token_config(tiktok, first, additional_accounts=more), ["account"])

    assert output.errors == []
    assert {row["business_id"] for row in output.rows("account")} == {first, *others}
    assert output.written_back == []


# --- check ----------------------------------------------------------------------------------------------------------


def test_check_says_whom_it_reached_and_costs_three_calls_for_each_at_most(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    output = connector.check(config_of(tiktok))

    assert output.connection_status == {"status": "SUCCEEDED"}
    for open_id, account in tiktok.emulator.accounts.items():
        reached = f"Reached the TikTok account {account.spec.display_name} (@{account.username}, "
        assert len([line for line in output.logs if line.startswith(reached)]) == 1
        assert calls_by_account(tiktok)[open_id].total() <= 3
    assert len(stored(output, {})["additional_accounts"]) == 2


def test_check_names_each_account_that_is_dead(connector: Connector, tiktok: RunningEmulator) -> None:
    first, second, third = tiktok.emulator.accounts
    config = config_of(tiktok)
    a_revoked_refresh_token(tiktok, config["additional_accounts"][0], second)
    a_dead_access_token(tiktok, config["additional_accounts"][1], third)
    tiktok.emulator.calls.clear()

    status = connector.check(config).connection_status

    assert status["status"] == "FAILED"
    assert status["message"].splitlines() == [
        "TikTok account Account 2 (`additional_accounts[0]`): TikTok does not accept the sign-in of the account (code "
        "40107: Refresh token is invalid.). Authenticate the account again in the source's settings; if you typed the "
        "values in, check client_id, client_secret and refresh_token. "
        "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
        "CONNECTOR_CONFIG message, and the next run needs that one.",
        f"TikTok account Account 3 ({third}): TikTok refused the access token. It ends after 24 hours: put a new one "
        "into the source's settings, or authenticate with OAuth, which renews it by itself.",
    ]
    assert all(counts.total() <= 3 for counts in calls_by_account(tiktok).values())
    assert set(calls_by_account(tiktok)) == {first, second, third}


# --- business_benchmarks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"benchmark_categories": ["FOOD_AND_BEVERAGE"]}], ids=str)
def test_business_benchmarks_is_there_only_with_its_category(
    connector: Connector, tiktok: RunningEmulator, settings: dict[str, str]
) -> None:
    catalog = connector.discover(config_of(tiktok, **settings)).catalog

    assert set(catalog) == {*ALL_STREAMS, *(["business_benchmarks"] if settings else [])}


def test_a_benchmark_is_one_dated_row_for_each_sync_however_many_accounts_there_are(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(*THREE)
    config = config_of(tiktok, benchmark_categories=["FOOD_AND_BEVERAGE"])
    with requests.Session() as session:
        averages = Api(tiktok, session).data(BENCHMARK, business_category="FOOD_AND_BEVERAGE")
    tiktok.emulator.calls.clear()

    first = connector.read(config, ["business_benchmarks"])
    again = connector.read(stored(first, config), ["business_benchmarks"], state=first.state)

    assert averages["average_video_views"] > 0
    owner = {"business_id": next(iter(tiktok.emulator.accounts)), "video_creator_username": "harbour_coffee"}
    for output in (first, again):
        assert output.errors == []
        (row,) = output.rows("business_benchmarks")
        assert row == {**averages, **owner, "metric_date": str(datetime.now(UTC).date())}
    assert len(call_log(tiktok, BENCHMARK)) == 2


def test_a_category_that_does_not_exist_is_refused_with_those_that_do(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    output = connector.read(config_of(tiktok, benchmark_categories=["COFFEE"]), ["account"])

    (sentence,) = output.errors
    assert sentence.startswith(
        "The setting `benchmark_categories[0]` is 'COFFEE', but it must be one of ART_AND_CRAFTS, "
    )
    assert sentence.count(",") == 25
    assert tiktok.emulator.calls.entries == []
