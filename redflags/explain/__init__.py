"""Explanations for people: the story of an alert, why a rule did not fire, what a rule looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redflags.explain.page import Page
    from redflags.ingest.dataset import Dataset
    from redflags.results.run import Run
    from redflags.rules.load import RuleBook

__all__ = ["explain_alert"]


def explain_alert(
    run: Run,
    alert_id: str,
    *,
    book: RuleBook | None = None,
    dataset: Dataset | None = None,
    rows: int | None = 12,
) -> Page:
    """The whole story of one alert, as a page that can be read aloud.

    Args:
        run: The run that holds it.
        alert_id: Its id, or an unmistakable beginning of it.
        book: The rule book; without, the one that the run was made with, where it still stands.
        dataset: The data, for dates and amounts of the evidence; without it they are left out.
        rows: How many rows of evidence are shown; None for all.

    Returns:
        The page: `str` gives its text, `markdown` a file.

    Raises:
        UsageError: When the run holds no such alert.
    """
    from redflags.explain.alert import alert_page

    return alert_page(run, run.alert(alert_id), book=book, dataset=dataset, limit=rows)
