"""From source events to risk scores and abuse alerts.

The walk of a batch: decode, exchange, score, publication, keep, deliver, confirm.
"""
