"""What operators need: settings, logs, metrics and health checks."""
