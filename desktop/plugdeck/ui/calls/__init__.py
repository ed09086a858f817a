"""Calling the functions of a plugin from the window."""
