"""Write the reference pages that follow from the code: the wire objects with their keys, and the public names."""

import inspect
from pathlib import Path

from attrs import has

import aistudios_dsl
from aistudios_dsl import service, wire
from aistudios_dsl.wire.node import Key, Node, keys, kind_words

ROOT = Path(__file__).parent.parent.parent


def wire_page() -> str:
    """A table for each wire class, in the order of `wire.__all__`."""
    classes = [getattr(wire, name) for name in wire.__all__]
    nodes = [found for found in classes if inspect.isclass(found) and issubclass(found, Node) and found.KEYS]
    tables = "\n\n".join(map(_table, nodes))
    return f"""# Wire objects

One frozen attrs class for each JSON object of a project; `wire.Text` for `textImage`, and so on. Each takes keywords,
refuses what the vendor's pages refuse, and keeps unknown keys in `extra`. An optional key that is not given is absent
from the JSON (`wire.UNSET`), which is not the same as `null` (`None`).

{tables}
"""


def _table(node: type[Node]) -> str:
    rows = "\n".join(_row(key) for key in keys(node))
    first = (inspect.getdoc(node) or "").partition("\n\n")[0].replace("\n", " ")
    return f"## {node.__name__}\n\n{first}\n\n| key | argument | value | required |\n| --- | --- | --- | --- |\n{rows}"


def _row(key: Key) -> str:
    return f"| `{key.wire}` | `{key.attribute}` | {_value(key)} | {'yes' if key.required else ''} |"


def _value(key: Key) -> str:
    if key.array:
        return f"list of {_link(key.node)}" if key.node else "list"
    if key.node:
        return _link(key.node)
    kind = kind_words(key.kinds) if key.kinds else "any JSON"
    if key.rule.one_of:
        return " · ".join(f"`{name}`" for name in key.rule.one_of)
    return f"{kind}, {key.rule.span()}" if key.rule.span() else kind


def _link(node: type[Node]) -> str:
    return f"[{node.__name__}](#{node.__name__.lower()})" if node.KEYS else "a clip of any type"


def names_page() -> str:
    """Every public name, with the first sentence of what it says of itself."""
    return f"""# Public names

All of them; what is not listed here may change without notice.

## `aistudios_dsl`

{_names(aistudios_dsl)}

## `aistudios_dsl.service`

{_names(service)}

## `aistudios_dsl.wire`

{_names(wire)}
"""


def _names(module: object) -> str:
    names = sorted(module.__all__)  # type: ignore[attr-defined]
    rows = "\n".join(f"| `{name}` | {_said(getattr(module, name), name)} |" for name in names)
    return f"| name | is |\n| --- | --- |\n{rows}"


def _said(found: object, name: str) -> str:
    documented = inspect.ismodule(found) or inspect.isclass(found) or inspect.isroutine(found)
    text = (inspect.getdoc(found) or "") if documented else ""
    if not text and not has(type(found)):
        return {"UNSET": "absent from the JSON", "AnyClip": "a clip of any type"}.get(name, "")
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


PAGES = {"wire.md": wire_page, "names.md": names_page}

if __name__ == "__main__":
    for page, made in PAGES.items():
        (ROOT / "docs" / "reference" / page).write_text(made(), encoding="utf-8")
        print(f"docs/reference/{page}")
