"""The streams that manifest.yaml lists, for tests that are not about the list itself.

They follow the manifest by themselves. The one list that is kept by hand is `KEYS_AND_CURSORS` in
unit_tests/test_manifest.py, which holds `discover` to every name, primary key and cursor.
"""

from pathlib import Path
from typing import Any

import yaml

MANIFEST = Path(__file__).parent.parent / "source_tiktok_organic" / "manifest.yaml"


# PyYAML's C loader needs a tenth of the time of its other one.
_MANIFEST: dict[str, Any] = yaml.load(MANIFEST.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
# The streams in the order of the manifest's `streams`.
_STREAMS = {stream["name"]: stream for group in _MANIFEST["streams"] for stream in group["streams"]}
NAMES = list(_STREAMS)

ACCOUNT_STREAMS = tuple(name for name in NAMES if name == "account" or name.startswith("account_"))
# Apart from the others, because they cost a call for each post.
COMMENT_STREAMS = tuple(name for name in NAMES if name.startswith("videos_comments"))
# Only with the setting `cover_images`.
COVER_STREAMS = tuple(name for name in NAMES if name.endswith("_covers"))
BREAKDOWN_STREAMS = tuple(
    name for name in NAMES if name.startswith("videos_") and name not in (*COMMENT_STREAMS, *COVER_STREAMS)
)
POST_STREAMS = ("videos", *BREAKDOWN_STREAMS)
# What a config of the API for Business has if no setting adds or removes a stream; one of Login Kit has the two below.
ALL_STREAMS = (*ACCOUNT_STREAMS, *POST_STREAMS, *COMMENT_STREAMS)
LOGIN_KIT_STREAMS = tuple(name for name in NAMES if name.startswith("user_") and name not in COVER_STREAMS)


def _primary_key(stream: dict[str, Any]) -> list[str]:
    kind = stream.get("$ref", "").rpartition("/")[2]
    key: list[str] = stream.get("primary_key") or _MANIFEST["definitions"][kind]["primary_key"]
    return key


PRIMARY_KEYS = {name: _primary_key(stream) for name, stream in _STREAMS.items()}
