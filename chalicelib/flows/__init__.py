"""Routes between platforms: the catalog, the engine, and what feeds it."""
