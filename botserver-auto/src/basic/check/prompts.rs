//! Prompts of the package in scripts: their names, and what they are given.

use botlib::Value;
use botstate::prompt::Variable;

use super::Checker;
use crate::basic::{
    grammar::nearest,
    tree::{Arg, Command, Expr, ExprKind, Name},
};

impl Checker<'_> {
    /// A prompt that is named by a text is there and is given what it takes.
    pub(super) fn prompt(&mut self, command: &Command) {
        if !matches!(command.phrase, "USE PROMPT" | "RUN PROMPT") {
            return;
        }
        let known = self.known;
        let Some(prompts) = &known.prompts else { return };
        let Some((_, Arg::One(expr))) = command.args.first() else {
            return;
        };
        let ExprKind::Text(name) = &expr.kind else { return };
        let key = name.trim().to_lowercase();
        let Some(variables) = prompts.get(&key) else {
            let near = nearest(&key, prompts.keys().map(String::as_str)).map(str::to_owned);
            self.refuse("B290", &expr.span, format!("the package has no prompt {name}"))
                .help = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {key}.md in its folder .gbprompts"),
            });
            return;
        };
        let none = Vec::new();
        let given = command.args.iter().find_map(|(_, arg)| match arg {
            Arg::Fields(fields, _) => Some(fields),
            _ => None,
        });
        let given = given.unwrap_or(&none);
        for (field, value) in given {
            self.given(&key, variables, field, value);
        }
        let is_given = |variable: &Variable| {
            given
                .iter()
                .any(|(field, _)| field.text.eq_ignore_ascii_case(&variable.name))
        };
        for variable in variables {
            let is_set = known.names.iter().any(|name| name.eq_ignore_ascii_case(&variable.name));
            if variable.is_required && !is_given(variable) && !is_set {
                let title = format!("the prompt {key} needs {}", variable.name);
                self.refuse("B292", &expr.span, title).help =
                    Some(format!("add `WITH {} = …`, or give it a default", variable.name));
            }
        }
    }

    fn given(&mut self, prompt: &str, variables: &[Variable], field: &Name, value: &Expr) {
        let found = variables
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(&field.text));
        let Some(variable) = found else {
            let near = nearest(&field.text, variables.iter().map(|variable| variable.name.as_str()));
            let near = near.map(|near| format!("did you mean `{near}`?"));
            let title = format!("the prompt {prompt} has no variable {}", field.text);
            self.refuse("B291", &field.span, title).help = near;
            return;
        };
        let literal = match &value.kind {
            ExprKind::Bool(flag) => Value::Bool(*flag),
            ExprKind::Int(number) => Value::Int(*number),
            ExprKind::Decimal(number) => Value::Decimal(*number),
            ExprKind::Text(text) => Value::text(text.as_str()),
            _ => return,
        };
        if let Err(why) = variable.text_of(&literal) {
            self.refuse("B291", &value.span, why);
        }
    }
}
