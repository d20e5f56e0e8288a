"""Where the config has the accounts, and the formats of dates."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import config_error

TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
DATE_FORMAT = "%Y-%m-%d"


def accounts_in(config: Config) -> dict[str, MutableMapping[str, Any]]:
    """The settings of each account by their config path: "credentials", "additional_accounts[0]", …"""
    more = config.get("additional_accounts") or []
    return {
        "credentials": config.get("credentials") or {},
        **{f"additional_accounts[{position}]": entry for position, entry in enumerate(more)},
    }


def is_config_path(name: str) -> bool:
    """Whether a slice is named by its config path, because the account's business_id is unknown."""
    return name == "credentials" or name.startswith("additional_accounts[")


def can_be_sent(value: str) -> bool:
    """Whether a text can be a part of a request: a token, an id."""
    return value.isascii() and value.isprintable()


def same_account(first: str, second: str, business_id: str) -> AirbyteTracedException:
    """The error for two config paths of one account."""
    return config_error(
        f"`{first}` and `{second}` are the same TikTok account, {business_id}. Remove one of them, or authenticate "
        "it with the account that you meant."
    )


def require(credentials: Mapping[str, Any], *names: str) -> None:
    """Raise a config error for a setting that is missing or empty."""
    for name in names:
        if not credentials.get(name):
            raise config_error(f"The setting `credentials.{name}` is missing. Fill it in or authenticate again.")
