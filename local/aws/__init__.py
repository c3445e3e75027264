"""What stands in for AWS on one machine, for tests and measurements; never shipped."""
