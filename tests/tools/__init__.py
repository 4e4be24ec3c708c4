"""Long campaigns and makers of pages: `python -m tests.tools.NAME`."""
