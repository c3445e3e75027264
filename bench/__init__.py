"""What ``make bench`` measures and prints; see ``__main__``."""
