"""Health: ask systemd and then each service itself, all at the same time."""

import asyncio
from collections.abc import Iterable

from appliance.model import Health, Service, State
from appliance.settings import N_, Settings
from appliance.system import probe, units
from appliance.system.units import UnitState


async def observe(services: Iterable[Service], settings: Settings) -> tuple[Health, ...]:
    """The health of every service, in their order."""
    wanted = tuple(service for service in services if service.shown_when_off or service.enabled(settings))
    states = await units.states(service.unit for service in wanted)
    return tuple(await asyncio.gather(*(_health(service, settings, states[service.unit]) for service in wanted)))


async def _health(service: Service, settings: Settings, unit: UnitState) -> Health:
    if not service.enabled(settings):
        return Health(service.name, service.label, State.OFF, N_("Starts when the box is set up."))
    state, detail = judge_unit(unit)
    if state is State.OK:
        answers = await asyncio.gather(*(probe.ask(check) for check in service.checks))
        if reasons := [answer for answer in answers if answer]:
            state, detail = State.FAILED, "; ".join(reasons)
    return Health(service.name, service.label, state, detail)


def judge_unit(unit: UnitState) -> tuple[State, str]:
    """What a unit's own state says; pure."""
    if unit.active in ("active", "reloading"):
        return State.OK, ""
    if unit.active == "activating":
        return State.STARTING, N_("It is starting.")
    if not unit.condition:
        return State.OFF, N_("Not needed on this machine.")
    return State.FAILED, f"{unit.active} ({unit.result})"
