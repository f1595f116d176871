"""`crf`: the tagger, linker and stance model of `linear`, set up for more data: a larger table, weights less drawn to 0.

The tagger is our own, in numpy: python-crfsuite's L-BFGS takes about ten times as long to train, and a few points less at equal data.
Set on PolNeAR's development split; how often a word stood in a cue or a source, as a feature, gained nothing there and is not in it.
"""

from __future__ import annotations

from allegedly.systems.linear import Linear


class Crf(Linear):
    """The stronger trained baseline for one task."""

    bits = 20
    shrink = 3e-5
    start = (0.8, 1.2, 0.3)
