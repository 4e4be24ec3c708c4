"""What was made for some keys, for rows in which they come again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


class Kept(dict[Any, Any]):
    """A dict that makes what it lacks of the parts of the key. It begins anew when all would weigh more than `most`."""

    def __init__(
        self, most: int, make: Callable[..., Any] = tuple, weigh: Callable[[Any], int] = lambda made: 1
    ) -> None:
        super().__init__()
        self._most, self._make, self._weigh, self._weight = most, make, weigh, 0

    def __missing__(self, key: Any) -> Any:
        return self.of(key, partial(self._make, *key))

    def of(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what is kept for a key, or made now."""
        found = self.get(key)
        if found is None:
            found = make()
            self._weight += self._weigh(found)
            if self._weight > self._most:
                self.clear()
                self._weight = self._weigh(found)
            self[key] = found
        return found
