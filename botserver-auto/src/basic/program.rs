//! Compiled scripts: plain data that is stored beside every dialog that waits.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use botlib::{Value, value::Map, wire::InputKind};
use botstate::dialog::{Fault, FaultKind, ToolSpec};
use rhai::AST;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{engine, schema::ParamSpec, source::decode};

/// Changes when stored programs of an older form could not be run any more.
const VERSION: u32 = 1;

/// A compiled script.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Program {
    version: u32,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) description: Option<String>,
    pub(crate) params: Vec<ParamSpec>,
    pub(crate) globals: Vec<Global>,
    pub(crate) constants: Vec<Decimal>,
    pub(crate) codes: Vec<Code>,
    /// The main script first, then SUBs and FUNCTIONs.
    pub(crate) procedures: Vec<Routine>,
    /// The name of a section of a file; none for the script itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) section: Option<String>,
    /// Names besides parameters that whatever starts the script gives values to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) given: Vec<String>,
    /// Files that the script includes; lines say which one they are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<String>,
    #[serde(skip)]
    hash: OnceLock<String>,
    #[serde(skip)]
    brief: OnceLock<Vec<Vec<bool>>>,
}

/// A variable of the whole script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Global {
    /// Its name in lower case.
    pub(crate) name: String,
    /// Its name in generated code.
    pub(crate) code: String,
    /// Whether the script only reads it, so that its value is what surrounds the run.
    pub(crate) ambient: bool,
}

/// A piece of Rhai.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) source: String,
    /// The script's line of each line of the source.
    pub(crate) lines: Vec<u32>,
    /// Whether there is a loop inside.
    pub(crate) loops: bool,
    #[serde(skip)]
    ast: OnceLock<Result<Arc<AST>, String>>,
}

/// A procedure: flat instructions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Routine {
    pub(crate) name: String,
    pub(crate) params: usize,
    /// Names of local variables in generated code; parameters come first.
    pub(crate) locals: Vec<String>,
    pub(crate) code: Vec<Instr>,
    /// The script's line of each instruction.
    pub(crate) lines: Vec<u32>,
    /// Where `ON ERROR RESUME NEXT` goes on after an error at each instruction; empty when no script line asks.
    pub(crate) resume: Vec<u32>,
}

/// Where a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Slot {
    #[serde(rename = "g")]
    Global(u32),
    #[serde(rename = "l")]
    Local(u32),
}

/// What an instruction works with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Operand {
    #[serde(rename = "k")]
    Const(Value),
    #[serde(rename = "v")]
    Slot(Slot),
    #[serde(rename = "c")]
    Code(u32),
}

/// Instructions. Everything between two waits of a script happens in these and in Rhai.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Instr {
    Run(u32),
    Set {
        into: Slot,
        value: Operand,
    },
    Jump(u32),
    JumpIf {
        condition: Operand,
        when: bool,
        to: u32,
    },
    /// Takes the next element of `list` into `item`, or jumps to `end`.
    Each {
        list: Slot,
        index: Slot,
        item: Slot,
        end: u32,
    },
    Say(Operand),
    Host {
        keyword: String,
        args: Vec<(String, Operand)>,
        into: Option<Slot>,
    },
    Script {
        name: Operand,
        args: Vec<Operand>,
        into: Option<Slot>,
    },
    Hear(Box<Ask>),
    Call {
        routine: u32,
        args: Vec<Operand>,
        into: Option<Slot>,
    },
    Return(Operand),
    End,
    Try {
        handler: u32,
        error: Option<Slot>,
    },
    EndTry,
    OnError(bool),
    /// `ON ERROR GOTO`: errors that no TRY catches go on there.
    OnErrorGoto(u32),
    /// A jump that the author wrote.
    Goto(u32),
    /// Jumps and remembers where to go back to.
    Gosub(u32),
    /// Goes back from the last GOSUB; without one it ends the procedure.
    Back,
    Throw(Operand),
    /// Forgets temporary values.
    Drop(Vec<u32>),
}

/// HEAR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) kind: InputKind,
    pub(crate) options: Vec<Operand>,
    pub(crate) open: bool,
    pub(crate) prompt: Option<Operand>,
    pub(crate) default: Option<Operand>,
    /// Seconds after which nobody is expected to answer any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Operand>,
    pub(crate) into: Option<Slot>,
}

impl Instr {
    /// Whether it does what its line says. The others lead from one line to another.
    pub(crate) fn is_of_a_line(&self) -> bool {
        !matches!(self, Self::Jump(_) | Self::EndTry | Self::Drop(_))
    }
}

impl Code {
    pub(crate) fn new(source: String, lines: Vec<u32>, loops: bool) -> Self {
        Self {
            source,
            lines,
            loops,
            ast: OnceLock::new(),
        }
    }

    /// The compiled code, made at the first use.
    pub(crate) fn ast(&self) -> Result<&Arc<AST>, Fault> {
        let made = self.ast.get_or_init(|| {
            engine::compile(&self.source)
                .map(Arc::new)
                .map_err(|error| format!("{error} in {:?}", self.source))
        });
        made.as_ref()
            .map_err(|error| Fault::new(FaultKind::Internal, format!("generated code does not compile: {error}")))
    }

    /// The script's line of a line of the source, counted from 1.
    pub(crate) fn line(&self, line: Option<usize>) -> Option<u32> {
        self.lines.get(line?.checked_sub(1)?).copied()
    }
}

impl Program {
    #[expect(
        clippy::too_many_arguments,
        reason = "the compiler hands over all that it made, once"
    )]
    pub(crate) fn new(
        name: String,
        text: String,
        description: Option<String>,
        params: Vec<ParamSpec>,
        globals: Vec<Global>,
        constants: Vec<Decimal>,
        codes: Vec<Code>,
        procedures: Vec<Routine>,
    ) -> Self {
        Self {
            version: VERSION,
            name,
            text,
            description,
            params,
            globals,
            constants,
            codes,
            procedures,
            section: None,
            given: Vec::new(),
            files: Vec::new(),
            hash: OnceLock::new(),
            brief: OnceLock::new(),
        }
    }

    /// The script's name as it was given to the parser, such as `start.bas`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name by which the program is started: the file's without folder and ending, or that of its section.
    pub fn script(&self) -> &str {
        self.section.as_deref().unwrap_or_else(|| {
            let stem = self.name.rsplit('/').next().unwrap_or(&self.name);
            stem.strip_suffix(".bas").unwrap_or(stem)
        })
    }

    /// The section of its file that the program is, if it is not the script itself.
    pub fn section(&self) -> Option<&str> {
        self.section.as_deref()
    }

    /// Gives the section another name, because its own one is taken. Calls must come before the hash is asked for.
    pub(crate) fn rename(&mut self, name: &str) {
        self.section = Some(name.to_owned());
        self.hash = OnceLock::new();
    }

    /// Whether what starts the script may give it a value called `name`, which is no parameter.
    pub fn takes(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.eq_ignore_ascii_case(name))
    }

    /// `file:line` of a line as instructions and generated code have it.
    pub fn place(&self, line: u32) -> String {
        let (file, line) = self.file_and_line(line);
        format!("{file}:{line}")
    }

    /// The file and the line in it of a line as instructions and generated code have it.
    pub(crate) fn file_and_line(&self, line: u32) -> (&str, u32) {
        let (file, line) = decode(line);
        let file = file.checked_sub(1).and_then(|file| self.files.get(file));
        (file.unwrap_or(&self.name), line)
    }

    /// The text that the program was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The content hash: two programs with the same hash do the same.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            let digest = Sha256::digest(self.to_json().as_bytes());
            super::number::hexadecimal(digest.iter().take(16))
        })
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Program::to_json`] gave.
    ///
    /// # Errors
    /// [`FaultKind::State`] when the text is damaged or of another version.
    pub fn from_json(text: &str) -> Result<Self, Fault> {
        let damaged = |why: String| Fault::new(FaultKind::State, format!("a stored program cannot be read: {why}"));
        let program: Self = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if program.version != VERSION {
            return Err(damaged(format!(
                "it has version {}, this server reads {VERSION}",
                program.version
            )));
        }
        if !program.is_sound() {
            return Err(damaged("it points outside itself".to_owned()));
        }
        Ok(program)
    }

    /// Whether every number in the program points at something.
    fn is_sound(&self) -> bool {
        !self.procedures.is_empty()
            && self.procedures.iter().all(|routine| {
                let length = routine.code.len();
                let targets = |to: u32| usize::try_from(to).is_ok_and(|to| to <= length);
                routine.params <= routine.locals.len()
                    && routine.lines.len() == length
                    && (routine.resume.is_empty() || routine.resume.len() == length)
                    && routine.resume.iter().all(|to| targets(*to))
                    && routine.code.iter().all(|instr| match instr {
                        Instr::Jump(to)
                        | Instr::Goto(to)
                        | Instr::Gosub(to)
                        | Instr::OnErrorGoto(to)
                        | Instr::JumpIf { to, .. }
                        | Instr::Each { end: to, .. }
                        | Instr::Try { handler: to, .. } => targets(*to),
                        _ => true,
                    })
            })
    }

    /// Compiles all generated code now instead of at its first use.
    ///
    /// # Errors
    /// [`FaultKind::Internal`] when the compiler made something that Rhai does not take.
    pub fn prepare(&self) -> Result<(), Fault> {
        self.codes.iter().try_for_each(|code| code.ast().map(drop))
    }

    /// The generated source of each piece, for measurements and tests.
    pub fn generated(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|code| code.source.as_str())
    }

    /// The lines that a [`Trace`](super::Trace) may hear of, in order.
    pub fn lines(&self) -> BTreeSet<u32> {
        let routines = self.procedures.iter();
        routines
            .flat_map(|routine| routine.code.iter().zip(&routine.lines))
            .filter(|(instr, _)| instr.is_of_a_line())
            .map(|(_, line)| *line)
            .collect()
    }

    /// The phrases of the keywords that the script may come to.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.instructions().filter_map(|instr| match instr {
            Instr::Host { keyword, .. } => Some(keyword.as_str()),
            _ => None,
        })
    }

    /// The scripts that it may run; nothing for one whose name is only known when it runs.
    pub fn calls(&self) -> impl Iterator<Item = Option<String>> {
        self.instructions().filter_map(|instr| match instr {
            Instr::Script {
                name: Operand::Const(name),
                ..
            } => Some(Some(name.to_string())),
            Instr::Script { .. } => Some(None),
            _ => None,
        })
    }

    fn instructions(&self) -> impl Iterator<Item = &Instr> {
        self.procedures.iter().flat_map(|routine| &routine.code)
    }

    /// The `PARAM` lines.
    pub fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    /// What the script's `DESCRIPTION` says, if it has one.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The tool that the script is: one with a `DESCRIPTION`.
    pub fn tool(&self) -> Option<ToolSpec> {
        let description = self.description.clone()?;
        let stem = self.script();
        let name = stem.chars().map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '-' {
                letter
            } else {
                '_'
            }
        });
        Some(ToolSpec {
            name: name.take(64).collect(),
            description,
            parameters: super::schema::schema(&self.params),
        })
    }

    /// Whether the script reads `name` without ever setting it, such as `user` or `session`.
    pub fn reads(&self, name: &str) -> bool {
        self.globals
            .iter()
            .any(|global| global.ambient && global.name.eq_ignore_ascii_case(name))
    }

    /// Values for the `PARAM` lines, in order, as the arguments of a run.
    pub fn positional(&self, values: Vec<Value>) -> Map {
        self.params.iter().map(|param| param.name.clone()).zip(values).collect()
    }

    /// For each instruction of each procedure, whether what follows is bound to reach a step soon.
    pub(crate) fn brief(&self) -> &[Vec<bool>] {
        self.brief
            .get_or_init(|| self.procedures.iter().map(|routine| self.brief_of(routine)).collect())
    }

    fn brief_of(&self, routine: &Routine) -> Vec<bool> {
        let length = routine.code.len();
        // Past the last instruction the procedure returns.
        let mut brief = vec![false; length + 1];
        if let Some(last) = brief.last_mut() {
            *last = true;
        }
        let short = |operand: &Operand| match operand {
            Operand::Code(code) => self.code_is_short(*code),
            _ => true,
        };
        loop {
            let mut changed = false;
            for (at, instr) in routine.code.iter().enumerate().rev() {
                let target = |to: u32| {
                    usize::try_from(to)
                        .ok()
                        .and_then(|to| brief.get(to))
                        .copied()
                        .unwrap_or(false)
                };
                let next = brief.get(at + 1).copied().unwrap_or(false);
                let is = match instr {
                    Instr::Say(value) | Instr::Return(value) => short(value),
                    Instr::Host { args, .. } => args.iter().all(|(_, value)| short(value)),
                    Instr::Script { name, args, .. } => short(name) && args.iter().all(short),
                    Instr::Hear(ask) => ask
                        .prompt
                        .iter()
                        .chain(&ask.default)
                        .chain(&ask.timeout)
                        .chain(&ask.options)
                        .all(short),
                    Instr::End => true,
                    Instr::Run(code) => next && self.code_is_short(*code),
                    Instr::Set { value, .. } => next && short(value),
                    Instr::Jump(to) | Instr::Goto(to) => target(*to),
                    Instr::JumpIf { condition, to, .. } => next && target(*to) && short(condition),
                    Instr::Each { end, .. } => next && target(*end),
                    Instr::Call { .. } | Instr::Throw(_) | Instr::Try { .. } | Instr::Gosub(_) | Instr::Back => false,
                    Instr::EndTry | Instr::OnError(_) | Instr::OnErrorGoto(_) | Instr::Drop(_) => next,
                };
                if let Some(slot) = brief.get_mut(at)
                    && is
                    && !*slot
                {
                    *slot = true;
                    changed = true;
                }
            }
            if !changed {
                return brief;
            }
        }
    }

    fn code_is_short(&self, code: u32) -> bool {
        usize::try_from(code)
            .ok()
            .and_then(|code| self.codes.get(code))
            .is_some_and(|code| !code.loops)
    }
}
