"""Glue between lm-evaluation-harness and allegedly: data, prompts, and the same scorer as `allegedly score`."""

from __future__ import annotations

from allegedly import harness, load

extraction_prompt, stance_prompt, detection_prompt = (
    harness.extraction_prompt,
    harness.stance_prompt,
    harness.detection_prompt,
)
extraction_target = harness.extraction_target


def _data(config):
    return {split: load(config, split, as_="datasets") for split in ("train", "validation", "test")}


def stance_data(**_):
    return _data("stance")


def detection_data(**_):
    return _data("detection")


def extraction_data(**_):
    return _data("articles")


def stance_target(doc):
    return harness.label("stance", doc)


def detection_target(doc):
    return harness.label("detection", doc)


def stance_choice(doc, results):
    likelihoods = [likelihood for likelihood, _ in results]
    best = max(range(len(likelihoods)), key=likelihoods.__getitem__)
    return {"StanceF1": (harness.label("stance", doc), harness.STANCES[best])}


def _words(task, measure, doc, results):
    answer = harness.parse_label(task, results[0])
    return {measure: (harness.label(task, doc), answer), "answered": float(bool(answer))}


def stance_words(doc, results):
    return _words("stance", "StanceF1", doc, results)


def detection_words(doc, results):
    return _words("detection", "MacroF1", doc, results)


def stance_f1(items):
    return harness.label_score("stance", items)


def detection_f1(items):
    return harness.label_score("detection", items)


def extraction_results(doc, results):
    parsed = harness.parse_extraction(doc, results[0])
    return {"AttributionF1": harness.extraction_counts(doc, parsed.attributions), "lost": float(parsed.lost)}


def attribution_f1(items):
    return harness.extraction_score(items)
