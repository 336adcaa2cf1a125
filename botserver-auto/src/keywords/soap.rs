//! `SOAP url, operation, params`: a call of a SOAP 1.1 service.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::{Value, value::Map};
use botserver_core::outbound::OutboundResponse;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};
use http::{HeaderValue, Method, header};

use super::{
    Host, headers,
    http::{self as requests, Client},
};
use crate::xml;

/// The namespace of envelopes (SOAP 1.1, section 4).
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

pub(super) fn keyword(host: &Host) -> Keyword {
    Keyword {
        phrase: "SOAP",
        shapes: &["url, operation, params", "url, operation"],
        class: Class::External,
        summary: "Calls an operation of a SOAP service: `data` of the answer has what the body holds. A parameter \
                  `xmlns` names the operation's namespace.",
        example: "answer = SOAP \"https://api.example.com/rates\", \"GetRate\", { xmlns: \"urn:rates\", code: \"EUR\" }\n\
                  TALK answer.status",
        handler: Some(Arc::new(Soap(Client::new(host)))),
    }
}

struct Soap(Client);

#[async_trait]
impl Handler for Soap {
    async fn call(&self, turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let url = args.text("url")?;
        let operation = args.text("operation")?.trim().to_owned();
        if !xml::is_name(&operation) {
            return Err(Fault::new(
                FaultKind::Argument,
                format!("{operation:?} cannot be the name of an operation"),
            )
            .hint("a name has letters, digits, - and _"));
        }
        let body = envelope(&operation, &args.take("params"))?;
        let mut headers = headers::of(turn)?;
        let action = HeaderValue::from_str(&format!("\"{operation}\""))
            .map_err(|error| Fault::new(FaultKind::Argument, format!("the operation cannot be sent: {error}")))?;
        headers.entry("soapaction").or_insert(action);
        headers
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/xml; charset=utf-8"));
        let response = self
            .0
            .exchange(turn, Method::POST, &url, headers, Some(body.into()))
            .await?;
        Ok(answer(&response))
    }
}

fn envelope(operation: &str, params: &Value) -> Result<String, Fault> {
    let mut fields = match params {
        Value::Null => Map::new(),
        Value::Map(map) => map.clone(),
        other => {
            let message = format!("the parameters of SOAP must be an object, not {}", other.type_name());
            return Err(Fault::new(FaultKind::Argument, message));
        }
    };
    let namespace = match fields.remove("xmlns") {
        Some(namespace) => format!(" xmlns=\"{}\"", xml::escape(&namespace.to_string())),
        None => String::new(),
    };
    let mut inner = String::new();
    for (name, value) in fields.iter() {
        xml::write(&mut inner, name, value)?;
    }
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{ENVELOPE}\"><soap:Body>\
         <{operation}{namespace}>{inner}</{operation}></soap:Body></soap:Envelope>"
    ))
}

/// What POST gives, with the content of the envelope's body as `data`.
fn answer(response: &OutboundResponse) -> Value {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let envelope = xml::read(&text).unwrap_or_default();
    let member = |value: &Value, name: &str| match value {
        Value::Map(map) => map.get(name).cloned(),
        _ => None,
    };
    let body = member(&envelope, "Envelope").and_then(|envelope| member(&envelope, "Body"));
    let data = match body {
        // The one element of a body is the operation's response, which nobody wants to name.
        Some(Value::Map(body)) if body.len() == 1 && body.get("Fault").is_none() => {
            body.into_iter().next().map(|(_, value)| value).unwrap_or_default()
        }
        Some(body) => body,
        None => Value::text(text.as_str()),
    };
    requests::answer_with(response, data, text)
}
