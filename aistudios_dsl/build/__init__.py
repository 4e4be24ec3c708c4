"""What a script says: scenes and the verbs that fill them."""
