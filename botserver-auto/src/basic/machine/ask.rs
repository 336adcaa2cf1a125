//! HEAR: asking, listening, asking again.

use botstate::dialog::Answer;

use super::{Dynamic, Fault, FaultKind, InputSpec, Instr, Machine, Outcome, Pending, Step, Val, dynamic, val};
use crate::basic::{hear, number::whole, program::Ask};

/// How often a person may answer before the default is taken.
const ATTEMPTS: u8 = 3;

impl Machine {
    fn asked(&self) -> Outcome<Ask> {
        match self.instr() {
            Some(Instr::Hear(ask)) => Ok(ask.as_ref().clone()),
            _ => Err(Fault::new(
                FaultKind::State,
                "the script does not wait for an answer here",
            )),
        }
    }

    /// Says the prompt, if there is one, and then listens.
    pub(super) fn ask(&mut self) -> Outcome<Step> {
        let ask = self.asked()?;
        let prompt = match &ask.prompt {
            Some(prompt) => Some(val(&self.operand(prompt)?).print()?.to_string()),
            None => None,
        };
        self.pending = Pending::Hear(0);
        match prompt {
            Some(prompt) => {
                self.say(prompt.len())?;
                Ok(Step::Say(prompt))
            }
            None => self.spec(&ask).map(Step::Hear),
        }
    }

    pub(super) fn listen(&mut self) -> Step {
        let spec = self.asked().and_then(|ask| self.spec(&ask));
        spec.map_or_else(Step::Fault, Step::Hear)
    }

    fn spec(&mut self, ask: &Ask) -> Outcome<InputSpec> {
        let default = match &ask.default {
            Some(default) => Some(val(&self.operand(default)?).print()?.to_string()),
            None => None,
        };
        Ok(InputSpec {
            kind: ask.kind,
            options: self.options(ask)?,
            open: ask.open,
            default,
            timeout_s: self.timeout(ask)?,
        })
    }

    /// Seconds that are waited for an answer: at least one, at most thirty days.
    fn timeout(&mut self, ask: &Ask) -> Outcome<Option<u64>> {
        let Some(timeout) = &ask.timeout else { return Ok(None) };
        let seconds = whole(&val(&self.operand(timeout)?), "TIMEOUT")?;
        Ok(Some(u64::try_from(seconds).unwrap_or(0).clamp(1, 30 * 86_400)))
    }

    /// Goes on after nobody answered in time.
    pub(super) fn unanswered(&mut self) -> Outcome<()> {
        let ask = self.asked()?;
        let value = match &ask.default {
            Some(default) => self.operand(default)?,
            None => Dynamic::UNIT,
        };
        if let Some(into) = ask.into {
            self.set(into, value);
        }
        self.pending = Pending::Ready;
        self.step_on();
        Ok(())
    }

    fn options(&mut self, ask: &Ask) -> Outcome<Vec<String>> {
        let mut options = Vec::new();
        for option in &ask.options {
            match val(&self.operand(option)?) {
                Val::List(list) => {
                    for item in list.iter() {
                        options.push(item.print()?.to_string());
                    }
                }
                other => options.push(other.print()?.to_string()),
            }
        }
        Ok(options)
    }

    /// Takes an answer: nothing when the script can go on, else what to do before it can.
    pub(super) fn heard(&mut self, tries: u8, answer: &Answer) -> Outcome<Option<Step>> {
        let ask = self.asked()?;
        let empty = answer.text.trim().is_empty() && answer.files.is_empty();
        let options = self.options(&ask)?;
        let value = if empty && ask.default.is_some() {
            None
        } else {
            match hear::read(ask.kind, &options, ask.open, answer) {
                Ok(value) => Some(value),
                Err(refusal) if tries + 1 < ATTEMPTS => {
                    self.pending = Pending::Hear(tries + 1);
                    let message = refusal.message(&options);
                    self.say(message.len())?;
                    return Ok(Some(Step::Say(message)));
                }
                Err(_) => None,
            }
        };
        let value = match (value, &ask.default) {
            (Some(value), _) => dynamic(value),
            (None, Some(default)) => self.operand(default)?,
            (None, None) => Dynamic::UNIT,
        };
        if let Some(into) = ask.into {
            self.set(into, value);
        }
        self.pending = Pending::Ready;
        self.step_on();
        Ok(None)
    }
}
