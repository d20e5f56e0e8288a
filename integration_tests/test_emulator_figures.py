"""The emulator's figures hold together, for any account: totals, posts and days tell the same story."""

from datetime import UTC, datetime, timedelta

import pytest

from integration_tests.emulator.accounts import SIZES, Account, AccountSpec
from integration_tests.emulator.emulator import Emulator
from integration_tests.emulator.posts import Post
from integration_tests.emulator.testing import NOON
from integration_tests.emulator.videos import PostValues

WEEK = timedelta(days=7)
SEEDS = [1, 7, 2026]


def account_of(seed: int, followers: int = SIZES[0]) -> tuple[Emulator, Account]:
    """An emulator with one account, which goes on posting."""
    spec = AccountSpec(keeps_posting=True, followers=followers)
    emulator = Emulator(seed=seed, accounts=[spec], now=NOON, frozen=True)
    return emulator, emulator.account()


def posts_of(account: Account, at: datetime) -> list[Post]:
    """All posts of an account."""
    return [account.timeline.post(index) for index in range(account.timeline.count(at.timestamp()))]


def sum_over_posts(emulator: Emulator, account: Account, name: str, at: datetime) -> int:
    """The sum of a counter over all posts."""
    instant = at.timestamp()
    return sum(
        PostValues(post, account, "", emulator.knobs, instant, instant).value(name) for post in posts_of(account, at)
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("followers", SIZES)
def test_totals_agree_with_posts(seed: int, followers: int) -> None:
    emulator, account = account_of(seed, followers=followers)

    assert account.total_likes(NOON.timestamp()) == sum_over_posts(emulator, account, "likes", NOON)
    assert sum_over_posts(emulator, account, "new_followers", NOON) < followers
    assert sum_over_posts(emulator, account, "reach", NOON) < sum_over_posts(emulator, account, "video_views", NOON)


@pytest.mark.parametrize("seed", SEEDS)
def test_followers_are_those_of_the_day_before_and_the_change(seed: int) -> None:
    _, account = account_of(seed)
    series = account.series

    for days in range(1, 59):
        day = (NOON - timedelta(days=days)).date()
        change = series.totals(day).new_followers - series.totals(day).lost_followers
        assert series.followers_at_end_of(day) == series.followers_at_end_of(day - timedelta(days=1)) + change
    assert abs(series.followers_at(NOON.timestamp()) - account.spec.followers) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_over_five_weeks_totals_grow_and_days_and_posts_have_about_the_same_views(seed: int) -> None:
    emulator, account = account_of(seed)
    likes = [account.total_likes((NOON + week * WEEK).timestamp()) for week in range(5)]

    assert likes == sorted(set(likes))
    for week in range(4):
        start = (NOON + week * WEEK).astimezone(UTC)
        of_posts = sum_over_posts(emulator, account, "video_views", start + WEEK)
        of_posts -= sum_over_posts(emulator, account, "video_views", start)
        days = [account.series.totals((start + timedelta(days=day)).date()).views for day in range(7)]
        assert 0.5 < of_posts / sum(days) < 1.5


@pytest.mark.parametrize("seed", SEEDS)
def test_posts_are_liked_differently(seed: int) -> None:
    _, account = account_of(seed)
    now = NOON.timestamp()
    shares = [round(post.likes(now) / (post.views(now) or 1), 3) for post in posts_of(account, NOON)]

    assert len(set(shares)) > 40
    assert 0.03 < sum(shares) / len(shares) < 0.06 < max(shares)
