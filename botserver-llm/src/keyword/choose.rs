//! Which of the bot's models answers from now on.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::Fault,
    keyword::{Args, Class, Handler, Keyword, Turn},
    model::Models,
};

/// Words that mean what the settings say.
const OWN: [&str; 2] = ["auto", "default"];

/// The keywords that choose among the models of a bot. What may be chosen is in its settings.
pub fn model_keywords(models: &Arc<dyn Models>) -> Vec<Keyword> {
    let keyword = |phrase, shapes, class, summary, example, act| Keyword {
        phrase,
        shapes,
        class,
        summary,
        example,
        handler: Some(Arc::new(Choose {
            models: Arc::clone(models),
            act,
        })),
    };
    vec![
        keyword(
            "USE MODEL",
            &["model"],
            Class::Write,
            "Lets another of the bot's models answer in this conversation: \"fast\", \"quality\", \"code\", a name of \
             the row llm-models, or \"auto\" for what the settings say.",
            "USE MODEL \"auto\"\nTALK \"Ask me anything.\"",
            Act::Use,
        ),
        keyword(
            "GET CURRENT MODEL",
            &[""],
            Class::Read,
            "The provider's name of the model that answers in this conversation; null when there is none.",
            "name = GET CURRENT MODEL\nTALK name",
            Act::Tell,
        ),
        keyword(
            "LIST MODELS",
            &[""],
            Class::Read,
            "The names that USE MODEL takes for this bot.",
            "names = LIST MODELS\nTALK JOIN(names, \", \")",
            Act::List,
        ),
    ]
}

#[derive(Clone, Copy)]
enum Act {
    Use,
    Tell,
    List,
}

struct Choose {
    models: Arc<dyn Models>,
    act: Act,
}

#[async_trait]
impl Handler for Choose {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let bot = Arc::clone(turn.bot());
        match self.act {
            Act::Use => {
                let name = args.text("model")?.trim().to_lowercase();
                if name.is_empty() || OWN.contains(&name.as_str()) {
                    turn.session().model = None;
                } else {
                    // Who cannot be asked is refused here, where the script can do something about it.
                    self.models.chosen(&bot, &name)?;
                    turn.session().model = Some(name);
                }
                Ok(Value::Null)
            }
            Act::Tell => {
                let choice = turn.session().model.clone();
                let model = self.models.for_choice(&bot, choice.as_deref());
                Ok(model.map_or(Value::Null, |model| Value::text(model.name())))
            }
            Act::List => {
                let names = self.models.names(&bot);
                Ok(Value::List(names.into_iter().map(Value::Text).collect()))
            }
        }
    }
}
