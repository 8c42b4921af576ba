"""Builds and boots the box; nothing that ships imports this package."""
