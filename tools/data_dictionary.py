"""Write docs/data-dictionary.md from the manifest; `make data-dictionary` runs it.

Types, meanings, units, account types and what may be added up stand in the manifest's schemas. TikTok's fields and the
scopes that open them are found by following each column back through the stream's transformations, its slice and its
extractor to the fields that the stream asks for, or to the profile that every call of an account notes.
"""

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.parsers.manifest_component_transformer import ManifestComponentTransformer
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver

REPOSITORY = Path(__file__).parents[1]
MANIFEST = REPOSITORY / "source_tiktok_organic" / "manifest.yaml"
DICTIONARY = REPOSITORY / "docs" / "data-dictionary.md"

# A part of the manifest in which all references are resolved.
Declaration = Mapping[str, Any]

FAMILIES = {
    "business-api.tiktok.com": "TikTok API for Business",
    "open.tiktokapis.com": "Login Kit",
}

UNITS = {
    "count": "How often something happened, or how many there are.",
    "people": "Different people, each of them counted once.",
    "share": "A fraction from 0 to 1.",
    "seconds": "A length of time, or a place in a video.",
    "hour": "An hour of the day in UTC, from 0 to 23.",
    "pixels": "A width or a height.",
    "epoch": "Seconds since 1970-01-01 UTC.",
}

ADDITIVE = {
    "days": "Over days, of one account or several.",
    "accounts": "Over accounts, with one row of each. Not over dates, because each row is a total.",
    "posts": "Over posts, with one row of each, such as its latest. Not over dates, because each row is a total.",
    "comments": "Over comments, with one row of each.",
    "labels": "Over labels or seconds, of one account or post on one date. They are parts that don't overlap.",
    "never": "Over nothing: the same people would count twice, or it is an average, a moment or a size.",
}

ANY_ACCOUNT = "any"
ACCOUNT_TYPES = {
    ANY_ACCOUNT: "Every account.",
    "Business": "Business Accounts. TikTok does not tell it of Personal Accounts.",
    "registered Business": "Business Accounts that are registered as a business with TikTok, which some of its texts "
    "call verified. TikTok does not tell it of any other.",
    "100 followers": "Accounts with 100 followers or more. Others have no rows.",
}

# What a scope opens, and the permission that an app of the API for Business needs for its endpoint.
SCOPES = {
    "user.info.basic": ("The shown name and the picture; in Login Kit the account's ids too.", "Account User"),
    "user.info.username": ("The handle, in the API for Business.", "Account User"),
    "user.info.profile": ("Bio, link and verification; in Login Kit the handle too.", "Account User"),
    "user.info.stats": ("Counts of followers, likes and posts.", "Account User"),
    "user.account.type": ("Whether it is a Business Account.", "Account User"),
    "user.insights": ("What happened day by day, and who the followers are.", "Account User"),
    "video.list": ("The posts with their texts, addresses and public counters.", "Get Account Media"),
    "video.insights": ("Watch times, audiences and clicks of posts.", "Get Account Media"),
    "comment.list": ("Comments and replies.", "Account Comment, Get Business Comment"),
}


class NotDescribed(ValueError):
    """Something in the manifest that the dictionary can't describe; the text says what to do."""


# --- Where a column comes from --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Origin:
    """Where a column's value comes from: the `path` of a field in the `data` of TikTok's answer, or a computation.

    Columns of the same origin hold the same thing, whichever stream has read it.
    """

    path: str = ""
    scope: str = ""
    computed_from: str = ""
    # Whose field it is, where it is not one of the stream's own.
    of: str = field(default="", compare=False)

    def __str__(self) -> str:
        """As the dictionary shows it.

        In:  `Origin("username", "user.info.username", of="account")`
        Out: "`username` of account"
        """
        if self.computed_from:
            return f"computed from {self.computed_from}"
        return f"`{self.path}` of {self.of}" if self.of else f"`{self.path}`"


# Columns that the transformation AddFields computes, with what they are computed from.
COMPUTED = {"is_provisional": "`metrics.date` and the time at which the sync began"}
# What AccountPartitionRouter puts into each slice.
OF_ACCOUNT = {
    "business_id": Origin("open_id", of="the sign-in"),
    "metric_date": Origin(computed_from="the time at which the sync began"),
}
# The stream whose one record is the profile that ProfileRequester notes for the others.
PROFILE = "account"
# The array in which an extractor finds its records, if the manifest does not tell it.
ARRAYS = {"ReplyExtractor": "comments"}


def class_of(component: Declaration) -> str:
    """The name of a component's class or, for a stock component, its type.

    In:  `{"type": "CustomTransformation", "class_name": "source_declarative_manifest.components.SliceColumns"}`
    Out: "SliceColumns"
    """
    return str(component.get("class_name") or component["type"]).rpartition(".")[2]


def origin_of(stream: Declaration, column: str) -> Origin:
    """Where the column `column` of `stream` comes from: what writes it last.

    In:  the stream `videos_comments`, "video_creator_username"
    Out: `Origin("username", "user.info.username", of="account")`
    """
    for transformation in reversed(stream.get("transformations", [])):
        made = _made_by(transformation, stream, column)
        if made:
            return made
    record_filter = stream["retriever"]["record_selector"].get("record_filter", {})
    if column == "file_path" and "address" in record_filter:
        address = _extracted(stream, record_filter["address"])
        return Origin(scope=address.scope, computed_from=f"`{address.path}`")
    return _extracted(stream, column)


def _made_by(transformation: Declaration, stream: Declaration, column: str) -> Origin | None:
    name = class_of(transformation)
    if name == "AddFields" and column in COMPUTED:
        return Origin(computed_from=COMPUTED[column])
    if name == "AddFields" and [column] not in [added["path"] for added in transformation["fields"]]:
        return None
    if name == "SliceColumns":
        return _in_slice(stream, column) if column in transformation["columns"] else None
    if name == "EpochToTimestamp":
        source = transformation.get("source", "create_time")
        if column != transformation.get("column", "create_time") or column == source:
            return None
        epoch = _extracted(stream, source)
        return Origin(scope=epoch.scope, computed_from=f"`{epoch.path}`")
    raise NotDescribed(
        f"The stream `{stream['name']}` has the transformation {name}, and tools/data_dictionary.py does not know "
        "which columns it makes. Say so in `COMPUTED` or `_made_by` there."
    )


def _in_slice(stream: Declaration, column: str) -> Origin:
    for parent in stream["retriever"].get("partition_router", {}).get("parent_stream_configs", []):
        if column == parent["partition_field"]:
            return _read_by(parent["stream"], parent["parent_key"])
        if [column] in parent.get("extra_fields", []):
            return _read_by(parent["stream"], column)
    if column in OF_ACCOUNT:
        return OF_ACCOUNT[column]
    for requester in _requesters(stream["retriever"]["requester"]):
        if name := requester.get("requester", {}).get("columns", {}).get(column):
            return Origin(name, _scope_of(requester, name), of=PROFILE)
    raise NotDescribed(
        f"The stream `{stream['name']}` takes the column `{column}` from its slice, but neither a parent nor the "
        "account's profile brings it. Add the column to the parent's `extra_fields` or to `columns` of the "
        "ProfileRequester in the manifest."
    )


def _read_by(stream: Declaration, column: str) -> Origin:
    origin = origin_of(stream, column)
    return origin if origin.of else replace(origin, of=str(stream["name"]))


def _extracted(stream: Declaration, column: str) -> Origin:
    extractor = stream["retriever"]["record_selector"]["extractor"]
    name = class_of(extractor)
    path = [found] if (found := extractor.get("array") or extractor.get("object") or ARRAYS.get(name)) else []
    names = _names_before(extractor, column)
    if not names:
        raise NotDescribed(
            f"The column `{stream['name']}.{column}` is none that the stream's {name} makes, as far as "
            "tools/data_dictionary.py knows. Correct the column's name in the manifest's schemas, or say in "
            "`_names_before` what the extractor does."
        )
    return Origin(".".join([*path, *names]), _scope_of(stream["retriever"]["requester"], names[0]))


def _names_before(extractor: Declaration, column: str) -> list[str]:
    """What TikTok calls a column, in the object that the extractor makes a row of; empty if it makes no such column.

    In:  a BreakdownExtractor of `audience_ages`, "audience_ages_age"
    Out: `["audience_ages", "age"]`
    """
    if class_of(extractor) in ("ObjectExtractor", "ReplyExtractor"):
        renamed = {new: old for old, new in extractor.get("rename", {}).items()}
        return [renamed.get(column, column)]
    if class_of(extractor) == "BreakdownExtractor":
        if column in extractor.get("keep", {}):
            return [extractor["keep"][column]]
        if column.startswith(f"{extractor['breakdown']}_"):
            return [extractor["breakdown"], column.removeprefix(f"{extractor['breakdown']}_")]
    return []


def _scope_of(requester: Declaration, name: str) -> str:
    """The scope that opens a field; where there are no fields to ask for, one scope opens all."""
    while "fields" not in requester and "requester" in requester:
        requester = requester["requester"]
    fields: Mapping[str, list[str]] = requester.get("fields", {})
    return next((scope for scope, names in fields.items() if name in names or not names), "")


def _requesters(requester: Declaration) -> Iterator[Declaration]:
    """A requester and those inside of it, from the outermost to the one that makes the call."""
    yield requester
    for part in requester.values():
        if isinstance(part, Mapping) and str(part.get("type")).endswith("Requester"):
            yield from _requesters(part)


# --- Streams and their columns --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column of a stream; `type` has the unit behind it, as in "integer, count"."""

    name: str
    meaning: str
    type: str
    additive: str
    origin: Origin = field(compare=False)
    account_type: str = field(compare=False)

    @property
    def place(self) -> str:
        """Where TikTok's answer has the value: a list or object if the field in it is called like the column.

        In:  the columns `likes` of `videos.likes` and `comment_author_username` of `comments.username`
        Out: "`data.videos`" and "`data.comments.username`"
        """
        if self.origin.computed_from or self.origin.of:
            return str(self.origin)
        parts = ["data", *self.origin.path.split(".")]
        named = next((n for n in range(1, len(parts)) if "_".join(parts[n:]) == self.name), len(parts))
        return f"`{'.'.join(parts[:named])}`"


@dataclass(frozen=True)
class Stream:
    """A stream, as the dictionary describes it.

    `slices` maps a stream whose rows make the slices, and its column, to what that column is called here.
    """

    name: str
    rows: str
    primary_key: Sequence[str]
    cursor: str
    host: str
    calls: Sequence[str]
    columns: Mapping[str, Column]
    slices: Mapping[tuple[str, str], str]


def resolved(manifest: Declaration) -> Declaration:
    """A manifest as the CDK sees it: references resolved, parameters handed down."""
    references = ManifestReferenceResolver().preprocess_manifest(manifest)
    return ManifestComponentTransformer().propagate_types_and_parameters("", references, {})


def streams_of(manifest: Declaration) -> list[Stream]:
    """The streams of a resolved manifest, in its order."""
    return [_stream(declaration) for group in manifest["streams"] for declaration in group.get("streams", [group])]


def _stream(declaration: Declaration) -> Stream:
    retriever, schema = declaration["retriever"], declaration["schema_loader"]["schema"]
    requester = {name: part for name, part in retriever["requester"].items() if name != "profile_requester"}
    http_requesters = [found for found in _requesters(requester) if found["type"] == "HttpRequester"]
    urls = [InterpolatedString.create(call["url"], parameters=call["$parameters"]) for call in http_requesters]
    calls = [(call["http_method"], urlsplit(url.eval({}))) for call, url in zip(http_requesters, urls, strict=True)]
    return Stream(
        name=declaration["name"],
        rows=_described(schema, f"The stream `{declaration['name']}`"),
        primary_key=declaration["primary_key"],
        cursor=declaration.get("incremental_sync", {}).get("cursor_field", ""),
        host=str(calls[0][1].hostname),
        calls=[f"{method} {url.path}" for method, url in calls],
        columns={name: _column(declaration, name) for name in schema["properties"]},
        slices={
            (parent["stream"]["name"], parent["parent_key"]): parent["partition_field"]
            for parent in retriever.get("partition_router", {}).get("parent_stream_configs", [])
        },
    )


def _column(stream: Declaration, name: str) -> Column:
    schema = stream["schema_loader"]["schema"]
    definition = schema["properties"][name]
    full_name = f"{stream['name']}.{name}"
    kind = type_of(definition)
    is_number = kind in ("integer", "number")
    is_measure = is_number and name not in stream["primary_key"]
    of_stream = schema.get("x-account-type", ANY_ACCOUNT)
    return Column(
        name=name,
        meaning=_described(definition, f"The column `{full_name}`"),
        type=f"{kind}, {_word(definition, 'x-unit', UNITS, full_name)}" if is_number else kind,
        additive=_word(definition, "x-additive", ADDITIVE, full_name) if is_measure else "",
        origin=origin_of(stream, name),
        account_type=_word({"x-account-type": of_stream, **definition}, "x-account-type", ACCOUNT_TYPES, full_name),
    )


def _word(definition: Declaration, keyword: str, words: Collection[str], column: str) -> str:
    word = definition.get(keyword)
    if word not in words:
        state = "missing" if word is None else repr(word)
        raise NotDescribed(
            f"`{keyword}` of the column `{column}` is {state}, but it must be one of: {', '.join(words)}. "
            "Set it in the manifest's schemas; docs/data-dictionary.md says what the words mean."
        )
    return str(word)


def _described(definition: Declaration, what: str) -> str:
    if not definition.get("description"):
        raise NotDescribed(f"{what} has no description. Write one in the manifest's schemas.")
    return str(definition["description"])


def type_of(definition: Declaration) -> str:
    """The type of a column in one word.

    In:  `{"type": ["null", "string"], "format": "date-time"}`
    Out: "timestamp"
    """
    types = definition["type"]
    name = next(found for found in ([types] if isinstance(types, str) else types) if found != "null")
    return {"date": "date", "date-time": "timestamp"}.get(definition.get("format", ""), str(name))


def shared_columns(streams: Iterable[Stream]) -> list[Column]:
    """The columns that at least five streams have with the same meaning, in the order in which they come."""
    counted = Counter(column for stream in streams for column in stream.columns.values())
    return [column for column, streams_with_it in counted.items() if streams_with_it >= 5]


# --- How streams belong together ------------------------------------------------------------------------------------


def parent_of(child: Stream, streams: Sequence[Stream]) -> Stream | None:
    """The stream to which the rows of `child` belong, if there is one.

    It is the one that the child's name begins with (`videos` of `videos_comments`), or else one of which the child
    repeats columns (`account` of `videos`).
    """
    by_name = [stream for stream in streams if child.name.startswith(f"{stream.name}_")]
    by_columns = [stream for stream in streams if stream.name in {found.origin.of for found in child.columns.values()}]
    return max(by_name or by_columns, key=lambda stream: len(stream.name), default=None)


def links(child: Stream, parent: Stream) -> dict[str, str]:
    """The columns by which rows of `child` belong to rows of `parent`, with the columns that they equal.

    In:  `videos_comments_replies`, `videos_comments`
    Out: `{"business_id": "business_id", "parent_comment_id": "comment_id"}`
    """
    found = {}
    for key in parent.primary_key:
        is_same = key in child.columns and child.columns[key].origin == parent.columns[key].origin
        names = (f"parent_{key}", child.slices.get((parent.name, key)), key if is_same else None)
        if name := next((name for name in names if name in child.columns), None):
            found[name] = key
    return found


# --- Markdown -------------------------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in GitHub's Markdown, with what would end a cell or begin HTML escaped.

    In:  `["word", "meaning"]`, `[["a|b", "a < b"]]`
    Out: "| word | meaning |\\n| --- | --- |\\n| a\\\\|b | a &lt; b |"
    """
    escaped = [[cell.replace("|", "\\|").replace("<", "&lt;") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *escaped])


def code(names: Iterable[str]) -> str:
    """Names as code, with commas between them."""
    return ", ".join(f"`{name}`" for name in names if name)


def said_once(columns: Sequence[Column], word_of: Callable[[Column], str]) -> str:
    """What holds for most of the columns, then what holds for others and for which.

    In:  `likes`, `reach` and `new_followers`, with their scopes
    Out: "`video.list`; `video.insights` for `new_followers`"
    """
    by_word: dict[str, list[str]] = {}
    for column in columns:
        by_word.setdefault(word_of(column), []).append(column.name)
    most, *others = sorted(by_word, key=lambda word: -len(by_word[word]))
    return "; ".join([most, *(f"{word} for {code(by_word[word])}" for word in others)])


def described(columns: Sequence[Column]) -> str:
    """What can be said of many of the columns at once, and a table of them, or a list of up to three."""
    rows = [[code([column.name]), column.meaning, column.type, column.additive] for column in columns]
    items = [f"- {name} ({kind}{sums and ', additive: ' + sums}): {meaning}" for name, meaning, kind, sums in rows]
    shown = table(["column", "meaning", "type", "additive"], rows) if len(rows) > 3 else "\n".join(items)
    return (
        f"Fields: {said_once(columns, lambda column: column.place)}<br>\n"
        f"Scopes: {said_once(columns, lambda column: code([column.origin.scope]) or 'none')}<br>\n"
        f"Accounts: {said_once(columns, lambda column: column.account_type)}\n\n{shown}\n"
    )


def section(stream: Stream, shared: Collection[Column]) -> str:
    """What the dictionary says of one stream."""
    cursor = f"Cursor: `{stream.cursor}`. Sync modes: full refresh, incremental."
    named = {*stream.primary_key, stream.cursor}
    also = code(name for name, column in stream.columns.items() if column in shared and name not in named)
    return (
        f"### {stream.name}\n\n{stream.rows}\n\n"
        f"Primary key: {code(stream.primary_key)}. {cursor if stream.cursor else 'Sync mode: full refresh.'} "
        f"Calls: {code(stream.calls)}.{also and f' Also has {also}.'}\n\n"
        f"{described([column for column in stream.columns.values() if column not in shared])}"
    )


MOST_BOXES = 10


def diagrams(streams: Sequence[Stream]) -> str:
    """What belongs to what: flowcharts of Mermaid for streams that begin with the same word, at most ten in each."""
    # A line for each stream, which is its box, and for each pair of parent and child, which is their arrow.
    charts: dict[str, dict[tuple[str, ...], str]] = {}
    for child in streams:
        parent = parent_of(child, streams)
        by = links(child, parent) if parent else {}
        if parent and by:
            name = parent.name.partition("_")[0]
            both = [(parent.name,), (child.name,)]
            while sum(len(key) == 1 for key in {*charts.get(name, {}), *both}) > MOST_BOXES:
                name += " …"
            lines = charts.setdefault(name, {})
            lines.setdefault((parent.name,), _box(parent, parent.primary_key))
            lines[child.name,] = _box(child, [key for key in child.primary_key if key not in by])
            arrow = "-->" if set(by.values()) == set(parent.primary_key) else "-.->"
            if list(by) != parent.primary_key:
                names = [column if column == key else f"{column} = {key}" for column, key in by.items()]
                arrow += f'|"{"<br>".join(names)}"|'
            lines[parent.name, child.name] = f"    {parent.name} {arrow} {child.name}"
    return "\n".join("\n".join(["```mermaid", "flowchart LR", *lines.values(), "```", ""]) for lines in charts.values())


def _box(stream: Stream, key: Iterable[str]) -> str:
    return f'    {stream.name}["{"<br>".join([stream.name, *key])}"]'


HEAD = """# Data dictionary

Every column of every stream. `make data-dictionary` writes this page from the manifest; change it there.

{contents}

## What the words mean

**type** is Airbyte's. A `timestamp` has a time zone, which is UTC. Keys and cursors are never null. Other columns are
null where TikTok did not tell the value; null never means 0. A number has its unit behind its type:

{units}

**additive** says over what the numbers of a column may be added up:

{additive}

**Fields** says where TikTok's answer has the values. A column is called like its field: `likes` in `data.videos` is the
column `likes`, and `audience_types.type` the column `audience_types_type`. Where a name differs, the whole place is
given. *Of* a stream means that the calls of that stream bring the value and the connector repeats it here; *of the
sign-in*, that it comes with the access token.

**Scopes** are what the account's owner has to allow. A column is null if its scope was not granted. A stream fails if
all of it needs that scope. What has no scope comes with any answer. An app of the API for Business needs the permission
of the endpoint too, from the group *TikTok Accounts*; an app of Login Kit has the scopes themselves.

{scopes}

**Accounts** says which accounts have a value:

{account_types}
"""

SHARED = "These columns mean the same in every stream that has them. The descriptions of the streams only name them.\n"

JOINS = """\
An arrow leads to rows that belong to a row of the stream at its beginning. Join them by the whole primary key of that
stream, or by the columns on the arrow. A box names a stream, and below it the rest of its primary key. Where an arrow
is dotted, the stream at its beginning has a row for each date.
"""


def dictionary(manifest: Declaration) -> str:
    """The whole page, for a resolved manifest."""
    streams = streams_of(manifest)
    for stream in streams:
        if stream.host not in FAMILIES:
            raise NotDescribed(
                f"The stream `{stream.name}` calls {stream.host}, and tools/data_dictionary.py does not know what it "
                "belongs to. Add it to `FAMILIES` there."
            )
    families = {host: [stream for stream in streams if stream.host == host] for host in FAMILIES}
    contents = [
        f"- {FAMILIES[host]}: {', '.join(f'[{stream.name}](#{stream.name})' for stream in found)}"
        for host, found in families.items()
    ]
    scopes = [[code([scope]), opens, permission] for scope, (opens, permission) in SCOPES.items()]
    parts = [
        HEAD.format(
            contents="\n".join(contents),
            units=table(["unit", "meaning"], list(UNITS.items())),
            additive=table(["additive", "what may be added up"], list(ADDITIVE.items())),
            scopes=table(["scope", "opens", "permission of the app"], scopes),
            account_types=table(["accounts", "meaning"], list(ACCOUNT_TYPES.items())),
        )
    ]
    for host, found in families.items():
        parts.append(f"## {FAMILIES[host]}\n\nAll calls go to {host}.\n")
        shared = shared_columns(found)
        parts.extend([SHARED, described(shared)] if shared else [])
        parts.extend([JOINS, diagrams(found), *(section(stream, shared) for stream in found)])
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    try:
        page = dictionary(resolved(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))))
    except NotDescribed as error:
        sys.exit(str(error))
    DICTIONARY.write_text(page, encoding="utf-8")
    print(f"Wrote {DICTIONARY.relative_to(REPOSITORY)}.")


if __name__ == "__main__":
    main()
