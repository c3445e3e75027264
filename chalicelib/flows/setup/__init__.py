"""What people set up: consumers, connections, flows, mappings; checked, saved, told in history."""
