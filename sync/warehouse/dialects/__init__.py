"""What one database does in its own way, a file for each."""
