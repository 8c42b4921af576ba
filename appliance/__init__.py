"""The appliance: settings are rendered to files, planned, applied and observed."""
