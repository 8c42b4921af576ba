"""The edge: the only code that runs programs, speaks to sockets or writes files."""
