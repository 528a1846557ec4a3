"""What a run is asked to do: one module a section."""
