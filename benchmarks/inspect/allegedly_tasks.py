"""Inspect tasks: stance, detection, extraction, with the same scorer as `allegedly score`.

inspect eval benchmarks/inspect/allegedly_tasks.py@stance --model openai/gpt-… -T split=test
"""

from __future__ import annotations

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Metric, SampleScore, Score, Target, metric, scorer
from inspect_ai.solver import TaskState, generate

from allegedly import harness, load


def _labelled(name: str, split: str) -> MemoryDataset:
    prompt = {"stance": harness.stance_prompt, "detection": harness.detection_prompt}[name]
    return MemoryDataset(
        [Sample(id=r["id"], input=prompt(r), target=harness.label(name, r)) for r in load(name, split)]
    )


def _label_metric(name: str) -> Metric:
    def measured(scores: list[SampleScore]) -> float:
        return harness.label_score(name, [(s.score.metadata["gold"], s.score.metadata["answer"]) for s in scores])

    return measured


@metric
def StanceF1() -> Metric:
    return _label_metric("stance")


@metric
def MacroF1() -> Metric:
    return _label_metric("detection")


@metric
def AttributionF1() -> Metric:
    def measured(scores: list[SampleScore]) -> float:
        return harness.extraction_score([s.score.metadata["counts"] for s in scores])

    return measured


def _score(name: str):
    async def scored(state: TaskState, target: Target) -> Score:
        answer = harness.parse_label(name, state.output.completion)
        return Score(
            value=float(answer == target.text), answer=answer, metadata={"gold": target.text, "answer": answer}
        )

    return scored


@scorer(metrics=[StanceF1()])
def stance_scorer():
    return _score("stance")


@scorer(metrics=[MacroF1()])
def detection_scorer():
    return _score("detection")


@scorer(metrics=[AttributionF1()])
def extraction_scorer():
    async def scored(state: TaskState, target: Target) -> Score:
        row = state.metadata["row"]
        parsed = harness.parse_extraction(row, state.output.completion)
        counts = harness.extraction_counts(row, parsed.attributions)
        return Score(value=harness.extraction_score([counts]), metadata={"counts": counts, "lost": parsed.lost})

    return scored


@task
def stance(split: str = "test") -> Task:
    """Does the source assert the claim, deny it, or neither?"""
    return Task(dataset=_labelled("stance", split), solver=generate(), scorer=stance_scorer())


@task
def detection(split: str = "test") -> Task:
    """Does a sentence carry an attributed claim, one of the narrator, or none?"""
    return Task(dataset=_labelled("detection", split), solver=generate(), scorer=detection_scorer())


@task
def extraction(split: str = "test") -> Task:
    """Who says what in an article, as quotes?"""
    samples = [
        Sample(id=r["id"], input=harness.extraction_prompt(r), target=harness.extraction_target(r), metadata={"row": r})
        for r in load("articles", split)
    ]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=extraction_scorer())
