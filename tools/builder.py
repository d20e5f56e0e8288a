"""Writes what is pasted into the Connector Builder: the manifest, and all components in one file.

`make builder` writes `build/builder/manifest.yaml` and `build/builder/components.py`.

In:  `components/settings.py` that imports `config_error` from `components/exceptions.py`, and both import `re`
Out: one file with `import re`, then exceptions.py and settings.py without their imports
"""

import ast
import shutil
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "source_tiktok_organic"
COMPONENTS = "source_tiktok_organic.components"
HEADING = (
    '"""The components of source-tiktok-organic in one file, for the Connector Builder; written by `make builder`."""'
)


def joined() -> str:
    """All modules of the components, each behind those that it imports from."""
    modules = {path.stem: path.read_text() for path in sorted((PACKAGE / "components").glob("[a-z]*.py"))}
    imports: set[str] = set()
    needs: dict[str, list[str]] = {}
    bodies: dict[str, str] = {}
    for name, text in modules.items():
        docstring, *statements = ast.parse(text).body
        of_module = [one for one in statements if isinstance(one, ast.Import | ast.ImportFrom)]
        ours = [
            one for one in of_module if isinstance(one, ast.ImportFrom) and (one.module or "").startswith(COMPONENTS)
        ]
        # Sorted: modules that do not need each other are joined in the order of these lists.
        needs[name] = sorted(str(one.module).removeprefix(f"{COMPONENTS}.") for one in ours)
        imports |= {line for one in of_module if one not in ours for line in _lines_of(one)}
        end = max((one.end_lineno or 0 for one in [docstring, *of_module]), default=0)
        bodies[name] = "\n".join(text.splitlines()[end:]).strip("\n")
    parts = [f"# --- {name}\n\n{bodies[name]}" for name in TopologicalSorter(needs).static_order()]
    return "\n\n\n".join([f"{HEADING}\n\n" + "\n".join(sorted(imports)), *parts]) + "\n"


def _lines_of(statement: ast.Import | ast.ImportFrom) -> list[str]:
    """An import, a line for each name: "from a import b, c" is "from a import b" and "from a import c"."""
    start = f"from {statement.module} import" if isinstance(statement, ast.ImportFrom) else "import"
    return [f"{start} {ast.unparse(name)}" for name in statement.names]


def write(folder: Path) -> None:
    """Write both files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "components.py").write_text(joined())
    shutil.copy(PACKAGE / "manifest.yaml", folder)


if __name__ == "__main__":
    target = ROOT / "build" / "builder"
    write(target)
    sys.stdout.write(
        f"Paste manifest.yaml and components.py of {target.relative_to(ROOT)}/ into the Connector Builder.\n"
    )
