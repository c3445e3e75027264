"""What runs Synclog on one machine: ports on SQLite and simulated vendors; never shipped."""
