"""The configs of `.tmp/acceptance`: one for each way to sign in to an emulated TikTok and each way to fail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from integration_tests.connector import Served, granted, login_kit_config, oauth_config, token_config
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import running_emulator

Config = dict[str, Any]


@contextmanager
def emulated_tiktok_with_configs(folder: Path) -> Iterator[None]:
    """Serve an emulated TikTok without call limits, and write a config for each case into `folder`."""
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    with running_emulator(accounts=[AccountSpec(posts=22, comments_per_post=6)], knobs=knobs) as tiktok:
        folder.mkdir(parents=True, exist_ok=True)
        for name, config in configs_for(tiktok).items():
            (folder / f"{name}.json").write_text(json.dumps(config))
        yield


def configs_for(tiktok: Served) -> dict[str, Config]:
    """The configs by name.

    The standard tests read a config anew for each test and store nothing that the connector writes back. So those that
    sign in with OAuth are as Airbyte has stored them after a while, with an access token that is still good: a renewal
    would end the refresh token for the tests that follow.
    """
    grant, login_kit_grant = granted(tiktok), granted(tiktok, family="login_kit")
    oauth = oauth_config(tiktok, grant=grant, cover_images=True, benchmark_categories=["PETS", "OTHERS"])
    login_kit = login_kit_config(tiktok, grant=login_kit_grant, cover_images=True)
    access_token = token_config(tiktok, grant=grant)
    return {
        "business_oauth": with_credentials(oauth, business_id=grant["open_id"], **still_good(grant)),
        "business_access_token": access_token,
        "login_kit": with_credentials(login_kit, **still_good(login_kit_grant)),
        "wrong_access_token": with_credentials(access_token, access_token="act.wrong!5001.em"),
        "wrong_refresh_token": with_credentials(oauth, refresh_token="rft.wrong!5001.em"),
        "wrong_refresh_token_of_login_kit": with_credentials(login_kit, refresh_token="rft.wrong!5001.em"),
    }


def still_good(grant: dict[str, Any]) -> dict[str, str]:
    """The access token of a grant as the connector stores it."""
    end = datetime.now(UTC) + timedelta(seconds=grant["expires_in"])
    return {"access_token": grant["access_token"], "token_expiry_date": end.isoformat()}


def with_credentials(config: Config, **changes: str) -> Config:
    """The config with other credentials."""
    return config | {"credentials": config["credentials"] | changes}
