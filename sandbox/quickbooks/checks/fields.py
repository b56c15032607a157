"""The properties each entity knows, with their types and limits (Intuit: entity pages, XSD)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One property: kind is text, int, decimal, bool, date, datetime, ref, enum, object, list or server.

    `limit` is the longest text; `default` stands in when a full update leaves the property out; "server"
    properties are accepted and ignored on writes.
    """

    kind: str
    limit: int = 0
    choices: tuple[str, ...] = ()
    default: object = None


TEXT, INT, DECIMAL, BOOL = Field("text"), Field("int"), Field("decimal"), Field("bool")
DATE, DATETIME, REF, OBJECT, LIST, SERVER = (
    Field("date"),
    Field("datetime"),
    Field("ref"),
    Field("object"),
    Field("list"),
    Field("server"),
)


def _text(limit: int) -> Field:
    return Field("text", limit=limit)


COMMON = {
    "Id": TEXT,
    "SyncToken": TEXT,
    "sparse": SERVER,
    "domain": SERVER,
    "status": SERVER,
    "MetaData": SERVER,
    "AttachableRef": LIST,
    "CustomField": LIST,
}
NAMES = {
    "Title": _text(16),
    "GivenName": _text(100),
    "MiddleName": _text(100),
    "FamilyName": _text(100),
    "Suffix": _text(16),
    "DisplayName": _text(500),
    "PrintOnCheckName": _text(110),
    "Active": Field("bool", default=True),
    "PrimaryEmailAddr": OBJECT,
    "PrimaryPhone": OBJECT,
    "Mobile": OBJECT,
    "AlternatePhone": OBJECT,
    "Fax": OBJECT,
    "WebAddr": OBJECT,
    "Organization": BOOL,
    "V4IDPseudonym": SERVER,
}
CUSTOMER = {
    **COMMON,
    **NAMES,
    "CompanyName": _text(100),
    "FullyQualifiedName": SERVER,
    "Level": SERVER,
    "IsProject": SERVER,
    "Job": Field("bool", default=False),
    "ParentRef": REF,
    "BillWithParent": Field("bool", default=False),
    "BillAddr": OBJECT,
    "ShipAddr": OBJECT,
    "Notes": _text(2000),
    "Taxable": Field("bool", default=False),
    "Balance": SERVER,
    "BalanceWithJobs": SERVER,
    "OpenBalanceDate": DATE,
    "CurrencyRef": REF,
    "PreferredDeliveryMethod": Field("enum", choices=("Print", "Email", "None"), default="Print"),
    "DefaultTaxCodeRef": REF,
    "CustomerTypeRef": REF,
    "SalesTermRef": REF,
    "PaymentMethodRef": REF,
    "ARAccountRef": REF,
    "TaxExemptionReasonId": TEXT,
    "ResaleNum": _text(16),
    "ClientEntityId": SERVER,
    "DefaultTaxCodeId": SERVER,
    "PrimaryTaxIdentifier": TEXT,
    "SecondaryTaxIdentifier": TEXT,
    "GSTIN": TEXT,
    "GSTRegistrationType": TEXT,
    "BusinessNumber": TEXT,
}
VENDOR = {
    **COMMON,
    **NAMES,
    "CompanyName": _text(100),
    "BillAddr": OBJECT,
    "AcctNum": _text(100),
    "Vendor1099": Field("bool", default=False),
    "BillRate": DECIMAL,
    "CostRate": DECIMAL,
    "TaxIdentifier": _text(20),
    "TaxReportingBasis": TEXT,
    "Balance": SERVER,
    "CurrencyRef": REF,
    "TermRef": REF,
    "APAccountRef": REF,
    "OtherContactInfo": OBJECT,
    "T4AEligible": BOOL,
    "T5018Eligible": BOOL,
    "GSTIN": TEXT,
    "BusinessNumber": TEXT,
    "VendorPaymentBankDetail": OBJECT,
}
EMPLOYEE = {
    **COMMON,
    **NAMES,
    "PrintOnCheckName": _text(100),
    "EmployeeNumber": _text(100),
    "BillableTime": Field("bool", default=False),
    "BillRate": DECIMAL,
    "CostRate": DECIMAL,
    "HiredDate": DATE,
    "ReleasedDate": DATE,
    "BirthDate": DATE,
    "Gender": Field("enum", choices=("Male", "Female")),
    "SSN": _text(100),
    "PrimaryAddr": OBJECT,
}
ITEM = {
    **COMMON,
    "Name": _text(100),
    "Sku": _text(100),
    "Description": _text(4000),
    "Active": Field("bool", default=True),
    "Type": Field("enum", choices=("Service", "NonInventory", "Inventory", "Category", "Group")),
    "FullyQualifiedName": SERVER,
    "Level": SERVER,
    "SubItem": Field("bool", default=False),
    "ParentRef": REF,
    "Taxable": Field("bool", default=False),
    "SalesTaxIncluded": BOOL,
    "UnitPrice": Field("decimal", default=0),
    "IncomeAccountRef": REF,
    "ExpenseAccountRef": REF,
    "AssetAccountRef": REF,
    "PurchaseDesc": _text(1000),
    "PurchaseCost": Field("decimal", default=0),
    "PurchaseTaxIncluded": BOOL,
    "AbatementRate": DECIMAL,
    "ReverseChargeRate": DECIMAL,
    "ServiceType": TEXT,
    "ItemCategoryType": TEXT,
    "TrackQtyOnHand": Field("bool", default=False),
    "QtyOnHand": DECIMAL,
    "InvStartDate": DATE,
    "SalesTaxCodeRef": REF,
    "PurchaseTaxCodeRef": REF,
    "PrefVendorRef": REF,
    "ClassRef": REF,
}
CLASS = {
    **COMMON,
    "Name": _text(100),
    "FullyQualifiedName": SERVER,
    "Level": SERVER,
    "Active": Field("bool", default=True),
    "SubClass": Field("bool", default=False),
    "ParentRef": REF,
}
DEPARTMENT = {
    **COMMON,
    "Name": _text(100),
    "FullyQualifiedName": SERVER,
    "Level": SERVER,
    "Active": Field("bool", default=True),
    "SubDepartment": Field("bool", default=False),
    "ParentRef": REF,
    "Address": OBJECT,
}
ACCOUNT = {
    **COMMON,
    "Name": _text(100),
    "FullyQualifiedName": SERVER,
    "Level": SERVER,
    "Active": Field("bool", default=True),
    "SubAccount": Field("bool", default=False),
    "ParentRef": REF,
    "AccountType": TEXT,
    "AccountSubType": TEXT,
    "Classification": SERVER,
}
TIME_ACTIVITY = {
    **COMMON,
    "TxnDate": DATE,
    "NameOf": TEXT,
    "EmployeeRef": REF,
    "VendorRef": REF,
    "OtherNameRef": SERVER,
    "CustomerRef": REF,
    "ProjectRef": REF,
    "ItemRef": REF,
    "ClassRef": REF,
    "DepartmentRef": REF,
    "PayrollItemRef": SERVER,
    "BillableStatus": TEXT,
    "Taxable": Field("bool", default=False),
    "HourlyRate": DECIMAL,
    "CostRate": DECIMAL,
    "Hours": INT,
    "Minutes": INT,
    "Seconds": INT,
    "BreakHours": INT,
    "BreakMinutes": INT,
    "BreakSeconds": INT,
    "StartTime": DATETIME,
    "EndTime": DATETIME,
    "Description": _text(4000),
    "TransactionLocationType": TEXT,
    "TimeZone": TEXT,
    "HoursInEmployeeTimeZone": BOOL,
    "TimeChargeId": INT,
    "LinkedTxn": SERVER,
}
# Only read here: forms are made by people, by the controls.
SALES_FORM = {
    **COMMON,
    "DocNumber": _text(21),
    "TxnDate": DATE,
    "DueDate": DATE,
    "CustomerRef": REF,
    "CurrencyRef": REF,
    "LinkedTxn": LIST,
    "Line": LIST,
    "PrivateNote": _text(4000),
    "TotalAmt": SERVER,
    "Balance": SERVER,
}
FIELDS: dict[str, dict[str, Field]] = {
    "Customer": CUSTOMER,
    "Vendor": VENDOR,
    "Employee": EMPLOYEE,
    "Item": ITEM,
    "Class": CLASS,
    "Department": DEPARTMENT,
    "Account": ACCOUNT,
    "TimeActivity": TIME_ACTIVITY,
    "Invoice": SALES_FORM,
    "SalesReceipt": SALES_FORM,
}

_TIMES = {"MetaData.CreateTime": "stamp", "MetaData.LastUpdatedTime": "stamp"}
_PERSON = {
    "Id": "id",
    "DisplayName": "text",
    "GivenName": "text",
    "MiddleName": "text",
    "FamilyName": "text",
    "PrintOnCheckName": "text",
    "Active": "bool",
    **_TIMES,
}
_LIST = {"Id": "id", "Name": "text", "FullyQualifiedName": "text", "Active": "bool", **_TIMES}
_SALES_FORM = {
    "Id": "id",
    "DocNumber": "text",
    "TxnDate": "date",
    "CustomerRef": "ref",
    "Balance": "number",
    "TotalAmt": "number",
    **_TIMES,
}
# What WHERE and ORDERBY may name (Intuit: "filterable" marks of the entity pages).
FILTERABLE: dict[str, dict[str, str]] = {
    "TimeActivity": {"Id": "id", "TxnDate": "date", "BillableStatus": "text", "ProjectRef": "ref", **_TIMES},
    "Customer": {
        **_PERSON,
        "FullyQualifiedName": "text",
        "PrimaryEmailAddr": "text",
        "CompanyName": "text",
        "Balance": "number",
    },
    "Vendor": {**_PERSON, "CompanyName": "text", "Balance": "number", "PrimaryEmailAddr": "text"},
    "Employee": {**_PERSON, "Suffix": "text"},
    "Item": {**_LIST, "Type": "text", "Sku": "text"},
    "Class": _LIST,
    "Department": _LIST,
    "Account": {**_LIST, "AccountType": "text"},
    "Invoice": _SALES_FORM,
    "SalesReceipt": _SALES_FORM,
    "CompanyInfo": dict(_TIMES),
    "Preferences": dict(_TIMES),
}
