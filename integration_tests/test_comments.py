"""Comments and replies: every thread once, and a sync that asks only where something changed."""

from collections import Counter

import pytest

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    COMMENT_STREAMS,
    Connector,
    Message,
    Output,
    call_log,
    calls,
    oauth_config,
    set_fault,
    token_config,
)
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.written import comment_ids, fresh_posts, reply_ids, threads

COMMENTS, REPLIES = "business/comment/list/", "business/comment/reply/list/"
POSTS, PROFILE = "business/video/list/", "business/get/"


def ids(output: Output, stream: str) -> Counter[str]:
    """How often each comment_id arrived."""
    return Counter(row["comment_id"] for row in output.rows(stream))


def test_every_comment_and_every_reply_arrives_exactly_once_also_from_short_and_empty_pages(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    spec = AccountSpec(posts=20, history_days=200, comments_per_post=70)
    tiktok = start_tiktok(spec, hidden_post_rate=0, short_page_rate=0.5, empty_comments="absent")

    output = connector.read(token_config(tiktok), COMMENT_STREAMS)

    assert output.errors == []
    assert ids(output, "videos_comments") == comment_ids(tiktok)
    assert ids(output, "videos_comments_replies") == reply_ids(tiktok)


def test_beyond_500_comments_where_tiktok_repeats_itself_each_still_arrives_once(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=1, history_days=100, comments_per_post=1_300), hidden_post_rate=0)

    output = connector.read(token_config(tiktok), COMMENT_STREAMS)

    assert sum(comment_ids(tiktok).values()) == 1_300
    assert ids(output, "videos_comments") == comment_ids(tiktok)
    assert ids(output, "videos_comments_replies") == reply_ids(tiktok)
    # More pages than 1,300 comments fill, because of the repetitions; and no thread is listed twice.
    assert len(call_log(tiktok, COMMENTS)) > 44
    listed = Counter((call["params"]["comment_id"], call["params"]["cursor"]) for call in call_log(tiktok, REPLIES))
    assert set(listed.values()) == {1}


def test_threads_of_up_to_three_replies_cost_no_call(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=10, history_days=100, comments_per_post=40), hidden_post_rate=0)
    now = tiktok.emulator.clock.seconds()
    long_threads = {
        str(comment.comment_id)
        for comments in threads(tiktok).values()
        for comment in comments
        if len(comment.replies_until(now)) > 3 and not comment.hidden
    }
    assert long_threads

    output = connector.read(token_config(tiktok), COMMENT_STREAMS)

    assert {call["params"]["comment_id"] for call in call_log(tiktok, REPLIES)} == long_threads
    assert calls(tiktok) == {PROFILE: 1, POSTS: 1, COMMENTS: 20, REPLIES: len(call_log(tiktok, REPLIES))}
    assert any(
        comment.hidden and len(comment.replies_until(now)) > 3
        for comments in threads(tiktok).values()
        for comment in comments
    )
    assert sum("of hidden comments" in line for line in output.logs) == 1


def test_ten_posts_that_changed_cost_ten_calls(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=200, history_days=300, comments_per_post=2), hidden_post_rate=0)
    first = connector.read(token_config(tiktok), ["videos_comments"])
    assert first.errors == []
    counts: dict[str, dict[str, int]] = first.state[0]["stream"]["stream_state"]["parent_state"]["comments"]
    (of_account,) = counts.values()
    assert len(of_account) > 190
    # Ten posts had one comment less when they were last read, so to speak.
    changed = list(of_account)[20:190:17]
    assert len(changed) == 10
    for video_id in changed:
        of_account[video_id] -= 1
    tiktok.emulator.calls.clear()

    second = connector.read(token_config(tiktok), ["videos_comments"], state=first.state)

    fresh = {row["video_id"] for row in second.rows("videos_comments")} - set(changed)
    assert len(call_log(tiktok, COMMENTS)) == 10 + len(fresh_posts(tiktok))
    assert fresh <= fresh_posts(tiktok)
    assert {path: count for path, count in calls(tiktok).items() if path != COMMENTS} == {PROFILE: 1, POSTS: 10}


def test_without_replies_their_stream_and_its_calls_are_gone(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=5, history_days=100, comments_per_post=20), hidden_post_rate=0)
    config = token_config(tiktok, include_comment_replies=False)

    assert "videos_comments" in connector.discover(config).catalog
    assert "videos_comments_replies" not in connector.discover(config).catalog
    output = connector.read(config, ["videos_comments"])

    assert ids(output, "videos_comments") == comment_ids(tiktok)
    assert call_log(tiktok, REPLIES) == []
    assert {call["params"]["include_replies"] for call in call_log(tiktok, COMMENTS)} == {"false"}


@pytest.mark.parametrize(("days", "asked"), [(100, 10), (0, 30)])
def test_only_posts_inside_the_lookback_are_asked(
    connector: Connector, start_tiktok: StartTikTok, days: int, asked: int
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=30, history_days=300, comments_per_post=3), hidden_post_rate=0)

    output = connector.read(token_config(tiktok, video_lookback_days=days), ["videos_comments"])

    assert abs(len({row["video_id"] for row in output.rows("videos_comments")}) - asked) <= 2
    (state,) = output.state
    (counts,) = state["stream"]["stream_state"]["parent_state"]["comments"].values()
    assert abs(len(counts) - asked) <= 3


def test_a_post_that_is_refused_or_a_sync_that_is_killed_loses_no_comment(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=25, history_days=200, comments_per_post=40), hidden_post_rate=0)
    config = token_config(tiktok)
    set_fault(tiktok, COMMENTS, "code", code=40002, message="No.", after=20, times=1)

    first = connector.read(config, ["videos_comments"])
    (refused,) = [call["params"]["video_id"] for call in call_log(tiktok, COMMENTS) if call["code"] == 40002]
    tiktok.emulator.calls.clear()
    second = connector.read(config, ["videos_comments"], state=first.state)

    assert first.errors == second.errors == []
    assert set(ids(first, "videos_comments") | ids(second, "videos_comments")) == set(comment_ids(tiktok))
    assert {call["params"]["video_id"] for call in call_log(tiktok, COMMENTS)} == {refused} | fresh_posts(tiktok)

    killed = connector.read_and_be_killed(
        lambda messages: sum(message["type"] == "RECORD" for message in messages) == 100, config, ["videos_comments"]
    )
    again = connector.read(config, ["videos_comments"], state=last_state(killed) or None)
    rows = {message["record"]["data"]["comment_id"] for message in killed if message["type"] == "RECORD"}
    assert rows | set(ids(again, "videos_comments")) == set(comment_ids(tiktok))


def last_state(messages: list[Message]) -> list[Message]:
    """The last state that the platform got."""
    states = [message["state"]["stream"] for message in messages if message["type"] == "STATE"]
    return [{"type": "STREAM", "stream": stream} for stream in states[-1:]]


def test_comments_join_the_posts_they_are_about(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=12, history_days=200, comments_per_post=5), hidden_post_rate=0)

    output = connector.read(oauth_config(tiktok), ["videos", *COMMENT_STREAMS])

    posts = {row["item_id"]: row for row in output.rows("videos")}
    assert all(row["video_id"] in posts for row in output.rows("videos_comments"))
    assert all(row["thumbnail_url"].startswith("https://") for row in output.rows("videos_comments"))
    parents = {row["comment_id"]: row["video_id"] for row in output.rows("videos_comments")}
    assert all(parents[row["parent_comment_id"]] == row["video_id"] for row in output.rows("videos_comments_replies"))
    # One walk of the posts for all three streams.
    assert len(call_log(tiktok, POSTS)) == 1
