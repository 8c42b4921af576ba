"""Turn a fresh box into somebody's box: try everything with closed doors, then open them at once."""

from typing import Any

from appliance.core.jobs import Job
from appliance.core.owner import Owner, look
from appliance.core.people import People
from appliance.model import Conflict
from appliance.settings import N_, DomainKind, Settings
from appliance.setup import Setup, settings_of
from appliance.system import house_names

START = N_("Start the chat server and the rooms")
ADMIN = N_("Make the admin's account")
INVITE = N_("Invite the people")
CHECK = N_("See that everything works")
OPEN = N_("Open the doors")
STEPS = (START, ADMIN, INVITE, CHECK, OPEN)

WELL_S = 60.0


async def run(setup: Setup, owner: Owner, people: People, job: Job) -> dict[str, Any]:
    """Do the setup; returns the job's result. On any failure the box is as unclaimed as before."""
    before = owner.settings
    try:
        with job.step(START):
            await owner.change(lambda settings: settings_of(setup, settings), keep=False)
        with job.step(ADMIN):
            if setup.admin.password:
                await people.make_or_reset(setup.admin.name, setup.admin.password.get_secret_value())
        with job.step(INVITE):
            names = setup.people if setup.admin.password else (setup.admin.name, *setup.people)
            invitations = [await people.invite(name) for name in names if not await people.exists(name)]
        with job.step(CHECK):
            await owner.wait_until_well(WELL_S)
            await _answers_to_its_name(owner)
        with job.step(OPEN):
            await owner.change(_claimed)
    except Exception:  # whatever it was; but not the end of the core: the next start finds the box unclaimed anyway
        await owner.change(lambda _: before, keep=False)
        raise
    return {
        "domain": owner.settings.domain.name,
        "admin": {"name": setup.admin.name, "jid": people.jid(setup.admin.name)},
        "invitations": invitations,
    }


async def _answers_to_its_name(owner: Owner) -> None:
    """In the house the name is everybody's address. Raises `Conflict` when another device has it already."""
    domain = owner.settings.domain
    if domain.kind is DomainKind.HOUSE:
        address = await house_names.address_of(domain.name)
        if address not in ("", look(owner.settings).ipv4):
            raise Conflict(
                N_("Another device in this house is already called %(name)s. Give the box another name."),
                name=domain.name,
            )


def _claimed(settings: Settings) -> Settings:
    return settings.model_copy(update={"claimed": True})
