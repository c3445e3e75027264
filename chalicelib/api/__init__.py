"""The HTTP API: filters in, domain questions asked, JSON out. Status codes are made here alone."""
