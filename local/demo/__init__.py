"""The demo: simulated vendors, a merchant set up through the API, and what happens in its shops."""
