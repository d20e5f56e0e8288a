"""Tokens that last a day, refresh tokens that TikTok replaces at every use."""

from datetime import UTC, datetime, timedelta

from integration_tests.connector import Connector, calls, oauth_config, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID
from integration_tests.emulator.server import RunningEmulator

REFRESH = "tt_user/oauth2/refresh_token/"


def test_one_refresh_serves_all_streams_and_is_written_back(connector: Connector, tiktok: RunningEmulator) -> None:
    config = oauth_config(tiktok)
    output = connector.read(config)
    assert calls(tiktok)[REFRESH] == 1
    (stored,) = output.written_back
    credentials = stored["credentials"]
    assert credentials["refresh_token"] != config["credentials"]["refresh_token"]
    assert credentials["business_id"] == FIRST_OPEN_ID
    lifetime = datetime.fromisoformat(credentials["token_expiry_date"]) - datetime.now(UTC)
    # A minute more, because the clocks of two processes may disagree.
    assert timedelta(hours=23) < lifetime < timedelta(hours=24, minutes=1)
    assert {name: value for name, value in stored.items() if name != "credentials"} == {
        name: value for name, value in config.items() if name != "credentials"
    }


def test_a_token_that_is_still_good_is_not_refreshed(connector: Connector, tiktok: RunningEmulator) -> None:
    (stored,) = connector.check(oauth_config(tiktok)).written_back
    output = connector.read(stored)
    assert output.errors == []
    assert output.written_back == []
    assert calls(tiktok)[REFRESH] == 1


def test_a_static_access_token_is_never_refreshed(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.read(token_config(tiktok))
    assert output.errors == []
    assert output.written_back == []
    assert REFRESH not in calls(tiktok)
