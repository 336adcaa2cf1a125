//! What a script says that its author probably does not mean.

mod flow;
mod header;
mod names;
mod prompts;
mod usage;
mod values;

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use botstate::prompt::Variable;

use super::{
    compiler,
    diagnostic::{Diagnostic, Severity},
    library::Function,
    parser::Parsed,
    tree::Loop,
};

/// Names that surround a run without anybody setting them in a script.
const AMBIENT: [&str; 22] = [
    "user",
    "username",
    "session",
    "from",
    "mobile",
    "today",
    "now",
    "hour",
    "history",
    "admin",
    "host",
    "channel",
    "bot",
    "rnd",
    "pi",
    "timestamp",
    "uuid",
    "guid",
    "now_utc",
    "error",
    "err",
    "error_message",
];

/// Whether every script finds the name set.
pub(crate) fn is_ambient(name: &str) -> bool {
    AMBIENT.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// What is there besides the script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Names that are set when a script starts, such as those of `param-*` rows of the settings.
    pub names: HashSet<String>,
    /// Names of the package's scripts and of sections that are tools, lower case, without `.bas`; nothing when that is
    /// not known.
    pub scripts: Option<HashSet<String>>,
    /// Names of the package's tables, lower case; nothing when that is not known.
    pub tables: Option<HashSet<String>>,
    /// The package's prompts with what they are given; nothing when that is not known.
    pub prompts: Option<BTreeMap<String, Vec<Variable>>>,
}

/// All problems of a script: those of reading it, those that keep it from running, and what looks like a mistake.
pub fn check(parsed: &Parsed, known: &Known) -> Vec<Diagnostic> {
    let mut checker = Checker {
        parsed,
        known,
        found: parsed.diagnostics.clone(),
        assigned: HashSet::new(),
        fields: Vec::new(),
        locals: Vec::new(),
        reported: HashSet::new(),
        loops: Vec::new(),
    };
    compiler::assigned(&parsed.body, &mut checker.assigned);
    checker.header();
    checker.body(&parsed.body);
    checker.usage();
    let mut found = checker.found;
    if let Err(errors) = compiler::compile(parsed) {
        let fresh: Vec<Diagnostic> = errors.into_iter().filter(|error| !found.contains(error)).collect();
        found.extend(fresh);
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.code));
    found
}

/// Why a call has the wrong number of arguments.
pub(crate) fn arity(function: &Function, given: usize) -> String {
    let wanted = match (function.min, function.max) {
        (min, max) if min == max => min.to_string(),
        (min, max) if max >= 64 => format!("{min} or more"),
        (min, max) => format!("{min} to {max}"),
    };
    format!("{} takes {wanted} arguments, not {given}", function.name)
}

struct Checker<'a> {
    parsed: &'a Parsed,
    known: &'a Known,
    found: Vec<Diagnostic>,
    assigned: HashSet<String>,
    /// Fields of WITH blocks, and the variables that they belong to.
    fields: Vec<(String, String)>,
    locals: Vec<String>,
    reported: HashSet<String>,
    loops: Vec<Loop>,
}

impl Checker<'_> {
    fn warn(&mut self, code: &'static str, span: &Range<usize>, title: impl Into<String>) -> &mut Diagnostic {
        self.report(code, Severity::Warning, span, title)
    }

    fn refuse(&mut self, code: &'static str, span: &Range<usize>, title: impl Into<String>) -> &mut Diagnostic {
        self.report(code, Severity::Error, span, title)
    }

    fn report(
        &mut self,
        code: &'static str,
        severity: Severity,
        span: &Range<usize>,
        title: impl Into<String>,
    ) -> &mut Diagnostic {
        let diagnostic = Diagnostic::new(self.parsed.source(), code, severity, span.clone(), title);
        self.found.push(diagnostic);
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line above")]
        &mut self.found[last]
    }

    /// The source of a part of the script, in lower case and without blanks around it.
    fn written(&self, span: &Range<usize>) -> String {
        self.parsed.source().slice(span.clone()).trim().to_lowercase()
    }
}
