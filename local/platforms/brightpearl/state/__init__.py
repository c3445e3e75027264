"""What a simulated Brightpearl account remembers; nothing here speaks HTTP."""
