"""Whether every published vector follows from the warehouse's events, number for number."""
