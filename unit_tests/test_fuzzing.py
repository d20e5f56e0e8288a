"""Fuzzing: whole responses of TikTok with odd values in odd places, each read to its end.

`make fuzz` reads thousands of them, others each time; `make test` a few, the same each time.
"""

import copy
import math
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_tests.streams import ACCOUNT_STREAMS, COMMENT_STREAMS, LOGIN_KIT_STREAMS, POST_STREAMS
from unit_tests.conftest import NOW
from unit_tests.syncs import (
    Clock,
    Outcome,
    login_kit_config,
    oauth_config,
    read,
    resolved_manifest,
    static_token_config,
    static_token_with_app_config,
)
from unit_tests.tiktok import (
    BENCHMARK_PATH,
    COMMENTS_PATH,
    LOGIN_KIT_TOKEN_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    REPLIES_PATH,
    TOKEN_INFO_PATH,
    USER_INFO_PATH,
    USER_VIDEOS_PATH,
    Answer,
    Call,
    TikTok,
    fixture,
    login_kit_renewal,
)

# `make fuzz` sets it. Without it each target gets as many examples as fit into ten seconds together.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
# No read of a fixture needs more.
MOST_CALLS = 300
SECONDS = 60

Key = str | int
Path = tuple[Key, ...]


# --- What is read ---------------------------------------------------------------------------------------------------


def _profile() -> dict[str, Any]:
    answer = fixture("profile")
    answer["data"]["metrics"] = fixture("daily_metrics")["data"]["metrics"][-2:]
    return answer


@dataclass(frozen=True)
class Target:
    """A response that is changed: where it comes from, and which streams are read with it."""

    path: str
    response: Callable[[], dict[str, Any]]
    streams: tuple[str, ...]
    config: Callable[[], dict[str, Any]] = static_token_config


def _of(name: str) -> Callable[[], dict[str, Any]]:
    return lambda: fixture(name)


TARGETS = {
    "profile": Target(PROFILE_PATH, _profile, (*ACCOUNT_STREAMS, "videos")),
    "daily_metrics": Target(
        PROFILE_PATH, _of("daily_metrics"), ("account_metrics", "account_metrics_audience_activity")
    ),
    "video_list_first_page": Target(POSTS_PATH, _of("video_list_first_page"), POST_STREAMS),
    "video_list_last_page": Target(POSTS_PATH, _of("video_list_last_page"), (*POST_STREAMS, "videos_comments")),
    "comment_list": Target(COMMENTS_PATH, _of("comment_list"), COMMENT_STREAMS),
    "reply_list": Target(REPLIES_PATH, _of("reply_list"), COMMENT_STREAMS),
    "benchmark": Target(
        BENCHMARK_PATH,
        _of("benchmark"),
        ("business_benchmarks",),
        lambda: static_token_config(benchmark_categories=["FOOD_AND_BEVERAGE"]),
    ),
    "display_user": Target(USER_INFO_PATH, _of("display_user"), LOGIN_KIT_STREAMS, login_kit_config),
    "display_video_list": Target(USER_VIDEOS_PATH, _of("display_video_list"), LOGIN_KIT_STREAMS, login_kit_config),
    "refreshed_token": Target(REFRESH_PATH, _of("refreshed_token"), ("account",), oauth_config),
    "login_kit_token": Target(LOGIN_KIT_TOKEN_PATH, login_kit_renewal, ("user_info",), login_kit_config),
    "token_info": Target(TOKEN_INFO_PATH, _of("token_info"), ("account",), static_token_with_app_config),
}
PRIMARY_KEYS: Mapping[str, list[str]] = {
    stream["name"]: stream["primary_key"] for kind in resolved_manifest()["streams"] for stream in kind["streams"]
}


# --- How it is changed ----------------------------------------------------------------------------------------------

_ODD_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 12.5, 1e308, -1e308, 10**18, 10**30, -(10**30), 2**63, math.nan, math.inf,
    1788861607, 1788861607000, "", " ", "-", "31%", "0", "12", "1e400", "NaN", "true", "null", "unknown", "2026-11-17",
    "7683102070583443467", "a\x00b", "\x00", "\ud83d", "a\udc00b", "\u2028", "\u0663", "\u00b2", "{}", "9" * 400,
    [], {}, [None], [[]], [{}], {"": None}, {"code": 0}, ["7"], [1, "a", None, {}],
]  # fmt: skip
ODD_VALUES = st.one_of(
    st.sampled_from(_ODD_VALUES),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.recursive(st.none() | st.integers(-1, 3), lambda inside: st.lists(inside, max_size=2), max_leaves=3),
)


def paths_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything in some JSON, but not of the whole."""
    inside: list[tuple[Key, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, item in inside:
        yield (*path, key)
        yield from paths_in(item, (*path, key))


def at(value: Any, path: Path) -> Any:
    """What is at a path."""
    for key in path:
        value = value[key]
    return value


def _replace(answer: Any, path: Path, value: Any) -> None:
    at(answer, path[:-1])[path[-1]] = copy.deepcopy(value)


def _remove(answer: Any, path: Path, _: Any) -> None:
    del at(answer, path[:-1])[path[-1]]


def _double(answer: Any, path: Path, _: Any) -> None:
    """Put an element of a list in once more, or a value of an object under a name that nobody knows."""
    holder, again = at(answer, path[:-1]), copy.deepcopy(at(answer, path))
    if isinstance(holder, list):
        holder.insert(int(path[-1]), again)
    else:
        holder[f"{path[-1]}_"] = again


def _raise(answer: Any, path: Path, _: Any) -> None:
    """Move something out of what it is in, to stand beside that."""
    if len(path) > 1:
        above, moved = at(answer, path[:-2]), at(answer, path)
        _remove(answer, path, None)
        if isinstance(above, list):
            above.append(moved)
        else:
            above[str(path[-1])] = moved


def _lower(answer: Any, path: Path, value: Any) -> None:
    """Put a list or an object around something."""
    inside = at(answer, path)
    _replace(answer, path, [inside] if value is None or isinstance(value, list) else {str(path[-1]): inside})


CHANGES = {"replace": _replace, "remove": _remove, "double": _double, "raise": _raise, "lower": _lower}


@dataclass
class Changed:
    """A response that was changed, and how; `always` is whether TikTok gives it to each call or to the first only."""

    always: bool
    changes: list[tuple[str, Path, Any]]
    answer: Any = field(repr=False)


@st.composite
def changed(draw: st.DrawFn, target: Target) -> Changed:
    """A response of the target with one to four changes, of which the later ones may be inside the earlier ones."""
    answer, changes = target.response(), []
    for _ in range(draw(st.integers(1, 4))):
        paths = list(paths_in(answer))
        if not paths:
            break
        kind, path = draw(st.sampled_from(sorted(CHANGES))), draw(st.sampled_from(paths))
        value = draw(ODD_VALUES) if kind in ("replace", "lower") else None
        if kind == "replace" and draw(st.integers(0, 3)) == 3:
            # What stands elsewhere in the response is odd here, too.
            value = copy.deepcopy(at(answer, draw(st.sampled_from(paths))))
        CHANGES[kind](answer, path, value)
        changes.append((kind, path, value))
    return Changed(draw(st.booleans()), changes, answer)


# --- What comes of it -----------------------------------------------------------------------------------------------

# A name that Python gives, what the CDK says of a failure that it does not know, and what text of objects looks like.
_NO_SENTENCE = re.compile(
    r"\b[A-Z]\w*(Error|Exception)\b|Traceback|unexpected error|Something went wrong|NoneType| object at 0x|<class "
)
# What the CDK adds at the end, when each stream has had its sentence.
_SUMMARY = "During the sync, the following streams did not sync successfully: "


@contextmanager
def ending_within(seconds: int) -> Iterator[None]:
    """Fail where this takes longer. The clock of the tests jumps, so it means a hang."""

    def fail(*_: Any) -> None:
        raise TimeoutError(f"No end after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answering(target: Target, response: Changed) -> TikTok:
    """A TikTok that gives the changed response."""
    tiktok = TikTok()
    if target.path in (COMMENTS_PATH, REPLIES_PATH):
        # The comments of the fixtures are those of this post.
        tiktok.posts = tiktok.posts[:1]
    is_given = False

    def answer(call: Call) -> Answer | None:
        nonlocal is_given
        assert len(tiktok.calls) <= MOST_CALLS, "an endless list"
        if call.path != target.path or (is_given and not response.always):
            return None
        is_given = True
        found: Answer = response.answer
        return found

    tiktok.before_answering = answer
    return tiktok


def assert_is_proper(outcome: Outcome, streams: tuple[str, ...]) -> None:
    """Every record has a key of its own, and every failure is a sentence."""
    for stream in streams:
        keys = [tuple(row.get(column) for column in PRIMARY_KEYS[stream]) for row in outcome.rows(stream)]
        assert not [key for key in keys if None in key], f"a null in a key of {stream}"
        # A page that is sent again is noticed when its records are out.
        if not any("does not advance" in error.message for error in outcome.failures_of(stream)):
            assert [key for key, times in Counter(keys).items() if times > 1] == [], f"equal keys in {stream}"
    for message in outcome.output.errors:
        assert message.trace and message.trace.error
        error = message.trace.error
        if error.stream_descriptor or not error.message.startswith(_SUMMARY):
            detail = f"{error.message}\n{error.internal_message}\n{error.stack_trace}"
            assert error.message[:1].isupper() and not _NO_SENTENCE.search(error.message), detail


def assert_is_read(target: Target, response: Changed, clock: Clock) -> None:
    """The streams of the target are read to their end, with proper records and sentences."""
    clock.move_to(NOW)
    clock.waits.clear()
    tiktok = answering(target, response)
    with ending_within(SECONDS):
        outcome = read(tiktok, clock, *target.streams, config=target.config(), expect_failure=None)
    assert len(tiktok.calls) <= MOST_CALLS
    assert_is_proper(outcome, target.streams)


@dataclass(frozen=True)
class Bug:
    """A bug that was found: the smallest response, and what the failure said."""

    target: str
    changes: list[tuple[str, Path, Any]]
    says: str
    always: bool = True

    def response(self) -> Changed:
        """The response."""
        answer = TARGETS[self.target].response()
        for kind, path, value in self.changes:
            CHANGES[kind](answer, path, value)
        return Changed(self.always, self.changes, answer)


BUGS = {
    "a day twice": Bug("daily_metrics", [("double", ("data", "metrics", 6), None)], r"equal keys in account_metrics\b"),
    "a post twice": Bug(
        "video_list_first_page", [("double", ("data", "videos", 0), None)], r"equal keys in videos\b", always=False
    ),
    "a post of Login Kit twice": Bug(
        "display_video_list", [("double", ("data", "videos", 2), None)], r"equal keys in user_videos\b"
    ),
    "a benchmark without its category": Bug(
        "benchmark", [("remove", ("data", "business_category"), None)], "a null in a key of business_benchmarks"
    ),
    "a kind of account that can't be hashed": Bug(
        "profile", [("replace", ("data", "is_business_account"), {})], "in _whom.*unhashable type"
    ),
    "an hour that is no number": Bug(
        "daily_metrics",
        [("replace", ("data", "metrics", 3, "audience_activity", 0, "hour"), "-")],
        "a null in a key of account_metrics_audience_activity",
    ),
    "a second that is no number": Bug(
        "video_list_last_page",
        [("replace", ("data", "videos", 0, "video_view_retention", 0, "second"), "-")],
        "a null in a key of videos_(video_view_retention|engagement_likes)",
    ),
    "a token that can't be hashed": Bug(
        "refreshed_token", [("replace", ("data", "refresh_token"), {"a": 1})], "in keep_secret.*unhashable type"
    ),
    "a token that is a number": Bug(
        "login_kit_token", [("replace", ("access_token",), 2)], "in keep_secret.*quote_from_bytes"
    ),
    "a token that is half a character": Bug(
        "refreshed_token", [("replace", ("data", "refresh_token"), "\ud83d")], "in keep_secret.*UnicodeEncodeError"
    ),
    "a life beyond all dates": Bug(
        "refreshed_token", [("replace", ("data", "expires_in"), 10**18)], "in _renew.*OverflowError"
    ),
    "scopes that are no text": Bug("token_info", [("replace", ("data", "scope"), [])], "has no attribute 'split'"),
    "a time of Login Kit beyond all dates": Bug(
        "display_video_list",
        [("replace", ("data", "videos", 2, "create_time"), 10**18)],
        "Value too large for defined data type",
    ),
}


@pytest.mark.parametrize("bug", [pytest.param(bug, id=name) for name, bug in BUGS.items()])
def test_what_fuzzing_found_once_is_read(bug: Bug, session_clock: Clock) -> None:
    assert_is_read(TARGETS[bug.target], bug.response(), session_clock)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_tiktok_sends_the_read_ends_with_proper_records_and_sentences(name: str, session_clock: Clock) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES or 12,
        derandomize=not EXAMPLES,
        print_blob=bool(EXAMPLES),
        suppress_health_check=list(HealthCheck),
    )
    @given(changed(target))
    def is_read(response: Changed) -> None:
        try:
            assert_is_read(target, response, session_clock)
        except AssertionError as failure:
            if not any(re.search(bug.says, str(failure), re.DOTALL) for bug in BUGS.values()):
                raise

    is_read()
