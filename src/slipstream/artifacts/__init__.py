"""What stages hand each other, and the store that keeps the files."""
