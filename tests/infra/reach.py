"""What a handler may ask of the stores, read from the code: every name it mentions is followed.

It follows too much rather than too little: a function that is mentioned counts as called. So what
is not found here is not used.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

Place = tuple[str, str]  #: module, and name in it; a method is ``Class.method``

#: Attributes of ``Services`` that are ports: what is asked of them is what is looked for.
PORTS = frozenset({"log", "registry", "queue", "vault"})
#: How ``Services`` reaches objects of ours that are no ports.
CACHE = ("chalicelib.flows.cache", "SetupCache")
OPENINGS = ("chalicelib.wiring", "Openings")
#: Not followed: what builds everything for everybody, and the type that holds it.
EVERYTHING = frozenset({"chalicelib.wiring", "chalicelib.flows.services"})
#: What stands behind the ports that are tables.
STORES = {
    "log": ("chalicelib.store.sync_log", "TableSyncLog"),
    "registry": ("chalicelib.store.registry", "TableRegistry"),
}
TABLE = "chalicelib.store.table"


@dataclass
class Module:
    """The definitions at the top of a module, and what its imports mean."""

    defined: dict[str, ast.AST] = field(default_factory=dict)
    imported: dict[str, Place] = field(default_factory=dict)


def places_from(seeds: Iterable[Place]) -> set[Place]:
    """Return every function, class and port method that the seeds may come to call."""
    return _closure(seeds, lambda place: _followed(*place))


def table_words(seeds: Iterable[Place]) -> set[str]:
    """Return the table's methods, indexes and writes that parts of the stores mention."""
    places = _closure(seeds, lambda place: _inside_stores(*place))
    return {word for place in places for word in _words(*place)}


def _closure(seeds: Iterable[Place], step: Callable[[Place], Iterable[Place]]) -> set[Place]:
    seen: set[Place] = set()
    todo = list(seeds)
    while todo:
        place = todo.pop()
        if place not in seen:
            seen.add(place)
            todo += step(place)
    return seen


def _followed(module: str, name: str) -> Iterator[Place]:
    if module not in PORTS and (module not in EVERYTHING or (module, name) == OPENINGS):
        yield from _mentions(module, name)


def _inside_stores(module: str, name: str) -> Iterator[Place]:
    owner = name.partition(".")[0]
    for one in ast.walk(_node(module, name)):
        if isinstance(one, ast.Attribute) and _name(one.value) == "self":
            yield from _method(module, owner, one.attr)
    yield from (one for one in _mentions(module, name) if one[0].startswith("chalicelib.store"))


def _method(module: str, owner: str, method: str) -> Iterator[Place]:
    """Find a method in a class or in what the class is made of."""
    node = _node(module, owner)
    if not isinstance(node, ast.ClassDef):
        return
    if any(_name(one) == method for one in node.body):
        yield module, f"{owner}.{method}"
    for base in node.bases:
        yield from _method(*_meaning(module, _name(base)), method)


def method_of(port: str, method: str) -> list[Place]:
    """Return where a method of a port is written, for the ports that are tables."""
    return list(_method(*STORES[port], method))


def _words(module: str, name: str) -> Iterator[str]:
    known = read_module(module)
    for one in ast.walk(_node(module, name)):
        if isinstance(one, ast.Attribute) and _owner(one) in ("table", "Index"):
            yield f"{_owner(one)}.{one.attr}"
        elif isinstance(one, ast.Call) and known.imported.get(_name(one.func), ("",))[0] == TABLE:
            options = {str(option.arg) for option in one.keywords}
            yield " ".join([_name(one.func), *sorted(options & {"replaces", "deletes"})])


@cache
def _mentions(module: str, name: str) -> frozenset[Place]:
    known = read_module(module)
    if name in known.imported:
        return frozenset({known.imported[name]})
    found: set[Place] = set()
    for one in ast.walk(_node(module, name)):
        if isinstance(one, ast.Name) and (one.id in known.imported or one.id in known.defined):
            found.add(_meaning(module, one.id))
        elif isinstance(one, ast.Attribute):
            found |= set(_of_attribute(one, known))
    return frozenset(found)


def _of_attribute(one: ast.Attribute, known: Module) -> Iterator[Place]:
    owner = _owner(one)
    if owner in PORTS:
        yield owner, one.attr
    elif owner == "cache":
        yield CACHE[0], f"{CACHE[1]}.{one.attr}"
    elif owner == "services" and one.attr == "open":
        yield OPENINGS
    elif owner in known.imported and isinstance(one.value, ast.Name):
        yield ".".join(known.imported[owner]), one.attr  # nothing, unless that is a module


def _meaning(module: str, name: str) -> Place:
    known = read_module(module)
    return (module, name) if name in known.defined else known.imported.get(name, (module, name))


def _node(module: str, name: str) -> ast.AST:
    top, _, method = name.partition(".")
    node = read_module(module).defined.get(top, ast.Pass())
    if not method:
        return node
    parts = ast.iter_child_nodes(node)
    return next((one for one in parts if _name(one) == method), ast.Pass())


def _owner(one: ast.Attribute) -> str:
    return one.value.attr if isinstance(one.value, ast.Attribute) else _name(one.value)


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "name", "")))


@cache
def read_module(name: str) -> Module:
    """Read a module of ours; empty for any other."""
    base, module = ROOT / Path(*name.split(".")), Module()
    path = next(
        (one for one in (base.with_suffix(".py"), base / "__init__.py") if one.exists()), None
    )
    if path is None:
        return module
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names = {one.asname or one.name: (node.module or "", one.name) for one in node.names}
            module.imported |= names
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            module.defined |= {_name(target): node for target in targets}
    return module
