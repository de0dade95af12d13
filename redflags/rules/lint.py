"""Words: an alert is a lead for a human, and says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Words that pass a verdict, and what to write in their place.
VERDICTS: Final[tuple[tuple[str, str], ...]] = (
    (r"(?:money[- ])?launderers?", "name what was done, not who somebody is"),
    (r"(?:is|are|was|were|been|for) (?:money[- ])?laundering", "write 'consistent with ...'"),
    (r"laundered|launders", "write 'consistent with ...'"),
    (
        r"terrorists?(?! (?:financing|group|organi[sz]ation|purpose|abuse|attack|list)s?)",
        "name what was done",
    ),
    (r"(?:is|are|was|were|been) (?:structuring|smurfing|financing)", "write 'consistent with ...'"),
    (r"guilty|guilt", "an alert judges nobody"),
    (
        r"criminals?|crooks?|offenders?|culprits?|perpetrators?|felons?",
        "name what was done, not who somebody is",
    ),
    (r"fraudsters?|scammers?|swindlers?|thie(?:f|ves)", "name what was done, not who somebody is"),
    (
        r"(?:money )?mules?(?! (?:account|network)s?)",
        "the holder may be a victim: write 'account used to pass money on'",
    ),
    (r"jihadis?t?s?|extremists?|radicals?|fighters?", "name what was done, not who somebody is"),
    (r"prov(?:es|ed|en|ing)|proofs?", "write 'consistent with ...'"),
    (
        r"confirm(?:s|ed)? (?:that )?(?:the )?(?:crime|laundering|fraud|financing|structuring)",
        "an alert confirms nothing",
    ),
    (r"certainly|definitely|undoubtedly|obviously|beyond doubt", "leave it out"),
    (r"illegal(?:ly)?|unlawful(?:ly)?|illicit(?:ly)?|dirty money", "an alert does not judge the law"),
    (
        r"evidence of (?:money )?(?:laundering|crime|fraud|terroris\w+|structuring)",
        "write 'consistent with ...'",
    ),
    (r"commit(?:s|ted|ting)? (?:fraud|crimes?|an? offen[cs]e)", "write 'consistent with ...'"),
)
_PATTERN: Final = re.compile(
    "|".join(rf"(?P<w{place}>\b(?:{words})\b)" for place, (words, _) in enumerate(VERDICTS)), re.IGNORECASE
)


def verdicts(text: str) -> Iterator[tuple[int, str, str]]:
    """Every verdict word in a text: (offset, word, what to write).

    Example:
        >>> [(word, hint) for _, word, hint in verdicts("The customer is laundering cash")]
        [('is laundering', "write 'consistent with ...'")]
        >>> list(verdicts("Consistent with structuring of cash; a trained person decides"))
        []
    """
    for match in _PATTERN.finditer(text):
        place = int(str(match.lastgroup)[1:])
        yield match.start(), match.group(), VERDICTS[place][1]
