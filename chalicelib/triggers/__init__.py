"""What AWS calls besides HTTP: queues and schedules; a handler unpacks and calls one function."""
