"""Disk images that people flash: what is on each partition, how they lie on the disk, how the file is packed."""
