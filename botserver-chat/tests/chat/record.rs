//! What tools do outside of the conversation goes on record.

use botserver_llm::scripted::{Reply, ScriptedModel};

use crate::support::{
    House, acts,
    dialogs::{call, give},
};

#[tokio::test]
async fn a_tool_that_reaches_out_goes_on_record_before_it_does() {
    let model = ScriptedModel::new([
        Reply::call("price", r#"{"of":"tea"}"#),
        Reply::call("transfer", r#"{"to":"ann"}"#),
    ]);
    let house = House::new()
        .tool("price", ["of"], [give("3")])
        .tool(
            "transfer",
            ["to"],
            [call("PROBE", [("text", "to ${to}")], "_"), give("sent")],
        )
        .model(&model);
    let server = house.open().await;
    let who = server.visitor();
    let mut chat = who.connect().await.unwrap();
    // The effect does not come back: what stands on record now stood there before.
    house.probe.hang(true);
    chat.send("Send her the price").await.unwrap();
    house.probe.wait_called(1).await;

    let noted = acts(&server).await;

    let [act] = &noted[..] else { panic!("{noted:?}") };
    assert!(act.starts_with("visitor:"), "{act}");
    assert!(
        act.contains(" tool.run ") && act.contains(r#""tool":"transfer""#),
        "{act}"
    );
    assert!(!act.contains("ann"), "arguments stay in the conversation: {act}");
}
