"""Everything the calls of the API work on, put together once when the core starts."""

from dataclasses import dataclass, field

from aiohttp import web

from appliance.core.claims import ClaimCode
from appliance.core.draft import Draft
from appliance.core.jobs import Job, Jobs
from appliance.core.owner import Owner
from appliance.core.people import People
from appliance.core.proof import Proof
from appliance.core.sessions import Sessions
from appliance.core.updates import Updates
from appliance.throttle import Throttle


@dataclass
class Context:
    """The core's parts. `setup_job` is the setup that runs or ran, `provisioning_error` its file's trouble."""

    owner: Owner
    sessions: Sessions
    people: People
    draft: Draft
    version: str
    updates: Updates
    proof: Proof
    claim_code: ClaimCode = field(default_factory=ClaimCode)
    jobs: Jobs = field(default_factory=Jobs)
    claim_pace: Throttle = field(default_factory=Throttle)
    login_pace: Throttle = field(default_factory=Throttle)
    setup_job: Job | None = None
    provisioning_error: str = ""


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
