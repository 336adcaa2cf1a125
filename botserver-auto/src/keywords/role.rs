//! ALLOW ROLE.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Role, Subject, Value};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

struct AllowRole;

#[async_trait]
impl Handler for AllowRole {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let caller = turn.caller();
        // Schedules, events and the server itself act for the bot.
        if matches!(caller.subject, Subject::Bot(_) | Subject::System) {
            return Ok(Value::Bool(true));
        }
        let mut asked = Vec::new();
        for role in roles(args.take("roles")) {
            let known = Role::ALL
                .into_iter()
                .find(|known| known.name().eq_ignore_ascii_case(&role));
            let may_as_much = known.is_some_and(|known| {
                known
                    .permissions()
                    .iter()
                    .all(|permission| caller.permissions.contains(permission))
            });
            let has = may_as_much || caller.has_role(&role);
            if has {
                return Ok(Value::Bool(true));
            }
            asked.push(role);
        }
        let message = format!("only {} may use this", asked.join(" or "));
        Err(Fault::new(FaultKind::Permission, message).hint("sign in with an account that has the role"))
    }
}

/// Names of roles: several arguments, or several in one with `;` or `,` between them.
fn roles(value: Value) -> Vec<String> {
    let values = match value {
        Value::List(values) => values,
        other => vec![other],
    };
    let texts = values.into_iter().filter_map(|value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    });
    texts
        .flat_map(|text| {
            text.split([';', ','])
                .map(|role| role.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|role| !role.is_empty())
        .collect()
}

pub(super) fn keyword() -> Keyword {
    Keyword {
        phrase: "ALLOW ROLE",
        shapes: &["roles..."],
        class: Class::Read,
        summary: "Ends the script unless the person has one of the roles: visitor, member, operator, manager, admin, \
                  server_admin, or one that the organisation made",
        example: "ALLOW ROLE \"visitor\"\nTALK \"Come in\"",
        handler: Some(Arc::new(AllowRole)),
    }
}
