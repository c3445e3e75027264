"""Simulated vendors: small servers with state that behave like the real platforms."""
