// A WebSocket whose other end is the test.

export class FakeSocket {
  readyState = 0;
  sent = [];
  closed = false;

  send(text) {
    if (this.readyState !== 1) throw new Error("not open");
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
    this.closed = true;
  }

  /** The other end takes the connection. */
  open() {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The connection breaks. */
  lose() {
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }

  /** What was sent with this `do`. */
  did(what) {
    return this.sent.filter((message) => message.do === what);
  }
}
