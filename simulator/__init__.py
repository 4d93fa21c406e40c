"""A shop's traffic with known attackers, for demonstrations, training and evaluation."""
