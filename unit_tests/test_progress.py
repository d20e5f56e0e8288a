"""A long sync says how far it is: a line a minute at the most."""

import re

from airbyte_cdk.models import Level

from unit_tests.syncs import Clock, read, static_token_config
from unit_tests.tiktok import TikTok, comment, epoch, post

WRITTEN = "2026-11-02T08:00:00Z"


def test_a_sync_of_comments_says_once_a_minute_what_is_read_and_how_long_the_rest_takes(
    tiktok: TikTok, clock: Clock
) -> None:
    numbers = range(1, 201)
    first = epoch("2026-11-01T08:00:00Z")
    tiktok.posts = [post(str(n), WRITTEN, comments=2) | {"create_time": str(first - n)} for n in numbers]
    tiktok.comments = {str(n): [comment(f"{n}1", WRITTEN), comment(f"{n}2", WRITTEN)] for n in numbers}

    outcome = read(
        tiktok, clock, "videos_comments", "videos_comments_replies", config=static_token_config(num_workers=2)
    )

    said = [line for line in outcome.logged(Level.INFO) if line.startswith("Read so far")]
    # 200 calls for comments at 40 a minute are five minutes; the first forty go at once.
    assert 4 <= len(said) <= 5
    for line in said:
        assert line.startswith("Read so far: 200 posts, ")
    comments = [int(found[1]) for line in said if (found := re.search(r"posts, (\d+) comments and replies", line))]
    left = [int(found[1]) for line in said if (found := re.search(r"At least (\d+) calls for comments are left", line))]
    assert comments == sorted(set(comments))
    assert all(2 * (200 - calls) == read for read, calls in zip(comments, left, strict=False))
    assert re.search(r"about [1-5] min at this pace", said[1])


def test_a_short_sync_says_nothing_of_it(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, "videos", "videos_comments")

    assert [line for line in outcome.logged(Level.INFO) if "so far" in line] == []
