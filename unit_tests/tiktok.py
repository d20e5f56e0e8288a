"""A stand-in for TikTok: it answers from memory over requests-mock and remembers every call.

It keeps to what TikTok is known to do: only the fields asked for come back, posts are paged by a time in epoch
milliseconds, a refusal is an HTTP 200 with a code, and a token that is not valid is such a refusal. Where it is not
known, it is as strict as TikTok may be: one field whose scope was not granted fails the whole call, and so does a day
that it does not have. Comments are paged by the number to skip, and beyond 500 of them come by likes and repeat some of
the first.

It may serve several accounts (`add_account`), each with its own tokens, scopes, posts and comments. A call has to send
the token of the account whose `business_id` it names; TikTok takes any other for a missing permission
(docs/tiktok-api.md A4).

All that is TikTok's API for Business. Beside it is Login Kit's Display API, with its own way to say the same: a list of
fields with commas, a page asked for in the body, an HTTP status that is meant, and a renewal that is a form.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import requests
import requests_mock

from integration_tests.emulator.fields import (
    ANALYTICS_SCOPES,
    BUSINESS_CATEGORIES,
    DAILY_FIELDS,
    PROFILE_FIELDS,
    VIDEO_FIELDS,
)
from integration_tests.emulator.login_kit import fields as login_kit_fields
from integration_tests.emulator.login_kit.envelope import STATUS as DISPLAY_STATUSES

BUSINESS_ID = "-000EmuOpenId_0001abcDEFghiJKL"
ACCESS_TOKEN = "act.EMU0aBcD3fGh!5001.em"
REFRESH_TOKEN = "rft.EMU0xYz!5001.em"
RENEWED_ACCESS_TOKEN = "act.EMU1nEwToKeN!5001.em"
RENEWED_REFRESH_TOKEN = "rft.EMU1rOtAtEd!5001.em"
CLIENT_ID = "7400000000000000001"
CLIENT_KEY = "awemu5key7400"
CLIENT_SECRET = "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ff"
OPEN_ID = "723f24d7-e717-40f8-a2b6-cb8464cd23b4"  # what Login Kit calls the account
SECRETS = (ACCESS_TOKEN, REFRESH_TOKEN, RENEWED_ACCESS_TOKEN, RENEWED_REFRESH_TOKEN, CLIENT_SECRET)

HOST = "https://business-api.tiktok.com"
PROFILE_PATH = "business/get/"
BENCHMARK_PATH = "business/benchmark/"
POSTS_PATH = "business/video/list/"
COMMENTS_PATH = "business/comment/list/"
REPLIES_PATH = "business/comment/reply/list/"
REFRESH_PATH = "tt_user/oauth2/refresh_token/"
TOKEN_INFO_PATH = "tt_user/token_info/get/"

DISPLAY_HOST = "https://open.tiktokapis.com"
LOGIN_KIT_TOKEN_PATH = "oauth/token/"
USER_INFO_PATH = "user/info/"
USER_VIDEOS_PATH = "video/list/"

CATEGORIES = BUSINESS_CATEGORIES
SCOPES = ANALYTICS_SCOPES
# The scope of each field of business/get/ and of business/video/list/. The scope of the daily followers_count is not
# clear; here it needs that of the lifetime one (docs/tiktok-api.md A6).
PROFILE_SCOPES = {name: field.scope for name, field in (DAILY_FIELDS | PROFILE_FIELDS).items()}
POST_SCOPES = {name: field.scope for name, field in VIDEO_FIELDS.items()}

LOGIN_KIT_SCOPES = login_kit_fields.SCOPES
USER_SCOPES = login_kit_fields.USER_FIELDS
# Sources disagree about is_aigc (docs/tiktok-api.md F). Here it does not exist.
USER_VIDEO_SCOPES = {name: login_kit_fields.VIDEO for name in login_kit_fields.VIDEO_FIELDS if name != "is_aigc"}

# What each list of comments may be asked, and what a parameter may be where it is not free (docs/tiktok-api.md A8).
_COMMENT_PARAMETERS: Mapping[str, set[str]] = {
    COMMENTS_PATH: {
        "business_id", "video_id", "include_replies", "status", "sort_field", "sort_order", "cursor", "max_count",
    },
    REPLIES_PATH: {
        "business_id", "video_id", "comment_id", "status", "sort_field", "sort_order", "cursor", "max_count",
    },
}  # fmt: skip
_COMMENT_VALUES: Mapping[str, set[str]] = {
    "include_replies": {"true", "false"},
    "status": {"PUBLIC", "ALL"},
    "sort_field": {"likes", "replies", "create_time"},
    "sort_order": {"asc", "desc", "smart"},
    "max_count": {str(count) for count in range(1, 31)},
}
_SORTED_COMMENTS = 500
_REPLIES_WITH_A_COMMENT = 3

FIXTURES = Path(__file__).parent / "fixtures"
_BASE_PATH = "/open_api/v1.3/"
_DISPLAY_BASE_PATH = "/v2/"


def fixture(name: str) -> dict[str, Any]:
    """The answer in `fixtures/<name>.json`, read anew each time so that a test may change it."""
    answer: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return answer


def success(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` in TikTok's envelope."""
    return {"code": 0, "message": "OK", "request_id": "20261120120000AAAA0000000000000000FF", "data": data}


def refusal(code: int, message: str = "No.") -> dict[str, Any]:
    """TikTok's way of saying no: HTTP 200 with a code."""
    return {"code": code, "message": message, "request_id": "20261120120000AAAA0000000000000000EE", "data": {}}


def response(body: Any, status: int = 200, access_token: str = ACCESS_TOKEN) -> requests.Response:
    """A response of requests as a component gets it; `body` is text or what becomes JSON."""
    answer = requests.Response()
    answer.request = requests.Request("GET", HOST, headers={"Access-Token": access_token}).prepare()
    answer.status_code = status
    answer.url = f"{HOST}{_BASE_PATH}{POSTS_PATH}"
    answer.encoding = "utf-8"
    answer._content = (body if isinstance(body, str) else json.dumps(body)).encode()
    return answer


def display_success(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` in the envelope of the Display API."""
    return {"data": data, "error": {"code": "ok", "message": "", "log_id": "20261120120000BBBB0000000000000000FF"}}


def display_refusal(code: str, message: str = "No.", status: int | None = None) -> "Page":
    """The Display API's way of saying no, with the HTTP status that belongs to the code unless told otherwise."""
    error = {"code": code, "message": message, "log_id": "20261120120000BBBB0000000000000000EE"}
    return Page(status or DISPLAY_STATUSES.get(code, 400), json.dumps({"data": {}, "error": error}))


def login_kit_refusal(error: str, message: str = "No.", status: int = 200) -> "Page":
    """Login Kit's way of refusing a renewal; with HTTP 200, or with 400."""
    log_id = "20261120120000BBBB0000000000000000DD"
    return Page(status, json.dumps({"error": error, "error_description": message, "log_id": log_id}))


def display_response(body: "Page | Any", access_token: str = ACCESS_TOKEN) -> requests.Response:
    """A response of the Display API as a component gets it."""
    page = body if isinstance(body, Page) else Page(200, json.dumps(body))
    answer = response(page.text, page.status)
    answer.request = requests.Request(
        "POST", DISPLAY_HOST, headers={"Authorization": f"Bearer {access_token}"}
    ).prepare()
    answer.url = f"{DISPLAY_HOST}{_DISPLAY_BASE_PATH}{USER_VIDEOS_PATH}"
    return answer


def epoch(moment: str) -> int:
    """`2026-11-20T12:00:00Z` as the number of seconds since 1970."""
    return int(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp())


def post(item_id: str, created: str, **fields: Any) -> dict[str, Any]:
    """A post as TikTok lists one, created at `created` (2026-11-20T12:00:00Z)."""
    return {"item_id": item_id, "media_type": "VIDEO", "create_time": str(epoch(created)), "likes": 1, **fields}


def user_post(post_id: str, created: str, **fields: Any) -> dict[str, Any]:
    """A post as the Display API lists one, created at `created` (2026-11-20T12:00:00Z)."""
    return {"id": post_id, "create_time": epoch(created), "like_count": 1, **fields}


def comment(comment_id: str, created: str, *replies: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A comment as the stand-in keeps one, with all its replies; it lists at most three of them with the comment."""
    written = reply(comment_id, created, pinned=False, replies=len(replies), **fields)
    return {**written, "reply_list": list(replies)}


def reply(comment_id: str, created: str, **fields: Any) -> dict[str, Any]:
    """A reply as the stand-in keeps one, written at `created` (2026-11-20T12:00:00Z)."""
    return {
        "comment_id": comment_id,
        "user_id": "367b786990e8dcebcf493e035b820f5b",
        "unique_identifier": "+ABc1D2/E0fGhijklMNOrD34",
        "create_time": str(epoch(created)),
        "text": f"The text of {comment_id}",
        "likes": 0,
        "owner": False,
        "liked": False,
        "status": "PUBLIC",
        "username": "bean_fan",
        "display_name": "Bean Fan",
        "profile_image": "",
        **fields,
    }


@dataclass(frozen=True)
class Page:
    """An answer that is not TikTok's JSON: what a proxy or a broken server sends."""

    status: int
    text: str


@dataclass(frozen=True)
class Call:
    """One call as it arrived."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    at: datetime

    @property
    def path(self) -> str:
        """The path below the API's version, such as `business/get/`."""
        return urlsplit(self.url).path.removeprefix(_BASE_PATH).removeprefix(_DISPLAY_BASE_PATH)

    @property
    def is_of_login_kit(self) -> bool:
        """Whether it is meant for the other family than the API for Business."""
        return urlsplit(self.url).path.startswith(_DISPLAY_BASE_PATH)

    @property
    def params(self) -> dict[str, str]:
        """The query parameters, decoded."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def fields(self) -> list[str]:
        """The parameter `fields`, which has to be a JSON array."""
        fields: list[str] = json.loads(self.params["fields"])
        return fields

    @property
    def form(self) -> dict[str, str]:
        """The form in the body; empty where there is none."""
        is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        return dict(parse_qsl(self.body or "", keep_blank_values=True)) if is_form else {}

    @property
    def sent(self) -> Any:
        """The JSON in the body; None where there is none."""
        try:
            return json.loads(self.body or "")
        except ValueError:
            return None


Answer = Mapping[str, Any] | list[Any] | str | None | Page | Exception
Handler = Callable[[Call], Answer | None]


@dataclass(frozen=True)
class Tokens:
    """The tokens of an account: those that it has, and those that a renewal gives it."""

    access: str
    refresh: str
    renewed_access: str
    renewed_refresh: str

    @property
    def all(self) -> tuple[str, ...]:
        """Each of them; none belongs into a log."""
        return (self.access, self.refresh, self.renewed_access, self.renewed_refresh)


class TikTokAccount:
    """An account of the API for Business, and what TikTok tells those who have a token of it.

    Change what it has (`profile`, `metrics`, `posts`, `comments`, `scopes`) before reading.
    """

    def __init__(self, business_id: str, tokens: Tokens) -> None:
        self.business_id = business_id
        self.tokens = tokens
        self.valid_tokens = {tokens.access}
        self.refresh_token = tokens.refresh
        self.scopes: list[str] = list(SCOPES)
        self.scope_separator = ","
        self.code_of_a_missing_scope = 40130
        self.profile: dict[str, Any] = fixture("profile")["data"]
        self.metrics: list[dict[str, Any]] = fixture("daily_metrics")["data"]["metrics"]
        self.posts: list[dict[str, Any]] = [
            *fixture("video_list_first_page")["data"]["videos"],
            *fixture("video_list_last_page")["data"]["videos"],
        ]
        self.withheld_posts: set[str] = set()
        # By post: its comments in any order, each with all its replies.
        self.comments: dict[str, list[dict[str, Any]]] = _comments_of_the_fixtures()
        self.withheld_comments: set[str] = set()
        self.most_comments_per_page = 30

    def renewal(self) -> dict[str, Any]:
        """The answer to a renewal, after which the old tokens are none any more."""
        answer = fixture("refreshed_token")
        answer["data"] |= {
            "access_token": self.tokens.renewed_access,
            "refresh_token": self.tokens.renewed_refresh,
            "open_id": self.business_id,
            # TikTok lists them in any order.
            "scope": self.scope_separator.join(reversed(self.scopes)),
        }
        self.valid_tokens, self.refresh_token = {self.tokens.renewed_access}, self.tokens.renewed_refresh
        return answer

    def token_info(self) -> dict[str, Any]:
        """What TikTok says of a token of this account."""
        answer = fixture("token_info")
        answer["data"] |= {"creator_id": self.business_id, "scope": self.scope_separator.join(self.scopes)}
        return answer

    def answer(self, call: Call) -> Answer:
        """The answer to a call for data of this account that has sent a token of it."""
        if call.path in _COMMENT_PARAMETERS:
            return self._comments(call)
        try:
            fields = set(call.fields)
        except ValueError:
            return refusal(40002, "fields: must be an array")
        if call.path == PROFILE_PATH:
            return (
                self._refusal_of(fields, PROFILE_SCOPES)
                or self._refusal_of_days(call)
                or success(self._profile(call, fields))
            )
        if call.path == POSTS_PATH:
            return self._refusal_of(fields, POST_SCOPES) or success(self._page(call, fields))
        return refusal(40006, "no schema found")

    def _refusal_of(self, fields: set[str], scope_of: Mapping[str, str]) -> Answer | None:
        if not fields <= scope_of.keys():
            return refusal(40002, "fields: unknown value")
        if not {scope_of[name] for name in fields} <= set(self.scopes):
            return refusal(self.code_of_a_missing_scope, "The access token lacks the required scope.")
        return None

    def _refusal_of_days(self, call: Call) -> Answer | None:
        """TikTok has the days of the last 60, without today (docs/tiktok-api.md A6)."""
        first, last = call.params.get("start_date", ""), call.params.get("end_date", "")
        oldest, newest = ((call.at - timedelta(days=age)).strftime("%Y-%m-%d") for age in (60, 1))
        if (first or last) and not oldest <= first <= last <= newest:
            return refusal(40002, "start_date and end_date: have to be days of the last 60")
        return None

    def _profile(self, call: Call, fields: set[str]) -> dict[str, Any]:
        data = {name: value for name, value in self.profile.items() if name in fields}
        first = call.params.get("start_date", "2026-11-13")
        last = call.params.get("end_date", "2026-11-19")
        data["metrics"] = [
            {name: value for name, value in day.items() if name in fields or name == "date"}
            for day in self.metrics
            if first <= day["date"] <= last
        ]
        return data

    def _page(self, call: Call, fields: set[str]) -> dict[str, Any]:
        before = int(call.params["cursor"]) if "cursor" in call.params else None
        size = int(call.params.get("max_count", "10"))
        older = [item for item in self.posts if before is None or int(item["create_time"]) * 1000 < before]
        listed = older[:size]
        return {
            "videos": [
                {name: value for name, value in item.items() if name in fields}
                for item in listed
                if item["item_id"] not in self.withheld_posts
            ],
            "cursor": int(listed[-1]["create_time"]) * 1000 if listed else 0,
            "has_more": len(older) > size,
        }

    def _comments(self, call: Call) -> Answer:
        if "comment.list" not in self.scopes:
            return refusal(self.code_of_a_missing_scope, "The access token lacks the required scope.")
        params, is_thread = call.params, call.path == REPLIES_PATH
        for name, value in params.items():
            if name not in _COMMENT_PARAMETERS[call.path] or value not in _COMMENT_VALUES.get(name, {value}):
                return refusal(40002, f"{name}: unknown value")
        if not params.get("cursor", "0").isdecimal() or (is_thread and params.get("sort_order") == "smart"):
            return refusal(40002, "cursor or sort_order: unknown value")
        video_id = params.get("video_id", "")
        if video_id not in {item["item_id"] for item in self.posts}:
            return refusal(40002, "video_id: does not exist")
        comments = self.comments.get(video_id, [])
        if not is_thread:
            listed = _beyond_500(_in_order(comments, params))
            return success(self._comment_page(call, [_listed_comment(item, params) for item in listed]))
        parents = [item for item in comments if item["comment_id"] == params.get("comment_id")]
        if not parents or parents[0]["status"] == "HIDDEN":
            return refusal(40002, "comment_id: does not exist or is hidden")
        replies = [item | {"parent_comment_id": parents[0]["comment_id"]} for item in parents[0]["reply_list"]]
        return success(self._comment_page(call, _in_order(replies, params)))

    def _comment_page(self, call: Call, listed: list[dict[str, Any]]) -> dict[str, Any]:
        first = int(call.params.get("cursor", "0"))
        end = first + min(int(call.params.get("max_count", "20")), self.most_comments_per_page)
        page = [
            item | {"video_id": call.params["video_id"]}
            for item in listed[first:end]
            if item["comment_id"] not in self.withheld_comments
        ]
        data = {"cursor": min(end, len(listed)), "has_more": end < len(listed)}
        # Where there are none, there may be no key either.
        return {"comments": page, **data} if page else data


class TikTok(TikTokAccount):
    """The stand-in, which is its first account, too. Change what it has (as a TikTokAccount; for Login Kit `user`,
    `user_posts`, `login_kit_scopes`) and how it behaves before reading.
    """

    def __init__(self) -> None:
        super().__init__(BUSINESS_ID, Tokens(ACCESS_TOKEN, REFRESH_TOKEN, RENEWED_ACCESS_TOKEN, RENEWED_REFRESH_TOKEN))
        self.accounts: list[TikTokAccount] = [self]
        self.calls: list[Call] = []
        self.login_kit_scopes: list[str] = list(LOGIN_KIT_SCOPES)
        self.login_kit_refresh_token = REFRESH_TOKEN
        self.user: dict[str, Any] = fixture("display_user")["data"]["user"]
        self.user_posts: list[dict[str, Any]] = fixture("display_video_list")["data"]["videos"]
        # By category; the same for every account.
        self.benchmarks: dict[str, dict[str, Any]] = {"FOOD_AND_BEVERAGE": fixture("benchmark")["data"]}
        self.before_answering: Handler | None = None
        self._next: dict[str, list[Answer]] = {}
        self._always: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._adapter = requests_mock.Adapter(case_sensitive=True)
        self._adapter.register_uri(requests_mock.ANY, requests_mock.ANY, text=self._receive)

    def add_account(self, username: str) -> TikTokAccount:
        """Serve another account, that of @`username`, which has what the first one has until it is changed.

        Out, for "night_baker": the account `-000EmuOpenId_night_baker` with the tokens `act.night_baker0!5001.em`, …
        """
        tokens = Tokens(*(f"{name}.{username}{number}!5001.em" for number in (0, 1) for name in ("act", "rft")))
        account = TikTokAccount(f"-000EmuOpenId_{username}", tokens)
        account.profile |= {"username": username, "display_name": username.replace("_", " ").title()}
        self.accounts.append(account)
        return account

    def answer_next(self, path: str, *answers: Answer) -> None:
        """Give these answers to the next calls of `path`, one each, before going on as usual."""
        self._next.setdefault(path, []).extend(answers)

    def answer_always(self, path: str, answer: Answer) -> None:
        """Give this answer to every call of `path`."""
        self._always[path] = answer

    def calls_of(self, path: str, account: TikTokAccount | None = None) -> list[Call]:
        """The calls of one endpoint, or those of them that are about one account, in the order in which they came."""
        return [call for call in self.calls if call.path == path and account in (None, self.account_about_which(call))]

    def account_about_which(self, call: Call) -> TikTokAccount | None:
        """The account that a call names, by its business_id or by one of its tokens."""
        sent = call.sent if isinstance(call.sent, dict) else {}
        named = {call.params.get("business_id"), sent.get("access_token"), sent.get("refresh_token")}
        return next((one for one in self.accounts if named & {one.business_id, *one.tokens.all}), None)

    @contextmanager
    def serving(self) -> Iterator["TikTok"]:
        """While this lasts, every call of requests in this process ends here, several at a time if need be."""
        with patch.object(requests.Session, "get_adapter", lambda _session, url: self._adapter):
            yield self

    # --- How it answers ---------------------------------------------------------------------------------------------

    def _receive(self, request: Any, context: Any) -> str:
        call = Call(request.method, request.url, dict(request.headers), request.text, datetime.now(timezone.utc))
        with self._lock:
            self.calls.append(call)
            waiting = self._next.get(call.path)
            answer: Answer | None = waiting.pop(0) if waiting else self._always.get(call.path)
        if answer is None and self.before_answering:
            answer = self.before_answering(call)
        if answer is None:
            answer = self._answer(call)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Page):
            context.status_code = answer.status
            return answer.text
        return json.dumps(answer)

    def _answer(self, call: Call) -> Answer:
        if call.is_of_login_kit:
            return self._answer_of_login_kit(call)
        if call.path == REFRESH_PATH:
            return self._renewed_token(call)
        if call.path == TOKEN_INFO_PATH:
            return self._token_info(call)
        token = call.headers.get("Access-Token")
        if not token:
            return refusal(40104, "Access token is empty.")
        account = self._holder_of(token)
        if account is None:
            return fixture("revoked_access_token")
        if call.params.get("business_id") != account.business_id:
            return refusal(40001, f"No permission to operate tiktok creator id: {call.params.get('business_id')}")
        return self._benchmark(call) if call.path == BENCHMARK_PATH else account.answer(call)

    def _holder_of(self, token: Any) -> TikTokAccount | None:
        return next((account for account in self.accounts if token in account.valid_tokens), None)

    def _renewed_token(self, call: Call) -> Answer:
        sent = call.sent or {}
        if set(sent) != {"client_id", "client_secret", "grant_type", "refresh_token"}:
            return refusal(40002, "Missing data for required field.")
        if (sent["client_id"], sent["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return refusal(40101, "The app id or its secret is incorrect.")
        owners = [account for account in self.accounts if sent["refresh_token"] == account.refresh_token]
        return owners[0].renewal() if owners else fixture("refused_refresh")

    def _token_info(self, call: Call) -> Answer:
        if (call.sent or {}).get("app_id") != CLIENT_ID:
            return refusal(40002, "app_id: Missing data for required field.")
        account = self._holder_of(call.sent.get("access_token"))
        return fixture("revoked_access_token") if account is None else account.token_info()

    def _benchmark(self, call: Call) -> Answer:
        if set(call.params) != {"business_id", "business_category"}:
            return refusal(40002, "business_id and business_category: needed, and nothing else")
        category = call.params["business_category"]
        if category not in CATEGORIES:
            return refusal(40002, "business_category: unknown value")
        return success(self.benchmarks.get(category, {"business_category": category}))

    # --- How Login Kit answers --------------------------------------------------------------------------------------

    def _answer_of_login_kit(self, call: Call) -> Answer:
        if (call.method, call.path) == ("POST", LOGIN_KIT_TOKEN_PATH):
            return self._renewed_login_kit_token(call)
        token = call.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid_tokens or call.headers["Authorization"] != f"Bearer {token}":
            return display_refusal("access_token_invalid", "The access token is invalid or not found in the request.")
        if set(call.params) != {"fields"}:
            return display_refusal("invalid_params", "fields: needed, and nothing else")
        fields = set(call.params["fields"].split(","))
        if (call.method, call.path) == ("GET", USER_INFO_PATH):
            user = {name: value for name, value in self.user.items() if name in fields}
            return self._display_refusal_of(fields, USER_SCOPES) or display_success({"user": user})
        if (call.method, call.path) == ("POST", USER_VIDEOS_PATH):
            return self._display_refusal_of(fields, USER_VIDEO_SCOPES) or self._display_page(call, fields)
        return Page(404, "Not found")

    def _renewed_login_kit_token(self, call: Call) -> Answer:
        if set(call.form) != {"client_key", "client_secret", "grant_type", "refresh_token"} or call.params:
            return login_kit_refusal("invalid_request", "The request parameters are malformed.", status=400)
        if call.form["grant_type"] != "refresh_token":
            return login_kit_refusal("unsupported_grant_type", status=400)
        if (call.form["client_key"], call.form["client_secret"]) != (CLIENT_KEY, CLIENT_SECRET):
            return login_kit_refusal("invalid_client", "Client key or secret is incorrect.", status=400)
        if call.form["refresh_token"] != self.login_kit_refresh_token:
            return login_kit_refusal("invalid_grant", "Refresh token is invalid or expired.")
        self.valid_tokens, self.login_kit_refresh_token = {RENEWED_ACCESS_TOKEN}, RENEWED_REFRESH_TOKEN
        return login_kit_renewal(scope=",".join(reversed(self.login_kit_scopes)))

    def _display_refusal_of(self, fields: set[str], scope_of: Mapping[str, str]) -> Answer | None:
        if not fields <= scope_of.keys():
            return display_refusal("invalid_params", "fields: unknown value")
        if not {scope_of[name] for name in fields} <= set(self.login_kit_scopes):
            message = "The user did not authorize the scope required for completing this request."
            return display_refusal("scope_not_authorized", message)
        return None

    def _display_page(self, call: Call, fields: set[str]) -> Answer:
        asked = call.sent
        if call.headers.get("Content-Type") != "application/json" or not isinstance(asked, dict):
            return display_refusal("invalid_params", "The body has to be JSON.")
        if not asked.keys() <= {"cursor", "max_count"} or not all(type(value) is int for value in asked.values()):
            return display_refusal("invalid_params", "cursor or max_count: unknown value")
        size = asked.get("max_count", 10)
        if not 1 <= size <= 20:
            return display_refusal("invalid_params", "max_count: from 1 to 20")
        older = [item for item in self.user_posts if item["create_time"] * 1000 < asked.get("cursor", 10**16)]
        listed = older[:size]
        return display_success(
            {
                "videos": [
                    {name: value for name, value in item.items() if name in fields}
                    for item in listed
                    if item["id"] not in self.withheld_posts
                ],
                "cursor": listed[-1]["create_time"] * 1000 if listed else 0,
                "has_more": len(older) > size,
            }
        )


def login_kit_renewal(**values: Any) -> dict[str, Any]:
    """Login Kit's answer to a renewal with these values; None takes one out."""
    answer = {
        "access_token": RENEWED_ACCESS_TOKEN,
        "expires_in": 86400,
        "open_id": OPEN_ID,
        "refresh_expires_in": 31528800,
        "refresh_token": RENEWED_REFRESH_TOKEN,
        "scope": ",".join(LOGIN_KIT_SCOPES),
        "token_type": "Bearer",
        **values,
    }
    return {name: value for name, value in answer.items() if value is not None}


def _comments_of_the_fixtures() -> dict[str, list[dict[str, Any]]]:
    comments = fixture("comment_list")["data"]["comments"]
    replies = fixture("reply_list")["data"]["comments"]
    for item in comments:
        thread = [found for found in replies if found["parent_comment_id"] == item["comment_id"]]
        item["reply_list"] = thread or [
            found | {"comment_id": str(found["comment_id"])} for found in item.get("reply_list", [])
        ]
    return {comments[0]["video_id"]: comments}


def _in_order(items: list[dict[str, Any]], params: Mapping[str, str]) -> list[dict[str, Any]]:
    visible = [item for item in items if item["status"] == "PUBLIC" or params.get("status") != "PUBLIC"]
    if "sort_field" not in params:
        # Random, says TikTok; here by their last digits.
        return sorted(visible, key=lambda item: str(item["comment_id"])[::-1])
    return sorted(
        visible,
        key=lambda item: int(item.get(params["sort_field"], 0)),
        reverse=params.get("sort_order", "smart") != "asc",
    )


def _beyond_500(ordered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first 500, then the others and every tenth of the first again, by likes."""
    first, others = ordered[:_SORTED_COMMENTS], ordered[_SORTED_COMMENTS:]
    if not others:
        return first
    return [*first, *sorted([*others, *first[::10]], key=lambda item: int(item["likes"]), reverse=True)]


def _listed_comment(item: Mapping[str, Any], params: Mapping[str, str]) -> dict[str, Any]:
    listed = {name: value for name, value in item.items() if name != "reply_list"}
    if params.get("include_replies") != "true":
        return listed
    replies = [found for found in item["reply_list"] if found["status"] == "PUBLIC" or params["status"] != "PUBLIC"]
    listed["reply_list"] = [
        # Bare numbers, unlike everywhere else.
        found
        | {
            "comment_id": int(found["comment_id"]),
            "video_id": int(params["video_id"]),
            "parent_comment_id": item["comment_id"],
        }
        for found in replies[:_REPLIES_WITH_A_COMMENT]
    ]
    return listed
