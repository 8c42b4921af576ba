"""What the box is measured against, one peer a file: as Debian ships it, but for what its file says."""
