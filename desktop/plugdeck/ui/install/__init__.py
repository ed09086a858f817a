"""Proposals to install: shown in the layout, with the verdict, before anything is copied."""
