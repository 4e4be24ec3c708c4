"""The online half: a client that never pays twice, and what belongs to it."""
