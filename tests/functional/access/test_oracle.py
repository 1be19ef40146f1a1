"""Our evaluator against one that others wrote: the same decisions on thousands of random cases."""

from __future__ import annotations

import json
from collections import Counter

from kosha_access.evaluation import decide

from scripts.prove.oracle import ask, simulation
from tests.functional.access.cases import Cases

NUMBER = 4000


def test_both_decide_alike_on_random_cases() -> None:
    stream = Cases(seed=20261126)
    cases = [stream.one() for _ in range(NUMBER)]
    said = ask(cases)
    ours = [decide(*case) for case in cases]
    unlike = [
        (json.dumps(simulation(*case), indent=1), theirs, mine)
        for case, theirs, mine in zip(cases, said, ours, strict=True)
        if (theirs == "Allowed") != mine.allowed
    ]
    assert not unlike, f"{len(unlike)} of {NUMBER} differ; the first:\n" + "\n".join(map(str, unlike[0]))
    # A stream that is nearly all one answer would show little.
    assert min(Counter(mine.allowed for mine in ours).values()) > NUMBER / 10
    assert set(said) <= {"Allowed", "ImplicitlyDenied", "ExplicitlyDenied"}, Counter(said)
