"""The verdict: what a host's dynamic loader would do with a file, and why, without loading it."""
