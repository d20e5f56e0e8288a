"""The streams `user_info_history` and `user_videos_history`: a dated row for each sync, at no call more."""

from airbyte_cdk.models import SyncMode

from unit_tests.syncs import Clock, Outcome, login_kit_config, read, signed_in_login_kit_config
from unit_tests.tiktok import USER_INFO_PATH, USER_VIDEOS_PATH, TikTok, epoch, user_post

STREAMS = ("user_info", "user_info_history", "user_videos", "user_videos_history")
OPEN_ID = "723f24d7-e717-40f8-a2b6-cb8464cd23b4"


def many_posts(count: int) -> list[dict[str, object]]:
    """So many posts, one a minute."""
    last = epoch("2026-11-19T08:00:00Z")
    return [user_post(str(n), "2026-11-19T08:00:00Z") | {"create_time": last - 60 * n} for n in range(count)]


def keys(outcome: Outcome, stream: str, key: str) -> list[tuple[str, str]]:
    """The primary keys of a stream's rows."""
    return sorted((row[key], row["metric_date"]) for row in outcome.rows(stream))


def test_a_history_is_its_stream_with_a_date(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *STREAMS, config=login_kit_config())

    for stream in ("user_info", "user_videos"):
        dated = [{**row, "metric_date": "2026-11-20"} for row in outcome.rows(stream)]
        assert outcome.rows(f"{stream}_history") == dated
    assert len(outcome.rows("user_videos_history")) == 3


def test_the_histories_cost_no_call(tiktok: TikTok, clock: Clock) -> None:
    tiktok.user_posts = many_posts(65)

    outcome = read(tiktok, clock, *STREAMS, config=signed_in_login_kit_config({"num_workers": 20}))

    assert len(tiktok.calls_of(USER_INFO_PATH)) == 1
    assert len(tiktok.calls_of(USER_VIDEOS_PATH)) == 4
    assert len(outcome.rows("user_videos")) == len(outcome.rows("user_videos_history")) == 65


def test_each_day_adds_rows_and_a_second_sync_on_one_day_gives_the_same_keys(tiktok: TikTok, clock: Clock) -> None:
    config = signed_in_login_kit_config(token_expiry_date="2026-12-20T12:00:00Z")
    first = read(tiktok, clock, *STREAMS, config=config)
    again = read(tiktok, clock, *STREAMS, config=config, state=first.state)
    clock.move_to("2026-11-21T12:00:00Z")
    next_day = read(tiktok, clock, *STREAMS, config=config, state=again.state)

    for outcome, day in ((first, "2026-11-20"), (again, "2026-11-20"), (next_day, "2026-11-21")):
        assert keys(outcome, "user_info_history", "open_id") == [(OPEN_ID, day)]
        assert [date for _, date in keys(outcome, "user_videos_history", "id")] == [day] * 3


def test_a_row_read_after_midnight_carries_the_date_on_which_the_sync_began(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    tiktok.before_answering = lambda _: clock.tick(2)

    outcome = read(tiktok, clock, *STREAMS, config=login_kit_config(), sync_mode=SyncMode.full_refresh)

    for stream in ("user_info_history", "user_videos_history"):
        assert {row["metric_date"] for row in outcome.rows(stream)} == {"2026-11-20"}
