"""Write the sources and the staging models of the dbt package from the manifest; `make data-dictionary` runs it.

Each table that the connector writes is a source with its columns, and a model that gives them the package's types.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.data_dictionary import MANIFEST, REPOSITORY, NotDescribed, Stream, resolved, streams_of

STAGING = REPOSITORY / "dbt_tiktok_organic" / "models" / "staging"
# Airbyte adds it to each row.
EXTRACTED_AT = {"_airbyte_extracted_at": ("timestamp", "When Airbyte read the row (UTC).")}

HEAD = """# The tables that the connector writes, and the models that give their columns the package's types. A table
# that is not synced has a model without rows. `make data-dictionary` writes this file and the models from the manifest.

"""


def columns_of(stream: Stream) -> dict[str, tuple[str, str]]:
    """The columns of a stream's table that are staged, each with its type and its meaning.

    In:  the stream `user_info`
    Out: `{"open_id": ("string", "TikTok's stable name for the account, for your app alone."), …}`
    """
    columns = {name: (column.type.partition(",")[0], column.meaning) for name, column in stream.columns.items()}
    return columns | EXTRACTED_AT


def model(stream: Stream) -> str:
    """The SQL of a stream's model.

    In:  the stream `user_info`
    Out: "{{ tiktok_organic.stage('user_info', [\\n    ('open_id', 'string'),\\n …"
    """
    columns = "".join(f"    ('{name}', '{type_}'),\n" for name, (type_, _) in columns_of(stream).items())
    return f"{{{{ tiktok_organic.stage('{stream.name}', [\n{columns}]) }}}}\n"


def schema(streams: list[Stream]) -> str:
    """What dbt is told of the sources and their models. A model repeats its source's columns by an alias of YAML."""
    columns = {
        stream.name: [{"name": name, "description": meaning} for name, (_, meaning) in columns_of(stream).items()]
        for stream in streams
    }
    source: dict[str, Any] = {
        "name": "tiktok_organic",
        "description": "What the Airbyte connector source-tiktok-organic writes.",
        "database": "{{ var('tiktok_organic_database', target.database) }}",
        "schema": "{{ var('tiktok_organic_schema') }}",
        "loader": "airbyte",
        "tables": [
            {
                "name": stream.name,
                "identifier": f"{{{{ var('tiktok_organic_table_prefix') }}}}{stream.name}",
                "description": stream.rows,
                "columns": columns[stream.name],
            }
            for stream in streams
        ],
    }
    models = [
        {
            "name": f"stg_tiktok_organic__{stream.name}",
            "description": stream.rows,
            "columns": columns[stream.name],
            "data_tests": [{"primary_key": {"arguments": {"columns": list(stream.primary_key)}}}],
        }
        for stream in streams
    ]
    whole = {"version": 2, "sources": [source], "models": models}
    return HEAD + yaml.dump(whole, sort_keys=False, allow_unicode=True, width=125)


def files(manifest: Any) -> Iterator[tuple[Path, str]]:
    """Each file with its text, from a manifest as it is written."""
    streams = streams_of(resolved(manifest))
    yield STAGING / "schema.yml", schema(streams)
    for stream in streams:
        yield STAGING / f"stg_tiktok_organic__{stream.name}.sql", model(stream)


def main() -> None:
    """Write the files."""
    try:
        for path, text in files(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))):
            path.write_text(text, encoding="utf-8")
    except NotDescribed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
