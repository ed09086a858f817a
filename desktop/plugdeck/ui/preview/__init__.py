"""The picture: before and after, at any zoom."""
