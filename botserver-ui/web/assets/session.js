// Who the visitor is to one bot: ids and the token that proves them, kept in the browser's storage.

import { call, query } from "./api.js";

/** A visitor's session with a bot. */
export class Session {
  constructor(bot) {
    this.bot = bot;
    this.key = `gb_chat_${bot}`;
    this.user = null;
    this.id = null;
    this.token = null;
    this.switchers = [];
    Object.assign(this, pick(read("localStorage", this.key)));
  }

  /**
   * Proves the session to the server, or gets a new one. True when it is another session than before, so that what is
   * shown belongs to the past.
   */
  async open() {
    const before = this.id;
    const answer = await this.ask().catch((error) => {
      // A token that the server does not know as its own (it may have new keys) is worth nothing: begin anew.
      if (error.status !== 401 || !this.token) throw error;
      this.forget();
      return this.ask();
    });
    this.user = answer.user_id;
    this.id = answer.session_id;
    this.token = answer.token ?? this.token;
    if (before && before !== this.id) this.switchers = [];
    this.save();
    return Boolean(before) && before !== this.id;
  }

  ask() {
    const search = query({ bot_name: this.bot, user_id: this.user, session_id: this.id });
    return call(`/api/auth?${search}`, { token: this.token });
  }

  /** Takes up what another tab settled meanwhile. */
  reload() {
    Object.assign(this, pick(read("localStorage", this.key)));
  }

  /** Forgets the session on this device. */
  forget() {
    write("localStorage", this.key, null);
    if (this.id) write("sessionStorage", this.outboxKey, null);
    this.user = null;
    this.id = null;
    this.token = null;
    this.switchers = [];
  }

  save() {
    write("localStorage", this.key, {
      user_id: this.user,
      session_id: this.id,
      token: this.token,
      switchers: this.switchers,
    });
  }

  /** Messages that this tab sent and the server has not confirmed. */
  get unconfirmed() {
    return read("sessionStorage", this.outboxKey) ?? [];
  }

  set unconfirmed(messages) {
    write("sessionStorage", this.outboxKey, messages.length > 0 ? messages : null);
  }

  get outboxKey() {
    return `gb_outbox_${this.id}`;
  }
}

function pick(record) {
  if (!record || typeof record !== "object") return {};
  return {
    user: record.user_id ?? null,
    id: record.session_id ?? null,
    token: record.token ?? null,
    switchers: Array.isArray(record.switchers) ? record.switchers : [],
  };
}

// A framed page may have no storage; the conversation then lasts as long as the page.
function read(storage, key) {
  try {
    return JSON.parse(window[storage].getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // As above.
  }
}
