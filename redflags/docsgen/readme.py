"""The excerpts in the README: a rule as it stands in its file, and an alert of the sample as it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from redflags.rules.load import RuleBook

__all__ = ["excerpt", "readme_page"]

_RULE: Final = "cash-just-below-threshold-repeat"
_PROFILE: Final = "eu"
#: Whole blocks of the rule that are shown, and the entries that are shown of others.
_SHOWN: Final = {
    "id": (),
    "title": (),
    "severity": (),
    "params": ("min_count", "window"),
    "detect": (),
    "alert": ("score", "gap"),
}
_KEY: Final = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)
#: The story is cut before this heading; what follows is said of in the README.
_CUT: Final = "\nInnocent readings"


def readme_page(text: str, book: RuleBook) -> str:
    """The README with its two excerpts as they are now.

    Args:
        text: The README.
        book: The shipped rule book.
    """
    alert_id, story = _alert(book)
    rule = excerpt(book[_RULE].path.read_text(encoding="utf-8"))
    text = re.sub(r"(?<=```yaml\n).*?(?=```)", lambda _: rule, text, count=1, flags=re.DOTALL)
    text = re.sub(r"(?<=```text\n).*?(?=```)", lambda _: story, text, count=1, flags=re.DOTALL)
    return re.sub(r"(?<=redflags explain redflags-demo )\w+", alert_id, text)


def excerpt(text: str) -> str:
    r"""The telling parts of a rule file; a line of dots stands for what is left out.

    Examples:
        >>> print(excerpt("id: a\nversion: 1\nowner: me\nseverity: low\n"), end="")
        id: a
        # ...
        severity: low
    """
    lines: list[str] = []
    for block in _KEY.split(text):
        name = block.partition(":")[0]
        if name not in _SHOWN:
            _dots(lines)
            continue
        body = block.rstrip().splitlines()
        kept = _SHOWN[name]
        inner = [line for line in body[1:] if not kept or line.strip().partition(":")[0] in kept]
        lines += [body[0], *inner]
        if len(inner) < len(body) - 1:
            _dots(lines)
    while lines and lines[-1] == "# ...":
        lines.pop()
    return "\n".join(lines) + "\n"


def _dots(lines: list[str]) -> None:
    if lines and lines[-1] != "# ...":
        lines.append("# ...")


def _alert(book: RuleBook) -> tuple[str, str]:
    import redflags as rf
    from redflags.explain import explain_alert
    from redflags.resources import sample_data_dir

    dataset = rf.read_dataset(sample_data_dir() / "bank")
    run = rf.screen(dataset, book, profile=_PROFILE, only=[_RULE])
    alert_id = str(run.alerts["alert_id"][0])
    story = str(explain_alert(run, alert_id, book=book, dataset=dataset))
    return alert_id[:8], story.partition(_CUT)[0].rstrip() + "\n"
