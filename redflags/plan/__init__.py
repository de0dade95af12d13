"""From bound rules to immutable nodes that the whole book shares."""
