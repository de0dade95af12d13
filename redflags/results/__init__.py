"""From hits to what people see: episodes, alerts, cases, evidence, the run folder, and the state between runs."""
