"""What a mutant is: one place of a module's text, changed in one way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_OPPOSITES: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Lt: [ast.GtE, ast.LtE],
    ast.LtE: [ast.Gt, ast.Lt],
    ast.Gt: [ast.LtE, ast.GtE],
    ast.GtE: [ast.Lt, ast.Gt],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.FloorDiv],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Mult],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.LShift: [ast.RShift],
    ast.RShift: [ast.LShift],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.BitXor: [ast.BitOr],
}
_SKIPPED = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_Slot = tuple[ast.AST, str, int | None]
"""Where a node hangs: its parent, the parent's field, and the index in it if that is a list."""


@dataclass(frozen=True)
class Mutant:
    """One change, told so that it stays the same one when other lines move."""

    module: str
    number: int
    """How many came before it in its module."""
    where: str
    """The function or class."""
    line: int
    last_line: int
    called: bool
    """Whether a call runs it, and not the import of the module."""
    change: str
    """What was there, and what is there now."""

    @property
    def part(self) -> str:
        """The folder or file of the package that it is in."""
        return self.module.split("/", maxsplit=1)[0]

    @property
    def key(self) -> str:
        """What `explained.toml` calls it."""
        return f"{self.module}: {self.where}: {self.change}"


def mutants(module: str, text: str) -> list[Mutant]:
    """Return every mutant of the module that has this text."""
    return [mutant for mutant, _ in _mutations(module, text)]


def mutated(module: str, text: str, number: int) -> ast.Module:
    """Return the tree of one mutant."""
    for mutant, tree in _mutations(module, text):
        if mutant.number == number:
            return tree
    raise LookupError(f"{module} has no mutant {number}")


def _mutations(module: str, text: str) -> Iterator[tuple[Mutant, ast.Module]]:
    """Yield each mutant with the tree as it is while the mutant is in it."""
    tree = ast.parse(text)
    seen: dict[str, int] = {}
    number = 0
    for slot, where, called in list(_slots(tree, "module", called=False)):
        node = _get(slot)
        before = ast.unparse(node)
        for new in _variants(slot, node):
            _put(slot, new)
            change = f"{_short(before)} → {_short(ast.unparse(new))}"
            # a function may have the same words twice
            seen[where + change] = count = seen.get(where + change, 0) + 1
            told = change if count == 1 else f"{change} ({count})"
            first, last = node.lineno, node.end_lineno or node.lineno
            mutant = Mutant(module, number, where, first, last, called, told)
            yield mutant, ast.fix_missing_locations(tree)
            _put(slot, node)
            number += 1


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:60]} … {line[-25:]}"


def _get(slot: _Slot) -> Any:
    parent, field, index = slot
    value = getattr(parent, field)
    return value if index is None else value[index]


def _put(slot: _Slot, node: ast.AST) -> None:
    parent, field, index = slot
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


# --- Where -----------------------------------------------------------------------------------


def _slots(node: ast.AST, where: str, *, called: bool) -> Iterator[tuple[_Slot, str, bool]]:
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "type_params", "ctx"}:
            continue
        if isinstance(node, ast.ClassDef) and field == "decorator_list":
            continue
        inside = called or (isinstance(node, ast.FunctionDef | ast.Lambda) and field == "body")
        several = value if isinstance(value, list) else [value]
        for index, child in enumerate(several):
            if not isinstance(child, ast.AST) or _stays(child):
                continue
            name = getattr(child, "name", None)
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            inner = where if not named else str(name) if where == "module" else f"{where}.{name}"
            if isinstance(child, ast.expr | ast.stmt | ast.ExceptHandler):
                yield (node, field, index if isinstance(value, list) else None), where, inside
            yield from _slots(child, inner, called=inside)


def _stays(node: ast.AST) -> bool:
    """Tell whether it is a docstring, a type, an import, or for the type checker."""
    if isinstance(node, _SKIPPED):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value) in {"Literal", "ClassVar", "Callable"}
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__" or _is_type(node.value)
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"TypeVar", "cast"}


def _is_type(node: ast.AST) -> bool:
    """Tell whether it is an alias such as ``Result = User | None``."""
    parts = [node.left, node.right] if isinstance(node, ast.BinOp) else [node]
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr):
        return False
    return all(
        (isinstance(part, ast.Name) and part.id[:1].isupper() and not part.id.isupper())
        or (isinstance(part, ast.Constant) and part.value is None)
        or (isinstance(part, ast.BinOp) and _is_type(part))
        for part in parts
    )


# --- How -------------------------------------------------------------------------------------


def _variants(slot: _Slot, node: ast.AST) -> Iterator[ast.AST]:
    parent, field, _ = slot
    if field == "test" and isinstance(parent, ast.If | ast.While | ast.IfExp):
        yield from _turned_round(node)
    variants = _VARIANTS.get(type(node))
    if variants is not None:
        yield from variants(node, parent)


def _turned_round(test: ast.AST) -> Iterator[ast.AST]:
    # a comparison and `not` have their own opposites
    single = isinstance(test, ast.Compare) and len(test.ops) == 1
    if isinstance(test, ast.expr) and not single and not isinstance(test, ast.UnaryOp):
        yield ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _compare(node: ast.Compare, _: ast.AST) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in _OPPOSITES[type(operator)]:
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield _like(node, ops=ops)


def _bool_op(node: ast.BoolOp, _: ast.AST) -> Iterator[ast.AST]:
    yield _like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for left in _shorter(node.values):
        yield left[0] if len(left) == 1 else _like(node, values=left)


def _unary(node: ast.UnaryOp, _: ast.AST) -> Iterator[ast.AST]:
    yield node.operand


def _binary(node: ast.BinOp | ast.AugAssign, _: ast.AST) -> Iterator[ast.AST]:
    for other in _OPPOSITES.get(type(node.op), []):
        yield _like(node, op=other())


def _constant(node: ast.Constant, parent: ast.AST) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield _like(node, value=not value)
    elif isinstance(value, int | float):
        yield from (_like(node, value=value + more) for more in (1, -1))
    elif isinstance(value, str) and value and not any(letter.isspace() for letter in value):
        yield _like(node, value=f"{value}x" if isinstance(parent, ast.JoinedStr) else f"x{value}")


def _call(node: ast.Call, _: ast.AST) -> Iterator[ast.AST]:
    yield from (_like(node, keywords=left) for left in _shorter(node.keywords))


def _set(node: ast.Set, _: ast.AST) -> Iterator[ast.AST]:
    if len(node.elts) > 1:
        yield from (_like(node, elts=left) for left in _shorter(node.elts))


def _comprehension(node: Any, _: ast.AST) -> Iterator[ast.AST]:
    for index, generator in enumerate(node.generators):
        for left in _shorter(generator.ifs):
            made = _like(generator, ifs=left)
            generators = [*node.generators[:index], made, *node.generators[index + 1 :]]
            yield _like(node, generators=generators)


def _handler(node: ast.ExceptHandler, _: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node.type, ast.Tuple):
        for left in _shorter(node.type.elts):
            yield _like(node, type=_like(node.type, elts=left))
    elif node.type is not None:
        yield _like(node, type=ast.Tuple([], ast.Load()))


def _expression(node: ast.Expr, _: ast.AST) -> Iterator[ast.AST]:
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if isinstance(value, ast.Call):
        yield ast.copy_location(ast.Pass(), node)


def _dropped(node: ast.stmt, _: ast.AST) -> Iterator[ast.AST]:
    yield ast.copy_location(ast.Pass(), node)


def _assigned(node: ast.Assign, _: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield ast.copy_location(ast.Pass(), node)


def _return(node: ast.Return, _: ast.AST) -> Iterator[ast.AST]:
    if node.value is not None and ast.unparse(node.value) != "None":
        yield _like(node, value=ast.copy_location(ast.Constant(None), node))


def _shorter(values: list[Any]) -> Iterator[list[Any]]:
    yield from (values[:index] + values[index + 1 :] for index in range(len(values)))


def _like(node: Any, **changed: Any) -> Any:
    fields = {name: getattr(node, name, None) for name in node._fields}
    return ast.copy_location(type(node)(**(fields | changed)), node)


_VARIANTS: dict[type[ast.AST], Callable[[Any, ast.AST], Iterator[ast.AST]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.AugAssign: _binary,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Set: _set,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.ExceptHandler: _handler,
    ast.Expr: _expression,
    ast.Raise: _dropped,
    ast.Assign: _assigned,
    ast.Return: _return,
}
