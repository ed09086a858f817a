"""Transforms in priority order: the steps, the live preview, and the run at full size."""
