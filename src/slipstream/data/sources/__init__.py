"""Where tables come from: built-in sets, files and databases."""
