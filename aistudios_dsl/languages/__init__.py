"""Languages: the messages of a project, the catalogues of their translations, and a language to test layouts with."""
