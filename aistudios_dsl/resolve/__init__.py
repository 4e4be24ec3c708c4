"""From what a script says to wire objects: sizes, places, speech."""
