"""The calls a simulated Brightpearl answers, one module per part of the vendor's API."""
