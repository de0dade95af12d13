"""The answer key's row of a look-alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.tape import Side

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["note"]


def note(world: World, rule: str, subject: Side | str, story: str, kind: str = "party") -> None:
    """Put a look-alike into the answer key.

    Args:
        world: The bank.
        rule: The rule that must leave it alone.
        subject: The account of whom it is about, or a party id.
        story: One sentence.
        kind: What the rule's subject is: a party, or the account itself.
    """
    party = subject if isinstance(subject, str) else subject.party_id
    world.cast.add(str(party))
    subject_id = subject.account_id if kind == "account" and isinstance(subject, Side) else party
    world.add("lookalikes", rule_id=rule, subject_kind=kind, subject_id=subject_id, party_id=party, story=story)
