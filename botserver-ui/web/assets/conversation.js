// The chat protocol: turns frames into calls on a view, and messages into frames that are not lost.
//
// The view has: user(message), confirmed(id, message), unsent(id, content), said(message), piece(token, text),
// finished(token, message), thinking(), turn(state), side(event, data), failed(problem), replaying(flag), running(flag).

import { Connection } from "./connection.js";
import { query } from "./api.js";

const TYPE = { user: 1, suggestion: 4, context: 5, tool: 6, switcher: 8 };
// Frames of a replay that never come (events that have no frame) must not keep the page quiet for ever.
const REPLAY_QUIET_MS = 1500;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One conversation of one session. */
export class Conversation {
  constructor(session, view, onstate) {
    this.session = session;
    this.view = view;
    this.seq = 0;
    this.target = 0;
    this.streams = new Map();
    this.mine = new Set();
    this.outbox = new Map(session.unconfirmed.map((frame) => [frame.message_id, frame]));
    this.lastTurn = null;
    this.labels = new Map();
    this.isRunning = false;
    this.isReplaying = true;
    this.connection = new Connection({
      prepare: (failures) => this.prepare(failures),
      onframe: (frame) => this.receive(frame),
      onstate: (state, reason) => {
        if (state !== "open") onstate(state, reason);
      },
    });
    this.onstate = onstate;
  }

  /** Connects and shows what the log holds. */
  start() {
    for (const frame of this.outbox.values()) this.showOwn(frame);
    this.connection.open();
  }

  /** Disconnects for good. */
  end() {
    clearTimeout(this.quiet);
    this.connection.close();
  }

  /** Tries again after a refusal. */
  retry() {
    this.connection.open();
  }

  // --- from the visitor ---

  /** Sends what was written; `secret` keeps it from being shown or stored. */
  say(content, { secret = false, shown = null, mediaUrl = null } = {}) {
    this.post({ message_type: TYPE.user, content, ...(mediaUrl ? { media_url: mediaUrl } : {}) }, { secret, shown });
  }

  /** Does what a click on a chip asks for. While the bot waits for an answer, the chip's key is that answer. */
  choose(suggestion, isAwaited) {
    const { text, context, action } = suggestion;
    if (action?.type === "invoke_tool") {
      this.post({ message_type: TYPE.tool, content: action.tool, ...(action.params ? { params: action.params } : {}) }, { shown: text });
    } else if (isAwaited && context) {
      this.post({ message_type: TYPE.suggestion, content: context }, { shown: text });
    } else if (action?.type === "send_message") {
      this.post({ message_type: TYPE.suggestion, content: action.message });
    } else if (action?.type === "select_context") {
      this.post({ message_type: TYPE.context, content: context ?? text, context_name: context ?? text }, { silent: true });
    } else {
      this.post({ message_type: TYPE.suggestion, content: text });
    }
  }

  /** Turns a switcher on or off; an answer that is there is given again in the new form. */
  toggle(id, isOn, hasAnswer) {
    const others = this.session.switchers.filter((other) => other !== id);
    this.session.switchers = isOn ? [...others, id] : others;
    this.session.save();
    if (hasAnswer) this.post({ message_type: TYPE.switcher, content: id }, { silent: true });
  }

  /** Ends the running answer. */
  stop() {
    this.connection.send({ type: "stop" });
  }

  post(fields, { secret = false, shown = null, silent = false } = {}) {
    const frame = { ...fields, message_id: newId(), active_switchers: this.session.switchers };
    const entry = { ...frame, meta: { secret, shown, silent } };
    this.outbox.set(frame.message_id, entry);
    this.keepOutbox();
    this.showOwn(entry);
    if (!this.isReplaying) this.transmit(entry);
    this.setRunning(true);
  }

  showOwn({ message_id: id, content, media_url: mediaUrl, meta }) {
    this.mine.add(id);
    if (!meta.silent) this.view.user({ id, content: meta.shown ?? content, secret: meta.secret, isFile: Boolean(mediaUrl), pending: true });
  }

  transmit({ meta, ...frame }) {
    this.connection.send(frame);
  }

  // A secret is never written to the browser's storage: lost with the page, it is asked again.
  keepOutbox() {
    this.session.unconfirmed = [...this.outbox.values()].filter((entry) => !entry.meta.secret);
  }

  // --- from the server ---

  async prepare(failures) {
    // A socket that fails to open does not say why; asking for the session does, and renews a stale token.
    if (failures > 1 || !this.session.token) {
      try {
        if (await this.session.open()) throw Object.assign(new Error("the session is gone"), { fatal: true, gone: true });
      } catch (error) {
        if ([400, 401, 403, 404].includes(error.status)) error.fatal = true;
        throw error;
      }
    }
    const { bot, id, user, token } = this.session;
    const search = query({ bot_name: bot, session_id: id, user_id: user, resume_from: String(this.seq) });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return { url: `${scheme}://${location.host}/ws?${search}`, protocols: ["botserver.v1", `token.${token}`] };
  }

  receive(frame) {
    if (frame.type === "connected") return this.connected(frame);
    if (typeof frame.seq === "number") {
      if (frame.seq <= this.seq) return;
      this.seq = frame.seq;
    }
    this.dispatch(frame);
    if (this.isReplaying) this.checkReplay();
  }

  connected(frame) {
    this.connection.settle();
    this.onstate("open");
    this.target = frame.seq ?? 0;
    this.isReplaying = true;
    for (const stream of this.streams.values()) stream.stale = true;
    if (this.target > this.seq) this.view.replaying(true);
    this.checkReplay();
  }

  checkReplay() {
    clearTimeout(this.quiet);
    if (this.seq >= this.target) this.replayed();
    else this.quiet = setTimeout(() => this.replayed(), REPLAY_QUIET_MS);
  }

  replayed() {
    if (!this.connection.isOpen) return;
    this.isReplaying = false;
    this.view.replaying(false);
    for (const entry of this.outbox.values()) this.transmit(entry);
    this.setRunning(this.isRunning || this.outbox.size > 0);
  }

  dispatch(frame) {
    if (frame.event) this.view.side(frame.event, frame.data ?? {});
    switch (frame.type) {
      case "user_message": return this.heard(frame);
      case "turn_completed": return this.completed(frame);
      case "error": return this.failed(frame);
      default:
    }
    if (frame.thinking) {
      this.setRunning(true);
      return this.view.thinking();
    }
    if (frame.message_type !== 2 && frame.message_type !== 0) return;
    if (frame.stream_token) this.streamed(frame);
    else if (frame.is_complete === false) this.streamed({ ...frame, stream_token: "unnamed" });
    else if (frame.content || frame.files?.length) this.said(frame);
  }

  heard(frame) {
    const id = frame.data?.message_id;
    const message = { id, ...shared(frame, this.isReplaying) };
    // The log has the tool or the key that a chip stood for; people saw the chip's words.
    if (frame.message_type !== TYPE.user) message.content = this.labels.get(message.content) ?? message.content;
    this.setRunning(true);
    if (id && this.mine.has(id)) {
      this.confirm(id);
      this.view.confirmed(id, message);
    } else {
      if (id) this.mine.add(id);
      this.view.user(message);
    }
  }

  confirm(id) {
    if (this.outbox.delete(id)) this.keepOutbox();
  }

  said(frame) {
    const stale = [...this.streams].find(([, stream]) => stream.stale);
    // The rest of an answer whose beginning is shown comes whole when the log has it by now.
    if (stale && stale[1].text && frame.content.startsWith(stale[1].text)) {
      this.streams.delete(stale[0]);
      this.view.finished(stale[0], shared(frame, this.isReplaying));
    } else {
      this.view.said(shared(frame, this.isReplaying));
    }
  }

  streamed(frame) {
    const token = frame.stream_token;
    if (frame.is_complete) {
      const stream = this.streams.get(token);
      this.streams.delete(token);
      const message = shared(frame, this.isReplaying);
      if (!message.content) message.content = stream?.text ?? "";
      if (stream || message.content || message.files.length > 0) this.view.finished(token, message);
      return;
    }
    const stream = this.streams.get(token) ?? { text: "", bytes: 0 };
    const offset = frame.offset ?? stream.bytes;
    if (offset > stream.bytes) return this.connection.restart();
    stream.text = (offset === stream.bytes ? stream.text : firstBytes(stream.text, offset)) + frame.content;
    stream.bytes = offset + encoder.encode(frame.content).length;
    stream.stale = false;
    this.streams.set(token, stream);
    this.setRunning(true);
    this.view.piece(token, stream.text);
  }

  completed(frame) {
    for (const [token, { text }] of this.streams) this.view.finished(token, { content: text, files: [], time: null, isStopped: false });
    this.streams.clear();
    for (const [id, entry] of this.outbox) if (entry.meta.silent || entry.message_type > TYPE.suggestion) this.confirm(id);
    const newer = this.outbox.size > 0;
    this.setRunning(newer);
    for (const { text, context, action } of frame.suggestions ?? []) this.labels.set(action?.tool ?? context ?? text, text);
    this.lastTurn = { suggestions: frame.suggestions ?? [], switchers: frame.switchers ?? [], input: frame.input ?? null, context: frame.context_name ?? null, isOpen: true };
    this.view.turn({ ...this.lastTurn, isOpen: !newer });
  }

  failed(frame) {
    const problem = frame.data && typeof frame.data === "object" ? frame.data : {};
    // A refused frame is not in the log, so it is not sent again: the visitor decides.
    const isRefusal = problem.status >= 400 && problem.status < 500;
    const id = problem.message_id ?? (isRefusal ? this.outbox.keys().next().value : null);
    const refused = id ? this.outbox.get(id) : null;
    if (refused) {
      this.confirm(id);
      this.view.unsent(id, refused.meta.secret || refused.media_url ? "" : refused.content);
    }
    this.setRunning(false);
    // Nothing has changed for the bot: what it waited for and offered still stands.
    if (refused && this.lastTurn && this.outbox.size === 0) this.view.turn(this.lastTurn);
    this.view.failed({ title: problem.title, detail: problem.detail || frame.content });
  }

  setRunning(flag) {
    if (this.isRunning === flag) return;
    this.isRunning = flag;
    this.view.running(flag);
  }
}

/** What every shown message has. A replayed frame without a time of its own gets none. */
function shared(frame, isReplaying) {
  const time = frame.data?.created_at ?? frame.timestamp ?? null;
  return {
    content: frame.content ?? "",
    files: frame.files ?? [],
    citations: frame.citations ?? [],
    time: time ? new Date(time) : isReplaying ? null : new Date(),
    isStopped: frame.data?.stopped === true,
  };
}

function firstBytes(text, count) {
  return decoder.decode(encoder.encode(text).slice(0, count));
}

/** A random id; `randomUUID` exists on secure pages only. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
