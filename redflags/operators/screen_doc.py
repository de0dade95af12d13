"""What the generated page says of ``screen``."""

from __future__ import annotations

from typing import Final

EXAMPLE: Final = """\
screened:
  screen:
    from: parties
    name: [name, alias_names]
    identifiers: {registration: registration_number}
    country: residence_country
    entity: party_type
    min_score: 0.9"""
DOC: Final = """\
Names and identifiers against the entries of `list_entries`.

A match is a lead: it says that a record is consistent with an entry, and shows what agrees, what \
contradicts and which version of which list it was found in.

**Who.** `from` a stream, a view, or a register such as `parties`; `where` narrows it. `name` one or \
several expressions (text or list). `identifiers` a map of kind to expression (kinds of \
`party_identifiers.id_type`, or `any`); or `identifier` with `identifier_kind` where the table tells the \
kind itself. `birth_year` (a year, a date, or a text with a year), `country` (one or several, text or \
list), `entity` (a party type). `by` the key of the register (`party_id` where there is one, else \
`screened_id`). `standing`: whether rows last (registers: yes, a row is compared with entries listed later \
too) or happen (streams: compared with what is listed at that moment).

**Against what.** `lists` ids of lists (all). An entry counts from `valid_from` (else `listed_at`, else \
ever) until before `valid_to`; one withdrawn as an error never does.

**Identifiers** are compared without case, spaces and signs, four letters or digits at least; kinds agree \
or one is not told. An equal identifier scores 1.

**Names** are put in Latin letters (`anyascii`), folded, freed of legal forms, titles and apostrophes, and \
cut into words. Words agree when they are equal, or sound alike or differ by one letter and are alike \
enough (Jaro-Winkler of letters or of sounds, every hundredth below 1 counting one and a half; below 0.6 \
not); a word without vowels agrees with one of the same consonants (0.9), an initial with a word (0.85). \
Weights: a word 10, one that many firms share 5, an initial 4, a particle 1. The best assignment of words \
gives the covered weight; `name_score` = 0.65 x its share of the lighter name + 0.35 x its share of the \
heavier. Order does not matter. At least two words beyond particles must agree, one of them a full one, \
unless both names have just one full word. Names that sound the same written as one word (`alrashid` and \
`al rashid`, surname first or last) score their likeness as one word less 0.02. Names of more than 16 \
words are compared by the first 16.

**For and against.** `score` = `name_score` + 0.03 where a birth year agrees (within `birth_within`, 1 \
year), - 0.10 where none does; + 0.02 where a country agrees, - 0.03 where none does; - 0.10 where the \
types differ; between 0 and 1. A weak alias stands only with support (birth or country) and without \
contradiction, or with an identifier; `weak: alone` keeps it anyway. Matches below `min_score` (0.85) are \
left out.

**Columns**: the input's, and `kind` (`identifier`, `name`), `score`, `name_score` (null: no name agreed), \
`how` (`exact`, `tokens`, `joined`), `tokens_agreeing`, `tokens_lacking` (words without a partner, both \
sides), `screened_name`, `listed_name`, `alias`, `alias_quality` (`strong` for the name itself), \
`identifier`, `identifier_kind`, `birth`, `place`, `type` (each `agrees`, `conflicts`, `unknown`), \
`supports`, `conflicts` (how many), `list_id`, `list_version`, `entry_id`, `entry_type`, `regime`, \
`screened_id`, `valid_from`, `valid_to`.

**Stream**: one row per screened row and entry. It is known at the screened row's moment, or for standing \
rows when both are there: the later of the row's and the entry's beginning (the beginning of the data \
where neither is dated). **Register**: by key, valid while the match is; at each moment the best match of \
the key (identifier first, then score, contradictions, support), so that `value_of('screened.score', \
party_id)` has one answer; `take: all` keeps every match, for `rows_of`.

**Nulls.** A row without name and identifier is not screened, and the run says how many. A null birth \
year, country or type is unknown. A column that did not come in is not compared, and the run says so, as \
long as a name or an identifier is left.

**Cost.** Each distinct name is compared with the listed names that share two words' sounds with it (or \
one, where it has but one), by joins; a listed name's own word one letter away counts as shared. `cap` \
(1000): where a name shares words with more listed names than that (counted with repeats), those that \
share only its commonest pairs of words are not compared; the run says how many pairs that were. Up to the \
cap a match depends on its two names alone."""
