"""The daemon: owns the settings, runs the jobs, serves the local API on a Unix socket."""
