"""What a wheel carries beside the code: the built dataset, where `make wheel` has built it first.

Without it, or where the corpus changed since, the installed package builds the dataset into the user's cache when first asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Packs build/dataset."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs."""
        built = Path(self.root) / "build" / "dataset"
        if version != "editable" and (built / "MANIFEST.json").exists():
            build_data["force_include"][str(built)] = "allegedly/embedded/dataset"
