"""Rule tests: small tables beside the rule and the hits expected of them; mutants that must fail them."""
