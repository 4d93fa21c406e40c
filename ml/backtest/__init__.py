"""What a changed policy or another model would have said of every account."""
