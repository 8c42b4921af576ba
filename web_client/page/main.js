// The page of a room, with a real conference.
import { Conference } from "../room/conference.js";
import { start } from "./begin.js";

void start(Conference);
