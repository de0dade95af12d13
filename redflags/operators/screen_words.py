"""Words that tell names apart badly: legal forms, titles, particles, words that many firms share."""

from __future__ import annotations

#: Legal forms of several words, folded (dotted ones come as single letters), removed at the end of a
#: name.
PHRASES = (
    "public joint stock company", "open joint stock company", "closed joint stock company",
    "joint stock company", "limited liability company", "private limited", "kabushiki kaisha",
    "anonim sirketi", "s de rl de cv", "sa de cv", "gmbh co kg", "sp z o o", "sp zoo", "fz llc", "ltd sti",
    "sdn bhd", "s a r l", "s a s", "s p a", "s r l", "s r o", "s l", "s a", "g m b h", "l l c", "l l p",
    "p l c", "p j s c", "o j s c", "c j s c", "j s c", "o o o", "o a o", "z a o", "p a o", "d o o", "w l l",
    "b s c", "f z e", "f z c", "b v", "n v", "a g", "a s", "k k",
)  # fmt: skip
#: Legal forms of one word.
SINGLE = (
    "ltd", "limited", "llc", "inc", "incorporated", "corp", "corporation", "plc", "llp", "pte", "pty",
    "pvt", "co", "company", "gmbh", "mbh", "ag", "kg", "ohg", "ug", "sa", "sas", "sarl", "srl", "spa",
    "slu", "sau", "ltda", "bv", "nv", "ab", "asa", "oy", "oyj", "aps", "kk", "ooo", "oao", "zao", "pao",
    "jsc", "ojsc", "cjsc", "pjsc", "doo", "ead", "eood", "ood", "kft", "zrt", "nyrt", "sro", "fze", "fzc",
    "fzco", "fzllc", "wll", "bsc", "saoc", "tbk", "bhd", "berhad",
)  # fmt: skip
#: Legal forms that may stand before a name.
LEADING = (
    "ooo", "oao", "zao", "pao", "jsc", "ojsc", "cjsc", "pjsc", "pt", "ao", "o o o", "o a o", "z a o",
    "p a o", "m s", "public joint stock company", "open joint stock company", "closed joint stock company",
    "joint stock company", "limited liability company",
)  # fmt: skip
#: Titles and ranks before a name.
TITLES = (
    "mr", "mrs", "ms", "miss", "mister", "madam", "dr", "doctor", "prof", "professor", "sir", "lord",
    "lady", "herr", "frau", "monsieur", "madame", "mme", "sr", "sra", "don", "dona", "sheikh", "shaikh",
    "shaykh", "sheik", "haji", "hajji", "hadji", "mullah", "maulvi", "mawlawi", "maulavi", "maulana",
    "mufti", "qari", "imam", "ayatollah", "sayyid", "syed", "major general", "brigadier general", "maj gen",
    "lt gen", "brig gen", "brigadier", "colonel", "col", "lt col", "maj", "captain", "capt", "lieutenant",
    "sergeant", "sgt", "admiral", "commander", "eng", "ing", "engineer", "rev", "reverend",
    "his excellency", "h e",
)  # fmt: skip
#: What may follow a name.
SUFFIXES = (
    "jr", "junior", "senior", "esq", "phd", "ph d", "md", "mba", "ii", "iii", "iv",
)  # fmt: skip
#: Particles of names and words between names: worth a tenth of a token.
PARTICLES = (
    "al", "el", "ul", "ur", "ud", "as", "ar", "at", "ibn", "bin", "ben", "bint", "binti", "abu", "abou",
    "umm", "de", "da", "do", "dos", "das", "del", "della", "di", "du", "des", "la", "le", "les", "los",
    "las", "van", "von", "der", "den", "ter", "ten", "zu", "zum", "af", "av", "the", "of", "and", "und",
    "et", "y", "e", "for", "fur", "pour", "para", "in", "on",
)  # fmt: skip
#: Words that many firms have in their names: worth half a token, and never enough to compare two names.
GENERIC = (
    "trading", "trade", "company", "co", "international", "intl", "global", "general", "group", "holding",
    "holdings", "import", "imports", "export", "exports", "industry", "industries", "industrial",
    "enterprise", "enterprises", "services", "service", "bank", "university", "foundation", "organization",
    "organisation", "association", "society", "institute", "center", "centre", "national", "state",
    "shipping", "maritime", "marine", "lines", "line", "transport", "logistics", "aviation", "airlines",
    "airways", "air", "oil", "gas", "petroleum", "energy", "power", "chemical", "construction",
    "engineering", "technology", "technologies", "tech", "systems", "investment", "investments", "finance",
    "financial", "insurance", "exchange", "money", "real", "estate", "properties", "development",
    "management", "consulting", "research", "production", "products", "manufacturing", "factory", "plant",
    "works", "corp", "corporation", "limited", "ltd", "new", "great", "east", "west", "north", "south",
    "middle", "eastern", "western", "united", "federal", "central",
)  # fmt: skip
