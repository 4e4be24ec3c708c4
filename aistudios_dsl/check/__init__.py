"""What is wrong, or likely a mistake, in a project."""
