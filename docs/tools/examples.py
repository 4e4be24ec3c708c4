"""For the reference: examples in docstrings are shown as code."""

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^>>>.*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


class Examples(Extension):
    """Puts a fence around each block that starts with a prompt."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Called by griffe for each thing that it reads."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", obj.docstring.value)
