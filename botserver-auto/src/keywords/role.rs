//! `ALLOW ROLE "operator"`: who may run a script.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Role, Value};
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

pub(super) fn keyword() -> Keyword {
    Keyword {
        phrase: "ALLOW ROLE",
        shapes: &["roles..."],
        class: Class::Read,
        summary: "Goes on only for people with one of the roles: visitor, member, operator or admin.",
        example: "ALLOW ROLE \"visitor\", \"member\"\nTALK \"Welcome\"",
        handler: Some(Arc::new(Allow)),
    }
}

struct Allow;

#[async_trait]
impl Handler for Allow {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let Value::List(roles) = args.take("roles") else {
            return Err(Fault::new(FaultKind::Argument, "ALLOW ROLE needs the name of a role"));
        };
        let held = &turn.caller().permissions;
        let names: Vec<String> = roles
            .iter()
            .map(|role| role.to_string().trim().to_lowercase())
            .collect();
        let may = |name: &String| {
            let role = Role::ALL.iter().find(|role| role.name() == name);
            role.is_some_and(|role| role.permissions().iter().all(|permission| held.contains(permission)))
        };
        if names.iter().any(may) {
            return Ok(Value::Null);
        }
        let message = format!("only people with the role {} may run this script", names.join(" or "));
        Err(Fault::new(FaultKind::Permission, message)
            .hint("the roles of a server are visitor, member, operator and admin"))
    }
}
