"""Put a mutant into this process: its code takes the place of the code of functions that all modules hold already."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

# Values that are the same whichever class of two equal ones made them.
PLAIN = (bool, int, str, range, tuple, list, dict, set, frozenset, type(None))


def inject(module: ModuleType, source: str) -> None:
    """Let a module that is loaded behave like the source of its mutant."""
    mutated = ModuleType(module.__name__)
    mutated.__file__ = module.__file__
    # Dataclasses look their own module up.
    sys.modules[module.__name__] = mutated
    try:
        exec(compile(source, module.__file__ or "", "exec"), mutated.__dict__)
    finally:
        sys.modules[module.__name__] = module
    for name, new in vars(mutated).items():
        old = vars(module).get(name)
        if name.startswith("__") or getattr(new, "__module__", module.__name__) != module.__name__:
            continue
        if isinstance(new, PLAIN):
            if new != old:
                _replace_everywhere(name, old, new)
        elif isinstance(new, type):
            for member, value in vars(new).items():
                _exchange(vars(old).get(member), value)
        else:
            _exchange(old, new)
    _forget_results()


def _forget_results() -> None:
    """Clear the caches of our functions: what they answered before the mistake would hide it."""
    for module in list(sys.modules.values()):
        path = Path(getattr(module, "__file__", None) or "/")
        if path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts:
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


def _exchange(old: Any, new: Any) -> None:
    for old_function, new_function in zip(_functions(old), _functions(new), strict=True):
        old_function.__code__ = new_function.__code__
        old_function.__defaults__ = _defaults(old_function.__defaults__, new_function.__defaults__)
        old, new = old_function.__kwdefaults__ or {}, new_function.__kwdefaults__ or {}
        old_function.__kwdefaults__ = dict(zip(new, _defaults((*old.values(),), (*new.values(),)) or (), strict=True))


def _defaults(old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """Return new default values, but the old one where it is an object, of a class that exists twice now."""
    pairs = zip(old or (), new or (), strict=True)
    return tuple(later if isinstance(later, PLAIN) else earlier for earlier, later in pairs) or None


def _functions(value: Any) -> Iterator[FunctionType]:
    """Yield the functions behind a function, a method, a property or what a decorator made of one."""
    while hasattr(value, "__wrapped__"):
        if isinstance(value, FunctionType):
            yield value
        value = value.__wrapped__
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, cached_property):
        value = value.func
    elif isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, FunctionType):
        yield value


def _replace_everywhere(name: str, old: Any, new: Any) -> None:
    """Replace a constant, also where others imported it: a number or a text by its name, a collection by any."""
    has_any_name = isinstance(old, dict | set | frozenset | list | tuple) and bool(old)
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            names = [key for key, value in list(vars(module).items()) if value is old] if has_any_name else [name]
            for key in names:
                if vars(module).get(key) is old:
                    setattr(module, key, new)
