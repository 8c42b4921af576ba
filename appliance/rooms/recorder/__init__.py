"""Makes one film (WebM) of what Janus recorded of a room: a program of its own, which `films` starts for each."""
