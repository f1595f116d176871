"""The words of attribution in general English: verbs, nouns, adverbs, denial and negation, and who speaks.

Plain data and look-ups over lower-case words. It knows no grammar: whether *claim* is a noun or a verb is for its user.
"""

from __future__ import annotations

#: Verbs by class, as lemmas. A lemma may stand in one class only: the strongest that it has in news prose.
VERBS: dict[str, str] = {
    "say": """say tell add state report announce declare note explain insist argue claim assert maintain contend
        stress emphasize emphasise underline underscore reiterate repeat remark observe comment write tweet post blog
        mention describe call term dub label brand characterize characterise portray depict claim warn caution predict
        forecast reply respond answer respond retort counter quip joke shout yell scream whisper murmur mutter cry
        exclaim recall recount relate narrate testify swear vouch attest certify affirm aver allege assure reassure
        inform notify brief advise remind disclose reveal divulge leak publish broadcast air cite quote show indicate
        suggest imply hint signal demonstrate illustrate conclude find rule determine establish detail outline elaborate
        clarify specify point speculate theorize theorise hypothesize reason lament complain grumble moan bemoan rant
        boast brag gloat rave gush praise applaud hail laud commend defend justify acclaim preach pronounce proclaim
        profess protest object opine muse quote recommend summarize summarise paraphrase tout trumpet herald
        stipulate decree record list document chronicle calculate tally count put""",
    "deny": """deny dispute reject dismiss refute rebut repudiate contradict disavow disclaim disown discount debunk
        discredit contest challenge negate gainsay recant retract withdraw disbelieve doubt disagree pooh-pooh scoff
        deride ridicule rubbish rebuff contravene belie disprove acquit exonerate clear absolve impugn controvert""",
    "believe": """believe think know suspect fear estimate reckon assume presume suppose expect anticipate consider
        understand feel guess imagine foresee project deem regard judge assess view see hold accept agree agree realize
        realise recognize recognise remember worry surmise infer deduce learn discover hear conjecture trust
        envisage envision perceive figure sense dream doubtless""",
    "admit": """admit concede acknowledge confess confirm grant own corroborate verify apologize apologise regret
        back endorse echo support substantiate validate second""",
    "accuse": """accuse blame charge fault criticize criticise condemn denounce slam blast lambast lambaste decry rebuke
        indict convict sue arrest suspect implicate incriminate attack bash berate castigate censure chastise deplore
        reproach scold excoriate pillory castigate assail rail""",
    "ask": """ask inquire enquire question wonder query demand order urge want hope wish request call propose suggest
        beg plead appeal implore beseech press pressure encourage exhort command instruct direct require invite
        advocate recommend insist lobby petition pray desire prefer investigate examine probe debate consider challenge
        dare tempt ban forbid prohibit""",
    "plan": """plan intend promise vow pledge threaten offer swear aim mean undertake volunteer commit resolve seek
        propose prepare guarantee""",
    "refuse": "refuse decline hesitate omit neglect avoid evade dodge sidestep equivocate demur stonewall balk",
}

#: Where a lemma stands in several classes, the class that its bare use has most often.
_PREFERRED = {
    "call": "say",
    "suspect": "believe",
    "insist": "say",
    "swear": "say",
    "suggest": "say",
    "recommend": "ask",
    "consider": "believe",
    "challenge": "deny",
    "propose": "ask",
}

_IRREGULAR: dict[str, str] = {
    "say": "says said said saying", "tell": "tells told told telling", "write": "writes wrote written writing",
    "swear": "swears swore sworn swearing", "find": "finds found found finding", "show": "shows showed shown showing",
    "put": "puts put put putting", "withdraw": "withdraws withdrew withdrawn withdrawing",
    "think": "thinks thought thought thinking", "know": "knows knew known knowing",
    "understand": "understands understood understood understanding", "feel": "feels felt felt feeling",
    "foresee": "foresees foresaw foreseen foreseeing", "see": "sees saw seen seeing", "hold": "holds held held holding",
    "hear": "hears heard heard hearing", "sense": "senses sensed sensed sensing", "beg": "begs begged begged begging",
    "dream": "dreams dreamed dreamt dreaming", "beseech": "beseeches besought beseeched beseeching",
    "mean": "means meant meant meaning", "undertake": "undertakes undertook undertaken undertaking",
    "seek": "seeks sought sought seeking", "forecast": "forecasts forecast forecasted forecasting",
    "broadcast": "broadcasts broadcast broadcasted broadcasting", "leak": "leaks leaked leaked leaking",
    "forbid": "forbids forbade forbidden forbidding", "learn": "learns learned learnt learning",
    "rebut": "rebuts rebutted rebutted rebutting", "plead": "pleads pleaded pled pleading",
    "tweet": "tweets tweeted tweeted tweeting", "gainsay": "gainsays gainsaid gainsaid gainsaying",
    "quip": "quips quipped quipped quipping", "brag": "brags bragged bragged bragging",
    "infer": "infers inferred inferred inferring", "refer": "refers referred referred referring",
    "admit": "admits admitted admitted admitting", "omit": "omits omitted omitted omitting",
    "commit": "commits committed committed committing", "plan": "plans planned planned planning",
    "slam": "slams slammed slammed slamming", "dub": "dubs dubbed dubbed dubbing", "air": "airs aired aired airing",
    "ban": "bans banned banned banning", "own": "owns owned owned owning", "label": "labels labelled labeled labelling",
    "signal": "signals signalled signaled signalling", "demur": "demurs demurred demurred demurring",
    "disown": "disowns disowned disowned disowning", "rebuff": "rebuffs rebuffed rebuffed rebuffing",
    "cry": "cries cried cried crying",
}  # fmt: skip


def inflections(lemma: str) -> list[str]:
    """The forms of a verb: base, -s, past, participle, -ing.

    >>> inflections("deny")
    ['deny', 'denies', 'denied', 'denied', 'denying']
    """
    if lemma in _IRREGULAR:
        return [lemma, *_IRREGULAR[lemma].split()]
    if lemma.endswith("e"):
        return [lemma, lemma + "s", lemma + "d", lemma + "d", lemma[:-1] + "ing"]
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return [lemma, lemma[:-1] + "ies", lemma[:-1] + "ied", lemma[:-1] + "ied", lemma + "ing"]
    third = lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x", "z")) else "s")
    return [lemma, third, lemma + "ed", lemma + "ed", lemma + "ing"]


def _forms() -> tuple[dict[str, str], dict[str, str], dict[str, int]]:
    classes: dict[str, str] = {}
    lemmas: dict[str, str] = {}
    slots: dict[str, int] = {}
    for name, words in VERBS.items():
        for lemma in words.split():
            if _PREFERRED.get(lemma, name) != name:
                continue
            for slot, form in enumerate(inflections(lemma)):
                classes.setdefault(form, name)
                lemmas.setdefault(form, lemma)
                slots.setdefault(form, slot)
    return classes, lemmas, slots


#: Verb form → class; verb form → lemma; verb form → 0 base, 1 -s, 2 past, 3 participle, 4 -ing.
VERB_CLASS, LEMMA, SLOT = _forms()

#: Nouns by what they say of the content. Plurals are made by `_plural`.
NOUNS: dict[str, str] = {
    "claim_noun": """claim allegation accusation assertion statement report charge announcement comment remark argument
        suggestion insistence contention testimony complaint warning rumour rumor story account version declaration
        revelation disclosure assurance admission confession confirmation acknowledgement acknowledgment conclusion
        finding prediction forecast estimate assessment belief view opinion theory suspicion fear concern hint
        explanation tip claim message tweet speculation verdict ruling indication evidence proof notion idea impression
        narrative insinuation innuendo assumption hypothesis""",
    "deny_noun": "denial rebuttal rejection refutation dismissal repudiation retraction disavowal doubt scepticism "
    "skepticism contradiction disclaimer",
    "ask_noun": "demand call request appeal plea question proposal order plan promise pledge vow threat offer hope wish "
    "recommendation intention inquiry",
}


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


NOUN_CLASS = {form: name for name, words in NOUNS.items() for n in words.split() for form in (n, _plural(n))}

#: Adverbs and adjectives that attribute without words for a source.
SOURCELESS_ADVERBS = frozenset("allegedly reportedly supposedly purportedly ostensibly reputedly rumoredly".split())
SOURCELESS_ADJECTIVES = frozenset(
    "alleged suspected reported estimated supposed purported rumoured rumored claimed presumed reputed".split()
)
#: Words by which a statement is called untrue.
FALSITY = frozenset(
    """false untrue falsehood falsehoods baseless groundless unfounded unsubstantiated fabricated fabrication
    fabrications invented invention inventions fiction fictional fictitious fantasy fantasies fantastical myth myths
    mythical hoax hoaxes lie lies lying liar liars nonsense nonsensical rubbish garbage bogus fake faked sham farce
    absurd absurdity ridiculous preposterous ludicrous laughable outlandish propaganda disinformation misinformation
    incorrect inaccurate wrong erroneous mistaken misleading hogwash balderdash drivel bunk bunkum baloney bull
    claptrap poppycock tosh twaddle balderdash tripe slander slanderous libel libelous libellous defamatory smear
    smears calumny concocted concoction fairy fairytale tale tales spurious specious phony phoney counterfeit
    implausible incredible unbelievable impossible outrageous conspiracy speculation speculative rumour rumours rumor
    rumors gossip hearsay scaremongering fearmongering provocation distortion distorted exaggerated exaggeration
    falsified manufactured unproven meritless frivolous hypothetical contrived imaginary invalid without""".split()
) - {"without"}  # fmt: skip

#: Words that negate what stands beside them. ’t is how the tokenizer leaves *didn’t*.
NEGATION = frozenset(
    "not n't 't ’t never no nor neither none nobody nothing hardly scarcely barely cannot without unable".split()
)
AUXILIARIES = frozenset(
    """is are was were be been being has have had having do does did will would can could may might shall should must
    didn doesn don hasn haven hadn wasn weren isn aren won wouldn couldn can ca wo 's ’s 'd ’d 've ’ve 'll ’ll 're ’re
    'm ’m""".split()
)
MODALS = frozenset("will would can could may might shall should must won wouldn couldn ll to".split())
PRONOUNS = frozenset("i we you he she they it one who his her their its my our".split())
#: Words that end a noun phrase or a clause to the left of a subject.
BOUNDARIES = frozenset(
    """and but or that while when as because if although though after before since until where which whereas so yet
    then because whether than""".split()
)
DETERMINERS = frozenset(
    """the a an this that these those his her its their our my your some any no every each all 's ’s of such new
    latest recent earlier previous several many two three first official public""".split()
)
PREPOSITIONS = frozenset("in on at by for with from of about over under into during to against".split())

#: Who speaks, by a word of the mention. The first class with a word in it wins.
KIND_WORDS: dict[str, frozenset[str]] = {
    "document": frozenset(
        """report reports document documents letter letters memo study studies survey poll law filing lawsuit indictment
        affidavit complaint log logs record records data figures circular statement post email emails files
        transcript bulletin census audit brochure dossier notice paper footage article research""".split()
    ),
    "media": frozenset(
        """newspaper newspapers agency broadcaster radio tv television news media times post herald tribune journal
        gazette magazine reporter reporters correspondent journalist journalists press bbc cnn reuters ap afp guardian
        daily channel website outlet outlets editorial columnist""".split()
    ),
    "government": frozenset(
        """government ministry minister ministers president premier chancellor secretary department state police
        prosecutor prosecutors court courts judge judges jury army military navy force forces general colonel commander
        officer officers official officials authority authorities council mayor governor senator senators congressman
        congresswoman parliament senate congress commission commissioner sheriff embassy ambassador diplomat diplomats
        kremlin pentagon cabinet administration regulator inspector inspectorate coroner attorney bureau intelligence
        troops soldiers customs coastguard fbi cia nato un eu prince king queen country nation regime lawmaker
        lawmakers mp deputy inquiry tribunal deputies consul envoy magistrate""".split()
    ),
    "organization": frozenset(
        """company companies firm corporation inc ltd plc bank union unions party charity association federation
        foundation institute university college hospital club church committee campaign group airline manufacturer
        operator maker spokesman spokeswoman spokesperson spokespeople ceo chief executive chairman chairwoman
        rebels militants militia militias movement ngo organisation organization league society board management
        owner owners labs holdings industries trust firm network executives democrats republicans""".split()
    ),
    "group": frozenset(
        """residents witnesses critics people voters families relatives supporters opponents protesters protestors
        experts scientists researchers analysts workers passengers survivors neighbours neighbors parents students
        patients victims observers activists others lawyers doctors economists americans women men children
        campaigners drivers farmers users customers fans friends colleagues they them both those percent""".split()
    ),
    "unspecified": frozenset("sources source some insiders many".split()),
}


def word_class(word: str) -> str:
    """One class for a lower-case word, for features: verb and noun classes, sourceless words, negation, or ''."""
    if word in SOURCELESS_ADVERBS:
        return "adverb"
    if word in SOURCELESS_ADJECTIVES and word not in VERB_CLASS:
        return "adjective"
    if word in ("according", "citing", "quoting"):
        return "according"
    if word in VERB_CLASS:
        # A noun form that is also a verb form stays apart: its reading depends on the context.
        return VERB_CLASS[word] + ("/noun" if word in NOUN_CLASS else str(SLOT[word]))
    if word in NOUN_CLASS:
        return NOUN_CLASS[word]
    if word in NEGATION:
        return "negation"
    if word in FALSITY:
        return "falsity"
    if word in AUXILIARIES:
        return "modal" if word in MODALS else "auxiliary"
    if word in PRONOUNS:
        return "pronoun"
    if word in BOUNDARIES:
        return "boundary"
    if word in PREPOSITIONS:
        return "preposition"
    if word in DETERMINERS:
        return "determiner"
    return next((kind for kind, words in KIND_WORDS.items() if word in words), "")
