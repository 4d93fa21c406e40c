"""What happens when an event arrives: the shell around ``ml``'s decisions."""
