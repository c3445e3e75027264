"""Pure functions from one canonical record to another, one module per flow."""
