"""Platforms: one folder and one line in the catalog each."""
