//! The bot's public prompts.

use botlib::{Value, value::Map};
use botstate::prompt::{Kind, Prompt, Variable, assignee};
use rmcp::{
    ErrorData,
    model::{GetPromptResult, JsonObject, ListPromptsResult, PromptArgument, PromptMessage, Role},
};

use super::BotServer;

impl BotServer {
    /// The prompts that the caller may see.
    pub(super) fn prompts(&self) -> ListPromptsResult {
        let prompts = self.bot.prompts_for(&self.caller);
        ListPromptsResult::with_all_items(prompts.into_iter().map(shown).collect())
    }

    /// A prompt with its variables filled in, in the variant that belongs to the caller.
    pub(super) fn prompt(&self, name: &str, arguments: Option<JsonObject>) -> Result<GetPromptResult, ErrorData> {
        let prompts = self.bot.prompts_for(&self.caller);
        let Some(prompt) = prompts
            .into_iter()
            .find(|prompt| prompt.name.eq_ignore_ascii_case(name))
        else {
            let name: String = name.chars().take(64).collect();
            return Err(ErrorData::invalid_params(
                format!("there is no prompt {name}: prompts/list gives those there are"),
                None,
            ));
        };
        let values: Map = arguments
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, Value::from_json(&value)))
            .collect();
        let rendered = prompt
            .render(&values, &self.bot, &assignee(&self.caller, None))
            .map_err(|fault| ErrorData::invalid_params(fault.to_string(), None))?;
        let message = PromptMessage::new_text(Role::User, rendered.text);
        Ok(GetPromptResult::new(vec![message]).with_description(prompt.description.clone()))
    }
}

fn shown(prompt: &Prompt) -> rmcp::model::Prompt {
    let description = if prompt.description.is_empty() {
        format!("The prompt {}", prompt.name)
    } else {
        prompt.description.clone()
    };
    let arguments: Vec<PromptArgument> = prompt.variables.iter().map(argument).collect();
    rmcp::model::Prompt::new(prompt.name.clone(), Some(description), Some(arguments))
}

fn argument(variable: &Variable) -> PromptArgument {
    let kind = match &variable.kind {
        Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
        kind => kind.name().to_owned(),
    };
    let description = match variable.description.as_str() {
        "" => kind,
        description => format!("{description} ({kind})"),
    };
    PromptArgument::new(variable.name.clone())
        .with_description(description)
        .with_required(variable.is_required && variable.default.is_none())
}
