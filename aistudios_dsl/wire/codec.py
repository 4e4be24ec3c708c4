"""JSON documents to nodes and back, without loss. Nothing else uses cattrs, whose import waits for a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from aistudios_dsl.errors import DslError, LoadError, nearest
from aistudios_dsl.wire.jsontext import DEEPEST, SCALARS, copied, copied_inside, depth
from aistudios_dsl.wire.node import UNSET, Key, Node, as_found, is_kind, keys, kind_words, shown
from aistudios_dsl.wire.nodes import CLIP_TYPES, Project, UnknownClip

if TYPE_CHECKING:
    from cattrs import ClassValidationError, Converter

N = TypeVar("N", bound=Node)
_READERS: dict[type[Node], Callable[[Mapping[str, Any]], Any]] = {}
_WRITERS: dict[type[Node], tuple[Callable[[Any], dict[str, Any]], list[str]]] = {}


def load(document: Any) -> Project:
    """Return a project from its JSON document, with unknown keys, unknown clip types and key order.

    JSON kinds and structure are checked, ranges and names are not. Raise `LoadError` with all problems.

    >>> load({"scenes": []}).scenes
    ()
    """
    for fault in _bodies_of_other_apis(document):
        raise fault
    return load_node(Project, document)


def unwrapped(document: Any) -> Any:
    """Return the project in the service's answer to `GET /editor/project/{id}`; anything else is returned as it is.

    >>> unwrapped({"success": True, "data": {"project": {"scenes": []}}})
    {'scenes': []}
    """
    if isinstance(document, Mapping) and document.get("success") is False and "scenes" not in document:
        fault = document.get("error")
        said = [str(fault[key]) for key in ("code", "msg") if key in fault] if isinstance(fault, Mapping) else []
        raise LoadError(f"the service answered with an error, not a project: {' '.join(said) or 'it gives no code'}")
    answer = document
    for name in ("data", "project"):
        inner = document.get(name) if isinstance(document, Mapping) and "scenes" not in document else None
        document = inner if isinstance(inner, Mapping) else document
    if isinstance(answer, Mapping) and answer.get("success") is True and "scenes" not in document:
        raise LoadError("the service's answer contains no project", hint="request one project by its id")
    return document


def load_node(cls: type[N], document: Any) -> N:
    """Return one node from its JSON object; see `load`."""
    if depth(document, DEEPEST + 1) > DEEPEST:
        raise LoadError(f"the document is nested too deeply: more than {DEEPEST} levels")
    try:
        with as_found():
            node: N = _structured(cls, document)
    except LoadError as found:
        raise _one_error(found.problems) from None
    return node


def dump(node: Node) -> dict[str, Any]:
    """Return the JSON object of a node, its keys in the order of the loaded document or of the vendor's samples.

    >>> from aistudios_dsl.wire.nodes import Script
    >>> dump(Script(org="<p>Hello</p>", tts=None))
    {'org': '<p>Hello</p>', 'tts': None}
    """
    cls = type(node)
    if cls not in _WRITERS:
        _WRITERS[cls] = _writer(cls)
    write, order = _WRITERS[cls]
    found = write(node)
    if node.extra:
        found |= copied(node.extra)
    if node.extra or node.key_order:
        order = [key for key in (*(node.key_order or order), *found) if key in found]
    return {key: found[key] for key in order if found[key] is not UNSET}


def _writer(cls: type[Node]) -> tuple[Callable[[Any], dict[str, Any]], list[str]]:
    """Return what writes the known keys of a class, and these in wire order."""
    from cattrs.fns import identity
    from cattrs.gen import make_dict_unstructure_fn, override

    overrides: Any = {
        key.attribute: override(
            rename=key.wire,
            # What holds no other values is written as it is, without a call.
            unstruct_hook=identity if key.kinds and SCALARS.issuperset(key.kinds) else _written,
        )
        for key in keys(cls)
    }
    overrides["extra"] = overrides["key_order"] = override(omit=True)
    return make_dict_unstructure_fn(cls, _converter(), **overrides), [key.wire for key in keys(cls)]


def _written(value: Any) -> Any:
    if type(value) in SCALARS or value is UNSET:
        return value
    if isinstance(value, Node):
        return dump(value)
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    return copied(value) if isinstance(value, Mapping | list) else value


def _structured(cls: type[Node], document: Any) -> Any:
    if type(document) is not dict and not isinstance(document, Mapping):
        raise _problem(f"must be an object, not {shown(document)}")
    if cls not in _READERS:
        _READERS[cls] = _reader(cls)
    return _READERS[cls](document)


@cache
def _converter() -> Converter:
    from cattrs import Converter

    return Converter()


def _reader(cls: type[Node]) -> Callable[[Mapping[str, Any]], Any]:
    from cattrs import ClassValidationError
    from cattrs.gen import make_dict_structure_fn, override

    overrides: Any = {key.attribute: override(rename=key.wire, struct_hook=partial(_read, key)) for key in keys(cls)}
    overrides["extra"] = override(struct_hook=lambda unknown, _: _opaque(unknown) if unknown else {})
    overrides["key_order"] = override(struct_hook=lambda order, _: order)
    make = make_dict_structure_fn(cls, _converter(), _cattrs_detailed_validation=True, **overrides)
    names = {key.wire for key in keys(cls)}
    absent = {key.wire: UNSET for key in keys(cls) if not key.required}

    def read(document: Mapping[str, Any]) -> Any:
        unknown = {name: value for name, value in document.items() if name not in names}
        known = {**absent, **document, "extra": unknown, "key_order": tuple(document)}
        try:
            return make(known, cls)
        except ClassValidationError as group:
            raise LoadError("", problems=tuple(_problems(cls, group, unknown))) from None

    return read


def _read(key: Key, value: Any, _: object = None) -> Any:
    if key.takes(value) or value is UNSET or (value is None and not key.required):
        return value
    if key.array:
        return _read_array(key, value)
    if key.node:
        return _structured(key.node, value)
    if not key.kinds:
        return _opaque(value)
    if not is_kind(value, key.kinds):
        raise _problem(f"must be {kind_words(key.kinds)}, not {shown(value)}")
    return _opaque(value)


def _read_array(key: Key, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _problem(f"must be a list, not {shown(value)}")
    found, problems = [], list[DslError]()
    for index, item in enumerate(value):
        try:
            found.append(_read_item(key, item))
        except LoadError as fault:
            problems += [problem.under(f"[{index}]") for problem in fault.problems]
    if problems:
        raise LoadError("", problems=tuple(problems))
    return tuple(found)


def _read_item(key: Key, item: Any) -> Any:
    cls = key.node
    if key.attribute == "clips" and isinstance(item, Mapping):
        kind = item.get("type")
        cls = CLIP_TYPES.get(kind, UnknownClip) if isinstance(kind, str) else UnknownClip
    assert cls
    return _structured(cls, item)


def _opaque(value: Any) -> Any:
    try:
        return copied_inside(value)
    except LoadError as fault:
        raise LoadError("", problems=(fault,)) from None


def _problem(message: str) -> LoadError:
    return LoadError("", problems=(DslError(message),))


def _problems(cls: type[Node], group: ClassValidationError, unknown: Mapping[str, Any]) -> Iterator[DslError]:
    wire_names = {key.attribute: key.wire for key in keys(cls)}
    for fault, note in group.group_exceptions()[0]:
        name = wire_names.get(note.name, "")
        if isinstance(fault, KeyError):
            yield _missing(name, unknown)
        elif isinstance(fault, LoadError):
            yield from (problem.under(name) for problem in fault.problems)
        else:
            raise fault


def _missing(name: str, unknown: Mapping[str, Any]) -> DslError:
    close = nearest(name, unknown)
    return DslError(
        "is missing", name, f"{close!r} is not a key of this object: did you mean {name!r}?" if close else ""
    )


def _one_error(problems: tuple[DslError, ...]) -> LoadError:
    if len(problems) == 1:
        [only] = problems
        return LoadError(only.message, only.path or "the document", only.hint, problems)
    return LoadError(f"{len(problems)} problems in the document", problems=problems)


_V2_HINT = "V3 needs scenes[].background and scenes[].clips[] with id, type, layer, left, top, width and height"


def _bodies_of_other_apis(document: Any) -> Iterator[LoadError]:
    """Yield errors for bodies that people send to V3 by mistake: V2 bodies, and bodies of no API."""
    for index, scene in enumerate(_objects(document, "scenes")):
        if "AIModel" in scene:
            yield LoadError("this is a body of the old V2 API", f"scenes[{index}].AIModel", _V2_HINT)
        for number, clip in enumerate(_objects(scene, "clips")):
            if isinstance(clip.get("detail"), Mapping) and "left" not in clip:
                place = f"scenes[{index}].clips[{number}].detail"
                yield LoadError("this clip has the form of the old V2 API, or of no API", place, _V2_HINT)


def _objects(document: Any, name: str) -> list[Mapping[str, Any]]:
    items = document.get(name) if isinstance(document, Mapping) else None
    return [item if isinstance(item, Mapping) else {} for item in items] if isinstance(items, list) else []
