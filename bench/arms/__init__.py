"""The arms: one file for each library, with the fastest call that it offers for one row."""
