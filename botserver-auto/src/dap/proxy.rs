//! A debugger of this machine, attached to a conversation on a server: messages go through as they are.

use std::io;

use futures::{SinkExt as _, StreamExt as _};
use http::header;
use serde_json::Value as Json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};
use url::Url;

use super::protocol::Wire;

/// Carries messages between the debugger and the server that its request `attach` names, until one of them leaves.
pub(super) async fn run(attach: Json, requests: &mut UnboundedReceiver<Json>, wire: &mut Wire<'_>) -> io::Result<()> {
    let opened = match address(&attach["arguments"]) {
        Ok(request) => connect_async(request).await.map_err(|error| refused(&error)),
        Err(why) => Err(why),
    };
    let mut socket = match opened {
        Ok((socket, _)) => socket,
        Err(why) => return wire.respond(&attach, Err(why)),
    };
    let mut first = attach;
    if let Some(arguments) = first["arguments"].as_object_mut() {
        arguments.remove("token");
    }
    let gone = |error: tungstenite::Error| io::Error::other(format!("the server is away: {error}"));
    socket.send(Message::text(first.to_string())).await.map_err(gone)?;
    loop {
        tokio::select! {
            request = requests.recv() => {
                let Some(request) = request else {
                    // The server lets the dialog go on when nobody is there any more.
                    let _ = socket.close(None).await;
                    return Ok(());
                };
                socket.send(Message::text(request.to_string())).await.map_err(gone)?;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if let Ok(message) = serde_json::from_str(&text) {
                        wire.pass(&message)?;
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let why = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    if !why.is_empty() {
                        wire.output("important", &format!("the server ended the session: {why}"))?;
                    }
                    return wire.event("terminated", &Json::Object(serde_json::Map::new()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return wire.event("terminated", &Json::Object(serde_json::Map::new())),
            },
        }
    }
}

/// The request that opens the socket.
fn address(args: &Json) -> Result<http::Request<()>, String> {
    let text = |name: &str| {
        let value = args[name].as_str().filter(|text| !text.is_empty());
        value.ok_or_else(|| format!("the attach configuration has no {name}: give url, token, bot and conversation"))
    };
    let mut url: Url = text("url")?
        .parse()
        .map_err(|error| format!("the url of the attach configuration cannot be read: {error}"))?;
    if url.scheme() != "http" {
        return Err(format!(
            "the debugger speaks http to the server, and not {}: go through a tunnel, such as ssh -L 8080:localhost:8080",
            url.scheme()
        ));
    }
    // The scheme is known, so that the other one fits.
    let _ = url.set_scheme("ws");
    url.path_segments_mut()
        .map_err(|()| "the url of the attach configuration is no address of a server".to_owned())?
        .pop_if_empty()
        .extend(["api", "bots", text("bot")?, "debug"]);
    let mut request = url.as_str().into_client_request().map_err(|error| error.to_string())?;
    let token = format!("Bearer {}", text("token")?);
    let token = token
        .parse()
        .map_err(|_invalid| "the token of the attach configuration is none".to_owned())?;
    request.headers_mut().insert(header::AUTHORIZATION, token);
    Ok(request)
}

/// Why the server did not let the debugger in.
fn refused(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(response) => match response.status().as_u16() {
            401 => "the server does not know the token: sign in again".to_owned(),
            403 => "the server does not allow it: debugging needs the permission bots.debug".to_owned(),
            404 => "the server has no such bot".to_owned(),
            status => format!("the server answered {status}"),
        },
        other => format!("the server cannot be reached: {other}"),
    }
}
