"""Two builds of a plugin beside each other: what changed, and what callers lose."""
