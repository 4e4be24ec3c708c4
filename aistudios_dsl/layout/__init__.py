"""Layout as pure numbers: boxes, sizes, text, pictures and colours."""
