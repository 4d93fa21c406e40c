"""Other ways of doing the scoring worker's work, to compare it with."""
