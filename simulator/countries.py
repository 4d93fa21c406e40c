"""Where people come from: names, mail domains, telephone numbers and clocks of a country."""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.names import FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS


class Place(NamedTuple):
    """A city and its clock."""

    city: str
    timezone: str


class Country(NamedTuple):
    """What a country's people have in common.

    Attributes:
        calling_code, digits: of a number with its country code, as the shop keeps it.
        places: where they live.
        first_names: by gender, ``Female`` and ``Male``.
        last_names: family names.
        mail_domains: and how many of a hundred people use each.
    """

    calling_code: str
    digits: int
    places: tuple[Place, ...]
    first_names: Mapping[str, tuple[str, ...]]
    last_names: tuple[str, ...]
    mail_domains: Mapping[str, int]


HOME = Country("1", 10, (
    Place("New York", "America/New_York"), Place("Boston", "America/New_York"),
    Place("Atlanta", "America/New_York"), Place("Miami", "America/New_York"),
    Place("Chicago", "America/Chicago"), Place("Houston", "America/Chicago"),
    Place("Nashville", "America/Chicago"), Place("Denver", "America/Denver"),
    Place("Phoenix", "America/Phoenix"), Place("Los Angeles", "America/Los_Angeles"),
    Place("Portland", "America/Los_Angeles"), Place("Seattle", "America/Los_Angeles"),
), FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS)  # fmt: skip
"""Where the simulated shop is."""

_BRITAIN = Country(
    "44", 10, (Place("Leeds", "Europe/London"), Place("Bristol", "Europe/London")),
    {"Female": ("Poppy", "Freya", "Isla", "Imogen", "Gemma", "Fiona"),
     "Male": ("Callum", "Alfie", "Rhys", "Gareth", "Nigel", "Ewan")},
    ("Hughes", "Davies", "O'Neill", "Ashworth", "McKenzie", "Whitaker", "Pugh"),
    {"gmail.com": 40, "hotmail.co.uk": 20, "btinternet.com": 15, "yahoo.co.uk": 15, "sky.com": 10},
)  # fmt: skip
_GERMANY = Country(
    "49", 11, (Place("Köln", "Europe/Berlin"), Place("Leipzig", "Europe/Berlin")),
    {"Female": ("Katharina", "Jutta", "Silke", "Greta", "Anneliese", "Zeynep"),
     "Male": ("Jürgen", "Matthias", "Torsten", "Emre", "Lukas", "Detlef")},
    ("Müller", "Schröder", "von Bülow", "Krüger", "Yılmaz", "Hofmann", "Groß"),
    {"gmx.de": 30, "web.de": 30, "gmail.com": 25, "t-online.de": 15},
)  # fmt: skip
_INDIA = Country(
    "91", 10, (Place("Pune", "Asia/Kolkata"), Place("Kochi", "Asia/Kolkata")),
    {"Female": ("Ananya", "Kavitha", "Lakshmi", "Sneha", "Pooja", "Meenakshi"),
     "Male": ("Arjun", "Suresh", "Vikram", "Rahul", "Anil", "Venkatesh")},
    ("Iyer", "Reddy", "Deshpande", "Nair", "Chatterjee", "Kumar", "Bose"),
    {"gmail.com": 80, "rediffmail.com": 10, "yahoo.co.in": 10},
)  # fmt: skip
_MEXICO = Country(
    "52", 10, (Place("Puebla", "America/Mexico_City"), Place("Mérida", "America/Merida")),
    {"Female": ("Guadalupe", "Xóchitl", "Itzel", "María José", "Fernanda", "Rocío"),
     "Male": ("José Luis", "Ángel", "Rodrigo", "Emiliano", "Ramón", "Iván")},
    ("Hernández López", "Núñez", "Gutiérrez", "de la Cruz", "Peña", "Ibáñez"),
    {"gmail.com": 45, "hotmail.com": 35, "outlook.es": 10, "prodigy.net.mx": 10},
)  # fmt: skip
_KENYA = Country(
    "254", 9, (Place("Nairobi", "Africa/Nairobi"), Place("Kisumu", "Africa/Nairobi")),
    {"Female": ("Wanjiru", "Achieng", "Nyambura", "Mercy", "Faith", "Halima"),
     "Male": ("Kamau", "Otieno", "Kipchoge", "Mwangi", "Brian", "Abdi")},
    ("Njoroge", "Ochieng", "Kiprono", "Wekesa", "Mutua", "Abdullahi"),
    {"gmail.com": 85, "yahoo.com": 15},
)  # fmt: skip

ABROAD = (_BRITAIN, _GERMANY, _INDIA, _MEXICO, _KENYA)
"""Where a few customers are."""
