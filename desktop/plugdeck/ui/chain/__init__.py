"""The chain pane: the loaded transforms in the order in which they run."""
