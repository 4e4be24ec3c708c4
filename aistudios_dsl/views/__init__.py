"""Readings of a resolved project: checked, drawn, told apart from another, turned back into Python."""
