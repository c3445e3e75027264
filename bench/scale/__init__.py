"""Scale on paper and by simulation: what breaks first, and at what number; see ``__main__``."""
