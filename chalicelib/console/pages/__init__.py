"""One module a page: reads what it shows through the API, gives it to its template."""
