"""The console: pages for people, over the same answers that programs get from the API."""
