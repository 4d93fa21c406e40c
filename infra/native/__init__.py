"""The whole stack on one machine without Docker, supervised, in one state folder."""
