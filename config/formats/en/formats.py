"""Date and time formats of the admin: weekday first, a 24-hour clock."""

DATE_FORMAT = "D j M Y"
SHORT_DATE_FORMAT = "D j M Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "D j M Y, H:i:s"
SHORT_DATETIME_FORMAT = "D j M Y, H:i"
