"""Gets tokens for people without Airbyte's button *Authenticate*, and writes them into a config.

    python -m source_tiktok_organic.sign_in config.json

It prints an address. The account's owner opens it in a browser and allows the access. The browser goes to the redirect
URL of the app, and its address there has a code, which this changes for tokens (docs/tiktok-api.md A2.1, A2.2, B1).
"""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from getpass import getpass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

try:
    import requests
    import yaml
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    sys.exit(f"This Python has no {missing.name}. Activate the environment first: . .venv/bin/activate")

from source_tiktok_organic.keep import replace

MANIFEST = Path(__file__).with_name("manifest.yaml")
SECONDS = 60
# Codes of TikTok's are much longer.
SHORTEST_CODE = 10
# What TikTok's refusals mean, in the browser's address and in the response to the code.
REFUSALS = {
    "access_denied": "The access was not allowed in the browser. Run this again and choose to allow it.",
    "invalid_scope": "TikTok refuses all scopes if the app lacks one of them. Add them to your app, or ask for fewer: "
    "--scopes user.info.basic,video.list",
    "unauthorized_client": "Your app may not ask for this. An app of the TikTok API for Business needs the permission "
    '"TikTok Accounts", and an app of TikTok for Developers the product Login Kit, both approved by TikTok.',
    "code": "The code is good for ten minutes and for one use. Run this again, and paste the new address at once.",
    "app": "Check the app's id and its secret. The two families have different apps.",
    "redirect": "The redirect URL must be the one of the app, letter by letter. Run this again with that one.",
    "limit": "It limits the number of calls. Wait five minutes, then run this again.",
    "server": "Its servers have a problem of their own. Run this again in a while.",
}
MEANINGS = {
    40110: "code",
    "invalid_grant": "code",
    40101: "app",
    "invalid_client": "app",
    40002: "redirect",
    "invalid_request": "redirect",
    **dict.fromkeys((40016, 40100, 40132, 61000, "rate_limit_exceeded"), "limit"),
    **dict.fromkeys((*range(50000, 60000), 60001, "server_error", "temporarily_unavailable"), "server"),
}


@dataclass(frozen=True)
class Family:
    """What differs between TikTok's two products: names of settings, the token call, and the scopes to ask for."""

    title: str
    auth_type: str
    client_id: str
    host: str
    token_path: str
    scopes: Sequence[str]


def families() -> dict[str, Family]:
    """Both families by their names on the command line; the scopes are those that the manifest asks for."""
    manifest = yaml.load(MANIFEST.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    fields = manifest["definitions"]["fields"]
    oauth = manifest["spec"]["advanced_auth"]["oauth_config_specification"]["oauth_connector_input_specification"]
    business = oauth["scope"].split(",")
    login_kit = list(fields["user"] | fields["user_video"])
    return {
        "business": Family(
            "TikTok API for Business",
            "business_oauth",
            "client_id",
            "https://business-api.tiktok.com",
            "/open_api/v1.3/tt_user/oauth2/token/",
            business,
        ),
        "login_kit": Family(
            "Login Kit", "login_kit", "client_key", "https://open.tiktokapis.com", "/v2/oauth/token/", login_kit
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, sign in, and write the config."""
    options = parser().parse_args(arguments)
    try:
        sign_in(options)
    except (KeyboardInterrupt, EOFError):
        sys.exit(f"\nNothing was signed in to, and {options.config} is as it was.")
    except OSError as error:
        sys.exit(
            f"{options.config} can't be written ({error.strerror}), so the tokens are lost. It must lie in a folder "
            "where this user may replace files. Then run this again."
        )


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="python -m source_tiktok_organic.sign_in",
        description="Sign in to a TikTok account, and write its tokens into a config.",
    )
    options.add_argument("config", type=Path, nargs="?", default=Path("config.json"), help="default: %(default)s")
    options.add_argument("--family", choices=["business", "login_kit"], help="default: that of the config, or business")
    options.add_argument("--redirect-url", help="the redirect URL of your app, letter by letter; asked for if missing")
    options.add_argument("--scopes", help="ask for these scopes alone, with commas between them")
    options.add_argument("--add", action="store_true", help="put one more account into `additional_accounts`")
    return options


def sign_in(options: argparse.Namespace) -> None:
    """Sign in with these options; ends with a sentence where that can't be done."""
    config = config_in(options.config)
    credentials = config.get("credentials") or {}
    family = family_of(credentials, options)
    scopes = scopes_of(family, options.scopes)

    app = {
        "id": credentials.get(family.client_id) or asked(f"{family.client_id} of your app", input),
        "secret": credentials.get("client_secret") or asked("client_secret of your app (it is not shown)", getpass),
    }
    redirect_url = (options.redirect_url or asked("Redirect URL of your app", input)).strip()
    state = secrets.token_urlsafe(12)
    asking = {
        "client_key": app["id"],
        "response_type": "code",
        "scope": ",".join(scopes),
        "redirect_uri": redirect_url,
        "state": state,
        # Without it TikTok sends back at once whoever allowed the same before, and no other account can be chosen.
        "disable_auto_auth": "1",
    }
    host = str(config.get("api_url") or "https://www.tiktok.com").rstrip("/")
    say(f"Open this address in a browser, sign in as the account, and allow the access:\n\n{host}/v2/auth/authorize/?")
    say(f"{urlencode(asking)}\n\nThe browser then goes to {redirect_url}, even if there is nothing to see there.")

    code = code_in(asked("Paste the address that it shows now", input), state)
    data = tokens(family, config, app, code, redirect_url)
    entry = {
        **({"business_id": data["open_id"]} if family.auth_type == "business_oauth" else {}),
        "access_token": data["access_token"],
        "token_expiry_date": end_of(data["expires_in"]),
        "refresh_token": data["refresh_token"],
    }
    first = {"auth_type": family.auth_type, family.client_id: app["id"], "client_secret": app["secret"]}
    # Anew, because a sync may have stored new tokens in it meanwhile.
    config = config_in(options.config)
    new_config, place = with_account(config, first, entry, options)
    replace(options.config, new_config)

    granted = str(data.get("scope")).split(",")
    missing = [scope for scope in scopes if scope not in granted]
    say(f"\nThe account {data['open_id']} is signed in to. Its tokens are in `{place}` of {options.config}.")
    before = config.get("credentials") or {}
    if place == "credentials" and before.get("refresh_token") and not before.get("business_id"):
        say("The config did not say which account it had before. Make sure that this is the one you meant.")
    if missing:
        say(f"It did not allow {', '.join(missing)}. Columns and streams of these stay empty.")
    say(f"Next: source-tiktok-organic check --config {options.config}")


def say(sentence: str) -> None:
    """Tell the user; an address comes in one piece."""
    print(sentence, end="" if sentence.endswith("?") else "\n", flush=True)


def asked(what: str, ask: Callable[[str], str]) -> str:
    """What the user types, without blanks around it. It is asked for until there is something."""
    answer = ""
    while not answer:
        answer = ask(f"{what}: ").strip()
    return answer


def config_in(path: Path) -> dict[str, Any]:
    """What is in the config, empty if there is none; the end where it could not be replaced later."""
    if not os.access(path.resolve().parent, os.W_OK):
        sys.exit(f"{path} can't be written, because there is no such folder, or it may not be written to.")
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        sys.exit(f"{path} is no JSON ({error}). Mend it, or name another file.")
    except OSError as error:
        sys.exit(f"{path} can't be read ({error.strerror}).")
    entries = [config.get("credentials") or {}] if isinstance(config, dict) else [None]
    more = config.get("additional_accounts") or [] if isinstance(config, dict) else []
    if not isinstance(more, list) or not all(isinstance(entry, dict) for entry in [*entries, *more]):
        sys.exit(f"{path} is no config of this connector. Name another file.")
    if config.get("api_url"):
        validate_api_url(config)
    return config


def validate_api_url(config: Mapping[str, Any]) -> None:
    """Refuse an `api_url` that the connector refuses. What that imports takes longer than all the rest of a sign-in."""
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from source_tiktok_organic import config as settings

    try:
        settings.validate_api_url(config)
    except AirbyteTracedException as mistake:
        sys.exit(str(mistake.message))


def family_of(credentials: Mapping[str, Any], options: argparse.Namespace) -> Family:
    """The family that is asked for, or else that of the config."""
    auth_type = credentials.get("auth_type")
    of_config = {None: None, "login_kit": "login_kit"}.get(auth_type, "business")
    if options.family and of_config and options.family != of_config:
        sys.exit(f"{options.config} is for the other family ({auth_type}). Name another file.")
    family = families()[options.family or of_config or "business"]
    if options.add and (family.auth_type == "login_kit" or auth_type != "business_oauth"):
        sys.exit(
            f"--add puts an account beside one of the TikTok API for Business, and {options.config} has none with "
            "OAuth. Sign in to the first account without --add. Each account of Login Kit has its own config."
        )
    return family


def scopes_of(family: Family, wanted: str | None) -> Sequence[str]:
    """The scopes to ask for; the end where one is none that the connector reads."""
    scopes = [scope.strip() for scope in wanted.split(",") if scope.strip()] if wanted else family.scopes
    unknown = [scope for scope in scopes if scope not in family.scopes]
    if unknown or not scopes:
        sys.exit(f"{family.title} has no scope {', '.join(unknown)}. These are there: {', '.join(family.scopes)}.")
    return scopes


def code_in(address: str, state: str) -> str:
    """The code in the address that the browser ended on, or in what was pasted of it.

    In:  "https://example.com/callback/?code=abc%2A1%215001.em&scopes=video.list&state=p4q8", "p4q8"
    Out: "abc*1!5001.em"
    """
    if not set("=/?") & set(address):
        if len(address) < SHORTEST_CODE or any(letter.isspace() for letter in address):
            sys.exit(
                "This is neither an address nor a code. Run this again, and paste the whole address that the browser "
                "shows after you allowed the access; it has `code=` in it."
            )
        return unquote(address)
    found = dict(parse_qsl(urlsplit(address).query or address))
    if "error" in found:
        reason = " ".join(found[name] for name in ("error", "error_description", "error_type") if name in found)
        sys.exit(f"TikTok refused ({reason}). {REFUSALS.get(found['error'], 'Run this again.')}")
    if not found.get("code"):
        sys.exit(
            "There is no code in this address. Run this again, and paste the address after you allowed the access."
        )
    if found.get("state") != state:
        sys.exit(
            "This address belongs to another sign-in, or a part of it is missing. Run this again, and paste the whole "
            "address of the new one."
        )
    return found["code"]


def tokens(
    family: Family, config: Mapping[str, Any], app: Mapping[str, str], code: str, redirect_url: str
) -> Mapping[str, Any]:
    """TikTok's tokens for a code, or the end with what TikTok says.

    Out: `{"access_token": "act.…", "expires_in": 86400, "refresh_token": "rft.…", "open_id": "-000abc", "scope":
         "user.info.basic,video.list", …}`
    """
    url = f"{str(config.get('api_url') or family.host).rstrip('/')}{family.token_path}"
    body = {"client_secret": app["secret"], "grant_type": "authorization_code", "redirect_uri": redirect_url}
    # The secret goes to this host and to no other.
    options: dict[str, Any] = {"timeout": SECONDS, "allow_redirects": False}
    try:
        if family.auth_type == "login_kit":
            form = {**body, "client_key": app["id"], "code": code}
            response = requests.post(url, data=form, **options)
            answer = response.json()
            refused, message, data = answer.get("error"), answer.get("error_description"), answer
        else:
            response = requests.post(url, json={**body, "client_id": app["id"], "auth_code": code}, **options)
            answer = response.json()
            refused, message, data = answer["code"], answer.get("message"), answer.get("data")
        texts = [(data or {}).get(name) for name in ("access_token", "refresh_token", "open_id")]
        seconds = str((data or {}).get("expires_in"))
        is_whole = all(isinstance(text, str) and text for text in texts) and seconds.isdecimal()
    except (requests.RequestException, ValueError, KeyError, AttributeError) as error:
        host = urlsplit(url).netloc
        sys.exit(f"{host} could not be asked for tokens ({type(error).__name__}). Run this again in a while.")
    for hidden in (app["secret"], code):
        message = str(message).replace(hidden, "****")
    if refused:
        meaning = REFUSALS.get(MEANINGS.get(refused, str(refused)), "Run this again.")
        sys.exit(f"TikTok refused (code {refused}: {message}). {meaning}")
    if not is_whole:
        sys.exit("TikTok sent no tokens although it reported success. Run this again in a while.")
    return dict(data)


def end_of(seconds: Any) -> str:
    """The end of a token that lasts so long from now, in UTC."""
    end = datetime.now(timezone.utc) + timedelta(seconds=int(seconds))
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_account(
    config: Mapping[str, Any], first: Mapping[str, str], entry: Mapping[str, str], options: argparse.Namespace
) -> tuple[dict[str, Any], str]:
    """The config with the account's tokens, and where they are in it; all other settings stay.

    An account that is there already gets new tokens in its own place.
    """
    credentials, more = dict(config.get("credentials") or {}), list(config.get("additional_accounts") or [])
    business_id = entry.get("business_id")
    known = credentials.get("business_id")
    if not options.add or (known and known == business_id):
        if not options.add and known and business_id and known != business_id:
            sys.exit(
                f"{options.config} has the account {known}, and you signed in as {business_id}. To read both, run this "
                "again with --add. To read this one instead, take `business_id` out of it, or name another file."
            )
        return {**config, "credentials": {**credentials, **first, **entry}}, "credentials"
    for position, other in enumerate(more):
        if other.get("business_id") == business_id:
            more[position] = {**other, **entry}
            return {**config, "additional_accounts": more}, f"additional_accounts[{position}]"
    return {**config, "additional_accounts": [*more, dict(entry)]}, f"additional_accounts[{len(more)}]"


if __name__ == "__main__":
    main()
