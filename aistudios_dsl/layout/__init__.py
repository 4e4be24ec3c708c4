"""Layout in pure numbers: boxes, sizes, text, pictures and colours, knowing no clip."""
