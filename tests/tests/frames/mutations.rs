//! Makes wrong frames out of right ones, the same each time.

use botserver_tests::client::Message;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

/// A wrong frame.
pub(crate) struct Mutation(String);

impl Mutation {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An endless row of mutations of one frame.
pub(crate) struct Mutations {
    frame: Value,
    /// Chance that can be repeated (Knuth's MMIX generator).
    state: u64,
}

impl Mutations {
    pub(crate) fn of(frame: Value, seed: u64) -> Self {
        Self {
            frame,
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    pub(crate) fn next(&mut self) -> Mutation {
        let mut frame = self.frame.clone();
        for _ in 0..self.below(2) {
            self.change(&mut frame);
        }
        let text = frame.to_string();
        Mutation(match self.below(10) {
            0 => self.cut(&text),
            1 => self.scribble(&text),
            2 => self.odd_text(&text),
            3 => self.huge_number(&text),
            4 => format!("[{text}]"),
            5 => self.twice(&text),
            _ => {
                self.change(&mut frame);
                frame.to_string()
            }
        })
    }

    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % end
    }

    /// Another type, a missing or an extra field.
    fn change(&mut self, frame: &mut Value) {
        let names = [
            "type",
            "content",
            "text",
            "message_type",
            "message_id",
            "id",
            "media_url",
            "context_name",
            "active_switchers",
            "params",
            "session_id",
            "extra",
            "",
        ];
        let name = names[self.below(names.len())];
        let value = self.value();
        let Some(fields) = frame.as_object_mut() else { return };
        if self.below(4) == 0 {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), value);
        }
    }

    fn value(&mut self) -> Value {
        match self.below(24) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(255),
            4 => json!(256),
            5 => json!(u64::MAX),
            6 => json!(1.5),
            7 => json!(1e308),
            8 => json!(""),
            9 => json!("\u{0}"),
            10 => json!("a\u{0}b"),
            11 => json!("\u{202e}\u{feff}\u{ffff}"),
            12 => json!("x".repeat(70_000)),
            13 => json!("💥".repeat(129)),
            14 => json!([]),
            15 => json!({}),
            16 => json!([null, {}, [[]], 1]),
            17 => json!({ "type": "stop", "$secret": "x", "__proto__": {} }),
            18 => json!("/api/chat/x/files/01890a5d-ac96-774b-bcce-b302099a8057"),
            19 => json!("../../etc/passwd"),
            20 => json!("'; DROP TABLE conversations; --"),
            21 => json!(vec!["switcher"; 1000]),
            22 => json!("stop"),
            _ => json!(self.below(12)),
        }
    }

    /// Ends too early, at any character.
    fn cut(&mut self, text: &str) -> String {
        let end = self.below(text.len());
        text.chars().take(end).collect()
    }

    /// Other characters at any place.
    fn scribble(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(4) {
            let place = self.below(characters.len());
            let odd = ['"', '\\', '{', '}', '[', ',', ':', '\u{0}', '\n', 'é', '9', '-', ' '];
            characters[place] = odd[self.below(odd.len())];
        }
        characters.into_iter().collect()
    }

    /// Things that JSON writes and text does not have, and nesting without end.
    fn odd_text(&mut self, text: &str) -> String {
        let odd = match self.below(9) {
            0 => r#""\ud800""#.to_owned(),
            1 => r#""\udc00\ud800""#.to_owned(),
            2 => r#""\u0000""#.to_owned(),
            3 => r#""\x41""#.to_owned(),
            4 => format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
            5 => format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
            6 => "[".repeat(10_000),
            7 => "NaN".to_owned(),
            _ => "undefined".to_owned(),
        };
        let name = ["content", "params", "message_id", "extra"][self.below(4)];
        format!("{{\"{name}\":{odd},{}", text.trim_start_matches('{'))
    }

    fn huge_number(&mut self, text: &str) -> String {
        let number = [
            "9".repeat(400),
            "1e999".to_owned(),
            "-1e999".to_owned(),
            "1".to_owned() + &"0".repeat(10_000),
        ];
        let name = ["message_type", "params", "timestamp", "content"][self.below(4)];
        format!(
            "{{\"{name}\":{},{}",
            number[self.below(4)],
            text.trim_start_matches('{')
        )
    }

    /// The same twice: two frames in one, or each field doubled.
    fn twice(&mut self, text: &str) -> String {
        match self.below(3) {
            0 => format!("{text}{text}"),
            1 => format!("\u{feff}{text}"),
            _ => format!("{},{}", text.trim_end_matches('}'), text.trim_start_matches('{')),
        }
    }
}

/// A text frame of any bytes, which the client's library would not make.
pub(crate) fn raw_text(bytes: Vec<u8>) -> Message {
    Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true))
}
