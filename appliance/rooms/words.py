"""What the box tells people in a room, by why. The texts are translated where the browser's language is known."""

from enum import StrEnum

from appliance.settings import N_


class Why(StrEnum):
    """Why somebody is not in a room, or no longer (`docs/rooms.md`)."""

    TOKEN = "token"  # noqa: S105 (a reason)
    EXPIRED = "expired"
    OTHER_ROOM = "other-room"
    NO_ROOM = "no-room"
    GUESTS = "guests"
    LOCKED = "locked"
    FULL = "full"
    CROWDED = "crowded"
    REMOVED = "removed"
    REJECTED = "rejected"
    WRONG_KEY = "wrong-key"
    NEEDS_KEY = "needs-key"
    NAME = "name"
    BROWSER = "browser"
    INVALID = "invalid"
    HOST = "host"
    REPLACED = "replaced"
    MEETING = "meeting"
    BUSY = "busy"


WORDS: dict[Why, str] = {
    Why.TOKEN: N_("This link was not made by this box. Ask for a new one."),
    Why.EXPIRED: N_("This link has ended. Ask for a new one."),
    Why.OTHER_ROOM: N_("This link is for another room."),
    Why.NO_ROOM: N_("There is no such room. Look at the link again, or ask who sent it to you."),
    Why.GUESTS: N_("This room is for people of this box only. Log in, then open the link again."),
    Why.LOCKED: N_("This room is locked: nobody new comes in. Ask somebody inside."),
    Why.FULL: N_("This room is full. Try again when somebody has left."),
    Why.CROWDED: N_("Too many people wait at this door. Try again in a minute."),
    Why.REMOVED: N_("A host has removed you from this room."),
    Why.REJECTED: N_("A host did not let you in."),
    Why.WRONG_KEY: N_("The key in this link is not the room's. Ask for the link again, and copy all of it."),
    Why.NEEDS_KEY: N_("This room is encrypted, and the link has no key. Ask for the link again, and copy all of it."),
    Why.NAME: N_("Write a name of 1 to 60 letters; line breaks and invisible characters cannot stand in it."),
    Why.BROWSER: N_("This browser cannot be in a room. Use a current Firefox, Chrome or Safari."),
    Why.INVALID: N_("The browser sent something this box does not understand. Load the page again."),
    Why.HOST: N_("The host has ended this conference for all."),
    Why.REPLACED: N_("This room was opened in another place of this browser."),
    Why.MEETING: N_("This meeting is over."),
    Why.BUSY: N_("The box has too much to do. Try again in a minute."),
}

NOT_ALLOWED = N_("Only a host can do this.")
NO_RECORDING = N_("Recording is not allowed here. An admin can allow it in the settings.")
NO_RECORDING_ENCRYPTED = N_("An encrypted room cannot be recorded: the box does not see what is said.")
NOT_UNDERSTOOD = N_("That was not understood. Load the page again.")
TOO_FAST = N_("That was a little fast. Wait a moment.")
NO_MEDIA = N_("Sound and picture cannot be sent right now. The box tries again.")
VIEWERS_WATCH = N_("Viewers watch and listen only.")
