"""What an operator does with dead letters: see what lies there and why, send it again."""
