"""What the rows say, for every kind of account and every way in which TikTok may withhold a value."""

from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from integration_tests.conftest import StartTikTok
from integration_tests.connector import COMMENT_STREAMS, STREAMS, Connector, Output, oauth_config, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator

ALL_STREAMS = [*STREAMS, *COMMENT_STREAMS]
IDLE_COLUMNS = ["reach", "total_time_watched", "average_time_watched", "full_video_watched_rate"]
CLICK_COLUMNS = ["phone_number_clicks", "lead_submissions", "app_download_clicks", "email_clicks", "address_clicks"]


def keys(output: Output, catalog: dict[str, dict[str, Any]]) -> dict[str, set[tuple[Any, ...]]]:
    """The primary keys of each stream's rows; a key that is missing or null raises."""
    return {
        name: {
            tuple(row[column] for (column,) in catalog[name]["source_defined_primary_key"]) for row in output.rows(name)
        }
        for name in ALL_STREAMS
    }


def test_every_row_passes_the_schema_of_its_stream_and_has_a_key_of_its_own(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    config = token_config(tiktok)
    catalog = connector.discover(config).catalog
    output = connector.read(config, ALL_STREAMS)
    found = keys(output, catalog)
    for name in ALL_STREAMS:
        rows = output.rows(name)
        assert rows, name
        validator = Draft7Validator(catalog[name]["json_schema"], format_checker=FormatChecker())
        for row in rows:
            validator.validate(row)
            assert set(row) <= set(catalog[name]["json_schema"]["properties"])
        assert len(found[name]) == len(rows), name


def test_two_syncs_on_one_day_give_the_same_keys_in_either_sync_mode(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    config = token_config(tiktok, video_lookback_days=0)
    catalog = connector.discover(config).catalog
    first = connector.read(config)
    again = connector.read(config, state=first.state)
    full = connector.read(config, sync_mode="full_refresh")
    assert keys(again, catalog) == keys(first, catalog)
    assert keys(full, catalog) == keys(first, catalog)


def test_every_row_carries_the_account_even_if_its_id_begins_with_a_hyphen(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    output = connector.read(oauth_config(tiktok))
    assert FIRST_OPEN_ID.startswith("-")
    for name in STREAMS:
        assert {row["business_id"] for row in output.rows(name)} == {FIRST_OPEN_ID}, name
        assert {row["video_creator_username"] for row in output.rows(name)} == {"harbour_coffee"}, name


@pytest.mark.parametrize(("gap", "expected"), [("omit", None), ("null", None), ("zero", 0)])
def test_what_tiktok_withholds_is_null_and_what_it_calls_zero_is_zero(
    connector: Connector, start_tiktok: StartTikTok, gap: str, expected: int | None
) -> None:
    tiktok = start_tiktok(
        AccountSpec(posts=60, kind="business", idle_share=1), idle_values=gap, account_kind_values=gap
    )
    output = connector.read(token_config(tiktok), ["videos", "account_metrics"])
    idle = [row for row in output.rows("videos") if row.get("reach") == expected]
    assert len(idle) > 10
    assert all(row.get(column) == expected for row in idle for column in IDLE_COLUMNS)
    assert all(row.get(column) == expected for row in output.rows("account_metrics") for column in CLICK_COLUMNS)
    assert all(isinstance(row["likes"], int) for row in output.rows("account_metrics"))


@pytest.mark.parametrize("gap", ["omit", "null", "empty"])
def test_arrays_that_tiktok_withholds_give_no_rows(connector: Connector, start_tiktok: StartTikTok, gap: str) -> None:
    spec = AccountSpec(posts=25, followers=41)
    tiktok = start_tiktok(
        spec,
        small_account_audience=gap,
        small_account_activity=gap,
        small_account_post_audience=gap,
        idle_arrays=gap,
    )
    output = connector.read(token_config(tiktok))
    assert output.errors == []
    assert output.row_counts["account"] == 1
    assert output.rows("account")[0]["followers_count"] == 41
    for name in ("account_audience_ages", "account_metrics_audience_activity", "videos_audience_countries"):
        assert output.row_counts[name] == 0, name


def test_a_personal_account_succeeds_with_fewer_columns(connector: Connector, start_tiktok: StartTikTok) -> None:
    output = connector.read(token_config(start_tiktok(AccountSpec(posts=25, kind="personal"))))
    assert output.errors == []
    assert output.rows("account")[0]["is_business_account"] is False
    assert all(row.get("unique_video_views") is None for row in output.rows("account_metrics"))
    assert output.row_counts["videos"] > 20


def test_an_account_without_posts_succeeds(connector: Connector, start_tiktok: StartTikTok) -> None:
    output = connector.read(token_config(start_tiktok(AccountSpec(posts=0))))
    assert output.errors == []
    assert output.exit_code == 0
    assert output.row_counts["account"] == 1
    assert output.row_counts["videos"] == 0


def test_short_and_empty_pages_lose_no_post(connector: Connector, start_tiktok: StartTikTok) -> None:
    spec = AccountSpec(posts=130)
    plain = connector.read(token_config(start_tiktok(spec)), ["videos", "videos_audience_types"])
    holey = connector.read(
        token_config(start_tiktok(spec, short_page_rate=0.5, empty_pages=3)), ["videos", "videos_audience_types"]
    )
    assert holey.errors == []
    assert holey.row_counts == plain.row_counts
    assert {row["item_id"] for row in holey.rows("videos")} == {row["item_id"] for row in plain.rows("videos")}


def test_a_refusal_in_the_body_of_an_http_200_fails_the_stream(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=25), unknown_path_code=40007)
    config = token_config(tiktok)
    config["credentials"]["business_id"] = "000somebody-else"
    output = connector.read(config, ["account"])
    assert output.exit_code == 1
    assert output.row_counts["account"] == 0
    assert any(
        error.startswith("TikTok did not permit the stream `account`") and "(code 40001" in error
        for error in output.errors
    )
