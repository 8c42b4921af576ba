"""The chat server's configuration, part by part. Pure: `appliance/services/ejabberd.py` puts them together."""
