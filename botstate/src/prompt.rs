//! Prompts that packages bring: texts with typed variables, in versions and variants.
//!
//! A prompt is data. Its variables are put in place of their names and nothing is ever computed, so that a value can
//! say whatever it likes and stays a value. Which of several variants somebody gets follows from who it is: the same
//! one each time, on every node, without a table.

mod template;
mod variable;

use std::sync::Arc;

use botlib::{BotId, Caller, ConversationId, Subject, Value, value::Map};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dialog::{Bot, Fault, FaultKind, Settings};

pub use template::{Hole, Template};
pub use variable::{Kind, Variable};

/// The name of the prompt that is the bot's own unless a dialog chooses another.
pub const SYSTEM: &str = "system";

/// Bytes that a prompt may have once its variables are filled in.
const LARGEST: usize = 128 << 10;

/// A prompt of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The name by which dialogs use it, in lower case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The hash of the file: another text is another version.
    pub version: String,
    /// Who wrote it, as the file says.
    pub author: Option<String>,
    /// Whether clients of other protocols may see and use it.
    pub is_public: bool,
    /// What it asks of the model.
    pub hints: Hints,
    /// What its text is given, in the order of the file.
    pub variables: Vec<Variable>,
    /// Its texts, at least one.
    pub variants: Vec<Variant>,
    /// Where it lies, as diagnostics show it.
    pub place: String,
    /// The whole file.
    pub source: Arc<str>,
}

/// One of the texts of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The name; `default` where the file names none.
    pub name: String,
    /// Its share among all: 0 for one that nobody new gets.
    pub weight: u32,
    /// The text.
    pub template: Template,
}

/// What a prompt asks of the model, as far as nobody else says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// A name that USE MODEL knows as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Randomness, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The longest answer in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

/// Which prompt was used, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PromptUse {
    /// The prompt.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The variant.
    pub variant: String,
}

impl std::fmt::Display for PromptUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}/{}", self.name, self.version, self.variant)
    }
}

/// A prompt with its variables filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// What it came from.
    pub used: PromptUse,
    /// What it asks of the model.
    #[serde(default)]
    pub hints: Hints,
}

impl Prompt {
    /// The text for `who` with `values`. A variable that they leave out has what the bot's setting `param-NAME` says,
    /// else its default.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] naming every variable that is unknown, missing or of another type, [`FaultKind::Limit`]
    /// when the text becomes too long.
    pub fn render(&self, values: &Map, bot: &Bot, who: &str) -> Result<Rendered, Fault> {
        let filled = self.fill(values, &bot.settings)?;
        let variant = self.variant_of(bot.id, who);
        let text = variant.template.fill(&filled);
        if text.len() > LARGEST {
            return Err(Fault::new(
                FaultKind::Limit,
                format!("the prompt {} became longer than {LARGEST} bytes", self.name),
            )
            .hint("give it shorter values"));
        }
        Ok(Rendered {
            text,
            used: PromptUse {
                name: self.name.clone(),
                version: self.version.clone(),
                variant: variant.name.clone(),
            },
            hints: self.hints.clone(),
        })
    }

    /// Every variable as text.
    fn fill(&self, values: &Map, settings: &Settings) -> Result<Vec<(String, String)>, Fault> {
        let mut wrong = Vec::new();
        for (name, _) in values.iter() {
            if !self.variables.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
                wrong.push(format!("it has no variable {name}"));
            }
        }
        let mut filled = Vec::new();
        for variable in &self.variables {
            let setting = || settings.get(&format!("param-{}", variable.name)).map(Value::text);
            let given = values
                .get(&variable.name)
                .filter(|value| !value.is_null())
                .cloned()
                .or_else(setting);
            match given {
                Some(value) => match variable.text_of(&value) {
                    Ok(text) => filled.push((variable.name.clone(), text)),
                    Err(why) => wrong.push(why),
                },
                None => match &variable.default {
                    Some(default) => filled.push((variable.name.clone(), default.clone())),
                    None if variable.is_required => wrong.push(format!("{} is missing", variable.name)),
                    None => filled.push((variable.name.clone(), String::new())),
                },
            }
        }
        if wrong.is_empty() {
            return Ok(filled);
        }
        let known: Vec<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
        let hint = if known.is_empty() {
            format!("{} has no variables", self.name)
        } else {
            format!("its variables are {}", known.join(", "))
        };
        Err(Fault::new(
            FaultKind::Argument,
            format!("the prompt {} cannot be filled in: {}", self.name, wrong.join("; ")),
        )
        .hint(hint))
    }

    /// The variant that somebody gets: each of `n` persons another one, as the weights say, and each always the same.
    /// Where a weight changes, only those change over whom it concerns.
    fn variant_of(&self, bot: BotId, who: &str) -> &Variant {
        let score = |variant: &Variant| {
            let digest = Sha256::new()
                .chain_update(bot.as_uuid())
                .chain_update(&self.name)
                .chain_update([0])
                .chain_update(who)
                .chain_update([0])
                .chain_update(&variant.name)
                .finalize();
            let high = digest
                .iter()
                .take(4)
                .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
            // Rendezvous hashing with weights: the smallest of exponentially distributed numbers wins.
            let share = (f64::from(high) + 1.0) / (f64::from(u32::MAX) + 2.0);
            -share.ln() / f64::from(variant.weight)
        };
        let live = self.variants.iter().filter(|variant| variant.weight > 0);
        let best = live.min_by(|a, b| score(a).total_cmp(&score(b)));
        best.or(self.variants.first()).unwrap_or(const { &Variant::EMPTY })
    }
}

impl Variant {
    /// Stands for the text of a prompt without any, which no package gives.
    const EMPTY: Self = Self {
        name: String::new(),
        weight: 0,
        template: Template::EMPTY,
    };
}

impl Bot {
    /// The prompt called `name`, in any letter case.
    pub fn find_prompt(&self, name: &str) -> Option<&Prompt> {
        let name = name.trim();
        let found = self
            .prompts
            .iter()
            .find(|prompt| prompt.name.eq_ignore_ascii_case(name));
        found.map(|prompt| &**prompt)
    }

    /// The prompt called `name`.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] naming those that there are.
    pub fn get_prompt(&self, name: &str) -> Result<&Prompt, Fault> {
        self.find_prompt(name).ok_or_else(|| {
            let known: Vec<&str> = self.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
            let hint = if known.is_empty() {
                format!("write it as {}.gbprompts/{}.md in the package", self.name, name.trim())
            } else {
                format!("there are {}", known.join(", "))
            };
            Fault::new(FaultKind::NotFound, format!("the bot has no prompt {:?}", name.trim())).hint(hint)
        })
    }

    /// The prompts that a client of another protocol may see and fill in for `caller`: those that their files call
    /// public, of a bot that the caller may talk to. Fill one in with [`Prompt::render`] and [`assignee`].
    pub fn prompts_for(&self, caller: &Caller) -> Vec<&Prompt> {
        let is_person = matches!(caller.subject, Subject::Person(_) | Subject::System);
        let is_open = is_person || self.settings.flag("public") != Some(false);
        if caller.org != self.org || !is_open || !caller.may_talk_to(self.id) {
            return Vec::new();
        }
        let prompts = self.prompts.iter().map(|prompt| &**prompt);
        prompts.filter(|prompt| prompt.is_public).collect()
    }
}

/// To whom a variant belongs: the person or visitor, else the conversation.
pub fn assignee(caller: &Caller, conversation: Option<ConversationId>) -> String {
    match caller.subject {
        Subject::Person(id) => format!("person:{id}"),
        Subject::Visitor(id) => format!("visitor:{id}"),
        _ => conversation.map(|id| format!("conversation:{id}")).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
