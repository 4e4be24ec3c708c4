"""Marks for tests that need a tool of the `dev` extra: without it they are skipped and say what to install."""

import importlib.util

import pytest


def needs(module, extra="dev"):
    """Skip a test where a module of an extra is missing."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed: pip install -e '.[{extra}]'")
