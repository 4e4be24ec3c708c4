"""Write the reference pages from the code: signatures, parameters, commands, wire objects and names; and llms.txt.

`python -m tests.tools.make_reference` writes them; a test compares them with the code.
"""

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from attrs import has

import aistudios_dsl
from aistudios_dsl import errors, service, wire
from aistudios_dsl.build import placement
from aistudios_dsl.build.keywords import arguments_of
from aistudios_dsl.cli import main
from aistudios_dsl.wire.node import Key, Node, keys, kind_words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
WIDTH = 100

CLIP_VERBS = ("avatar", "text", "image", "video", "shape", "audio")
TIMES = ("Timing", "SceneTiming", "LineTiming")
PLACES = ("above", "below", "left_of", "right_of")
SERVICE = (
    *("Client", "AsyncClient", "Job", "Progress", "Outbox", "Row", "RunSummary"),
    *("parse_webhook", "Webhook", "webhook_url", "verify_webhook"),
)
ASSISTANTS = ROOT / "docs" / "for-assistants.md"
ASSISTANTS_VERBS = (
    *("scene", "avatar", "say", "text", "image", "video", "shape", "audio", "place"),
    *("background", "edit", "remove", "pipe", "map_scenes"),
)
RARE = ("extra", "key_order", "exact", "id", "layer", "html")
LLMS_HEAD = (
    "# aistudios_dsl",
    "",
    "> A Python library that writes AI Studios (DeepBrain AI) videos: scripts of a fluent DSL become the exact project"
    " JSON, offline, with checks, a storyboard, templates for many rows, and a client that never pays twice.",
    "",
    "To write a script, read the page for AI assistants: it is enough for most. `aistudios check` says what is wrong.",
    "",
    "## Start",
    "",
)
SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Examples")

# Python objects


def documented(found: Any, name: str, level: int = 2) -> str:
    """A heading, the signature, and the docstring as Markdown."""
    code = f"\n\n```pyi\n{signature(found, name)}\n```" if callable(found) else ""
    return f"{'#' * level} {name}{code}\n\n{markdown(inspect.getdoc(found) or '')}"


def signature(found: Any, name: str) -> str:
    """The call as a reader types it, one parameter a line where it is long."""
    call = inspect.signature(found)
    # A class whose parameters are documented shows those, and not what it passes to its own copies.
    known = dict(entries(_section_of("Args", found))) if inspect.isclass(found) else {}
    kept = [each for each in call.parameters.values() if each.name != "self" and (not known or each.name in known)]
    parts, star = [], False
    for parameter in kept:
        star = star or parameter.kind is parameter.VAR_POSITIONAL
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        parts.append(str(parameter.replace(annotation=_plain_annotation(parameter))))
    result = "" if inspect.isclass(found) or not returned(call) else f" -> {returned(call)}"
    line = f"{name}({', '.join(parts)}){result}"
    if len(line) <= WIDTH:
        return line
    rows = "".join(f"    {part},\n" for part in parts)
    return f"{name}(\n{rows}){result}"


def _plain_annotation(parameter: inspect.Parameter) -> Any:
    """The annotation without quotes around it."""
    return _Bare(parameter.annotation) if isinstance(parameter.annotation, str) else parameter.annotation


class _Bare(str):
    """A string that stands in a signature as it is."""

    def __repr__(self) -> str:
        return str(self)


def returned(call: inspect.Signature) -> str:
    """The annotation of what is returned, as text."""
    found = call.return_annotation
    return "" if found is call.empty else found if isinstance(found, str) else getattr(found, "__name__", str(found))


def markdown(text: str) -> str:
    """A docstring in Google form as Markdown: parameters as a table, examples as code."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", text, flags=re.MULTILINE)
    written = [_examples(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        inside, rest = _dedented(body)
        written.append(_section(title, inside))
        written.append(_examples(rest))
    return "\n\n".join(part.strip("\n") for part in written if part.strip())


def _dedented(body: str) -> tuple[str, str]:
    """The indented lines of a section, and what follows them."""
    found = re.match(r"((?:    [^\n]*\n?|\n(?=    ))*)(.*)", body, re.DOTALL)
    assert found is not None
    return textwrap.dedent(found[1]).strip("\n"), found[2]


def _section_of(title: str, found: Any) -> str:
    """The lines of one section of a docstring; "" where there is none."""
    _, _, body = (inspect.getdoc(found) or "").partition(f"{title}:\n")
    return _dedented(body)[0]


def _section(title: str, inside: str) -> str:
    if title in ("Args", "Attributes"):
        rows = "\n".join(f"| `{name}` | {_cell(words)} |" for name, words in entries(inside))
        return f"| {'parameter' if title == 'Args' else 'attribute'} | meaning |\n| --- | --- |\n{rows}"
    if title in ("Example", "Examples"):
        return _examples(inside)
    if title == "Raises":
        return "\n".join(f"- **Raises** `{name}`: {_line(words)}" for name, words in entries(inside))
    return f"**{title}** {_line(inside)}"


def entries(section: str) -> Iterator[tuple[str, str]]:
    """The names of a section, each with its words."""
    for found in re.finditer(r"^(\*{0,2}[\w., ]+?)(?: \([^)]*\))?: (.*(?:\n[ ]+.*)*)", section, re.MULTILINE):
        yield found[1], found[2]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _examples(text: str) -> str:
    """The text with a fence around each block of prompts; doctest reads the empty line as the end of an answer."""
    pattern = re.compile(r"^>>>.*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
    return pattern.sub(lambda found: f"```python\n{found[0]}\n\n```", text)


def methods(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    """The public methods of a class in the order of the source, those of its bases after its own."""
    seen = set[str]()
    for base in cls.__mro__:
        for name, found in vars(base).items():
            if name.startswith("_") or name in seen or not _is_method(found):
                continue
            seen.add(name)
            yield name, getattr(cls, name)


def _is_method(found: Any) -> bool:
    return inspect.isfunction(found) or isinstance(found, classmethod | staticmethod)


def of_class(cls: type[Any], name: str) -> str:
    """A class and its methods."""
    parts = [documented(cls, name), *(documented(found, f"{name}.{method}", 3) for method, found in methods(cls))]
    return "\n\n".join(parts)


# pages


def project_page() -> str:
    """Project, Scene, their verbs, themes, and the places."""
    project, scene, theme = aistudios_dsl.Project, aistudios_dsl.Scene, aistudios_dsl.Theme
    shared = [name for name, _ in methods(scene)]
    verbs = [(name, getattr(project, name)) for name in shared]
    ends = [(name, found) for name, found in methods(project) if name not in shared]
    return _page(
        "Project, Scene and the verbs",
        "Every verb returns a new value. Both classes have the verbs; `Project` applies them to the scene opened last.",
        documented(project, "Project"),
        documented(scene, "Scene"),
        "## Keywords of the clips",
        "The verbs that add a clip also take these. A length is px, or percent of the canvas side that it runs along.",
        keywords_table(),
        "## Verbs",
        *(documented(found, f".{name}", 3) for name, found in verbs),
        "## Of a project alone",
        *(documented(found, f"Project.{name}", 3) for name, found in ends),
        *(documented(getattr(aistudios_dsl, name), name, 3) for name in TIMES),
        "## Themes",
        *(documented(found, name, 3) for name, found in (("Theme", theme), ("Theme.load", theme.load))),
        documented(aistudios_dsl.TextStyle, "TextStyle", 3),
        "## Places",
        *(documented(getattr(aistudios_dsl, name), name, 3) for name in PLACES),
        documented(aistudios_dsl.Fonts, "Fonts"),
        documented(aistudios_dsl.diff, "diff"),
    )


def keywords_table() -> str:
    """The keywords that verbs share, with the verbs that take each."""
    places = (placement.Placed, placement.Sized, placement.Turned, placement.Shaded)
    verbs = {name: arguments_of(inspect.unwrap(getattr(aistudios_dsl.Scene, name))).keywords for name in CLIP_VERBS}
    rows = []
    for names, words in re.findall(
        r"^(`\w+`(?:, `\w+`)*): (.*?)$(?=\n`[\w`, ]+: |\Z)", _shared_docs(places), re.M | re.S
    ):
        takers = [verb for verb in verbs if set(re.findall(r"\w+", names)) <= set(verbs[verb])]
        who = (
            "all" if len(takers) == len(verbs) else "all but audio" if takers == list(verbs)[:-1] else ", ".join(takers)
        )
        rows.append(f"| {names} | {_cell(words)} | {who} |")
    return "\n".join(["| keyword | meaning | taken by |", "| --- | --- | --- |", *rows])


def _shared_docs(classes: tuple[type[Any], ...]) -> str:
    return "\n".join((inspect.getdoc(each) or "").partition("\n\n")[2].strip() for each in classes)


def avatars_page() -> str:
    """Avatars and the catalogue."""
    return _page("Avatars", "", *(of_class(getattr(aistudios_dsl, name), name) for name in ("Avatar", "Catalog")))


def languages_page() -> str:
    """Messages and their catalogues."""
    from aistudios_dsl.languages import catalogues

    names = ("Catalogue", "Message", "Entry", "Review")
    return _page("Languages", "", *(of_class(getattr(catalogues, name), name) for name in names))


def service_page() -> str:
    """The client, the outbox, and webhooks."""
    found = [(name, getattr(service, name)) for name in SERVICE]
    lead = "`AsyncClient` has the methods of `Client`, to be awaited. Every call raises `ApiError` if it fails."
    own = [(name, each) for name, each in found if name != "AsyncClient"]
    return _page(
        "Service",
        lead,
        *(of_class(each, name) if inspect.isclass(each) else documented(each, name) for name, each in own),
        documented(service.AsyncClient, "AsyncClient"),
    )


def errors_page() -> str:
    """The tree of exceptions."""
    classes = [found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, Exception)]
    text = inspect.getdoc(errors) or ""
    first, _, tree = text.partition("The tree::\n\n")
    return _page(
        "Errors",
        f"{first.strip()}\n\n```text\n{inspect.cleandoc(tree)}\n```",
        *(documented(found, found.__name__) for found in classes),
    )


def _page(title: str, lead: str, *parts: str) -> str:
    """A page; where it has examples, it begins with what they import."""
    names = [name for name in (*aistudios_dsl.__all__, *service.__all__) if name != "wire"]
    used = [name for name in names if any(re.search(rf"^(?:>>>|\.\.\.).*\b{name}\b", part, re.M) for part in parts)]
    imports = "\n".join(filter(None, (_import(module, used) for module in (aistudios_dsl, service))))
    start = f"The examples begin with:\n\n```python\n{imports}\n\n```" if imports else ""
    return "\n\n".join(part for part in (f"# {title}", lead, start, *parts) if part) + "\n"


def _import(module: Any, used: list[str]) -> str:
    names = [name for name in used if name in module.__all__]
    return f">>> from {module.__name__} import {', '.join(names)}" if names else ""


# the command line


def cli_page() -> str:
    """Every command with its arguments and options."""
    completion = (
        '## Completion in the shell\n\n`eval "$(_AISTUDIOS_COMPLETE=bash_source aistudios)"` in `~/.bashrc`; '
        "`zsh_source` and `fish_source` for the other shells."
    )
    return _page("Command line", "", *_commands(main, "aistudios", None, 2), completion)


def _commands(command: click.Command, name: str, parent: click.Context | None, level: int) -> Iterator[str]:
    context = click.Context(command, parent, info_name=name, **command.context_settings)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"{'#' * level} {context.command_path}\n\n{_help(command.help or '')}\n\n```text\n{usage}\n```"
    records = [each.get_help_record(context) for each in command.get_params(context)]
    rows = [record for record in records if record and record[1]]
    if rows:
        table = "\n".join(f"| `{_cell(option)}` | {_cell(words)} |" for option, words in rows)
        yield f"| option | meaning |\n| --- | --- |\n{table}"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _commands(found, inner, context, level + (parent is not None or level == 2))


def _help(text: str) -> str:
    """Help as Markdown: what click keeps as it stands (after \\b) is code."""
    parts = [part.strip("\n") for part in inspect.cleandoc(text).split("\n\n")]
    return "\n\n".join(
        f"```text\n{part.removeprefix(chr(8)).strip()}\n```" if part.startswith("\b") else _line(part)
        for part in parts
        if part
    )


# wire objects and names


def wire_page() -> str:
    """A table for each wire class, in the order of `wire.__all__`."""
    classes = [getattr(wire, name) for name in wire.__all__]
    nodes = [found for found in classes if inspect.isclass(found) and issubclass(found, Node) and found.KEYS]
    lead = """One frozen attrs class for each JSON object of a project: `wire.Text` for `textImage`, for example.
Each takes keywords, refuses what the vendor's pages refuse, and keeps unknown keys in `extra`. An optional key that is
not given is absent from the JSON (`wire.UNSET`), which is not the same as `null` (`None`)."""
    return _page("Wire objects", lead, *map(_table, nodes))


def _table(node: type[Node]) -> str:
    said = _meanings(node)
    rows = "\n".join(_row(key, said.get(key.attribute, "")) for key in keys(node))
    first = (inspect.getdoc(node) or "").partition("\n\n")[0].replace("\n", " ")
    head = "| key | argument | value | meaning | required |\n| --- | --- | --- | --- | --- |"
    return f"## {node.__name__}\n\n{first}\n\n{head}\n{rows}"


def _meanings(node: type[Node]) -> dict[str, str]:
    """The lines under `Attributes:` in the docstrings of a class and its bases."""
    docs = [vars(cls).get("__doc__") or "" for cls in reversed(node.__mro__)]
    return dict(pair for doc in docs for pair in re.findall(r"^ {8}(\w+): (.+)$", doc, re.MULTILINE))


def _row(key: Key, meaning: str) -> str:
    return f"| `{key.wire}` | `{key.attribute}` | {_value(key)} | {meaning} | {'yes' if key.required else ''} |"


def _value(key: Key) -> str:
    if key.array:
        return f"list of {_link(key.node)}" if key.node else "list"
    if key.node:
        return _link(key.node)
    kind = kind_words(key.kinds) if key.kinds else "any JSON"
    if key.rule.one_of:
        return " · ".join(f"`{name}`" for name in key.rule.one_of)
    span, unit = key.rule.span(), f" ({key.unit})" if key.unit else ""
    return f"{kind}, {span}{unit}" if span else f"{kind}{unit}"


def _link(node: type[Node]) -> str:
    return f"[{node.__name__}](#{node.__name__.lower()})" if node.KEYS else "a clip of any type"


def names_page() -> str:
    """Every public name, with the first sentence of its docstring."""
    modules = {"aistudios_dsl": aistudios_dsl, "aistudios_dsl.service": service, "aistudios_dsl.wire": wire}
    lead = "What is not listed here may change without notice."
    return _page("Public names", lead, *(f"## `{name}`\n\n{_names(module)}" for name, module in modules.items()))


def _names(module: Any) -> str:
    rows = "\n".join(f"| `{name}` | {_summary(getattr(module, name), name)} |" for name in sorted(module.__all__))
    return f"| name | is |\n| --- | --- |\n{rows}"


def _summary(found: object, name: str) -> str:
    is_documented = inspect.ismodule(found) or inspect.isclass(found) or inspect.isroutine(found)
    text = (inspect.getdoc(found) or "") if is_documented else ""
    if not text and not has(type(found)):
        return {"UNSET": "absent from the JSON", "AnyClip": "a clip of any type"}.get(name, "")
    return _cell(text.partition("\n\n")[0])


# for assistants


def assistants_page() -> str:
    """The guide for assistants, with its list of verbs as the code has them."""
    text = ASSISTANTS.read_text(encoding="utf-8")
    return re.sub(r"(?<=<!-- verbs -->\n).*(?=<!-- end of verbs -->)", _verbs_block, text, flags=re.DOTALL)


def _verbs_block(_: object) -> str:
    verbs = [_short(getattr(aistudios_dsl.Project, name), f".{name}") for name in ASSISTANTS_VERBS]
    groups = [_short(getattr(aistudios_dsl, name), name) for name in ("row", "column", "grid")]
    table = keywords_table().splitlines()
    rows = [row for row in table if not row.startswith(tuple(f"| `{name}` " for name in RARE))]
    return "\n".join(
        [
            "```pyi",
            _short(aistudios_dsl.Project, "Project"),
            *verbs,
            *groups,
            "```",
            "",
            "The keywords of `**place`:",
            "",
            *rows,
            "",
        ]
    )


def _short(found: Any, name: str) -> str:
    """A call without types, and without what only copies of an existing JSON need."""
    call = inspect.signature(found)
    known = dict(entries(_section_of("Args", found))) if inspect.isclass(found) else call.parameters
    parameters = [each for each in call.parameters.values() if each.name in known and each.name not in ("self", *RARE)]
    kept = [each.replace(annotation=each.empty) for each in parameters]
    return f"{name}{call.replace(parameters=kept, return_annotation=call.empty)}"


def llms_txt(folder: str, ending: str) -> str:
    """The list of pages for assistants: https://llmstxt.org."""
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].splitlines()
    found = [*LLMS_HEAD]
    for line in lines:
        page = re.search(r"- (.+): (\S+)\.md$", line)
        if page:
            said = _first_sentence((ROOT / "docs" / f"{page[2]}.md").read_text(encoding="utf-8"))
            found.append(f"- [{page[1].strip(chr(34))}]({folder}{page[2]}{ending}){said and f': {said}'}")
        else:
            found += ["", f"## {line.strip(' -:')}", ""]
    return "\n".join(found) + "\n"


def _first_sentence(text: str) -> str:
    """The first sentence of a page; "" where it begins with something else than prose."""
    first = text.split("\n\n", 2)[1]
    if not first[:1].isalpha() and first[:1] not in "`[":
        return ""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(first.split()))
    said = re.split(r"(?<=[.!?])\s", plain)[0]
    return "" if plain.startswith("```") or said.endswith(":") else said


PAGES = {
    "project.md": project_page,
    "avatars.md": avatars_page,
    "languages.md": languages_page,
    "service.md": service_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
    "wire.md": wire_page,
    "names.md": names_page,
    "../for-assistants.md": assistants_page,
    "../llms.txt": lambda: llms_txt("", ".html"),
    "../../llms.txt": lambda: llms_txt("docs/", ".md"),
}

if __name__ == "__main__":
    for page, made in PAGES.items():
        (FOLDER / page).write_text(made(), encoding="utf-8")
        print(f"docs/reference/{page}")
