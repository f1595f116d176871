"""The labelling config: what the screen draws, made from the schema, and the checks that keep old work readable.

Drawn: claims, sources and cues as regions; stance on each claim, kind and named on each source; arrows from a claim to its
source, its cue, its continuation, and to the claim of the attribution that relays it (`via`) or that it takes up (`refers`).
Not drawn, as they belong to the second step: entities, positions, the narrator. They travel in the task (`convert`).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import NamedTuple

from allegedly.schema import KINDS, STANCES
from allegedly.studio import StudioError

SPAN, TEXT = "span", "text"
CLAIM, SOURCE, CUE, MORE = "Claim", "Source", "Cue", "Continuation"
STANCE, KIND, NAMED, FLAG, NOTE = "stance", "kind", "named", "flag", "note"
RELATIONS = ("source", "cue", "more", "via", "refers")
NAMED_VALUES = {"named": True, "not named": False}
NOTHING, UNSURE, BAD_TEXT = "nothing to annotate", "unsure", "bad text"


class Choice(NamedTuple):
    """Something to choose on the screen: its value, its key, and what the guidelines say of it in a line."""

    value: str
    key: str
    hint: str
    colour: str = ""


LABELS = (
    Choice(
        CLAIM,
        "c",
        "The content that is put forward or rejected, without that, whether, outer quotation marks",
        "#d97706",
    ),
    Choice(SOURCE, "s", "Who: the full noun phrase, title and apposition in, ’s and relative clause out", "#2563eb"),
    Choice(CUE, "v", "How: the words that attribute; auxiliaries and negation of them in", "#059669"),
    Choice(
        MORE, "x", "A further part of a claim that is cut in two; draw an arrow to it from its first part", "#b45309"
    ),
)
STANCE_CHOICES = (
    Choice("assert", "a", "The source puts the claim forward"),
    Choice("deny", "d", "Words outside the claim reject it as not true"),
    Choice("none", "n", "Asked, wanted, planned, promised, or left open"),
)
KIND_CHOICES = (
    Choice("person", "1", "One individual speaking for himself: witness, defendant, expert"),
    Choice("organization", "2", "Companies, parties, unions, bodies of several states"),
    Choice("government", "3", "States, ministers, officials, police, courts, armies"),
    Choice("media", "4", "Newspapers, agencies, broadcasters"),
    Choice("document", "5", "Reports, letters, laws, posts, data, where no agent is named"),
    Choice("group", "6", "Several people who are no body: witnesses, residents, critics"),
    Choice("unspecified", "7", "Words that tell nothing: “sources”, “some”"),
)
NAMED_CHOICES = (
    Choice("named", "y", "The article tells who"),
    Choice("not named", "o", "“a senior official”, “two witnesses”"),
)
FLAG_CHOICES = (
    Choice(NOTHING, "0", "The article attributes nothing"),
    Choice(UNSURE, "9", "For the adjudicator: look at this one"),
    Choice(BAD_TEXT, "8", "The text itself is broken"),
)
assert {c.value for c in STANCE_CHOICES} == set(STANCES)
assert {c.value for c in KIND_CHOICES} == set(KINDS) - {"narrator"}

STYLE = """
    .allegedly .bar { position: sticky; top: 0; z-index: 10; min-height: 104px; padding: 6px 4px;
                      background: var(--color-neutral-background, #fff); border-bottom: 1px solid var(--color-neutral-border, #d4d4d8); }
    .allegedly .lsf-richtext__container, .allegedly .lsf-richtext__line { white-space: pre-wrap; font: 17px/2.1 Georgia, "Noto Serif", serif; }
    .allegedly .lsf-richtext__container { max-width: 46em; padding: 4px 4px 24px; }
  """
HELP = (
    "C, S, V then drag: mark claim, source, cue · click a region: its stance or kind · "
    "Alt+R, then click: arrow FROM the claim to its source, its cue, the claim it takes up · Ctrl+Enter: submit"
)


def config() -> str:
    """The labelling config, XML, the same bytes every time."""
    root = ET.Element("View", className="allegedly")
    ET.SubElement(root, "Style").text = STYLE
    relations = ET.SubElement(root, "Relations")
    for name in RELATIONS:
        ET.SubElement(relations, "Relation", value=name)
    ET.SubElement(root, "Header", value="$heading", size="5", style="margin:0 4px")
    bar = ET.SubElement(root, "View", className="bar")
    labels = ET.SubElement(bar, "Labels", name=SPAN, toName=TEXT, showInline="true")
    for choice in LABELS:
        ET.SubElement(
            labels, "Label", value=choice.value, hotkey=choice.key, background=choice.colour, hint=choice.hint
        )
    hidden = ET.SubElement(bar, "View", visibleWhen="no-region-selected")
    ET.SubElement(hidden, "Header", value=HELP, style="font-size:12px;font-weight:400;margin:6px 4px;opacity:.8")
    for name, label, choices, ask in (
        (STANCE, CLAIM, STANCE_CHOICES, "Every claim needs a stance: assert (a), deny (d) or none (n)"),
        (KIND, SOURCE, KIND_CHOICES, "Every source needs a kind: keys 1 to 7"),
        (NAMED, SOURCE, NAMED_CHOICES, "Does the article tell who? y or o"),
    ):
        _choices(
            bar, name, choices, perRegion="true", choice="single-radio", visibleWhen="region-selected",
            whenTagName=SPAN, whenLabelValue=label, required="true", requiredMessage=ask,
        )  # fmt: skip
    ET.SubElement(root, "Text", name=TEXT, value="$text", granularity="word", saveTextResult="yes")
    _choices(root, FLAG, FLAG_CHOICES, choice="multiple")
    ET.SubElement(
        root, "TextArea", name=NOTE, toName=TEXT, placeholder="A note for the adjudicator", rows="1",
        maxSubmissions="1", editable="true",
    )  # fmt: skip
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _choices(parent: ET.Element, name: str, choices: tuple[Choice, ...], **attributes: str) -> None:
    made = ET.SubElement(parent, "Choices", {"name": name, "toName": TEXT, "showInline": "true", **attributes})
    for choice in choices:
        ET.SubElement(made, "Choice", value=choice.value, hotkey=choice.key, hint=choice.hint)


def controls(xml: str) -> dict[str, frozenset[str]]:
    """The controls of a labelling config and the values that each offers. StudioError for XML that is none."""
    try:
        root = ET.fromstring(xml)
    except ET.ParseError as error:
        raise StudioError(f"the labelling config is no XML: {error}") from None
    found: dict[str, frozenset[str]] = {}
    for tag in root.iter():
        if tag.tag in ("Labels", "Choices"):
            found[tag.get("name", "")] = frozenset(c.get("value", "") for c in tag)
        elif tag.tag == "Relations":
            found["relations"] = frozenset(c.get("value", "") for c in tag)
        elif tag.tag == "TextArea":
            found[tag.get("name", "")] = frozenset()
    return found


def lint(xml: str) -> list[str]:
    """What is wrong with a labelling config: doubled or reserved keys, controls or values that `convert` does not know, or lacks."""
    found, wanted = controls(xml), controls(config())
    problems = [f"control {name!r} is missing" for name in wanted.keys() - found.keys()]
    problems += [
        f"control {name!r} is not ours: what it collects would be lost" for name in found.keys() - wanted.keys()
    ]
    for name in wanted.keys() & found.keys():
        for value in sorted(found[name] ^ wanted[name]):
            problems.append(f"{name}: {value!r} {'is unknown to the schema' if value in found[name] else 'is missing'}")
    root = ET.fromstring(xml)
    keys = [(tag.get("hotkey", ""), tag.get("value")) for tag in root.iter() if tag.get("hotkey")]
    for key, named in keys:
        if key in ("u", "backspace"):
            problems.append(f"key {key!r} of {named!r} is Label Studio's own")
        if sum(k == key for k, _ in keys) > 1:
            problems.append(f"key {key!r} stands for more than one choice, one of them {named!r}")
    if root.find(f".//Text[@name='{TEXT}']") is None:
        problems.append(f"no <Text name={TEXT!r}>: offsets into another tag do not count code points")
    return sorted(problems)


def orphaned(used: Mapping[str, frozenset[str]], xml: str) -> list[str]:
    """What existing annotations use (by control, as `controls` has it) and a new config no longer offers."""
    offered = controls(xml)
    return [
        f"{name}: {value!r}"
        for name, values in sorted(used.items())
        for value in sorted(values - offered.get(name, frozenset()))
        if offered.get(name) is None or offered[name]
    ]
