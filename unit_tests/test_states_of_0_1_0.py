"""A state that version 0.1.0 wrote goes on: the next sync reads what it must, and nothing from the beginning again.

`fixtures/states_of_0_1_0.json` is what its first sync wrote on 2026-11-20, of the accounts that the stand-in has. Its
partitions of most streams had the one of their parent beside them.
"""

import json
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer

from unit_tests.syncs import (
    Clock,
    State,
    cursors,
    oauth_entry,
    read,
    signed_in_config,
    signed_in_login_kit_config,
    state_text,
    static_token_config,
)
from unit_tests.tiktok import (
    BUSINESS_ID,
    COMMENTS_PATH,
    FIXTURES,
    OPEN_ID,
    POSTS_PATH,
    REPLIES_PATH,
    USER_VIDEOS_PATH,
    TikTok,
    comment,
    post,
    user_post,
)

BUSINESS_STREAMS = ("account", "account_metrics", "videos", "videos_impression_sources", "videos_comments")

# The posts that the first sync read: two of 2026, of which one has impression sources, and one of 2022.
COLD_BREW, IDLE_PHOTO, OLD_VIDEO = "7683102070583443467", "7664663774755959620", "7108678102229781766"


@pytest.fixture
def recorded() -> State:
    """The states of all these streams, as Airbyte hands them to the next sync."""
    messages = json.loads((FIXTURES / "states_of_0_1_0.json").read_text(encoding="utf-8"))
    return [AirbyteStateMessageSerializer.load(message) for message in messages]


@pytest.fixture(autouse=True)
def a_week_later(clock: Clock) -> None:
    """The next sync is on 2026-11-27."""
    clock.move_to("2026-11-27T12:00:00Z")


def partitions(state: State) -> dict[str, list[Any]]:
    """The partitions in the state of each stream that has some."""
    dumped = [json.loads(json.dumps(AirbyteStateMessageSerializer.dump(message)))["stream"] for message in state]
    return {
        stream["stream_descriptor"]["name"]: [entry["partition"] for entry in stream["stream_state"]["states"]]
        for stream in dumped
        if stream["stream_state"].get("states")
    }


def test_what_was_recorded_has_the_partitions_of_parents(recorded: State) -> None:
    with_parent = {"business_id": BUSINESS_ID, "parent_slice": {"business_id": BUSINESS_ID}}

    assert partitions(recorded) == {
        "account": [{"business_id": BUSINESS_ID}],
        "account_metrics": [with_parent],
        "videos": [with_parent],
        "videos_impression_sources": [with_parent],
        "user_videos": [{"business_id": OPEN_ID, "parent_slice": {}}],
    }


def test_the_account_is_a_row_of_the_new_day(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, "account", state=recorded)

    assert outcome.column("account", "metric_date") == ["2026-11-27"]
    assert cursors(outcome.state, "account") == [(BUSINESS_ID, {"metric_date": "2026-11-27"})]


@pytest.mark.parametrize(
    ("lookback_days", "expected"),
    [
        (2, ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-25"]),
        (7, ["2026-11-12", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-25"]),
        # 58 days before the sync, and not before its state.
        (58, ["2026-11-11", "2026-11-12", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-25"]),
    ],
)
def test_days_are_read_again_as_far_as_lookback_days_says(
    lookback_days: int, expected: list[str], recorded: State, tiktok: TikTok, clock: Clock
) -> None:
    tiktok.metrics.append({"date": "2026-11-25", "video_views": 5})
    config = static_token_config(lookback_days=lookback_days)

    outcome = read(tiktok, clock, "account_metrics", state=recorded, config=config)

    assert outcome.column("account_metrics", "metric_date") == expected
    assert cursors(outcome.state, "account_metrics") == [(BUSINESS_ID, {"metric_date": "2026-11-25"})]


def test_posts_of_the_last_365_days_are_read_again_and_older_ones_are_not(
    recorded: State, tiktok: TikTok, clock: Clock
) -> None:
    sources = tiktok.posts[0]["impression_sources"]
    tiktok.posts[2]["impression_sources"] = sources
    tiktok.posts.insert(0, post("9", "2026-11-24T08:00:00Z", impression_sources=sources))
    # Enough old posts for a second page, which is not asked for.
    tiktok.posts += [post(str(number), "2022-01-01T08:00:00Z") for number in range(100, 140)]

    outcome = read(tiktok, clock, "videos", "videos_impression_sources", state=recorded)

    assert outcome.column("videos", "item_id") == ["9", COLD_BREW, IDLE_PHOTO]
    assert set(outcome.column("videos_impression_sources", "item_id")) == {"9", COLD_BREW}
    assert len(tiktok.calls_of(POSTS_PATH)) == 1
    for stream in ("videos", "videos_impression_sources"):
        assert cursors(outcome.state, stream) == [(BUSINESS_ID, {"create_time": "2026-11-24T08:00:00Z"})]


def test_no_comment_is_read_again(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, "videos_comments", state=recorded)

    assert outcome.rows("videos_comments") == []
    assert tiktok.calls_of(COMMENTS_PATH) == tiktok.calls_of(REPLIES_PATH) == []


def test_comments_are_read_of_a_post_that_got_more(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    tiktok.posts[1]["comments"] += 1
    tiktok.comments[IDLE_PHOTO] = [comment("5", "2026-11-26T09:00:00Z")]

    outcome = read(tiktok, clock, "videos_comments", state=recorded)

    assert outcome.column("videos_comments", "comment_id") == ["5"]
    assert [call.params["video_id"] for call in tiktok.calls_of(COMMENTS_PATH)] == [IDLE_PHOTO]


def test_posts_of_login_kit_go_on(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts.insert(0, user_post("9", "2026-11-24T08:00:00Z"))
    tiktok.user_posts += [user_post(str(number), "2022-01-01T08:00:00Z") for number in range(100, 140)]
    config = signed_in_login_kit_config({"video_lookback_days": 365})

    outcome = read(tiktok, clock, "user_videos", state=recorded, config=config)

    assert outcome.column("user_videos", "id") == ["9", *[item["id"] for item in tiktok.user_posts[1:3]]]
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 1
    assert cursors(outcome.state, "user_videos") == [(OPEN_ID, {"create_time": "2026-11-24T08:00:00Z"})]


def test_the_next_state_has_each_account_once(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *BUSINESS_STREAMS, state=recorded)

    assert partitions(outcome.state) == {
        stream: [{"business_id": BUSINESS_ID}]
        for stream in ("account", "account_metrics", "videos", "videos_impression_sources")
    }
    assert "parent_slice" not in state_text(outcome.state)


def test_an_account_that_is_added_now_starts_at_its_beginning(recorded: State, tiktok: TikTok, clock: Clock) -> None:
    baker = tiktok.add_account("night_baker")
    config = signed_in_config({"additional_accounts": [oauth_entry(baker)], "lookback_days": 2})

    outcome = read(tiktok, clock, "account_metrics", "videos", state=recorded, config=config)

    posts = [(row["business_id"], row["item_id"]) for row in outcome.rows("videos")]
    assert sorted(posts) == sorted(
        [
            (BUSINESS_ID, COLD_BREW),
            (BUSINESS_ID, IDLE_PHOTO),
            (baker.business_id, COLD_BREW),
            (baker.business_id, IDLE_PHOTO),
            (baker.business_id, OLD_VIDEO),
        ]
    )
    days = [(row["business_id"], row["metric_date"]) for row in outcome.rows("account_metrics")]
    assert sorted(date for account, date in days if account == baker.business_id) == [
        "2026-11-11",
        "2026-11-12",
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
    ]
    assert sorted(date for account, date in days if account == BUSINESS_ID) == [
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
    ]
