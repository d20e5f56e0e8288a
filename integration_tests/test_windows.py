"""Which days and posts a sync reads, with and without a state."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from integration_tests import day
from integration_tests.conftest import StartTikTok
from integration_tests.connector import Connector, Message, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator

DAILY = ["account_metrics", "account_metrics_audience_activity"]


def today() -> date:
    return datetime.now(UTC).date()


PARTITION = {"business_id": FIRST_OPEN_ID}


def state_of(stream: str, cursor: dict[str, str], partition: Mapping[str, Any] = PARTITION) -> list[Message]:
    """The state of a stream that was read to its end up to `cursor`."""
    blob = {
        "use_global_cursor": False,
        "states": [{"partition": partition, "cursor": cursor}],
        "state": cursor,
        "lookback_window": 1,
        "parent_state": {"account": {"read": [FIRST_OPEN_ID]}},
    }
    return [{"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": blob}}]


def test_the_first_sync_reads_58_days(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.read(token_config(tiktok), DAILY)
    days = [row["metric_date"] for row in output.rows("account_metrics")]
    assert min(days) == str(today() - timedelta(days=58))
    assert {row["metric_date"] for row in output.rows("account_metrics_audience_activity")} == set(days)


@pytest.mark.parametrize(
    ("moment", "first_day", "newest_day"),
    [
        ("2027-12-31T23:50:00Z", "2027-11-03", "2027-12-29"),
        ("2028-02-29T00:00:30Z", "2028-01-02", "2028-02-27"),
        ("2028-03-01T12:00:00Z", "2028-01-03", "2028-02-28"),
    ],
)
def test_the_first_sync_reads_58_days_at_the_end_of_a_year_and_around_a_leap_day(
    connector: Connector,
    start_tiktok: StartTikTok,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    first_day: str,
    newest_day: str,
) -> None:
    now = datetime.fromisoformat(moment)
    tiktok = start_tiktok(AccountSpec(posts=25, ad_only_share=0), now=now, hidden_post_rate=0)
    for name, value in day.environment_at(now).items():
        monkeypatch.setenv(name, value)

    output = connector.read(token_config(tiktok))

    assert output.errors == []
    days = [row["metric_date"] for row in output.rows("account_metrics")]
    assert (min(days), max(days), len(days)) == (first_day, newest_day, 57)
    assert [row["metric_date"] for row in output.rows("videos")] == [moment[:10]] * 25


def test_a_pause_of_three_months_is_a_clamped_window(connector: Connector, tiktok: RunningEmulator) -> None:
    old = state_of("account_metrics", {"metric_date": str(today() - timedelta(days=92))})
    output = connector.read(token_config(tiktok, lookback_days=3), ["account_metrics"], state=old)
    assert output.errors == []
    assert min(row["metric_date"] for row in output.rows("account_metrics")) == str(today() - timedelta(days=58))


@pytest.mark.parametrize("of_0_1_0", [{}, {"parent_slice": PARTITION}])
def test_a_later_sync_reads_lookback_days_behind_its_cursor(
    connector: Connector, tiktok: RunningEmulator, of_0_1_0: dict[str, Any]
) -> None:
    state = state_of("account_metrics", {"metric_date": str(today() - timedelta(days=10))}, PARTITION | of_0_1_0)
    output = connector.read(token_config(tiktok, lookback_days=5), ["account_metrics"], state=state)
    assert min(row["metric_date"] for row in output.rows("account_metrics")) == str(today() - timedelta(days=15))


def test_streams_with_different_states_share_the_call(connector: Connector, tiktok: RunningEmulator) -> None:
    state = state_of("account_metrics", {"metric_date": str(today() - timedelta(days=10))})
    output = connector.read(token_config(tiktok, lookback_days=5), DAILY, state=state)
    assert min(row["metric_date"] for row in output.rows(DAILY[1])) == str(today() - timedelta(days=58))
    summary = requests.get(f"{tiktok.url}/_emulator/calls/summary", timeout=10).json()
    assert summary["business/get/"]["total"] == 1


def test_start_date_and_end_date_bound_days_and_posts(connector: Connector, tiktok: RunningEmulator) -> None:
    start, end = today() - timedelta(days=40), today() - timedelta(days=12)
    config = token_config(tiktok, start_date=str(start), end_date=str(end))
    output = connector.read(config, ["account_metrics", "videos"])
    days = [row["metric_date"] for row in output.rows("account_metrics")]
    assert (min(days), max(days)) == (str(start), str(end))
    published = [row["create_time"][:10] for row in output.rows("videos")]
    everything = connector.read(token_config(tiktok), ["videos"]).rows("videos")
    wanted = [row for row in everything if str(start) <= row["create_time"][:10] <= str(end)]
    assert len(published) == len(wanted) > 0


def test_a_day_is_provisional_until_48_hours_after_its_end(connector: Connector, tiktok: RunningEmulator) -> None:
    rows = connector.read(token_config(tiktok), ["account_metrics"]).rows("account_metrics")
    provisional = {row["metric_date"] for row in rows if row["is_provisional"]}
    # The newest day that TikTok has computed is the day before yesterday, which ended less than 48 hours ago.
    assert provisional == {str(today() - timedelta(days=2))}


def test_an_account_that_has_no_state_of_its_own_gets_its_history(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    state = state_of("videos", {"create_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")})
    blob = state[0]["stream"]["stream_state"]
    blob["states"][0]["partition"] = {"business_id": "another"}
    blob["parent_state"] = {"account": {"read": ["another"]}}
    with_state = connector.read(token_config(tiktok), ["videos"], state=state)
    without = connector.read(token_config(tiktok), ["videos"])
    assert with_state.row_counts == without.row_counts


def test_a_start_date_that_moved_back_opens_the_posts_of_the_window(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    late = token_config(tiktok, start_date=str(today() - timedelta(days=30)))
    first = connector.read(late, ["videos"])
    second = connector.read(token_config(tiktok), ["videos"], state=first.state)
    everything = connector.read(token_config(tiktok), ["videos"]).rows("videos")
    window_opens = str(today() - timedelta(days=365))
    wanted = {row["item_id"] for row in everything if row["create_time"][:10] > window_opens}
    assert len(first.rows("videos")) < len(wanted)
    assert {row["item_id"] for row in second.rows("videos") if row["create_time"][:10] > window_opens} == wanted
