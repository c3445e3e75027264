"""Values, rules and ports: what Synclog knows before it talks to anything."""
