"""The meaning of QuickBooks' error codes for people, and where each is resolved. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """A refusal explained to users. `resolve_in`: clockify, quickbooks, here, wait or support."""

    words: str
    resolve_in: str
    fix: str


# A code that is not in the table: QuickBooks' own words are all that is known.
UNKNOWN = Meaning("", "support", "Fix what QuickBooks names; the next run tries again.")

_NEXT_RUN = "the next run tries again."
_PARTNER = Meaning(
    "the person, customer, service item, class or location is missing or inactive.",
    "quickbooks",
    f"Reactivate it in QuickBooks, or choose another one on the review desk or under Line rules; {_NEXT_RUN}",
)
_RIGHTS = Meaning(
    "the company's plan or settings, or the user who connected it, do not allow it.",
    "quickbooks",
    f"Look at the plan, at classes and locations in QuickBooks' settings, and at that user's rights; {_NEXT_RUN}",
)
_IN_USE = Meaning(
    "another transaction, such as an invoice, depends on the activity.",
    "quickbooks",
    f"Look at that transaction in QuickBooks; {_NEXT_RUN}",
)
_CLOSED = Meaning(
    "the books are closed for that day.",
    "quickbooks",
    "Ask the bookkeeper to reopen the period, or leave the time out.",
)
# What was sent was not as QuickBooks wants it, whatever stands in Clockify or QuickBooks.
_OUR_REQUEST = Meaning(
    "the request was not in the form QuickBooks expects.", "support", "Report it with QuickBooks' words."
)

_TOKEN = Meaning(
    "the access token was not accepted.",
    "wait",
    "A new one is fetched automatically; if it lasts, connect QuickBooks again.",
)
_BUSY = Meaning("the company is busy or under maintenance.", "wait", f"Nothing: {_NEXT_RUN}")
_OWN_FAULT = Meaning("QuickBooks had an internal error.", "wait", f"Nothing: {_NEXT_RUN}")
_LIMIT = Meaning("more was requested than QuickBooks accepts at once.", "wait", "Nothing: it is retried automatically.")
_REQUEST_ID = Meaning(
    "it has seen this request, or a similar one, before.", "wait", "The next run looks for what became of it."
)
_NAME = Meaning(
    "the name, or its place in the hierarchy, is not valid.",
    "quickbooks",
    "Choose another name or another parent.",
)
_IN_BALANCE = Meaning(
    "the record still has a balance or unbilled charges.", "quickbooks", "Settle them in QuickBooks first."
)

_FAILED = Meaning(
    "QuickBooks could not process it, and does not say why.", "support", f"Fix what QuickBooks names; {_NEXT_RUN}"
)

# Of codes that say nothing about a record.
TROUBLES = {
    "100": _TOKEN,
    "110": _TOKEN,
    "120": Meaning(
        "the user who connected QuickBooks has no access to the company any more.",
        "here",
        "Connect QuickBooks again as a company admin.",
    ),
    **{str(code): _BUSY for code in (130, 140, 150)},
    "3001": _LIMIT,
    "003001": _LIMIT,
    "3100": Meaning(
        "this app does not have access to the company.",
        "here",
        "Connect QuickBooks again as a company admin, and check QUICKBOOKS_API_URL.",
    ),
    "3200": _TOKEN,
    **{str(code): _OWN_FAULT for code in (4002, 10000, 10100, 10200)},
}
# Of refusals of one record.
MEANINGS = {
    "500": _OUR_REQUEST,
    "600": _REQUEST_ID,
    "610": _PARTNER,
    "620": _IN_USE,
    "630": _OUR_REQUEST,
    "700": _OUR_REQUEST,
    "800": _IN_USE,
    "900": _OUR_REQUEST,
    **{str(code): _FAILED for code in (1000, 1010, 1020)},
    "1040": _OUR_REQUEST,
    "2000": _OUR_REQUEST,
    "2010": _OUR_REQUEST,
    "2020": _OUR_REQUEST,
    "2030": _OUR_REQUEST,
    "2040": Meaning(
        "the description has a character that QuickBooks does not accept.",
        "clockify",
        f"Remove it from the description in Clockify; {_NEXT_RUN}",
    ),
    "2050": Meaning(
        "a text is longer than QuickBooks allows.",
        "clockify",
        f"Shorten the description in Clockify; {_NEXT_RUN}",
    ),
    **{str(code): _OUR_REQUEST for code in (2060, 2070, 2080, 2090, 2100, 2110)},
    "2130": _REQUEST_ID,
    "2170": _OUR_REQUEST,
    "2210": _OUR_REQUEST,
    "2230": _OUR_REQUEST,
    "2240": Meaning(
        "the rate or the time is a larger number than QuickBooks allows.",
        "clockify",
        f"Correct the rate or the time in Clockify; {_NEXT_RUN}",
    ),
    "2500": _PARTNER,
    "2600": _OUR_REQUEST,
    "4000": _OUR_REQUEST,
    "4001": _OUR_REQUEST,
    "5010": Meaning(
        "someone changed the activity at the same time.", "wait", "The next run reads it again and decides then."
    ),
    "5020": _RIGHTS,
    "5030": _RIGHTS,
    "6000": Meaning(
        "a setting of this company does not allow it.", "quickbooks", f"Fix what QuickBooks names; {_NEXT_RUN}"
    ),
    "6080": _NAME,
    "6140": Meaning(
        "the document number is taken.", "quickbooks", "Choose another number in QuickBooks; it is not one of time."
    ),
    "6150": _NAME,
    "6180": _NAME,
    "6190": Meaning(
        "the company's subscription does not allow changes.",
        "quickbooks",
        "Renew or change the subscription in QuickBooks, then check the plan again.",
    ),
    "6200": _CLOSED,
    "6210": _CLOSED,
    "6220": _IN_BALANCE,
    "6240": Meaning(
        "another customer, vendor or employee has this name.",
        "quickbooks",
        "Choose another name, or link the record that has it.",
    ),
    "6250": _PARTNER,
    "6280": _IN_BALANCE,
    "6290": _OUR_REQUEST,
    "6300": _OUR_REQUEST,
    "6310": _OUR_REQUEST,
    "6320": _OUR_REQUEST,
    "6330": Meaning("it does not accept the hourly rate.", "clockify", f"Correct the rate in Clockify; {_NEXT_RUN}"),
    "6340": _OUR_REQUEST,
    "6350": _OUR_REQUEST,
    "6360": _OUR_REQUEST,
    "6370": _OUR_REQUEST,
    "6380": Meaning(
        "it does not accept that much time.", "clockify", f"Correct or split the entry in Clockify; {_NEXT_RUN}"
    ),
    "6390": _OUR_REQUEST,
    **{str(code): _OUR_REQUEST for code in (6430, 6440, 6540)},
}


def meaning(code: str) -> Meaning:
    """Return the meaning of an error code of Intuit's; unknown codes are for support."""
    return MEANINGS.get(code) or TROUBLES.get(code, UNKNOWN)
