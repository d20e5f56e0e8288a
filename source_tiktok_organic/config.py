"""Mistakes in settings, as sentences that say what belongs there."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import date, datetime, timezone
from difflib import get_close_matches
from typing import Any

from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.settings import DATE_FORMAT, accounts_in, can_be_sent, same_account


def validate_config(config: Config, specification: Mapping[str, Any]) -> None:
    """Raise a config error that names the setting and what belongs there."""
    sentence = config_mistake(config, specification)
    if sentence:
        raise config_error(sentence)
    validate_settings(config)


def config_mistake(config: Mapping[str, Any], specification: Mapping[str, Any]) -> str | None:
    """What is wrong with `config`, in a sentence, or None.

    In:  `{"credentials": {"auth_type": "business_access_token", "access_token": "act.1"}}`
    Out: "The setting `credentials.business_id` is missing. The account's open_id, which comes with the access token."

    The JSON schema of a choice (`oneOf`) only knows that no variant fits. So the credentials are checked against the
    variant that `auth_type` names.
    """
    properties: Mapping[str, Any] = specification["properties"]
    credentials = {key: value for key, value in properties["credentials"].items() if key != "oneOf"}
    without_choice = {**specification, "properties": {**properties, "credentials": credentials}}
    sentence = _first_mistake(config, without_choice, path="")
    if sentence:
        return sentence

    variants = {variant["properties"]["auth_type"]["const"]: variant for variant in properties["credentials"]["oneOf"]}
    auth_type = config["credentials"].get("auth_type")
    variant = variants.get(auth_type) if isinstance(auth_type, str) else None
    if variant is None:
        state = "missing" if auth_type is None else _shown(auth_type)
        choices = " or ".join(f"'{name}' for {variant['title']}" for name, variant in variants.items())
        return f"The setting `credentials.auth_type` is {state}, but it must be {choices}."
    return _first_mistake(config["credentials"], variant, path="credentials.")


def unknown_settings(config: Mapping[str, Any], specification: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each setting that the connector does not have, and so leaves alone.

    In:  `{"start_dat": "2026-01-01", "credentials": {…}}`
    Out: "The connector has no setting `start_dat`, so it has no effect. Is it `start_date`?"

    Airbyte adds settings of its own, whose names begin with two underscores.
    """
    properties: Mapping[str, Any] = specification["properties"]
    groups: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [("", config, properties)]
    credentials = config.get("credentials")
    if isinstance(credentials, Mapping):
        variants = [one["properties"] for one in properties["credentials"]["oneOf"]]
        auth_type = credentials.get("auth_type")
        groups += [("credentials.", credentials, one) for one in variants if one["auth_type"]["const"] == auth_type]
    if _accounts_are_a_list(config):
        of_account = properties["additional_accounts"]["items"]["properties"]
        groups += [(f"{path}.", entry, of_account) for path, entry in list(accounts_in(config).items())[1:]]
    for path, settings, known in groups:
        for name in settings:
            if name not in known and not name.startswith("__"):
                close = get_close_matches(name, known, n=1)
                hint = f" Is it `{path}{close[0]}`?" if close else ""
                yield f"The connector has no setting `{path}{name}`, so it has no effect.{hint}"


def _first_mistake(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> str | None:
    error = best_match(Draft7Validator(schema).iter_errors(value))
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    if error is None:
        empty = [name for name in schema.get("required", []) if value[name] == ""]
        return f"The setting `{path}{empty[0]}` is empty. {_meaning(properties[empty[0]])}" if empty else None
    if error.validator == "required":
        missing = next(name for name in schema["required"] if name not in value)
        return f"The setting `{path}{missing}` is missing. {_meaning(properties[missing])}"
    name, *inside = error.absolute_path
    definition = properties[name]
    if inside:
        return _mistake_in_list(value[name], int(inside[0]), definition["items"], path=f"{path}{name}")
    is_secret = definition.get("airbyte_secret") or definition["type"] in ("object", "array")
    shown = "of the wrong kind" if is_secret else _shown(value[name])
    return f"The setting `{path}{name}` is {shown}, but it must be {_wanted(definition)}."


def _mistake_in_list(value: Sequence[Any], position: int, schema: Mapping[str, Any], path: str) -> str | None:
    item, path = value[position], f"{path}[{position}]"
    if isinstance(item, Mapping):
        return _first_mistake(item, schema, path=f"{path}.")
    shown = _shown(item) if "enum" in schema else "of the wrong kind"
    return f"The setting `{path}` is {shown}, but it must be {_wanted(schema)}."


def _shown(value: Any) -> str:
    """A value as JSON has it, but text in the quotes that the sentences have."""
    return repr(value) if isinstance(value, str) else json.dumps(value)


def _meaning(definition: Mapping[str, Any]) -> str:
    return str(definition.get("description", "Fill it in."))


_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a group of settings",
    "array": "a list",
}


def _wanted(definition: Mapping[str, Any]) -> str:
    if "pattern_descriptor" in definition:
        return f"a date in the form {definition['pattern_descriptor']}, such as {definition['examples'][0]}"
    if "enum" in definition:
        return f"one of {', '.join(definition['enum'])}"
    kind = _KINDS[definition["type"]]
    if "maximum" in definition:
        return f"{kind} from {definition['minimum']} to {definition['maximum']}"
    return f"{kind} of {definition['minimum']} or more" if "minimum" in definition else kind


def trim(config: MutableMapping[str, Any]) -> None:
    """Take off the blanks around pasted values.

    In:  `{"credentials": {"access_token": " act.1\n"}}`
    Out: `{"credentials": {"access_token": "act.1"}}`
    """
    for entry in [config, *(accounts_in(config).values() if _accounts_are_a_list(config) else [])]:
        entry.update({name: value.strip() for name, value in entry.items() if isinstance(value, str)})


def _accounts_are_a_list(config: Mapping[str, Any]) -> bool:
    accounts = config.get("additional_accounts") or []
    credentials = config.get("credentials") or {}
    return isinstance(credentials, dict) and isinstance(accounts, list) and all(isinstance(x, dict) for x in accounts)


def validate_settings(config: Config) -> None:
    """Refuse what a JSON schema cannot see, before any call is made.

    In:  `{"start_date": "2027-01-01"}` read on 2026-11-20
    Out: a config error: "The setting `start_date` is 2027-01-01, which is in the future. …"
    """
    start, end = _date(config, "start_date"), _date(config, "end_date")
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
    validate_api_url(config)


def validate_api_url(config: Config) -> None:
    """Refuse an `api_url` to which tokens should not be sent."""
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


def _date(config: Config, name: str) -> date | None:
    value = config.get(name)
    if value in (None, ""):
        return None
    try:
        return datetime.strptime(str(value), DATE_FORMAT).date()
    except ValueError:
        raise config_error(
            f"The setting `{name}` is '{value}', but it must be a calendar date such as 2026-01-31 (year-month-day)."
        ) from None


def _validate_end(path: str, value: Any) -> None:
    try:
        if value not in (None, ""):
            ab_datetime_parse(value)
    except ValueError:
        raise config_error(
            f"The setting `{path}` is {_shown(value)}, but it must be a time such as 2026-01-31T12:00:00Z. Leave it "
            "empty if you don't know it: then the connector renews the access token."
        ) from None


_IPV6 = r"\[[0-9a-f:.]+\]"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _validate_accounts(config: Config) -> None:
    """Refuse additional accounts that could not be read, or would be read twice."""
    if not _accounts_are_a_list(config):
        raise config_error(
            "The setting `additional_accounts` must be a list of accounts, each with a `refresh_token`, or with an "
            "`access_token` and its `business_id`."
        )
    (_, first), *more = accounts_in(config).items()
    if more and first.get("auth_type") == "login_kit":
        raise config_error(
            "The setting `additional_accounts` is for the TikTok API for Business. With Login Kit, make a connection "
            "for each account."
        )
    for path, entry in more:
        if entry.get("refresh_token") and first.get("auth_type") == "business_access_token":
            raise config_error(
                f"`{path}` has a refresh token, which only the app can renew that it was given to. Authenticate the "
                "first account with OAuth, so that its `credentials` have the app, or give this one an `access_token`."
            )
        if not entry.get("refresh_token") and not (entry.get("access_token") and entry.get("business_id")):
            raise config_error(
                f"`{path}` cannot be read: it needs a `refresh_token`, or an `access_token` with the `business_id` "
                "that came with it."
            )
    for path, entry in accounts_in(config).items():
        _validate_end(f"{path}.token_expiry_date", entry.get("token_expiry_date"))
        for name, value in entry.items():
            if name != "name" and isinstance(value, str) and not can_be_sent(value):
                odd = next(character for character in value if not can_be_sent(character))
                raise config_error(
                    f"The setting `{path}.{name}` has a character that can't be part of it: {odd!r}. Copy it again."
                )
    for name in ("business_id", "refresh_token", "access_token"):
        seen: dict[str, str] = {}
        for path, entry in accounts_in(config).items():
            value = entry.get(name)
            if value and value in seen:
                raise same_account(seen[value], path, f"by their `{name}`" if name.endswith("token") else value)
            if value:
                seen[value] = path
