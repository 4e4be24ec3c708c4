"""A project's JSON as the Python script that builds it."""
