"""The operator's command line: a client of the HTTP API and nothing more."""
