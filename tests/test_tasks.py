from __future__ import annotations

import pytest

from allegedly.store import UnknownIdError
from allegedly.tasks import TASKS, get_task
from conftest import annotated


def test_detection_labels_sentences() -> None:
    article = annotated()
    items = get_task("detection").items(article)
    assert [i.answer for i in items] == ["attributed"] * 7
    narrated = article.attributions[7].model_copy(
        update={"source": article.attributions[7].source.model_copy(update={"kind": "narrator"})}
    )
    labels = [
        i.answer for i in get_task("detection").items(article.with_attributions((article.attributions[1], narrated)))
    ]
    assert labels == ["none", "attributed", "none", "none", "none", "none", "narrator"]


def test_stance_items() -> None:
    items = get_task("stance").items(annotated())
    assert items[0].id == "a0001/a01"
    assert [i.answer for i in items] == ["deny", "assert", "deny", "assert", "assert", "deny", "assert", "assert"]


def test_unknown_task_lists_the_tasks() -> None:
    with pytest.raises(UnknownIdError, match="stance"):
        get_task("stanec")
    assert all(get_task(t).measures for t in TASKS)
