"""Names that people gave the same thing in two systems: known pairs, and names that have no partner."""

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
    """`left` and `right` are names by id; `pairs` says which right one each left one is, as far as it has one."""

    left: dict[str, str] = field(default_factory=dict)
    right: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)


def make(unmatched: int, candidates: int, *, seed: int = 1, partnered: float = 0.8) -> Names:
    """So many names to find partners for; `partnered` of them have one, written otherwise. No two are spelled alike."""
    dice, made = Random(seed), Names()
    taken: set[str] = set()
    while len(made.right) < candidates:
        name = _name(dice)
        if name not in taken:
            taken.add(name)
            made.right[str(len(made.right))] = name
    known = dice.sample(sorted(made.right), int(unmatched * partnered))
    for key in known:
        name = _otherwise(made.right[key], dice)
        if name not in taken:
            taken.add(name)
            made.pairs[f"c{len(made.left)}"] = key
            made.left[f"c{len(made.left)}"] = name
    while len(made.left) < unmatched:
        name = _name(dice)
        if name not in taken:
            taken.add(name)
            made.left[f"c{len(made.left)}"] = name
    return made


def _name(dice: Random) -> str:
    words = [dice.choice(FIRST), dice.choice(SECOND)]
    if dice.random() < 0.6:
        words.insert(1, dice.choice(FIRST))
    if dice.random() < 0.5:
        words.append(dice.choice(PLACES))
    if dice.random() < 0.4:
        words.append(dice.choice(FORMS))
    if dice.random() < 0.15:
        words.append(str(dice.randint(2, 99)))
    return " ".join(words)


def _otherwise(name: str, dice: Random) -> str:
    """The same name as somebody else would have written it."""
    ways = (_case, _slip, _plain, _form, _order, _ampersand, _spaces)
    changed = dice.choice(ways)(name, dice)
    return changed if changed != name else _slip(name, dice)


def _case(name: str, dice: Random) -> str:
    return dice.choice((name.upper(), name.lower()))


def _slip(name: str, dice: Random) -> str:
    """A letter left out, doubled, or swapped with the next."""
    place = dice.randrange(1, max(2, len(name) - 2))
    return dice.choice(
        (
            name[:place] + name[place + 1 :],
            name[:place] + name[place] + name[place:],
            name[:place] + name[place + 1] + name[place] + name[place + 2 :],
        )
    )


def _plain(name: str, dice: Random) -> str:
    letters = unicodedata.normalize("NFD", name)
    return "".join(one for one in letters if not unicodedata.combining(one)).replace("ø", "o").replace("Ł", "L")


def _form(name: str, dice: Random) -> str:
    """Another legal form, one more, or none."""
    words = [word for word in name.split() if word not in FORMS]
    return " ".join([*words, dice.choice(FORMS)] if len(words) == len(name.split()) else words)


def _order(name: str, dice: Random) -> str:
    words = name.split()
    return " ".join([words[-1] + ",", *words[:-1]])


def _ampersand(name: str, dice: Random) -> str:
    return name.replace(" ", "-", 1)


def _spaces(name: str, dice: Random) -> str:
    return name.replace(" ", "  ", 1)
