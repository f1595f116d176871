"""The Hugging Face dataset: configs declared once, built as parquet, loaded without scripts or network."""

from __future__ import annotations

from allegedly.dataset.build import DatasetError, build
from allegedly.dataset.configs import CONFIGS
from allegedly.dataset.load import load, path
from allegedly.dataset.training import align, collate, xy

__all__ = ["CONFIGS", "DatasetError", "align", "build", "collate", "load", "path", "xy"]
