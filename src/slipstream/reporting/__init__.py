"""What a person sees of a run: text, tables, figures."""
