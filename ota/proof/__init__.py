"""Uses a new version as people do, before it is kept: a page, a login, a message, a file, a call."""
