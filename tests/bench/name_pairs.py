"""Generated names of the same things in two systems: known pairs, and names without a partner."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Amber Birch Cedar Delta Ember Fjord Granite Harbour Indigo Juniper Kestrel Larch Maple Nørre Orchard Pine Quartz "
    "Raven Saffron Thistle Umber Violet Willow Yarrow Zephyr Átlas Bluebird Crescent Driftwood Evergreen Foxglove "
    "Greenline Hawthorn Ironwood Jasmine Kingfisher Lighthouse Meridian Northwind Oakridge Peregrine Riverside "
    "Silverline Tamarind Unity Vanguard Westbrook Łódka Brücke Señorita"
)
SECOND = _words(
    "Café Dental Foods Freight Gardens Holdings Interiors Joinery Kitchens Legal Media Motors Opticians Partners Press "
    "Quarry Roofing Studios Textiles Tools Travel Ventures Works Yachts Brewery Clinic Design Energy Farm Glass Hotels "
    "Insurance Jewellers Labs Marine Nursery Outdoors Pharmacy Records Surveyors"
)
PLACES = _words("Berlin Leeds Porto Oslo Austin Denver Lyon Turin Ghent Malmö Cork Perth Boston Quebec Tampa Zürich")
FORMS = ("Ltd", "Inc.", "LLC", "GmbH", "S.A.", "Co.")


@dataclass
class Names:
    """`left` and `right` are names by id; `pairs` holds the right id of each left id that has a partner."""

    left: dict[str, str] = field(default_factory=dict)
    right: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)


def make(unmatched: int, candidates: int, *, seed: int = 1, partnered: float = 0.8) -> Names:
    """Return unmatched names and candidates. The share `partnered` has a partner; no two names are spelled alike."""
    random, names = Random(seed), Names()
    taken: set[str] = set()
    while len(names.right) < candidates:
        name = _name(random)
        if name not in taken:
            taken.add(name)
            names.right[str(len(names.right))] = name
    known = random.sample(sorted(names.right), int(unmatched * partnered))
    for key in known:
        name = _rewritten(names.right[key], random)
        if name not in taken:
            taken.add(name)
            names.pairs[f"c{len(names.left)}"] = key
            names.left[f"c{len(names.left)}"] = name
    while len(names.left) < unmatched:
        name = _name(random)
        if name not in taken:
            taken.add(name)
            names.left[f"c{len(names.left)}"] = name
    return names


def _name(random: Random) -> str:
    words = [random.choice(FIRST), random.choice(SECOND)]
    if random.random() < 0.6:
        words.insert(1, random.choice(FIRST))
    if random.random() < 0.5:
        words.append(random.choice(PLACES))
    if random.random() < 0.4:
        words.append(random.choice(FORMS))
    if random.random() < 0.15:
        words.append(str(random.randint(2, 99)))
    return " ".join(words)


def _rewritten(name: str, random: Random) -> str:
    """Return the name as somebody else would have written it."""
    rewritings = (_case, _slip, _plain, _form, _order, _ampersand, _spaces)
    changed = random.choice(rewritings)(name, random)
    return changed if changed != name else _slip(name, random)


def _case(name: str, random: Random) -> str:
    return random.choice((name.upper(), name.lower()))


def _slip(name: str, random: Random) -> str:
    """Return the name with a letter left out, repeated, or swapped with the next."""
    index = random.randrange(1, max(2, len(name) - 2))
    return random.choice(
        (
            name[:index] + name[index + 1 :],
            name[:index] + name[index] + name[index:],
            name[:index] + name[index + 1] + name[index] + name[index + 2 :],
        )
    )


def _plain(name: str, random: Random) -> str:
    letters = unicodedata.normalize("NFD", name)
    return (
        "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("ø", "o").replace("Ł", "L")
    )


def _form(name: str, random: Random) -> str:
    """Return the name with a legal form added or removed."""
    words = [word for word in name.split() if word not in FORMS]
    return " ".join([*words, random.choice(FORMS)] if len(words) == len(name.split()) else words)


def _order(name: str, random: Random) -> str:
    words = name.split()
    return " ".join([words[-1] + ",", *words[:-1]])


def _ampersand(name: str, random: Random) -> str:
    return name.replace(" ", "-", 1)


def _spaces(name: str, random: Random) -> str:
    return name.replace(" ", "  ", 1)
