"""The people, clients and projects of Northlight Studio, and their counterparts in QuickBooks."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize


@dataclass(frozen=True)
class Person:
    """A Clockify user.

    `rate` is in cents an hour, `share` is how often the user tracks time, and `until` is how many days before today
    the user left. `reason` says why no rule can link the user; it is empty for users with a pair.
    """

    name: str | None
    email: str
    time_zone: str | None
    rate: int | None
    share: int
    reason: str = ""
    until: int = 1
    roles: tuple[str, ...] = ()
    status: str = "ACTIVE"


@dataclass(frozen=True)
class Work:
    """A Clockify project; `share` is how often people work on it, `until` how many days ago it was archived."""

    name: str
    client: str | None
    share: int
    reason: str = ""
    rate: int | None = None
    archived: bool = False
    until: int = 1
    billable: bool = True


OWNER, MEMBER = "dana.marsh@northlight.example", "priya.raman@northlight.example"
PEOPLE = (
    # The owner has no rate of her own; the projects she works on carry one.
    Person("Dana Marsh", OWNER, "America/New_York", None, 5, roles=("OWNER",)),
    Person("Priya Raman", MEMBER, "Pacific/Auckland", 12000, 16),
    Person("Renée Dubois", "renee.dubois@northlight.example", "Europe/Paris", 11500, 16),
    Person("Zoë Krüger", "zoe.krueger@northlight.example", "Europe/Berlin", 14000, 16),
    Person(
        "Jonas Lindqvist",
        "jonas.lindqvist@northlight.example",
        "Europe/Stockholm",
        12000,
        11,
        until=12,
        status="INACTIVE",
    ),
    Person("D'Angelo Brooks", "dangelo.brooks@northlight.example", "America/Los_Angeles", 11000, 16),
    Person("Siobhán O'Connor", "siobhan.oconnor@northlight.example", "Europe/Dublin", 13000, 2, "NO_EMPLOYEE"),
    Person("Chris Taylor", "chris.taylor@northlight.example", "America/Chicago", 10500, 2, "AMBIGUOUS_NAME"),
    Person("Chris Taylor", "c.taylor@northlight.example", "Australia/Sydney", 11500, 1, "AMBIGUOUS_NAME"),
    Person("Tomasz Wójcik", "tomasz@wojcik.example", "Europe/Warsaw", 9500, 2, "NO_EMPLOYEE"),
    Person("Marcus Bell", "marcus.bell@northlight.example", "America/New_York", 12000, 1, "EMPLOYEE_INACTIVE"),
    Person(None, "beatriz.nunez@northlight.example", None, 7000, 1, "NO_EMPLOYEE", status="PENDING"),
)

ACME, BLUEBIRD, HARTWELL, ONEILL = "Acme & Sons", "Bluebird Café", "Hartwell Legal", "O'Neill Outdoor"
HOSPICE, TIDEWATER, VANTAGE = "St. Brigid's Hospice", "Tidewater Credit Union", "Vantage Robotics"
GREENLINE, MAPLE, LUMEN = "Greenline Transit", "Maple & Finch Bakery", "Lumen Yoga"
CLIENTS = {
    ACME: "",
    BLUEBIRD: "",
    HARTWELL: "",
    ONEILL: "NO_CUSTOMER",
    HOSPICE: "",
    TIDEWATER: "",
    VANTAGE: "",
    GREENLINE: "NAME_DIFFERS",
    MAPLE: "",
    LUMEN: "",
}
PROJECTS = (
    Work("Website redesign", ACME, 24),
    Work("Q2 campaign", ACME, 20, rate=13500),
    Work("Brand refresh", ACME, 2, "NAME_DIFFERS"),
    Work("Loyalty app", BLUEBIRD, 4, "WRONG_PARENT"),
    Work("Website redesign", BLUEBIRD, 20),
    Work("Menu & signage", BLUEBIRD, 2, "NAME_DIFFERS"),
    Work("Café guide", BLUEBIRD, 2, "AMBIGUOUS_NAME"),
    Work("Intranet", HARTWELL, 20),
    Work("Annual report 2025", HARTWELL, 2, "NO_CUSTOMER"),
    Work("Litigation microsite", HARTWELL, 2, "CUSTOMER_INACTIVE"),
    Work("E-commerce retainer", ONEILL, 3, "PARENT_NOT_MAPPED"),
    Work("Spring catalog", ONEILL, 2, "PARENT_NOT_MAPPED"),
    Work("Website care plan", HOSPICE, 22, rate=11000),
    Work("Winter appeal", HOSPICE, 10, archived=True, until=14),
    Work("Rebrand phase 2", TIDEWATER, 20),
    Work("Mobile app UX", TIDEWATER, 2, "NAME_DIFFERS"),
    Work("Trade Show 2026 - Chicago", VANTAGE, 16),
    Work("Product videos", VANTAGE, 2, "WRONG_LEVEL"),
    Work("Ridership map", GREENLINE, 2, "PARENT_NOT_MAPPED"),
    # Paired, but its customer is billed in Canadian dollars.
    Work("Packaging", MAPLE, 2),
    Work("Class booking", LUMEN, 16),
    Work("Studio photos ", LUMEN, 10),
    Work("Harbor Museum", None, 2, "WRONG_LEVEL"),
    Work("Riverside Clinic", None, 18),
    Work("Studio admin", None, 3, "NO_CUSTOMER", billable=False),
)
FOREIGN = "Packaging"

# QuickBooks: employees with e-mail; one is stored decomposed, as some keyboards type it, and is still the same name.
EMPLOYEES = (
    ("Dana Marsh", OWNER),
    ("Priya Raman", MEMBER),
    (normalize("NFD", "Renée Dubois"), "renee.dubois@northlight.example"),
    ("Zoë Krüger", "zoe.krueger@northlight.example"),
    ("Jonas Lindqvist", "jonas.lindqvist@northlight.example"),
    ("D'Angelo Brooks", "dangelo.brooks@northlight.example"),
    ("Siobhan O'Connor", "siobhan.oconnor@northlight.example"),
    ("Chris Taylor", "chris.taylor@northlight.example"),
    ("Christine Taylor", "c.taylor@northlight.example"),
    ("Marcus Bell", "marcus.bell@northlight.example"),
    ("Beatriz Núñez", "beatriz.nunez@northlight.example"),
    ("Gordon Pike", "gordon.pike@northlight.example"),
)
FORMER_EMPLOYEE, BOOKKEEPER = "Marcus Bell", "Gordon Pike"
VENDORS = (("Tomasz Wójcik", True), ("Paper & Ink Supply", False), ("Cloudhost Inc.", False))
# Top-level customers, and below each its sub-customers; "A:B" is B below the sub-customer A.
CUSTOMERS: dict[str, tuple[str, ...]] = {
    ACME: ("Website redesign", "Q2 campaign", "Brand Refresh", "Loyalty app"),
    BLUEBIRD: (
        "Website redesign",
        "Menu & Signage",
        "Loyalty program",
        normalize("NFC", "Café guide"),
        normalize("NFD", "Café guide"),
    ),
    HARTWELL: ("Intranet", "Annual Report FY24", "Annual Report FY25", "Litigation microsite"),
    "O’Neill Outdoor": ("E-commerce retainer", "Spring catalog"),
    HOSPICE: ("Website care plan", "Winter appeal"),
    TIDEWATER: ("Rebrand phase 2", "Rebrand phase 2:Print", "Mobile App UX"),
    VANTAGE: ("Trade Show 2026 - Chicago",),
    "GreenLine Transit": ("Ridership map",),
    MAPLE: ("Packaging",),
    LUMEN: ("Class booking", "Studio photos"),
    "City Arts Council": ("Harbor Museum",),
    "Product videos": (),
    "Riverside Clinic": (),
    "Pinewood Estates": ("Show home",),
    "Walk-in sales": (),
    "Old Mill Hotel": (),
}
FOREIGN_CUSTOMER, WALK_IN = MAPLE, "Walk-in sales"
INACTIVE_CUSTOMERS = (f"{HARTWELL}:Litigation microsite", "Old Mill Hotel")
QUICKBOOKS_PROJECTS = (f"{LUMEN}:Class booking",)
# Records with no counterpart in Clockify that no other mismatch names.
ONLY_IN_QUICKBOOKS = {
    "Employee": {BOOKKEEPER: "NO_CLOCKIFY_USER"},
    "Customer": {
        "City Arts Council": "NO_CLOCKIFY_CLIENT",
        "Pinewood Estates": "NO_CLOCKIFY_CLIENT",
        "Pinewood Estates:Show home": "NO_CLOCKIFY_PROJECT",
        f"{TIDEWATER}:Rebrand phase 2:Print": "NO_CLOCKIFY_PROJECT",
        WALK_IN: "NO_CLOCKIFY_PROJECT",
    },
}

# Items in categories; each list below its parent by full name, so that three levels stand here.
ITEMS = (("Design", 120), ("Consulting", 140))
CATEGORY, ITEMS_IN_CATEGORY = "Studio", (("Photography", 150), ("Vidéo", 180))
CLASSES = (
    "Creative",
    "Creative:Design",
    "Creative:Design:Print & packaging",
    "Engineering",
    "Événements",
    "Print shop",
)
INACTIVE_CLASS = "Print shop"
DEPARTMENTS = ("New York", "New York:Brooklyn studio", "Chicago", "Zürich")

DESCRIPTIONS = (
    "Design review",
    "Wireframes, second round",
    "Plugin updates and backups",
    "Accessibility fixes, home page",
    "Logo lock-ups, round 3",
    "Client call",
    "Copy edits",
    "Photo retouching",
    "Sprint planning",
    "Bug fixes after launch",
    "Research interviews",
    "Style guide",
    "Print-ready files",
    "Content migration",
    "Prototype for the workshop",
    "Invoice questions answered",
    "Storyboard",
    "Performance budget",
    "Newsletter template",
    "Handover notes",
    "",
)
ODD_DESCRIPTIONS = (
    "Launch day 🚀 went live — thanks 👩‍💻🇩🇪",
    "Agenda:\n- hero image\n- footer\n\nNext: copy",
    "Fixed &lt;title&gt; and &amp;nbsp; in the template",
    "Tabs\tand  two  spaces, “quotes”, 'apostrophes' and a back\\slash",
    "日本語のスライドを確認 · проверка шрифтов · مراجعة الخطوط",
    "=SUM(A1:A9) pasted from a sheet",
    "100% of 'O''Brien' %s {placeholder} $HOME",
)
LONG_DESCRIPTION = ("Notes from the workshop. " * 120)[:2990].strip()
