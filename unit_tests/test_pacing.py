"""The connector keeps below TikTok's 40 calls a minute by itself, Login Kit's 600; kept pages are no calls.

Several accounts have 40 calls a minute each, and together the 600 a minute and 10 a second of their app.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from airbyte_cdk.models import Level
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice

from integration_tests.streams import POST_STREAMS
from unit_tests.parts import authenticator_of, budget, built, declared
from unit_tests.syncs import (
    Clock,
    Outcome,
    Turns,
    oauth_config,
    oauth_entry,
    read,
    signed_in_config,
    signed_in_entry,
    signed_in_login_kit_config,
    static_token_config,
)
from unit_tests.tiktok import (
    COMMENTS_PATH,
    POSTS_PATH,
    REFRESH_PATH,
    TOKEN_INFO_PATH,
    USER_VIDEOS_PATH,
    Call,
    TikTok,
    TikTokAccount,
    display_success,
    epoch,
    post,
    refusal,
    user_post,
)


def posts(pages: int) -> list[dict[str, Any]]:
    """Posts for so many full pages."""
    last = epoch("2026-11-20T11:00:00Z")
    return [post(str(n), "2026-11-20T11:00:00Z") | {"create_time": str(last - 60 * n)} for n in range(20 * pages)]


def most_calls_within(seconds: int, calls: list[Call]) -> int:
    """The most calls in any span of so many seconds."""
    moments = sorted(call.at for call in calls)
    span = timedelta(seconds=seconds)
    return max(bisect_left(moments, start + span) - bisect_left(moments, start) for start in moments)


def test_ninety_calls_are_at_most_forty_a_minute_and_ten_a_second_and_take_little_longer(
    tiktok: TikTok, clock: Clock
) -> None:
    tiktok.posts = posts(pages=90)

    outcome = read(tiktok, clock, "videos")

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 90
    assert len(outcome.rows("videos")) == 1800
    assert 30 <= most_calls_within(60, calls) <= 40
    assert most_calls_within(1, calls) <= 10
    assert timedelta(minutes=2) <= calls[-1].at - calls[0].at <= timedelta(minutes=3)


@pytest.mark.parametrize("requests_per_minute", [2, 10])
def test_the_setting_lowers_the_pace(requests_per_minute: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=25)

    read(tiktok, clock, "videos", config=static_token_config(requests_per_minute=requests_per_minute))

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 25
    assert most_calls_within(60, calls) == requests_per_minute


def test_a_few_calls_do_not_wait(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account", "videos")

    assert clock.waits == []


def test_pages_that_are_kept_cost_nothing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=25)

    read(tiktok, clock, *POST_STREAMS, config=static_token_config(num_workers=20))

    calls = tiktok.calls_of(POSTS_PATH)
    assert len(calls) == 25
    assert calls[-1].at - calls[0].at < timedelta(minutes=1)


def test_one_endpoint_does_not_use_up_the_calls_of_another(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=2)
    start = clock.now

    read(tiktok, clock, "account", "videos", config=static_token_config(requests_per_minute=2))

    assert len(tiktok.calls) == 3
    assert clock.now - start < timedelta(minutes=1)


# --- Several accounts -----------------------------------------------------------------------------------------------


class Accounts:
    """Accounts that are called at the same time, by the requesters of the manifest."""

    def __init__(self, tiktok: TikTok, clock: Clock, number: int, latency: float = 0, **settings: Any) -> None:
        for other in range(1, number):
            tiktok.add_account(f"account_{other}")
        self._tiktok, self._clock = tiktok, clock
        entries = [signed_in_entry(account) for account in tiktok.accounts[1:]]
        self._config = signed_in_config({"additional_accounts": entries, **settings})
        self._api_budget: APIBudget = budget()
        with tiktok.serving(), clock.replacing_waits():
            for account in authenticator_of(self._config, self._api_budget).accounts:
                account.learn_scopes()
                account.known.profile = {"video_creator_username": None}
        # What was learnt of the accounts cost calls, too: begin when they are old.
        clock.tick(3600)
        tiktok.calls.clear()
        if latency:
            tiktok.before_answering = lambda _: clock.sleep(latency)

    def pages(self, stream: str, number: int, threads: int = 1) -> list[Callable[[], None]]:
        """For each account, threads that ask for so many pages of a stream."""
        requester = built(declared(stream, "retriever", "requester"), self._config, self._api_budget)

        def ask(account: TikTokAccount, first: int) -> None:
            for page in range(first, number, threads):
                stream_slice = StreamSlice(
                    partition={"business_id": account.business_id, "video_id": account.posts[0]["item_id"]},
                    cursor_slice={},
                )
                # How the pages of comments are asked for, and those of posts.
                of_comments = {"next_page_token": {"next_page_token": {"cursor": page}}}
                of_posts = {"request_params": {"cursor": 10**13 + page}}
                call: dict[str, Any] = of_comments if stream == "videos_comments" else of_posts
                requester.send_request(stream_slice=stream_slice, **call)

        return [partial(ask, account, first) for first in range(threads) for account in self._tiktok.accounts]

    def seconds(self, works: list[Callable[[], None]]) -> float:
        """How long it takes to do this, each in a thread of its own."""
        start = self._clock.now
        with self._tiktok.serving():
            Turns(self._clock).run(*works)
        return (self._clock.now - start).total_seconds()


@pytest.mark.parametrize("latency", [0.05, 0.5])
def test_ten_accounts_take_about_as_long_as_one(latency: float, clock: Clock) -> None:
    one, ten = (Accounts(TikTok(), clock, number, latency) for number in (1, 10))

    alone, together = one.seconds(one.pages("videos", 45)), ten.seconds(ten.pages("videos", 45))

    # 45 calls are five more than a minute has, and fifty in the second minute are five seconds of ten.
    assert 60 <= alone <= 65
    assert alone <= together <= alone + 5


@pytest.mark.parametrize(("stream", "threads"), [("videos", 1), ("videos_comments", 4)])
def test_each_account_has_forty_calls_a_minute_and_all_have_ten_a_second(
    stream: str, threads: int, tiktok: TikTok, clock: Clock
) -> None:
    accounts = Accounts(tiktok, clock, number=10)

    seconds = accounts.seconds(accounts.pages(stream, 45, threads))

    path = POSTS_PATH if stream == "videos" else COMMENTS_PATH
    assert len(tiktok.calls) == 450
    assert {most_calls_within(60, tiktok.calls_of(path, account)) for account in tiktok.accounts} == {40}
    assert most_calls_within(1, tiktok.calls) == 10
    # Forty calls of each take forty seconds, so the last account begins by then, and goes on a minute later.
    assert 60 <= seconds <= 100


def test_all_accounts_together_have_600_calls_a_minute(tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=17)

    seconds = accounts.seconds(accounts.pages("videos", 40, threads=4))

    assert len(tiktok.calls) == 680
    assert 580 <= most_calls_within(60, tiktok.calls) <= 600
    assert most_calls_within(1, tiktok.calls) == 10
    assert 68 <= seconds <= 72


@pytest.mark.parametrize(("level", "a_second"), [("basic", 10), ("advanced", 20), ("premium", 30), ("ultimate", 50)])
def test_an_app_of_a_higher_level_makes_more_calls_a_second(
    level: str, a_second: int, tiktok: TikTok, clock: Clock
) -> None:
    accounts = Accounts(tiktok, clock, number=5, app_level=level)

    accounts.seconds(accounts.pages("videos", 30, threads=2))

    assert most_calls_within(1, tiktok.calls) == a_second


def test_above_the_basic_level_all_accounts_together_have_1000_calls_a_minute(tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=26, app_level="ultimate")

    accounts.seconds(accounts.pages("videos", 40, threads=2))

    assert most_calls_within(60, tiktok.calls) == 1000


def paces_said(outcome: Outcome) -> list[str]:
    """What the log says of the pace of a sync."""
    return [line for line in outcome.logged(Level.INFO) if "set the pace" in line]


def test_the_log_says_what_limited_a_sync_that_waited(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=90)

    assert paces_said(read(tiktok, clock, "videos")) == [
        "What set the pace of this sync is TikTok's limit of 40 calls in 61 seconds for an account and endpoint (see "
        "docs/scaling.md)."
    ]


def test_a_sync_that_did_not_wait_says_nothing_of_limits(tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts = posts(pages=20)

    assert paces_said(read(tiktok, clock, "videos")) == []


def test_an_endpoint_does_not_use_up_the_calls_of_another_of_the_same_account(tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=2)

    seconds = accounts.seconds([*accounts.pages("videos", 40), *accounts.pages("videos_comments", 40)])

    assert len(tiktok.calls) == 160
    assert 15 <= seconds <= 17


@pytest.mark.parametrize("requests_per_minute", [2, 10])
def test_the_setting_lowers_the_pace_of_each_account(requests_per_minute: int, tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=3, requests_per_minute=requests_per_minute)

    seconds = accounts.seconds(accounts.pages("videos", 2 * requests_per_minute + 1))

    of_each = [most_calls_within(60, tiktok.calls_of(POSTS_PATH, account)) for account in tiktok.accounts]
    assert of_each == [requests_per_minute] * 3
    assert 120 <= seconds <= 135


def test_an_account_that_has_used_up_its_minute_does_not_hold_up_another(tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=2)
    of_the_first, of_the_second = accounts.pages("videos", 60)

    assert accounts.seconds([of_the_first]) >= 60
    assert accounts.seconds([of_the_second]) <= 66


def test_an_account_that_tiktok_makes_wait_does_not_hold_up_another(tiktok: TikTok, clock: Clock) -> None:
    accounts = Accounts(tiktok, clock, number=2)
    second = tiktok.accounts[1]
    tiktok.answer_next(POSTS_PATH, refusal(40100))
    of_the_first, of_the_second = accounts.pages("videos", 30)

    seconds = accounts.seconds([of_the_first, of_the_second])

    assert seconds >= 300
    calls = tiktok.calls_of(POSTS_PATH, second)
    assert len(calls) == 30
    assert calls[-1].at - calls[0].at <= timedelta(seconds=5)


def test_calls_about_tokens_count_for_the_ten_a_second_of_the_app(tiktok: TikTok, clock: Clock) -> None:
    for other in range(1, 25):
        tiktok.add_account(f"account_{other}")
    more = [oauth_entry(account) for account in tiktok.accounts[1:13]]
    more += [signed_in_entry(account) for account in tiktok.accounts[13:]]
    accounts = authenticator_of(oauth_config({"additional_accounts": more})).accounts
    start = clock.now

    with tiktok.serving():
        Turns(clock).run(*[account.learn_scopes for account in accounts])

    assert (len(tiktok.calls_of(REFRESH_PATH)), len(tiktok.calls_of(TOKEN_INFO_PATH))) == (13, 12)
    assert most_calls_within(1, tiktok.calls) == 10
    assert timedelta(seconds=2) <= clock.now - start <= timedelta(seconds=3)


# --- Login Kit ------------------------------------------------------------------------------------------------------


def user_posts(pages: int) -> list[dict[str, Any]]:
    """Posts of Login Kit for so many full pages."""
    last = epoch("2026-11-20T11:00:00Z")
    return [user_post(str(n), "2026-11-20T11:00:00Z") | {"create_time": last - n} for n in range(20 * pages)]


def test_login_kit_is_called_at_most_600_times_a_minute(tiktok: TikTok, clock: Clock) -> None:
    pages = [
        display_success({"videos": [only], "cursor": 10**12 - number, "has_more": number < 640})
        for number, only in enumerate(user_posts(pages=32), 1)
    ]
    tiktok.answer_next(USER_VIDEOS_PATH, *pages)

    outcome = read(tiktok, clock, "user_videos", config=signed_in_login_kit_config())

    calls = tiktok.calls_of(USER_VIDEOS_PATH)
    assert len(calls) == 640
    assert len(outcome.rows("user_videos")) == 640
    assert 500 <= most_calls_within(60, calls) <= 600
    assert most_calls_within(1, calls) <= 10
    assert calls[-1].at - calls[0].at <= timedelta(seconds=75)


def test_the_setting_is_for_the_api_for_business_and_leaves_login_kit_at_its_pace(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = user_posts(pages=25)

    read(tiktok, clock, "user_videos", config=signed_in_login_kit_config({"requests_per_minute": 2}))

    calls = tiktok.calls_of(USER_VIDEOS_PATH)
    assert len(calls) == 25
    assert calls[-1].at - calls[0].at < timedelta(seconds=10)


def test_the_setting_does_not_raise_the_pace_above_what_login_kit_allows(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = user_posts(pages=40)

    read(tiktok, clock, "user_videos", config=signed_in_login_kit_config({"requests_per_minute": 6000}))

    assert most_calls_within(1, tiktok.calls_of(USER_VIDEOS_PATH)) <= 10
