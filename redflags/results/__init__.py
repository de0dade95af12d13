"""From hits to what people see: episodes, alerts, cases, evidence, the run folder, state."""
