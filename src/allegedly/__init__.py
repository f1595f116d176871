"""allegedly: who says what, and do they assert it or deny it?

`allegedly.load(...)` reads the embedded corpus; everything heavy is imported when first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "Article": "schema",
    "Attribution": "schema",
    "Corpus": "store",
    "open_corpus": "store",
    "sentences": "text.sentences",
    "load": "dataset",
    "path": "dataset",
    "collate": "dataset",
    "align": "dataset",
    "xy": "dataset",
    "get_system": "systems",
    "score": "evaluation",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    """Import a public name the first time it is asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'allegedly' has no attribute {name!r}; it offers {', '.join(sorted(_LAZY))}")
    return getattr(importlib.import_module(f"allegedly.{_LAZY[name]}"), name)
