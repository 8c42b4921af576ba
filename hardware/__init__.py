"""What is plugged into the box: a Protocol, the real thing and a fake each."""
