//! Keywords that look after groups. A script does it in the bot's own name: with the roles that the bot was granted,
//! whoever talks to it, so that nobody can talk a bot into more than its organisation lets it do.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
    run::Late,
};

use crate::{AuthService, Error};

/// The keywords over a service, which is made after the keywords are known.
pub fn keywords(auth: &Late<AuthService>) -> Vec<Keyword> {
    let handler = |verb| {
        Some(Arc::new(Groups {
            auth: auth.clone(),
            verb,
        }) as Arc<dyn Handler>)
    };
    vec![
        Keyword {
            phrase: "ADD MEMBER",
            shapes: &["mail, group"],
            class: Class::External,
            summary: "Puts somebody who has an account into a group of the organisation. The bot needs a role with \
                      groups.read and groups.members, and with all that the group may do.",
            example: "TRY\n    ADD MEMBER \"ana@example.org\", \"sales\"\nCATCH problem\n    TALK \"This bot may not do \
                      that.\"\nEND TRY",
            handler: handler(Verb::Add),
        },
        Keyword {
            phrase: "REMOVE MEMBER",
            shapes: &["mail, group"],
            class: Class::External,
            summary: "Takes somebody out of a group of the organisation. The bot needs the same roles as for ADD MEMBER.",
            example: "TRY\n    REMOVE MEMBER \"ana@example.org\", \"sales\"\nCATCH problem\n    TALK \"This bot may not \
                      do that.\"\nEND TRY",
            handler: handler(Verb::Remove),
        },
        Keyword {
            phrase: "LIST MEMBERS",
            shapes: &["group"],
            class: Class::Read,
            summary: "Who is in a group of the organisation: a list of objects with name and email. The bot needs a role \
                      with groups.read.",
            example: "TRY\n    members = LIST MEMBERS \"sales\"\n    TALK \"There are \" + LEN(members)\nCATCH \
                      problem\n    TALK \"This bot may not see that.\"\nEND TRY",
            handler: handler(Verb::List),
        },
        Keyword {
            phrase: "CREATE TEAM",
            shapes: &["name[, description]"],
            class: Class::External,
            summary: "Makes a group in the organisation. The bot needs a role with groups.write.",
            example: "TRY\n    CREATE TEAM \"sales\", \"Those who sell\"\nCATCH problem\n    TALK \"This bot may not do \
                      that.\"\nEND TRY",
            handler: handler(Verb::Create),
        },
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    List,
    Create,
}

struct Groups {
    auth: Late<AuthService>,
    verb: Verb,
}

#[async_trait]
impl Handler for Groups {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let auth = self.auth.need("accounts")?;
        let bot = Arc::clone(turn.bot());
        let caller = auth.bot_caller(bot.org, bot.id).await.map_err(|error| fault(&error))?;
        let done = async {
            match self.verb {
                Verb::Create => {
                    let (name, description) = (words(&mut args, "name"), words(&mut args, "description"));
                    auth.create_group(&caller, &name, &description, None).await?;
                    Ok(Value::Null)
                }
                Verb::List => {
                    let (group, _) = auth.find_named(&caller, &words(&mut args, "group"), None).await?;
                    let people = auth.group_people(&caller, group.id).await?;
                    let people = people.into_iter().map(|(name, email)| {
                        let mut person = Map::new();
                        person.insert("name".to_owned(), Value::Text(name));
                        person.insert("email".to_owned(), Value::Text(email));
                        Value::Map(person)
                    });
                    Ok(Value::List(people.collect()))
                }
                Verb::Add | Verb::Remove => {
                    let (email, group) = (words(&mut args, "mail"), words(&mut args, "group"));
                    let (group, person) = auth.find_named(&caller, &group, Some(&email)).await?;
                    let person = person.ok_or(Error::UnknownAddress)?;
                    if self.verb == Verb::Add {
                        auth.add_to_group(&caller, group.id, person).await?;
                    } else {
                        auth.take_out_of_group(&caller, group.id, person).await?;
                    }
                    Ok(Value::Null)
                }
            }
        };
        done.await.map_err(|error: Error| fault(&error))
    }
}

/// An argument as text; what cannot be text names nothing.
fn words(args: &mut Args, name: &str) -> String {
    match args.take(name) {
        Value::Text(text) => text,
        Value::Null | Value::Secret(_) => String::new(),
        other => other.to_string(),
    }
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Forbidden(permission) => {
            let message = format!("the bot lacks the permission {}", permission.name());
            Fault::new(FaultKind::Permission, message).hint("grant the bot a role that has it, under /api/grants")
        }
        Error::UnknownName(_) | Error::UnknownAddress | Error::UnknownPerson(_) | Error::UnknownGroup(_) => {
            Fault::new(FaultKind::NotFound, error.to_string())
        }
        Error::Invalid { .. } => Fault::new(FaultKind::Argument, error.to_string()),
        Error::Database(_) | Error::Crypto(_) | Error::Limits(_) => {
            tracing::error!(%error, "a keyword could not look after groups");
            Fault::new(FaultKind::Data, "the groups cannot be reached now")
        }
        _ => Fault::new(FaultKind::Data, error.to_string()),
    }
}
