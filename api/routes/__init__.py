"""One router a resource; paths are written out in full."""

from api import path_text

path_text.install()  # before a route is made whose path has such a parameter
