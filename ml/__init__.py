"""What we believe about an account, and why. Pure: no client, no clock, no ``await``."""
