"""The clock. Certificates, invitations and messages hang on it; a container has its host's.

Small boards have no clock that runs without power. There `chronyd -s` starts from when the box last ran (the age
of its drift file on `/data`), so that time at least never goes back, and steps to the right one from the network.
"""

from pathlib import Path

from appliance.model import DATA, RUN, Directory, Host, RenderedFile, Service, always
from appliance.settings import N_, Settings

FOLDER = RUN / "chrony"
STATE = DATA / "chrony"

_CONFIGURATION = f"""\
# Made by the box at every boot; changes here are lost. See chrony.conf(5).
pool 2.debian.pool.ntp.org iburst maxsources 4
driftfile {STATE}/drift
dumpdir {STATE}
ntsdumpdir {STATE}
# Any step at the first measurements, since a board without a clock wakes up in the past; afterwards only slowly.
makestep 1 3
# It keeps time and serves nobody: no NTP port, no command port, the socket in its own folder.
port 0
cmdport 0
bindcmdaddress /run/chrony/chronyd.sock
rtcsync
leapseclist /usr/share/zoneinfo/leap-seconds.list
"""


def render(_settings: Settings, host: Host) -> tuple[RenderedFile, ...]:
    """The daemon's configuration; in a container the unit does not run and needs none."""
    if host.container:
        return ()
    return (RenderedFile(FOLDER / "chrony.conf", _CONFIGURATION.encode(), group="_chrony"),)


SERVICE = Service(
    name="chrony",
    label=N_("Clock"),
    unit="chrony.service",
    render=render,
    enabled=always,
    directories=(Directory(Path(STATE), "_chrony"),),
    can_reload=False,
)
