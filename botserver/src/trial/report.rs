//! What the terminal shows.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{Played, play::Failure};

/// Tells of tests while they are played.
pub(crate) struct Report {
    begun: Instant,
    is_colored: bool,
    /// The file whose tests are told of.
    file: Option<PathBuf>,
    /// The last failure, with the name of its test.
    last: Option<(String, Failure)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            is_colored: io::stdout().is_terminal(),
            file: None,
            last: None,
        }
    }

    /// Writes text; a reader that has gone is no mistake.
    #[expect(clippy::unused_self, reason = "everything that is told goes through the report")]
    pub(crate) fn say(&self, text: &str) -> anyhow::Result<()> {
        match io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Files that are wrong.
    pub(crate) fn mistakes(&self, mistakes: &[String]) -> anyhow::Result<()> {
        for mistake in mistakes {
            self.say(&format!("{}: {mistake}\n", self.paint("error", "31")))?;
        }
        Ok(())
    }

    pub(crate) fn nothing(&self, filter: Option<&str>) -> anyhow::Result<()> {
        match filter {
            Some(filter) => self.say(&format!("no test has {filter:?} in its name\n")),
            None => self.say("there are no tests: write some into files called name.test.yaml beside the dialogs\n"),
        }
    }

    pub(crate) fn played(&mut self, played: &Played) -> anyhow::Result<()> {
        if self.file.as_ref() != Some(&played.file) {
            self.say(&format!("{}\n", played.file.display()))?;
            self.file = Some(played.file.clone());
            self.last = None;
        }
        let (mark, color) = match played.failure {
            None => ("ok  ", "32"),
            Some(_) => ("FAIL", "31"),
        };
        let (name, mode, time) = (&played.name, played.mode.name(), seconds(played.time));
        self.say(&format!("  {} {name} ({mode}) {time}\n", self.paint(mark, color)))?;
        let Some(failure) = &played.failure else { return Ok(()) };
        // What fails in every way of playing is told once.
        let told = Some((played.name.clone(), failure.clone()));
        if self.last == told {
            return self.say("       the same\n");
        }
        self.last = told;
        self.failure(played, failure)
    }

    fn failure(&self, played: &Played, failure: &Failure) -> anyhow::Result<()> {
        let place = format!("{}:{}", played.file.display(), failure.line);
        self.say(&format!("       {place}: {}\n", failure.place))?;
        for found in &failure.found {
            let mut lines = found.lines();
            if let Some(title) = lines.next() {
                self.say(&format!("         {title}\n"))?;
            }
            for line in lines {
                let shown = match line.chars().next() {
                    Some('-') => self.paint(line, "31"),
                    Some('+') => self.paint(line, "32"),
                    _ => line.to_owned(),
                };
                self.say(&format!("           {shown}\n"))?;
            }
        }
        Ok(())
    }

    pub(crate) fn end(&self, played: &[Played]) -> anyhow::Result<()> {
        let failed = played.iter().filter(|one| one.failure.is_some()).count();
        let (held, time) = (played.len() - failed, seconds(self.begun.elapsed()));
        let text = if failed == 0 {
            self.paint(&format!("{held} held"), "32")
        } else {
            format!("{held} held, {}", self.paint(&format!("{failed} failed"), "31"))
        };
        self.say(&format!("\n{text} in {time}\n"))
    }

    fn paint(&self, text: &str, color: &str) -> String {
        if self.is_colored {
            format!("\u{1b}[{color}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
