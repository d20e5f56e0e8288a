"""The emulator's figures fit together, as an account's do at TikTok, from week to week (docs/tiktok-api.md A6, A7, B6).

Accounts of each kind are read once a week for five weeks, at noon of a Friday. On such a day the newest figures are
those of Wednesday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
import requests

from integration_tests.emulator.accounts import SIZES, Account, AccountKind, AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import running_emulator
from integration_tests.emulator.testing import NOON, Api, LoginKitApi

pytest_plugins = ("integration_tests.emulator.testing",)
PROFILE = ["followers_count", "total_likes", "videos_count"]
DAILY = [
    "video_views", "likes", "comments", "shares", "engaged_audience", "daily_total_followers", "daily_new_followers",
    "daily_lost_followers",
]  # fmt: skip
COUNTERS = ["video_views", "likes", "comments", "shares", "reach", "new_followers"]
# Posts that TikTok withholds count for the account. With them, posts and days agree less well.
KNOBS = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0, hidden_post_rate=0)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Sync:
    """What an account shows at one instant."""

    profile: dict[str, int]
    days: dict[str, dict[str, int]]
    """By date, of the last 60 days."""
    posts: dict[str, dict[str, Any]]
    """By item_id."""

    def total(self, counter: str) -> int:
        """A counter, summed over the posts."""
        return sum(post.get(counter, 0) for post in self.posts.values())


def sync(api: Api) -> Sync:
    """Read an account."""
    api.as_account(api.emulator.account(api.open_id))
    today = api.emulator.clock.today()
    window = {"start_date": f"{today - timedelta(days=60)}", "end_date": f"{today - timedelta(days=1)}"}
    profile = api.data("business/get/", fields=[*PROFILE, *DAILY], **window)
    days = {day.pop("date"): day for day in profile.pop("metrics")}
    posts = {post["item_id"]: post for post in api.all_posts(*COUNTERS)}
    return Sync(profile, days, posts)


@pytest.fixture(scope="module", params=[7, 11, 2026], ids="seed {}".format)
def accounts(request: pytest.FixtureRequest) -> Iterator[list[list[Sync]]]:
    """Accounts of each size and kind, each with its syncs: the first one and six more, a week apart."""
    kinds = get_args(AccountKind) * 2
    specs = [
        AccountSpec(kind=kind, followers=followers, posts=90, history_days=200, keeps_posting=True)
        for kind, followers in zip(kinds, SIZES, strict=False)
    ]
    # A young account has half of its posts and followers in the 60 days.
    specs.append(AccountSpec(posts=30, created_days_ago=40, keeps_posting=True))
    emulator = Emulator(seed=request.param, now=NOON, frozen=True, accounts=specs, knobs=KNOBS)
    with running_emulator(emulator) as running, requests.Session() as session:
        api = Api(running, session)
        found: dict[str, list[Sync]] = {open_id: [] for open_id in emulator.accounts}
        for week in range(7):
            emulator.clock.move_to(NOON + week * WEEK)
            for open_id, syncs in found.items():
                api.open_id = open_id
                syncs.append(sync(api))
        yield list(found.values())


def weeks(syncs: list[Sync]) -> list[tuple[Sync, Sync, list[dict[str, int]]]]:
    """Five times a sync, the next one, and the days whose figures came between: from Thursday to Wednesday.

    The days are those of the last sync, which came more than a week later. So nothing is added to them any more.
    """
    first = NOON.date() - timedelta(days=1)
    of_week = [[f"{first + timedelta(days=7 * week + day)}" for day in range(7)] for week in range(5)]
    return [
        (syncs[week], syncs[week + 1], [syncs[-1].days[day] for day in dates]) for week, dates in enumerate(of_week)
    ]


def test_the_likes_of_an_account_are_those_of_its_posts_and_of_the_newest_two_days(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for found in syncs:
            assert 1 < found.profile["total_likes"] / found.total("likes") < 1.15


@pytest.mark.parametrize("posts", [3, 42, 214, 1000])
@pytest.mark.parametrize("followers", SIZES)
def test_however_many_posts_gained_fewer_followers_than_the_account_has(followers: int, posts: int) -> None:
    now = NOON.timestamp()
    account = Account(AccountSpec(followers=followers, posts=posts), 0, 7, NOON)
    gained = sum(account.new_followers_of(post, now) for post in account.timeline.created_between(0, now))
    assert 0 < gained < 0.9 * followers


def test_no_counter_goes_down(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for earlier, later in pairwise(syncs):
            assert all(later.profile[name] >= earlier.profile[name] for name in PROFILE)
            assert earlier.posts.keys() <= later.posts.keys()
            for item_id, post in earlier.posts.items():
                # A post that has become idle has no reach any more.
                assert all(later.posts[item_id].get(name, value) >= value for name, value in post.items())


def test_a_day_reads_the_same_a_week_later(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for earlier, later in pairwise(syncs):
            both = [day for day in list(earlier.days)[:-1] if day in later.days]
            assert len(both) > 35
            assert [earlier.days[day] for day in both] == [later.days[day] for day in both]


def test_the_followers_of_the_days_lead_to_those_of_the_profile(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        totals = [day["followers_count"] for day in syncs[-1].days.values()]
        assert totals[0] > 0
        # The profile is two and a half days ahead.
        assert 0 <= syncs[-1].profile["followers_count"] - totals[-1] <= totals[-1] - totals[-8]
        settled = [day for day in list(syncs[-1].days.values())[:-1] if "daily_new_followers" in day]
        for before, day in pairwise(settled):
            assert day["daily_total_followers"] == day["daily_new_followers"] - day["daily_lost_followers"]
            assert day["followers_count"] == before["followers_count"] + day["daily_total_followers"]


def test_the_views_of_the_days_are_those_that_posts_gained(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for earlier, later, days in weeks(syncs):
            gained = later.total("video_views") - earlier.total("video_views")
            assert sum(day["video_views"] for day in days) == pytest.approx(gained, rel=0.12)


def test_the_likes_of_the_days_are_more_than_remain(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for earlier, later, days in weeks(syncs):
            gained = later.total("likes") - earlier.total("likes")
            assert gained <= sum(day["likes"] for day in days) <= 1.25 * gained


def test_the_days_have_the_comments_and_followers_that_posts_gained_and_more(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for earlier, later, days in weeks(syncs):
            assert later.total("comments") - earlier.total("comments") <= sum(day["comments"] for day in days)
            if "daily_new_followers" in days[0]:
                gained = later.total("new_followers") - earlier.total("new_followers")
                assert gained < sum(day["daily_new_followers"] for day in days)


def test_nobody_is_engaged_without_a_like_a_comment_or_a_share(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        for day in syncs[-1].days.values():
            assert day.get("engaged_audience", 0) <= day["likes"] + day["comments"] + day["shares"]
            assert day["likes"] < 0.2 * day["video_views"]


def test_the_best_posts_differ_in_likes_for_each_view(accounts: list[list[Sync]]) -> None:
    for syncs in accounts:
        posts = [post for post in syncs[0].posts.values() if post.get("video_views", 0) > 1000]
        rates = sorted((post["likes"] / post["video_views"] for post in posts), reverse=True)
        assert rates[0] - rates[4] > 0.005  # a table shows tenths of a percent
        assert 0.2 > rates[0] > 1.5 * rates[len(rates) // 2]
        assert rates[-1] > 0.02


def test_a_profile_counts_the_videos_on_it_and_the_list_shows_what_tiktok_does_not_withhold(api: Api) -> None:
    listed = len(api.all_posts())
    api.emulator.set_knobs(hidden_post_rate=0)
    posts = api.all_posts("media_type")
    ids = [post["item_id"] for post in posts]
    ads: set[str] = set()
    for start in range(0, len(ids), 20):
        filters = {"video_ids": ids[start : start + 20], "ad_post_only": True}
        ads |= {post["item_id"] for post in api.data("business/video/list/", filters=filters)["videos"]}
    on_the_profile = [post for post in posts if post["media_type"] == "VIDEO" and post["item_id"] not in ads]
    assert (listed, len(posts)) == (209, 214)
    assert len(on_the_profile) == api.data("business/get/", fields=["videos_count"])["videos_count"] == 180


def test_the_other_family_shows_the_same_likes_and_best_posts_that_differ(login_kit: LoginKitApi) -> None:
    user = login_kit.data("v2/user/info/", fields="likes_count")["user"]
    videos = login_kit.all_videos("like_count", "view_count")
    assert 1 < user["likes_count"] / sum(video["like_count"] for video in videos) < 1.2
    rates = sorted((video["like_count"] / (video["view_count"] or 1) for video in videos), reverse=True)
    assert rates[0] - rates[4] > 0.005  # a table shows tenths of a percent
