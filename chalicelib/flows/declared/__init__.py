"""Flows by kind: what all flows of a kind have in common; ``flows/catalog.py`` lists them."""
