"""Templates: Jinja in the strings of a project, and the rows that fill them."""
