"""How the admin writes times: to the second, because that is what an operator compares."""

DATETIME_FORMAT = "j M Y, H:i:s"
