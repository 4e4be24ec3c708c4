"""A template compiled for many rows."""
