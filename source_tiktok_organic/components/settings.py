"""Settings that a JSON schema can't judge, and where the config has the accounts."""

import ipaddress
import re
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime, timezone
from typing import Any

from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import config_error

TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
DATE_FORMAT = "%Y-%m-%d"


def parse_date(config: Config, name: str) -> date | None:
    value = config.get(name)
    if value in (None, ""):
        return None
    try:
        return datetime.strptime(str(value), DATE_FORMAT).date()
    except ValueError:
        raise config_error(
            f"The setting `{name}` is '{value}', but it must be a calendar date such as 2026-01-31 (year-month-day)."
        ) from None


# No component has a backslash: Airbyte takes them out before it computes the checksum of components that were
# published from the Builder, but leaves them in the components.
_IPV6 = f"{re.escape('[')}[0-9a-f:.]+{re.escape(']')}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def validate_settings(config: Config) -> None:
    """Refuse what a JSON schema cannot see, before any call is made.

    In:  `{"start_date": "2027-01-01"}` read on 2026-11-20
    Out: a config error: "The setting `start_date` is 2027-01-01, which is in the future. …"
    """
    start, end = parse_date(config, "start_date"), parse_date(config, "end_date")
    today = datetime.now(timezone.utc).date()
    if start and start > today:
        raise config_error(
            f"The setting `start_date` is {start}, which is in the future. "
            f"Choose {today} (today, UTC) or an earlier day."
        )
    if start and end and end < start:
        raise config_error(
            f"The setting `end_date` is {end}, which is before `start_date` {start}. Choose a later `end_date`."
        )
    _validate_accounts(config)
    url = config.get("api_url")
    if url:
        # Libraries disagree on where the host ends in an address with a user, a backslash or an odd bracket.
        parts = re.fullmatch(
            f"(https?)://({_IPV6}|[a-z0-9.-]+)(?::[0-9]{{1,5}})?(?:/[a-z0-9._~/-]*)?", str(url).lower()
        )
        if parts is None or (parts[1] == "http" and not _is_loopback(parts[2].strip("[]"))):
            raise config_error(
                "The setting `api_url` must begin with https://, or with http:// for a server on this machine "
                "(localhost or 127.0.0.1), because access tokens are sent to it. Remove it to call TikTok itself."
            )


def places_of(config: Config) -> dict[str, MutableMapping[str, Any]]:
    """The settings of each account, by their place in the config; the first is that of `credentials`."""
    more = config.get("additional_accounts") or []
    if not isinstance(more, list) or not all(isinstance(entry, dict) for entry in more):
        raise config_error(
            "The setting `additional_accounts` must be a list of accounts, each with a `refresh_token`, or with an "
            "`access_token` and its `business_id`."
        )
    return {
        "credentials": config.get("credentials") or {},
        **{f"additional_accounts[{position}]": entry for position, entry in enumerate(more)},
    }


def is_place(name: str) -> bool:
    return name == "credentials" or name.startswith("additional_accounts[")


def same_account(first: str, second: str, business_id: str) -> AirbyteTracedException:
    return config_error(
        f"`{first}` and `{second}` are the same TikTok account, {business_id}. Remove one of them, or authenticate "
        "it with the account that you meant."
    )


def _validate_accounts(config: Config) -> None:
    """Refuse additional accounts that could not be read, or would be read twice."""
    (_, first), *more = places_of(config).items()
    if more and first.get("auth_type") == "login_kit":
        raise config_error(
            "The setting `additional_accounts` is for the TikTok API for Business. With Login Kit, make a connection "
            "for each account."
        )
    for place, entry in more:
        if entry.get("refresh_token") and first.get("auth_type") == "business_access_token":
            raise config_error(
                f"`{place}` has a refresh token, which only the app can renew that it was given to. Authenticate the "
                "first account with OAuth, so that its `credentials` have the app, or give this one an `access_token`."
            )
        if not entry.get("refresh_token") and not (entry.get("access_token") and entry.get("business_id")):
            raise config_error(
                f"`{place}` cannot be read: it needs a `refresh_token`, or an `access_token` with the `business_id` "
                "that came with it."
            )
    for name in ("business_id", "refresh_token", "access_token"):
        seen: dict[str, str] = {}
        for place, entry in places_of(config).items():
            value = entry.get(name)
            if value and value in seen:
                raise same_account(seen[value], place, f"by their `{name}`" if name.endswith("token") else value)
            if value:
                seen[value] = place


def require(credentials: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not credentials.get(name):
            raise config_error(f"The setting `credentials.{name}` is missing. Fill it in or authenticate again.")
