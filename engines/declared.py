"""Finding decorated functions in a package's sources without importing them.

So a listing needs no torch, and a file that cannot be imported spoils nothing but itself.
"""

import ast
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Declared:
    """A decorated function: the decorator's keywords, which are literal strings, and its module."""

    words: Mapping[str, str]
    module: str

    def load(self) -> ModuleType:
        """Import the module, which registers what it declares."""
        return importlib.import_module(self.module)


def declared(package: ModuleType, decorator: str) -> dict[str, Declared]:
    """Id -> what `@decorator(id=..., ...)` says, over the modules of a package, sorted by id.

    ValueError where a keyword is no literal string or an id occurs twice: a programmer's mistakes.
    """
    found: dict[str, Declared] = {}
    for folder in package.__path__:
        for path in sorted(Path(folder).glob("[!_]*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
                if not isinstance(node, ast.FunctionDef):
                    continue
                for call in node.decorator_list:
                    if (
                        not isinstance(call, ast.Call)
                        or not isinstance(call.func, ast.Name)
                        or call.func.id != decorator
                    ):
                        continue
                    words = {str(k.arg): str(ast.literal_eval(k.value)) for k in call.keywords}
                    if words["id"] in found:
                        raise ValueError(f"{words['id']!r} is declared twice, again in {path}")
                    module = f"{package.__name__}.{path.stem}"
                    found[words["id"]] = Declared(words, module)
    return dict(sorted(found.items()))
