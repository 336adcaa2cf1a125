//! What a model does outside of the conversation goes on record.

use botstate::audit::Act;

use super::Turn;

impl Turn {
    /// Notes that a tool runs, with the commit that comes before its first effect.
    pub(super) fn put_on_record(&mut self, tool: &str) {
        let act = Act::of(&self.inbound.caller, "tool.run")
            .on("conversation", self.conversation.id)
            .with("tool", tool)
            .with("bot", self.inbound.bot.id.to_string())
            .with("turn", self.id.to_string());
        let now = self.engine.clock.now();
        self.changes.push(Box::new(move |conn| act.record(conn, now)));
    }
}
