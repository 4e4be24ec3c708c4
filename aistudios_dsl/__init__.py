"""Write AI Studios videos as Python."""
