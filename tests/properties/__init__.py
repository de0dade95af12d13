"""Property tests: the engine against the reference evaluator, any cutting of the data against the whole."""
