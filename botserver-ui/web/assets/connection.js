// A WebSocket that comes back: exponential backoff with jitter, at once when the network or the page returns.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const OPEN_TIMEOUT_MS = 15_000;
const POLICY_VIOLATION = 1008;

/**
 * Keeps a socket open. `prepare` runs before each attempt and answers `{ url, protocols }`; it may throw to count the
 * attempt as failed, or an error with `fatal` to end all attempts. `onframe` gets parsed frames, `onstate` one of
 * `connecting`, `open`, `waiting`, `offline` and `refused` (with the reason).
 */
export class Connection {
  constructor({ prepare, onframe, onstate }) {
    this.prepare = prepare;
    this.onframe = onframe;
    this.onstate = onstate;
    this.socket = null;
    this.failures = 0;
    this.timer = null;
    this.ended = true;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.ended || this.onstate("offline"));
    addEventListener("pageshow", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  /** Starts to connect. */
  open() {
    this.ended = false;
    this.failures = 0;
    this.attempt();
  }

  /** Ends the connection and all attempts. */
  close() {
    this.ended = true;
    clearTimeout(this.timer);
    this.drop();
  }

  /** Ends the present socket, so that a new one asks for what is missing. */
  restart() {
    this.drop();
    this.retry();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Sends a frame; false when there is no open socket. */
  send(frame) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** The server is well: the next loss starts with a short delay again. */
  settle() {
    this.failures = 0;
  }

  hurry() {
    if (this.ended || this.socket) return;
    clearTimeout(this.timer);
    this.attempt();
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close(1000);
  }

  async attempt() {
    if (this.attempting || this.ended) return;
    this.attempting = true;
    this.onstate("connecting");
    try {
      const { url, protocols } = await this.prepare(this.failures);
      if (!this.ended) this.listen(new WebSocket(url, protocols));
    } catch (error) {
      if (error.fatal) {
        this.ended = true;
        this.onstate("refused", error);
      } else {
        this.retry(error.problem?.retry_after);
      }
    } finally {
      this.attempting = false;
    }
  }

  listen(socket) {
    this.socket = socket;
    const late = setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(late);
      if (this.socket === socket) this.onstate("open");
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket || typeof data !== "string") return;
      let frame;
      try {
        frame = JSON.parse(data);
      } catch {
        return;
      }
      this.onframe(frame);
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late);
      if (this.socket !== socket) return;
      this.socket = null;
      if (code === POLICY_VIOLATION) {
        this.ended = true;
        this.onstate("refused", { message: reason });
      } else {
        this.retry();
      }
    };
  }

  retry(afterSeconds = 0) {
    if (this.ended) return;
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.failures);
    const delay = Math.max(afterSeconds * 1000, ceiling / 2 + (Math.random() * ceiling) / 2);
    this.failures += 1;
    this.onstate(navigator.onLine === false ? "offline" : "waiting");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.attempt(), delay);
  }
}
