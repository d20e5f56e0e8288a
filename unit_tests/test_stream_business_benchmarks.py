"""The stream `business_benchmarks`: TikTok's averages of a category, a dated row per sync, only where asked for."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType, Level, SyncMode

from integration_tests.streams import ALL_STREAMS, LOGIN_KIT_STREAMS
from unit_tests.syncs import (
    Clock,
    cursors,
    discovered,
    login_kit_config,
    oauth_config,
    oauth_entry,
    read,
    signed_in_config,
    signed_in_entry,
    static_token_config,
    static_token_entry,
)
from unit_tests.tiktok import (
    BENCHMARK_PATH,
    BUSINESS_ID,
    CATEGORIES,
    PROFILE_PATH,
    REFRESH_PATH,
    TOKEN_INFO_PATH,
    TikTok,
    refusal,
)

STREAM = "business_benchmarks"
FOOD = "FOOD_AND_BEVERAGE"

ROW = {
    "business_category": "FOOD_AND_BEVERAGE",
    "metric_date": "2026-11-20",
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "video_creator_username": "harbour_coffee",
    "average_likes": 22618.7106,
    "average_comments": 625.6003,
    "average_shares": 410.2,
    "average_video_count": 88.4,
    "average_follower_count": 10321.7,
    "average_follower_growth": 512.9,
    "average_engagement_rate": 0.0421,
    "average_video_views": 201877.3,
}


def config(category: str = FOOD, **settings: Any) -> dict[str, Any]:
    """A config with this category."""
    return static_token_config(benchmark_categories=[category] if category else [], **settings)


# --- Rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sync_mode", [SyncMode.full_refresh, SyncMode.incremental])
def test_there_is_one_row_with_the_averages_of_the_category(sync_mode: SyncMode, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM, config=config(), sync_mode=sync_mode)

    assert outcome.rows(STREAM) == [ROW]


@pytest.mark.parametrize("category", [CATEGORIES[0], CATEGORIES[-1]])
def test_any_category_may_be_asked_for(category: str, tiktok: TikTok, clock: Clock) -> None:
    tiktok.benchmarks[category] = {"business_category": category, "average_likes": 5}

    outcome = read(tiktok, clock, STREAM, config=config(category))

    (row,) = outcome.rows(STREAM)
    assert (row["business_category"], row["average_likes"]) == (category, 5)


def test_averages_are_numbers_also_where_tiktok_sends_them_as_text(tiktok: TikTok, clock: Clock) -> None:
    averages = [name for name in ROW if name.startswith("average_")]
    tiktok.benchmarks[FOOD] |= {name: str(ROW[name]) for name in averages}

    outcome = read(tiktok, clock, STREAM, config=config())

    assert outcome.rows(STREAM) == [ROW]


@pytest.mark.parametrize("withheld", [None, ""])
def test_what_is_withheld_is_null_and_no_zero(withheld: str | None, tiktok: TikTok, clock: Clock) -> None:
    tiktok.benchmarks[FOOD] |= {"average_shares": withheld, "average_likes": 0}
    del tiktok.benchmarks[FOOD]["average_comments"]

    outcome = read(tiktok, clock, STREAM, config=config())

    (row,) = outcome.rows(STREAM)
    assert (row.get("average_shares"), row.get("average_comments"), row["average_likes"]) == (None, None, 0)


def test_what_tiktok_adds_one_day_is_no_column(tiktok: TikTok, clock: Clock) -> None:
    tiktok.benchmarks[FOOD]["average_of_something_new"] = 1

    outcome = read(tiktok, clock, STREAM, config=config())

    assert outcome.rows(STREAM) == [ROW]


def test_a_value_that_is_no_number_is_null(tiktok: TikTok, clock: Clock) -> None:
    tiktok.benchmarks[FOOD]["average_likes"] = "many"

    outcome = read(tiktok, clock, STREAM, config=config())

    assert [row.get("average_likes") for row in outcome.rows(STREAM)] == [None]
    assert "in `average_likes` of the stream `business_benchmarks`" in outcome.logged(Level.WARN)[0]


# --- Calls ----------------------------------------------------------------------------------------------------------


def test_it_costs_one_call_beside_that_of_the_account(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM, config=config())

    assert [call.path for call in tiktok.calls] == [PROFILE_PATH, BENCHMARK_PATH]
    _, call = tiktok.calls
    assert call.method == "GET"
    assert call.params == {"business_id": BUSINESS_ID, "business_category": "FOOD_AND_BEVERAGE"}


def test_beside_other_streams_it_costs_one_call(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account", "account_audience_ages", STREAM, config=config())

    assert sorted(call.path for call in tiktok.calls) == [BENCHMARK_PATH, PROFILE_PATH]


@pytest.mark.parametrize("missing", ["user.insights", "video.insights", "comment.list", "user.info.stats"])
def test_no_scope_is_asked_for(missing: str, tiktok: TikTok, clock: Clock) -> None:
    tiktok.scopes.remove(missing)

    outcome = read(tiktok, clock, STREAM, config=signed_in_config({"benchmark_categories": [FOOD]}))

    assert outcome.rows(STREAM) == [ROW]


def test_a_refused_permission_fails_the_stream_by_name_and_no_other(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(BENCHMARK_PATH, refusal(40001, "No permission."))

    outcome = read(tiktok, clock, "account", STREAM, config=config(), expect_failure=True)

    assert set(outcome.failures) == {STREAM}
    assert outcome.failures[STREAM].failure_type == FailureType.config_error
    assert f"did not permit the stream `{STREAM}`" in (outcome.failures[STREAM].message or "")
    assert len(outcome.rows("account")) == 1


@pytest.mark.parametrize("trouble", [refusal(50000), refusal(40100)])
def test_trouble_that_passes_costs_a_call_and_no_row(trouble: dict[str, Any], tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(BENCHMARK_PATH, trouble)

    outcome = read(tiktok, clock, STREAM, config=config())

    assert outcome.rows(STREAM) == [ROW]
    assert len(tiktok.calls_of(BENCHMARK_PATH)) == 2


# --- A row for each sync --------------------------------------------------------------------------------------------


def test_each_day_of_a_sync_adds_a_row(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM, config=config())
    clock.move_to("2026-11-21T09:00:00Z")
    tiktok.benchmarks[FOOD]["average_likes"] = 23000.5
    second = read(tiktok, clock, STREAM, config=config(), state=first.state)

    assert second.rows(STREAM) == [{**ROW, "metric_date": "2026-11-21", "average_likes": 23000.5}]


def test_a_second_sync_on_one_day_gives_the_same_key_again(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM, config=config())
    clock.tick(3600)
    tiktok.benchmarks[FOOD]["average_likes"] = 23000.5
    second = read(tiktok, clock, STREAM, config=config(), state=first.state)

    assert second.rows(STREAM) == [{**ROW, "average_likes": 23000.5}]


def test_the_date_is_that_on_which_the_sync_began(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    tiktok.before_answering = lambda _: clock.tick(2)

    outcome = read(tiktok, clock, "account", STREAM, config=config())

    assert outcome.column(STREAM, "metric_date") == outcome.column("account", "metric_date") == ["2026-11-20"]


def test_another_category_is_another_row(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM, config=config())
    tiktok.benchmarks["PETS"] = {"business_category": "PETS", "average_likes": 5}

    second = read(tiktok, clock, STREAM, config=config("PETS"), state=first.state)

    assert second.rows(STREAM) == [
        {
            "business_category": "PETS",
            "metric_date": "2026-11-20",
            "business_id": BUSINESS_ID,
            "video_creator_username": "harbour_coffee",
            "average_likes": 5,
        }
    ]


# --- Several accounts -----------------------------------------------------------------------------------------------


def test_the_first_account_asks_for_all(tiktok: TikTok, clock: Clock) -> None:
    more = [static_token_entry(tiktok.add_account(name)) for name in ("night_baker", "tea_house")]

    outcome = read(tiktok, clock, "account", STREAM, config=config(additional_accounts=more))

    assert outcome.rows(STREAM) == [ROW]
    assert len(outcome.rows("account")) == 3
    (call,) = tiktok.calls_of(BENCHMARK_PATH)
    assert call.params["business_id"] == BUSINESS_ID
    assert [account for account, _ in cursors(outcome.state, STREAM)] == [BUSINESS_ID]


def test_alone_it_asks_the_other_accounts_nothing(tiktok: TikTok, clock: Clock) -> None:
    more = [signed_in_entry(tiktok.add_account(name)) for name in ("night_baker", "tea_house")]

    read(
        tiktok,
        clock,
        STREAM,
        config=signed_in_config({"additional_accounts": more, "benchmark_categories": [FOOD]}),
    )

    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH, PROFILE_PATH, BENCHMARK_PATH]


def test_the_trouble_of_another_account_does_not_matter(tiktok: TikTok, clock: Clock) -> None:
    second = tiktok.add_account("night_baker")
    second.valid_tokens = set()

    outcome = read(
        tiktok,
        clock,
        "account",
        STREAM,
        config=config(additional_accounts=[static_token_entry(second)]),
        expect_failure=True,
    )

    assert set(outcome.failures) == {"account"}
    assert outcome.rows(STREAM) == [ROW]


def test_the_trouble_of_the_first_account_fails_it_by_name(tiktok: TikTok, clock: Clock) -> None:
    more = [oauth_entry(tiktok.add_account("night_baker"))]
    tiktok.refresh_token = "another"

    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=oauth_config({"additional_accounts": more, "benchmark_categories": [FOOD]}),
        expect_failure=True,
    )

    assert (outcome.failures[STREAM].message or "").startswith("TikTok account `credentials`: ")
    assert len(tiktok.calls_of(REFRESH_PATH, tiktok)) == 1
    assert tiktok.calls_of(BENCHMARK_PATH) == []


# --- Where it is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(config(), {*ALL_STREAMS, STREAM}, id="with a category"),
        pytest.param(
            signed_in_config({"benchmark_categories": ["OTHERS"]}),
            {*ALL_STREAMS, STREAM},
            id="with a category and OAuth",
        ),
        pytest.param(static_token_config(), {*ALL_STREAMS}, id="without one"),
        pytest.param(config(""), {*ALL_STREAMS}, id="an empty one"),
        pytest.param(static_token_config(benchmark_category=None), {*ALL_STREAMS}, id="null"),
        pytest.param(static_token_config(benchmark_category=FOOD), {*ALL_STREAMS, STREAM}, id="as until 0.1.0"),
        pytest.param(login_kit_config({"benchmark_categories": [FOOD]}), {*LOGIN_KIT_STREAMS}, id="Login Kit"),
    ],
)
def test_it_is_there_with_a_category_and_not_with_login_kit_and_changes_no_other(
    settings: dict[str, Any], expected: set[str]
) -> None:
    assert set(discovered(settings)) == expected
