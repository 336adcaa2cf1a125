//! Recordings of runs: all that came from outside the dialog, and all that it said.
//!
//! A recording is one JSON object a line. Played back, the dialog gets the same answers of people, keywords, clock and
//! chance, and must ask for the same and say the same, byte for byte; nothing reaches outside then.

mod player;

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use botlib::{ConversationId, Value, value::Map};
use botstate::{
    conversation::SessionState,
    dialog::{Fault, HostCall, Input},
    recording::{HIDDEN, without_secrets, without_secrets_in},
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub(super) use player::Player;

/// The form of recordings; others are refused.
const FORM: u32 = 1;

/// Whether a run is recorded or played back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Taping {
    /// Neither.
    #[default]
    Off,
    /// It is recorded into this file.
    Record(PathBuf),
    /// It is played back from this file.
    Replay(PathBuf),
}

/// The first line of a recording.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    form: u32,
    /// The script that was run; nothing for a visit.
    pub(super) script: Option<String>,
    pub(super) args: Map,
    pub(super) conversation: ConversationId,
}

/// What happened, one a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
enum Entry {
    /// The dialog looked at clock and chance.
    Moment { now: DateTime<Utc>, seed: u64 },
    /// Somebody wrote a line, or nothing any more.
    Line { text: Option<String> },
    /// A keyword was performed.
    Call(Box<Call>),
    /// This was written to the terminal.
    Said { text: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Call {
    keyword: String,
    args: Map,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<Fault>,
    /// What the keyword said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    said: String,
    /// The state of the conversation after it.
    session: SessionState,
}

/// What a run is recorded on or played back from; shared by all its parts.
#[derive(Clone)]
pub(super) struct Tape(Arc<Mutex<Reel>>);

enum Reel {
    Off,
    Recording { file: File, said: String },
    Playing(Player),
}

/// A keyword's result with what it left behind.
pub(super) struct Performed {
    pub(super) input: Input,
    pub(super) said: String,
    pub(super) session: SessionState,
}

impl Tape {
    /// No recording.
    pub(super) fn off() -> Self {
        Self::of(Reel::Off)
    }

    /// Begins a recording.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn record(
        path: &Path,
        script: Option<&str>,
        args: &Map,
        conversation: ConversationId,
    ) -> Result<Self, String> {
        let unable = |error: io::Error| format!("cannot record into {}: {error}", path.display());
        let head = Head {
            form: FORM,
            script: script.map(str::to_owned),
            args: without_secrets_in(args),
            conversation,
        };
        let mut file = File::create(path).map_err(unable)?;
        write_line(&mut file, &head).map_err(unable)?;
        Ok(Self::of(Reel::Recording {
            file,
            said: String::new(),
        }))
    }

    /// Plays a recording back.
    pub(super) fn play(player: Player) -> Self {
        Self::of(Reel::Playing(player))
    }

    fn of(reel: Reel) -> Self {
        Self(Arc::new(Mutex::new(reel)))
    }

    /// Whether a recording is played back.
    pub(super) fn is_playing(&self) -> bool {
        matches!(*self.0.lock(), Reel::Playing(_))
    }

    /// Clock and chance: those of the machine, or those of the recording.
    pub(super) fn moment(&self, now: DateTime<Utc>, seed: u64) -> (DateTime<Utc>, u64) {
        let mut reel = self.0.lock();
        if let Reel::Playing(player) = &mut *reel {
            return player.moment().unwrap_or((now, seed));
        }
        reel.note(&Entry::Moment { now, seed });
        (now, seed)
    }

    /// Notes a line that somebody wrote. What answers a password is not kept.
    pub(super) fn line(&self, text: Option<&str>, is_secret: bool) {
        let text = text.map(|text| if is_secret { HIDDEN } else { text }.to_owned());
        self.0.lock().note(&Entry::Line { text });
    }

    /// The line that somebody wrote then.
    pub(super) fn replayed_line(&self) -> Option<String> {
        match &mut *self.0.lock() {
            Reel::Playing(player) => player.line(),
            _ => None,
        }
    }

    /// Notes what a keyword did.
    pub(super) fn call(&self, call: &HostCall, performed: &Performed) {
        let mut reel = self.0.lock();
        if matches!(*reel, Reel::Off) {
            return;
        }
        let (returned, failed) = match &performed.input {
            Input::Failed(fault) => (None, Some(fault.clone())),
            Input::Returned(value) => (Some(without_secrets(value)), None),
            _ => (None, None),
        };
        reel.note(&Entry::Call(Box::new(Call {
            keyword: call.keyword.to_owned(),
            args: without_secrets_in(&call.args.0),
            returned,
            failed,
            said: performed.said.clone(),
            session: performed.session.clone(),
        })));
    }

    /// What the keyword did then; nothing when no recording is played back.
    pub(super) fn replayed_call(&self, call: &HostCall) -> Option<Performed> {
        match &mut *self.0.lock() {
            Reel::Playing(player) => Some(player.call(call.keyword, &without_secrets_in(&call.args.0))),
            _ => None,
        }
    }

    /// Where the playback differs from its recording, once it is over.
    pub(super) fn difference(&self) -> Option<String> {
        match &mut *self.0.lock() {
            Reel::Playing(player) => player.difference(),
            Reel::Recording { .. } | Reel::Off => None,
        }
    }

    /// Keeps what is still to be written.
    pub(super) fn end(&self) {
        self.0.lock().keep_said();
    }
}

impl Reel {
    fn said(&mut self, text: &str) {
        match self {
            Self::Recording { said, .. } => said.push_str(text),
            Self::Playing(player) => player.said(text),
            Self::Off => {}
        }
    }

    fn keep_said(&mut self) {
        if let Self::Recording { file, said } = self
            && !said.is_empty()
        {
            let text = std::mem::take(said);
            keep(file, &Entry::Said { text });
        }
    }

    fn note(&mut self, entry: &Entry) {
        self.keep_said();
        if let Self::Recording { file, .. } = self {
            keep(file, entry);
        }
    }
}

/// A recording that the disk does not take must not end the conversation that it is of.
fn keep(file: &mut File, entry: &Entry) {
    if let Err(error) = write_line(file, entry) {
        tracing::warn!("the recording lacks something: {error}");
    }
}

fn write_line(file: &mut File, entry: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// The terminal, and the tape that hears what is written to it.
pub(super) struct Heard<'a> {
    pub(super) out: &'a mut (dyn Write + Send),
    pub(super) tape: Tape,
}

impl Write for Heard<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.tape.0.lock().said(&String::from_utf8_lossy(bytes));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
