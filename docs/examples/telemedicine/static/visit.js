// What the patient reads while the room says what happens in it.
const words = document.querySelector("#words");
const room = document.querySelector("parlor-room");
const said = {
  "parlor-waiting": "The doctor knows that you are here. One moment, please.",
  "parlor-joined": "You are with Dr Ada.",
  "parlor-left": "The visit is over. Get well soon!",
};
for (const [name, text] of Object.entries(said)) {
  room.addEventListener(name, () => {
    words.textContent = text;
  });
}
