//! Keywords that look after groups, in the bot's own name.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Caller, ConversationId, Role, Value, value::Map};
use botserver_auth::{Grantee, keywords};
use botstate::{
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Fault, FaultKind},
    keyword::{Args, Turn},
    run::Late,
};
use tokio_util::sync::CancellationToken;

use crate::support::{House, houses};

struct FakeTurn {
    caller: Caller,
    bot: Arc<Bot>,
    session: SessionState,
}

#[async_trait]
impl Turn for FakeTurn {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    fn conversation(&self) -> ConversationId {
        ConversationId::new()
    }

    fn idempotency_key(&self) -> &'static str {
        "1"
    }

    fn session(&mut self) -> &mut SessionState {
        &mut self.session
    }

    fn emit(&mut self, event: Emit) {
        panic!("groups say nothing: {event:?}");
    }

    fn write(&mut self, _: db::Change) {
        panic!("groups write by themselves");
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn cancelled(&self) -> CancellationToken {
        CancellationToken::new()
    }
}

async fn run(house: &House, phrase: &str, args: &[(&str, &str)]) -> Result<Value, Fault> {
    let late = Late::default();
    late.fill(Arc::new(house.auth.clone()));
    let keyword = keywords(&late)
        .into_iter()
        .find(|keyword| keyword.phrase == phrase)
        .unwrap();
    let bot = house.state.ports.bots.as_ref().unwrap().find("shop").unwrap();
    // Whoever talks to the bot may do everything, which is not what counts.
    let mut turn = FakeTurn {
        caller: Caller::system(bot.org),
        bot,
        session: SessionState::default(),
    };
    let args: Map = args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())))
        .collect();
    keyword.handler.unwrap().call(&mut turn, Args(args)).await
}

#[tokio::test]
async fn bot_looks_after_groups_as_far_as_its_own_roles_go() {
    for house in houses().await {
        house.person("ana", Role::Member).await;
        let system = Caller::system(house.state.org);
        let bot = house.state.ports.bots.as_ref().unwrap().find("shop").unwrap();
        let kind = |result: Result<Value, Fault>| result.map_err(|fault| fault.kind);
        let member = [("mail", "ana@example.org"), ("group", "sales")];

        assert_eq!(
            kind(run(&house, "CREATE TEAM", &[("name", "sales")]).await),
            Err(FaultKind::Permission)
        );
        let role = house.auth.create_role(
            &system,
            "team_helper",
            "",
            [
                botlib::Permission::GroupsRead,
                botlib::Permission::GroupsWrite,
                botlib::Permission::GroupsMembers,
            ]
            .into(),
        );
        role.await.unwrap();
        house
            .auth
            .grant(&system, "team_helper", Grantee::Bot(bot.id), None)
            .await
            .unwrap();

        assert_eq!(
            run(&house, "CREATE TEAM", &[("name", "sales")]).await.unwrap(),
            Value::Null
        );
        assert_eq!(run(&house, "ADD MEMBER", &member).await.unwrap(), Value::Null);
        let listed = run(&house, "LIST MEMBERS", &[("group", "sales")]).await.unwrap();
        assert_eq!(
            listed.to_json(),
            serde_json::json!([{ "name": "ana", "email": "ana@example.org" }])
        );
        assert_eq!(run(&house, "REMOVE MEMBER", &member).await.unwrap(), Value::Null);
        assert_eq!(
            kind(run(&house, "REMOVE MEMBER", &member).await),
            Err(FaultKind::NotFound)
        );
        let nobody = [("mail", "x@example.org"), ("group", "sales")];
        assert_eq!(kind(run(&house, "ADD MEMBER", &nobody).await), Err(FaultKind::NotFound));

        let sales = house
            .auth
            .list_groups(&system, &botlib::PageRequest::default())
            .await
            .unwrap()
            .items
            .remove(0);
        house
            .auth
            .grant(&system, "admin", Grantee::Group(sales.id), None)
            .await
            .unwrap();
        assert_eq!(
            kind(run(&house, "ADD MEMBER", &member).await),
            Err(FaultKind::Permission),
            "the group may do more than the bot"
        );
    }
}
