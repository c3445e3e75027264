"""What pages are put together from: answers of the API, made ready for a template."""
