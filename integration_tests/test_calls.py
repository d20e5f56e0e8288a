"""How many calls a sync costs: TikTok allows 40 a minute for an account and endpoint."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import Connector, calls, oauth_config, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator

REFRESH, PROFILE, POSTS = "tt_user/oauth2/refresh_token/", "business/get/", "business/video/list/"
MANY_POSTS = AccountSpec(posts=200, history_days=800)


def publication_times(tiktok: RunningEmulator) -> list[datetime]:
    """When each post was published, newest first, read by a bare loop; leaves no trace in the calls."""
    grant = requests.post(f"{tiktok.url}/_emulator/grant", json={"open_id": FIRST_OPEN_ID}, timeout=10).json()
    times, cursor = [], None
    while True:
        params: dict[str, str] = {
            "business_id": FIRST_OPEN_ID,
            "fields": '["item_id","create_time"]',
            "max_count": "20",
        }
        answer = requests.get(
            f"{tiktok.url}/open_api/v1.3/business/video/list/",
            params=params if cursor is None else params | {"cursor": str(cursor)},
            headers={"Access-Token": grant["access_token"]},
            timeout=10,
        ).json()["data"]
        times += [datetime.fromtimestamp(int(post["create_time"]), UTC) for post in answer["videos"]]
        cursor = answer["cursor"]
        if not answer["has_more"]:
            requests.delete(f"{tiktok.url}/_emulator/calls", timeout=10)
            return times


def test_two_hundred_posts_cost_ten_calls_and_the_next_sync_stops_at_the_age_limit_in_every_post_stream(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(MANY_POSTS, hidden_post_rate=0)
    recent = [time for time in publication_times(tiktok) if time > datetime.now(UTC) - timedelta(days=365)]
    first = connector.read(token_config(tiktok))
    assert first.row_counts["videos"] == 200
    assert calls(tiktok) == {PROFILE: 1, POSTS: 10}
    requests.delete(f"{tiktok.url}/_emulator/calls", timeout=10)

    second = connector.read(token_config(tiktok), state=first.state)

    assert second.errors == []
    assert second.row_counts["videos"] == len(recent)
    assert calls(tiktok) == {PROFILE: 1, POSTS: len(recent) // 20 + 1}
    oldest = (datetime.now(UTC) - timedelta(days=365, minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for stream in ("videos", "videos_impression_sources", "videos_audience_countries", "videos_audience_types"):
        assert min(row["create_time"] for row in second.rows(stream)) > oldest, stream


@pytest.mark.parametrize(
    ("num_workers", "streams"),
    [
        (20, ["videos_video_view_retention", "videos_audience_countries"]),
        (2, ["account_metrics_audience_activity", "videos", "account_audience_ages"]),
        (20, None),
    ],
)
def test_each_page_is_asked_for_once_whichever_streams_want_it(
    connector: Connector, start_tiktok: StartTikTok, streams: list[str] | None, num_workers: int
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=90), hidden_post_rate=0)
    output = connector.read(oauth_config(tiktok, num_workers=num_workers), streams)
    assert output.errors == []
    made = calls(tiktok)
    assert made[REFRESH] == 1
    assert made[POSTS] == 5
    assert made[PROFILE] == 1


def test_an_account_whose_posts_gave_no_rows_is_not_walked_to_its_end_again(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    small = AccountSpec(posts=100, history_days=900, followers=41)
    tiktok = start_tiktok(small, hidden_post_rate=0, small_account_post_audience="omit")
    recent = [time for time in publication_times(tiktok) if time > datetime.now(UTC) - timedelta(days=365)]
    stream = ["videos_audience_genders"]
    first = connector.read(token_config(tiktok), stream)
    assert first.row_counts["videos_audience_genders"] == 0
    assert calls(tiktok)[POSTS] == 5
    requests.delete(f"{tiktok.url}/_emulator/calls", timeout=10)

    connector.read(token_config(tiktok), stream, state=first.state)

    assert calls(tiktok)[POSTS] == len(recent) // 20 + 1 < 5
