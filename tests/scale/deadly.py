"""A system for tests of faults: what an article does to it stands in its words. It finds one attribution in any article of four tokens."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from allegedly.systems.found import Found, attribution


class Deadly:
    tasks = ("extraction",)

    def __init__(self, task: str, seed: int = 0) -> None:
        pass

    def fit(self, articles):
        return self

    def predict(self, articles):
        for article in articles:
            words = article.text.split()
            if "RAISE" in words:
                raise ValueError("it said so")
            if "DIE" in words or ("ONCE" in words and self._first(words[words.index("ONCE") + 1])):
                os.kill(os.getpid(), signal.SIGKILL)
            if "SLOW" in words:
                time.sleep(0.02)
        return {a.id: self._found(a) for a in articles}

    @staticmethod
    def _first(path: str) -> bool:
        if Path(path).exists():
            return False
        Path(path).touch()
        return True

    @staticmethod
    def _found(article):
        if len(article.tokens) < 4:
            return ()
        return (attribution(article, 1, Found(((0, 1),), ((1, 2),), ((2, len(article.tokens)),))),)
