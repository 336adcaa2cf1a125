//! What fits into a prompt: every section has its share of the model's window.
//!
//! The system part, the tools, the question and what its tools gave back are always there. The selected context may
//! take half of what is left, passages of documents a half, memories a sixth, and the newest turns all the rest. What
//! does not fit is left out whole: the last passages, the last memories, the oldest turns.

mod count;

use botstate::{
    dialog::ToolSpec,
    model::{ChatMessage, Image},
};

pub(crate) use count::tokens;

/// The window of a model that does not tell its own.
pub(crate) const WINDOW: u32 = 16_384;

/// Tokens that a message takes besides its text, at most.
const MESSAGE: usize = 8;

/// Tokens that a tool takes besides its words, at most.
const TOOL: usize = 24;

/// Tokens that a picture takes, at most: what the dearest provider counts for one in full detail.
const PICTURE: usize = 1_700;

/// Tokens that an answer may have unless the bot says so, as far as a quarter of the window allows.
const ANSWER: usize = 4096;

/// What stands before the selected context.
const CONTEXT: &str = "\n\n# Context\n";

/// The fewest tokens that a tool's result is cut to.
const RESULT: usize = 64;

/// What a prompt is made of, in the order in which the model reads it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sections {
    /// Who the bot is and how it behaves.
    pub(crate) system: String,
    /// What SET CONTEXT gives.
    pub(crate) context: String,
    /// What is said before the memories, and each of them, the most telling first.
    pub(crate) memory: Listed,
    /// What was said in turns that are not here any more, in short.
    pub(crate) summary: Option<String>,
    /// The turns before this one, the oldest first.
    pub(crate) history: Vec<ChatMessage>,
    /// What is said before the passages, and each of them, the best first.
    pub(crate) knowledge: Listed,
    /// What is asked.
    pub(crate) question: String,
    /// Pictures that go with it.
    pub(crate) images: Vec<Image>,
    /// Calls of tools and their results since the question.
    pub(crate) rounds: Vec<ChatMessage>,
    /// Tools on offer.
    pub(crate) tools: Vec<ToolSpec>,
}

/// Texts under a heading, of which the first ones matter most.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed {
    pub(crate) heading: String,
    pub(crate) items: Vec<String>,
}

/// How much there is room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Tokens of prompt and answer together.
    pub(crate) window: usize,
    /// Tokens kept free for the answer.
    pub(crate) answer: usize,
    /// Tokens that passages may have at most.
    pub(crate) knowledge: usize,
    /// Tokens that memories may have at most.
    pub(crate) memory: usize,
}

impl Budget {
    /// The budget in a window; `answer` is what the bot's settings allow an answer.
    pub(crate) fn of(window: u32, answer: Option<usize>, knowledge: usize, memory: usize) -> Self {
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        Self {
            window,
            answer: answer.map_or_else(|| ANSWER.min(window / 4), |answer| answer.min(window / 2)),
            knowledge,
            memory,
        }
    }

    /// Tokens that a prompt may have.
    pub(crate) fn prompt(&self) -> usize {
        self.window.saturating_sub(self.answer)
    }
}

/// A prompt that fits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) messages: Vec<ChatMessage>,
    pub(crate) tools: Vec<ToolSpec>,
    /// Tokens of all of it, at most.
    pub(crate) tokens: usize,
    /// Turns' messages that were left out, the oldest ones.
    pub(crate) left_out: usize,
    /// How many passages are in it.
    pub(crate) passages: usize,
    /// How many memories are in it.
    pub(crate) memories: usize,
}

/// What must be in the prompt is larger than the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the prompt needs at least {needed} tokens and the model takes {room}")]
pub(crate) struct TooLarge {
    pub(crate) needed: usize,
    pub(crate) room: usize,
}

/// Makes the prompt that fits.
///
/// # Errors
/// When the system part, the tools and the last turn alone do not.
pub(crate) fn fit(sections: Sections, budget: &Budget) -> Result<Fitted, TooLarge> {
    let room = budget.prompt();
    let fixed =
        message(&sections.system) + message(&sections.question) + sections.tools.iter().map(tool).sum::<usize>();
    let rounds = shorten(sections.rounds, room.saturating_sub(fixed));
    let needed = fixed + rounds.iter().map(weigh).sum::<usize>();
    let mut left = room.checked_sub(needed).ok_or(TooLarge { needed, room })?;

    let context = cut(&sections.context, (left / 2).saturating_sub(tokens(CONTEXT)));
    let mut system = sections.system;
    if !context.is_empty() {
        system.push_str(CONTEXT);
        system.push_str(&context);
        left -= tokens(&context) + tokens(CONTEXT);
    }
    let passages = take(&sections.knowledge, budget.knowledge.min(left / 2));
    left -= passages.tokens;
    let memories = take(&sections.memory, budget.memory.min(left / 6));
    left -= memories.tokens;
    if let Some(text) = memories.text {
        system.push_str("\n\n");
        system.push_str(&text);
    }
    let summary = sections
        .summary
        .map(ChatMessage::summary)
        .filter(|summary| weigh(summary) <= left / 2);
    left -= summary.as_ref().map_or(0, weigh);
    let all = sections.history.len();
    let mut history: Vec<ChatMessage> = Vec::new();
    for past in sections.history.into_iter().rev() {
        let weight = weigh(&past);
        if weight > left {
            break;
        }
        left -= weight;
        history.push(past);
    }
    let left_out = all - history.len();

    let mut messages = vec![ChatMessage::System { content: system }];
    messages.extend(summary);
    messages.extend(history.into_iter().rev());
    messages.extend(passages.text.map(ChatMessage::user));
    messages.push(ChatMessage::User {
        content: sections.question,
        images: sections.images,
    });
    messages.extend(rounds);
    Ok(Fitted {
        messages,
        tools: sections.tools,
        tokens: room - left,
        left_out,
        passages: passages.count,
        memories: memories.count,
    })
}

/// Tokens of a whole request, at most.
#[cfg(test)]
pub(crate) fn weigh_all(messages: &[ChatMessage], tools: &[ToolSpec]) -> usize {
    messages.iter().map(weigh).sum::<usize>() + tools.iter().map(tool).sum::<usize>()
}

trait Said {
    fn summary(text: String) -> Self;
}

impl Said for ChatMessage {
    fn summary(text: String) -> Self {
        // In the bot's words: what it kept of what both said.
        Self::Assistant {
            content: format!("(What was said before, in short: {text})"),
            calls: Vec::new(),
        }
    }
}

struct Taken {
    text: Option<String>,
    tokens: usize,
    count: usize,
}

/// As many texts as there is room for, from the first on; one that is too large ends it.
fn take(listed: &Listed, room: usize) -> Taken {
    let mut used = message(&listed.heading);
    let mut chosen: Vec<&str> = Vec::new();
    for item in &listed.items {
        let weight = tokens(item) + 2;
        if used + weight > room {
            break;
        }
        used += weight;
        chosen.push(item);
    }
    if chosen.is_empty() {
        return Taken {
            text: None,
            tokens: 0,
            count: 0,
        };
    }
    Taken {
        text: Some(format!("{}\n\n{}", listed.heading, chosen.join("\n"))),
        tokens: used,
        count: chosen.len(),
    }
}

/// Results of tools cut to what there is room for, the longest first: calls and results must stay in pairs.
fn shorten(mut rounds: Vec<ChatMessage>, room: usize) -> Vec<ChatMessage> {
    let total: usize = rounds.iter().map(weigh).sum();
    let mut excess = total.saturating_sub(room);
    while excess > 0 {
        let longest = rounds
            .iter_mut()
            .filter_map(|round| match round {
                ChatMessage::Tool { content, .. } => Some(content),
                _ => None,
            })
            .max_by_key(|content| tokens(content));
        let Some(content) = longest else { break };
        let before = tokens(content);
        if before <= RESULT {
            break;
        }
        *content = cut(content, before.saturating_sub(excess).max(RESULT));
        excess = excess.saturating_sub(before.saturating_sub(tokens(content)).max(1));
    }
    rounds
}

/// What is said where a text was cut.
const CUT: &str = " […]";

/// The beginning of a text that has at most so many tokens.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if tokens(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(tokens(CUT));
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = (low + high).div_ceil(2);
        let fits = tokens(text.get(..text.floor_char_boundary(middle)).unwrap_or_default()) <= room;
        (low, high) = if fits { (middle, high) } else { (low, middle - 1) };
    }
    match text.get(..text.floor_char_boundary(low)).unwrap_or_default() {
        "" => String::new(),
        beginning => format!("{beginning}{CUT}"),
    }
}

fn message(text: &str) -> usize {
    tokens(text) + MESSAGE
}

/// Tokens of a message, at most.
pub(crate) fn weigh(said: &ChatMessage) -> usize {
    match said {
        ChatMessage::Assistant { content, calls } => {
            let called: usize = calls
                .iter()
                .map(|call| tokens(&call.name) + tokens(&call.arguments) + tokens(&call.id) + TOOL)
                .sum();
            message(content) + called
        }
        ChatMessage::Tool { call_id, content } => message(content) + tokens(call_id),
        ChatMessage::System { content } => message(content),
        ChatMessage::User { content, images } => message(content) + images.len() * PICTURE,
    }
}

fn tool(tool: &ToolSpec) -> usize {
    tokens(&tool.name) + tokens(&tool.description) + tokens(&tool.parameters.to_string()) + TOOL
}

#[cfg(test)]
mod tests;
