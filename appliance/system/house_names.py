"""Names in the house, as every other device there sees them (multicast DNS, RFC 6762)."""

from appliance.system.process import ProgramFailed, run


async def address_of(name: str) -> str:
    """The IPv4 address that answers to a `.local` name, "" when nobody does within five seconds."""
    try:
        answer = await run(["avahi-resolve", "-4", "-n", name], timeout_s=15)
    except (ProgramFailed, TimeoutError):
        return ""
    return answer.partition("\t")[2].strip()
