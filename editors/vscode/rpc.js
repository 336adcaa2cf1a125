// JSON-RPC with a child process, as the language server speaks it.
"use strict";

const { spawn } = require("child_process");

/** A language server that was started, and the questions that it has not answered yet. */
class Connection {
  /**
   * @param {string} command the binary
   * @param {string[]} args its arguments
   * @param {(method: string, params: any) => void} notified called for what the server says by itself
   * @param {(why: string) => void} closed called when the server is gone
   */
  constructor(command, args, notified, closed) {
    this.notified = notified;
    this.waiting = new Map();
    this.asked = 0;
    this.buffer = Buffer.alloc(0);
    this.open = true;
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdout.on("data", (data) => this.read(data));
    this.child.stderr.on("data", (data) => console.error(String(data)));
    const gone = (why) => {
      if (!this.open) return;
      this.open = false;
      for (const { reject } of this.waiting.values()) reject(new Error(why));
      this.waiting.clear();
      closed(why);
    };
    this.child.on("error", (error) => gone(`cannot start ${command}: ${error.message}`));
    this.child.on("exit", (code) => gone(`${command} ended with code ${code}`));
    this.child.stdin.on("error", () => {});
  }

  /** Takes bytes of the server and hands on every message that is whole. */
  read(data) {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (;;) {
      const head = this.buffer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const found = /Content-Length: (\d+)/i.exec(this.buffer.toString("ascii", 0, head));
      const start = head + 4;
      const end = start + Number(found ? found[1] : 0);
      if (this.buffer.length < end) return;
      const message = JSON.parse(this.buffer.toString("utf8", start, end));
      this.buffer = this.buffer.subarray(end);
      this.take(message);
    }
  }

  take(message) {
    if (message.method) {
      this.notified(message.method, message.params);
      return;
    }
    const asked = this.waiting.get(message.id);
    if (!asked) return;
    this.waiting.delete(message.id);
    if (message.error) asked.reject(new Error(message.error.message));
    else asked.resolve(message.result);
  }

  send(message) {
    if (!this.open) return;
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }), "utf8");
    this.child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.child.stdin.write(body);
  }

  tell(method, params) {
    this.send({ method, params });
  }

  ask(method, params) {
    if (!this.open) return Promise.reject(new Error("the language server is not running"));
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ id, method, params });
    });
  }

  /** Ends the server as the protocol wants it, or by force when it does not listen. */
  async close() {
    if (!this.open) return;
    const force = setTimeout(() => this.child.kill(), 2000);
    try {
      await this.ask("shutdown", null);
      this.tell("exit", null);
    } catch {
      this.child.kill();
    } finally {
      this.open = false;
      this.child.once("exit", () => clearTimeout(force));
    }
  }
}

module.exports = { Connection };
