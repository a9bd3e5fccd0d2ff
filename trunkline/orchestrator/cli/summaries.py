"""Says in one sentence what a command does, from its module's source: help imports no command's module."""

from __future__ import annotations

import ast
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

BROKEN = "(cannot be loaded)"


def summary_of(entry: EntryPoint) -> str:
    """Give the first sentence of a command's documentation.

    Args:
        entry: Names a ``typer.Typer`` in a module. Its ``help=``, or the docstring of the only function it
            registers with ``@app.command()``, is what counts.

    Returns:
        The sentence without its full stop; a word of warning when the module is not there, nothing when it
        says nothing.
    """
    try:
        spec = find_spec(entry.module)
        if spec is None or spec.origin is None:
            return BROKEN
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    except (ImportError, OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return BROKEN
    text = _help_of(tree, entry.attr) or _docstring_of(tree, entry.attr)
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].removesuffix(".")


def _help_of(tree: ast.Module, name: str) -> str:
    """Find ``name = typer.Typer(help="...")``."""
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            for keyword in node.value.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


def _docstring_of(tree: ast.Module, name: str) -> str:
    """Find the function below ``@name.command()``."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(_registers(each, name) for each in node.decorator_list):
            return ast.get_docstring(node) or ""
    return ""


def _registers(decorator: ast.expr, name: str) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and isinstance(decorator.func.value, ast.Name)
        and (decorator.func.value.id, decorator.func.attr) == (name, "command")
    )
