"""One router a resource; paths are written out in full."""
