"""The queues: the envelope of a message, and the adapters that carry it."""
