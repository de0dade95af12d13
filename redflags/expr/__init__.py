"""The SQL scalar subset of the rule language: nodes, parser, types, and lowering to Polars."""
