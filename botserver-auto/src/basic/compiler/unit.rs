//! The programs of a file: the script itself, its tool sections (D20), its ON and SCHEDULE blocks.

use std::collections::{HashMap, HashSet};

use botstate::dialog::{Trigger, TriggerKind};

use super::{
    Compiler, Options, children,
    names::{assigned, bodies},
};
use crate::basic::{
    diagnostic::Diagnostic,
    parser::Parsed,
    program::Program,
    table::Schema,
    tree::{Event, Expr, ExprKind, Procedure, Stmt, StmtKind},
};

/// Everything that a file gives to run.
#[derive(Debug)]
pub struct Unit {
    /// The script, up to the first section.
    pub main: Program,
    /// Sections of the file, each a program of its own with a name; SUBs and FUNCTIONs are in all of them.
    pub sections: Vec<Program>,
    /// What starts the programs without a person.
    pub triggers: Vec<Trigger>,
}

/// A part of a file that is a program of its own.
pub(crate) struct Section<'a> {
    /// The name of a section; none for the script itself.
    pub(crate) name: Option<String>,
    pub(crate) body: &'a [Stmt],
    /// Names that the run is given besides parameters.
    pub(crate) given: Vec<String>,
    pub(crate) webhook: bool,
    triggers: Vec<(TriggerKind, usize)>,
}

/// A SCHEDULE block: the section that it is, and the variables that it takes along.
#[derive(Debug, Clone)]
pub(crate) struct Deferred {
    pub(crate) section: String,
    pub(crate) captured: Vec<String>,
}

/// SCHEDULE blocks by the addresses of their statements, which stay where they are while the file is compiled.
pub(crate) type Deferrals = HashMap<usize, Deferred>;

/// The address of a statement.
pub(crate) fn address(stmt: &Stmt) -> usize {
    std::ptr::from_ref(stmt).addr()
}

/// Compiles everything in a file.
///
/// # Errors
/// All errors of the file, those of [`super::parse`](crate::basic::parse) included.
pub fn unit(parsed: &Parsed, options: Options) -> Result<Unit, Vec<Diagnostic>> {
    let mut found: Vec<Diagnostic> = parsed
        .diagnostics
        .iter()
        .filter(|one| one.is_error())
        .cloned()
        .collect();
    if !found.is_empty() {
        return Err(found);
    }
    let (sections, deferrals) = sections(parsed);
    let stem = stem(parsed);
    let (mut programs, mut triggers) = (Vec::new(), Vec::new());
    for section in &sections {
        let mut compiler = Compiler::new(parsed, section, &deferrals, options);
        programs.push(compiler.program());
        for diagnostic in compiler.diagnostics {
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
        let source = parsed.source();
        triggers.extend(section.triggers.iter().map(|(kind, at)| Trigger {
            script: section.name.clone().unwrap_or_else(|| stem.clone()),
            kind: kind.clone(),
            place: format!("{}:{}", source.file(*at), source.line(*at)),
        }));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut programs = programs.into_iter();
    let Some(main) = programs.next() else {
        return Err(found);
    };
    Ok(Unit {
        main,
        sections: programs.collect(),
        triggers,
    })
}

impl Parsed {
    /// Names of the file's sections.
    pub fn sections(&self) -> Vec<String> {
        let (sections, _) = sections(self);
        sections.into_iter().filter_map(|section| section.name).collect()
    }

    /// Tables, indexes and views that the script declares.
    pub fn schema(&self) -> Schema {
        let mut schema = Schema::default();
        declared(&self.body, &mut schema);
        schema
    }
}

fn declared(body: &[Stmt], schema: &mut Schema) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Table(table) => schema.tables.push(table.as_ref().clone()),
            StmtKind::Index(index) => schema.indexes.push(index.as_ref().clone()),
            StmtKind::View(view) => schema.views.push(view.as_ref().clone()),
            _ => {}
        }
        for body in bodies(stmt) {
            declared(body, schema);
        }
    }
}

/// The script's name without folder and ending, in lower case.
pub(crate) fn stem(parsed: &Parsed) -> String {
    let name = parsed.source().name().to_lowercase();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".bas").unwrap_or(name).to_owned()
}

/// The parts of a file, the script itself first.
pub(crate) fn sections(parsed: &Parsed) -> (Vec<Section<'_>>, Deferrals) {
    let stem = stem(parsed);
    let mut taken = HashSet::new();
    let mut sections = Vec::new();
    for (index, body) in tools(&parsed.body).into_iter().enumerate() {
        let name = (index > 0).then(|| tool_name(parsed, body, &stem, index + 1, &mut taken));
        let triggers = header_triggers(body);
        sections.push(Section {
            name,
            body,
            given: given(&triggers),
            webhook: triggers
                .iter()
                .any(|(kind, _)| matches!(kind, TriggerKind::Webhook { .. })),
            triggers,
        });
    }
    for stmt in &parsed.body {
        let StmtKind::On { events, body } = &stmt.kind else {
            continue;
        };
        let base = format!("{stem}#{}", events.first().map(event_name).unwrap_or_default());
        let kinds = events.iter().filter_map(trigger);
        let triggers: Vec<(TriggerKind, usize)> = kinds.map(|kind| (kind, stmt.span.start)).collect();
        sections.push(Section {
            name: Some(free_name(&base, &mut taken)),
            body,
            given: given(&triggers),
            webhook: matches!(events.first(), Some(Event::Webhook(_))),
            triggers,
        });
    }
    let mut deferred = Vec::new();
    find_deferred(&parsed.body, &mut deferred);
    let mut deferrals = Deferrals::new();
    if deferred.is_empty() {
        return (sections, deferrals);
    }
    let known = known_names(&parsed.body, &sections);
    for (stmt, body) in deferred {
        let name = free_name(&format!("{stem}#schedule"), &mut taken);
        let captured = captured(body, &parsed.body, &known);
        deferrals.insert(
            address(stmt),
            Deferred {
                section: name.clone(),
                captured: captured.clone(),
            },
        );
        sections.push(Section {
            name: Some(name),
            body,
            given: captured,
            webhook: false,
            triggers: Vec::new(),
        });
    }
    (sections, deferrals)
}

/// Cuts the script before each description that follows an unconditional end.
fn tools(body: &[Stmt]) -> Vec<&[Stmt]> {
    let header = |stmt: &Stmt| matches!(stmt.kind, StmtKind::Param(_) | StmtKind::Description { .. });
    let mut parts = Vec::new();
    let (mut start, mut ended) = (0, false);
    let mut at = 0;
    while let Some(stmt) = body.get(at) {
        if ended && header(stmt) {
            let rest = body.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|stmt| header(stmt)).count();
            let described = rest
                .iter()
                .take(length)
                .any(|stmt| matches!(stmt.kind, StmtKind::Description { .. }));
            if described {
                parts.push(body.get(start..at).unwrap_or_default());
                start = at;
                ended = false;
            }
            at += length;
            continue;
        }
        ended |= ends(stmt);
        at += 1;
    }
    parts.push(body.get(start..).unwrap_or_default());
    parts
}

/// Whether the script always ends at the statement, whatever branch it takes.
pub(crate) fn ends(stmt: &Stmt) -> bool {
    let body = |body: &[Stmt]| body.iter().any(ends);
    match &stmt.kind {
        StmtKind::Return(_) | StmtKind::ReturnWith(_) | StmtKind::End => true,
        StmtKind::If {
            arms,
            otherwise: Some(otherwise),
        } => arms.iter().all(|(_, inner)| body(inner)) && body(otherwise),
        StmtKind::Select {
            cases,
            otherwise: Some(otherwise),
            ..
        } => cases.iter().all(|case| body(&case.body)) && body(otherwise),
        StmtKind::Try {
            body: inner, handler, ..
        } => body(inner) && body(handler),
        _ => false,
    }
}

/// The slug of the nearest heading comment, else the file's name with a number.
fn tool_name(parsed: &Parsed, body: &[Stmt], stem: &str, number: usize, taken: &mut HashSet<String>) -> String {
    let start = body.first().map_or(0, |stmt| stmt.span.start);
    let heading = heading(parsed, start)
        .map(|text| slug(&text))
        .filter(|slug| !slug.is_empty());
    if let Some(name) = heading
        && name != stem
        && taken.insert(name.clone())
    {
        return name;
    }
    free_name(&format!("{stem}-{number}"), taken)
}

/// The first line with letters of the comment block right before `start`.
fn heading(parsed: &Parsed, start: usize) -> Option<String> {
    let text = parsed.source().text();
    let mut found = None;
    let mut end = start;
    for comment in parsed.comments.iter().rev().filter(|comment| comment.end <= start) {
        let between = text.get(comment.end..end)?;
        let apart = found.is_some() && between.matches('\n').count() > 1;
        if apart || !between.trim().is_empty() {
            break;
        }
        end = comment.start;
        let line = text.get(comment.clone())?.trim();
        let line = line
            .get(..3)
            .filter(|word| word.eq_ignore_ascii_case("rem"))
            .and_then(|_| line.get(3..))
            .unwrap_or(line);
        let line = line.trim_matches(|c: char| !c.is_alphanumeric());
        if line.chars().any(char::is_alphabetic) {
            found = Some(line.to_owned());
        }
    }
    found
}

/// A name of at most 48 letters `a-z 0-9 -`.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if slug.len() + word.len() >= 48 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

fn free_name(base: &str, taken: &mut HashSet<String>) -> String {
    if taken.insert(base.to_owned()) {
        return base.to_owned();
    }
    let mut number = 2_u32;
    loop {
        let name = format!("{base}-{number}");
        if taken.insert(name.clone()) {
            return name;
        }
        number += 1;
    }
}

fn header_triggers(body: &[Stmt]) -> Vec<(TriggerKind, usize)> {
    let kind = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Schedule { when } => Some(TriggerKind::Schedule { when: when.clone() }),
        StmtKind::Webhook { endpoint } => Some(TriggerKind::Webhook {
            endpoint: self::endpoint(endpoint),
        }),
        _ => None,
    };
    body.iter()
        .filter_map(|stmt| Some((kind(stmt)?, stmt.span.start)))
        .collect()
}

/// An endpoint as addresses have it.
fn endpoint(text: &str) -> String {
    text.trim()
        .trim_matches('/')
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_whitespace() || letter == '/' {
                '-'
            } else {
                letter
            }
        })
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}

fn given(triggers: &[(TriggerKind, usize)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in triggers.iter().flat_map(|(kind, _)| kind.names()) {
        if !names.iter().any(|known| known == name) {
            names.push((*name).to_owned());
        }
    }
    names
}

fn trigger(event: &Event) -> Option<TriggerKind> {
    Some(match event {
        Event::Change(operation, table) => TriggerKind::Change {
            table: table.clone(),
            operation: *operation,
        },
        Event::Form(name) => TriggerKind::Form { name: name.clone() },
        Event::Named(name) => TriggerKind::Event { name: name.clone() },
        Event::Webhook(path) => TriggerKind::Webhook {
            endpoint: endpoint(path),
        },
        Event::Unserved(_) => return None,
    })
}

/// What comes after `#` in the section's name.
fn event_name(event: &Event) -> String {
    match event {
        Event::Change(operation, table) => format!("on-{}-{}", operation.name(), slug(table)),
        Event::Form(name) => format!("on-form-{}", slug(name)),
        Event::Named(name) => format!("on-event-{}", slug(name)),
        Event::Webhook(path) => format!("on-webhook-{}", endpoint(path)),
        Event::Unserved(words) => format!("on-{}", slug(words)),
    }
}

fn find_deferred<'a>(body: &'a [Stmt], found: &mut Vec<(&'a Stmt, &'a [Stmt])>) {
    for stmt in body {
        if let StmtKind::Later { body, .. } = &stmt.kind {
            found.push((stmt, body));
        }
        for body in bodies(stmt) {
            find_deferred(body, found);
        }
    }
}

/// Names that have a value somewhere in the file.
fn known_names(body: &[Stmt], sections: &[Section<'_>]) -> HashSet<String> {
    let mut names = HashSet::new();
    assigned(body, &mut names);
    locals(body, &mut names);
    names.extend(sections.iter().flat_map(|section| section.given.iter().cloned()));
    names
}

fn locals(body: &[Stmt], names: &mut HashSet<String>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::ForEach { name, .. } => {
                names.insert(name.key());
            }
            StmtKind::Procedure(Procedure { params, .. }) => {
                names.extend(params.iter().map(crate::basic::tree::Name::key));
            }
            _ => {}
        }
        for body in bodies(stmt) {
            locals(body, names);
        }
    }
}

/// Variables of the script that the block reads, itself or in a procedure that it calls.
fn captured(block: &[Stmt], file: &[Stmt], known: &HashSet<String>) -> Vec<String> {
    let mut names = HashSet::new();
    let mut calls = false;
    reads(block, &mut names, &mut calls);
    if calls {
        for stmt in file {
            if let StmtKind::Procedure(procedure) = &stmt.kind {
                reads(&procedure.body, &mut names, &mut calls);
            }
        }
    }
    let mut names: Vec<String> = names.into_iter().filter(|name| known.contains(name)).collect();
    names.sort();
    names
}

fn reads(body: &[Stmt], names: &mut HashSet<String>, calls: &mut bool) {
    for stmt in body {
        super::exprs(stmt, &mut |expr| read(expr, names, calls));
        super::places(stmt, &mut |place| {
            names.insert(place.name.key());
        });
        for body in bodies(stmt) {
            reads(body, names, calls);
        }
    }
}

fn read(expr: &Expr, names: &mut HashSet<String>, calls: &mut bool) {
    match &expr.kind {
        ExprKind::Name(name) => {
            names.insert(name.trim_end_matches('$').to_lowercase());
        }
        ExprKind::Call(..) => *calls = true,
        _ => {}
    }
    for child in children(expr) {
        read(child, names, calls);
    }
}
