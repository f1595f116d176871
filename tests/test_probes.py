"""Does the corpus leak its answers? Floors that see a part of the question must stay near the majority."""

from __future__ import annotations

from collections import Counter

import pytest

from allegedly.evaluation import protocol
from allegedly.store import open_corpus
from allegedly.systems import get_system
from allegedly.tasks import get_task


@pytest.mark.parametrize(("task", "system", "margin"), [("stance", "claim-only", 0.05), ("disputes", "overlap", 0.10)])
def test_a_part_of_the_question_tells_little_of_the_answer(task, system, margin) -> None:
    """Accuracy on the held-out split, beside that of its commonest answer."""
    wanted, chosen = get_task(task), protocol(open_corpus())
    ((learnt, scored),) = chosen.folds
    answers = get_system(system, task).fit(learnt).predict([wanted.hide(a) for a in scored])
    gold = {i.id: i.answer for a in scored for i in wanted.items(a)}
    accuracy = sum(answers[i].label == label for i, label in gold.items()) / len(gold)
    majority = Counter(gold.values()).most_common(1)[0][1] / len(gold)
    assert accuracy <= majority + margin, f"{system}: {accuracy:.3f}, majority {majority:.3f}"
