//! Variables that nobody reads, procedures that nobody calls, members that are spelled in two ways.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{AMBIENT, Checker};
use crate::basic::{
    compiler,
    tree::{Event, Expr, ExprKind, Name, PlaceKey, Step, Stmt, StmtKind},
};

/// What a script does with names.
#[derive(Default)]
struct Uses {
    read: HashSet<String>,
    /// Where variables are set, in order.
    set: Vec<(String, Range<usize>)>,
    /// Variables that take the value of something that is done for its effect.
    effects: HashSet<String>,
    /// Where parameters and answers are named, which may be asked for without being read.
    asked: Vec<(String, Range<usize>)>,
    called: HashSet<String>,
    /// Members and fields: how often, and where first.
    members: HashMap<String, (usize, Range<usize>)>,
}

impl Checker<'_> {
    /// What only the whole script shows.
    pub(super) fn usage(&mut self) {
        if self.parsed.has_errors() || self.parsed.partial {
            return;
        }
        let mut uses = Uses::default();
        uses.body(&self.parsed.body);
        let webhook = uses.webhook(&self.parsed.body);
        let mut reported = HashSet::new();
        let (read, known) = (&uses.read, &self.known.names);
        let unread: Vec<(String, Range<usize>)> = uses
            .set
            .iter()
            .filter(|(key, _)| {
                let result = webhook && (key == "result" || key.starts_with("result_"));
                !read.contains(key)
                    && !result
                    && !key.starts_with('_')
                    && !AMBIENT.contains(&key.as_str())
                    && !known.contains(key)
            })
            .cloned()
            .collect();
        for (key, span) in unread {
            let near = uses.read.iter().filter(|other| close(&key, other)).min().cloned();
            // What is done for its effect may be done although nobody looks at its value.
            if (near.is_some() || !uses.effects.contains(&key)) && reported.insert(key.clone()) {
                let diagnostic = self.warn("B224", &span, format!("{key} is set and never read"));
                diagnostic.help = Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "use it, or take the line away".to_owned(),
                });
            }
        }
        for (key, span) in &uses.asked {
            let has = |name: &&String| uses.set.iter().chain(&uses.asked).any(|(other, _)| other == *name);
            let near = uses.read.iter().filter(|other| close(key, other)).filter(has).min();
            if let Some(near) = near.filter(|_| !uses.read.contains(key)) {
                let title = format!("{key} is never read, and looks like {near}");
                self.warn("B225", span, title).help = Some(format!("did you mean `{near}`?"));
            }
        }
        self.uncalled(&uses);
        self.misspelled(&uses);
    }

    fn uncalled(&mut self, uses: &Uses) {
        for stmt in &self.parsed.body {
            if let StmtKind::Procedure(procedure) = &stmt.kind
                && !uses.called.contains(&procedure.name.key())
            {
                let title = format!("{} is never called", procedure.name.text);
                self.warn("B267", &procedure.name.span, title).help =
                    Some(format!("call it with `CALL {}`, or take it away", procedure.name.text));
            }
        }
    }

    /// A member that is there once and looks like another that is there as well.
    fn misspelled(&mut self, uses: &Uses) {
        let mut once: Vec<(&String, &Range<usize>)> = uses
            .members
            .iter()
            .filter(|(_, (count, _))| *count == 1)
            .map(|(name, (_, span))| (name, span))
            .collect();
        once.sort_by_key(|(_, span)| span.start);
        for (name, span) in once {
            let near = uses
                .members
                .iter()
                .filter(|(other, (count, at))| close(name, other) && (*count > 1 || at.start < span.start))
                .map(|(other, _)| other)
                .min();
            if let Some(near) = near {
                let title = format!("`{name}` is there only once, and `{near}` elsewhere");
                self.warn("B271", span, title).help = Some(format!("did you mean `{near}`?"));
            }
        }
    }
}

/// Whether one of two names looks like the other one with a slip of the finger. A plural, a number or another letter in
/// a short name makes another name.
fn close(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if short.len() < 3 || long.len() - short.len() > 1 {
        return false;
    }
    let same = short
        .bytes()
        .zip(long.bytes())
        .take_while(|(left, right)| left == right)
        .count();
    let (short, long) = (
        short.get(same..).unwrap_or_default(),
        long.get(same..).unwrap_or_default(),
    );
    let mut pairs = short.bytes().rev().zip(long.bytes().rev());
    let ending = pairs.by_ref().take_while(|(left, right)| left == right).count();
    let (short, long) = (
        short.get(..short.len() - ending).unwrap_or_default(),
        long.get(..long.len() - ending).unwrap_or_default(),
    );
    let special = |text: &str| text.bytes().any(|c| c.is_ascii_digit() || c == b'_');
    match (short.as_bytes(), long.as_bytes()) {
        // A letter too many or too few; `item` and `items` are two names.
        ([], [extra]) => !special(long) && (ending > 0 || *extra != b's') && same + ending >= 3,
        // Two letters that changed places.
        ([a, b], [c, d]) => a == d && b == c && a != b && !special(short),
        // Another letter, in a long name.
        ([_], [_]) => same + ending >= 6 && !special(short) && !special(long),
        _ => false,
    }
}

impl Uses {
    fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
            for body in compiler::bodies(stmt) {
                self.body(body);
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        compiler::exprs(stmt, &mut |expr| self.expr(expr));
        let answer = matches!(stmt.kind, StmtKind::Hear { .. });
        compiler::places(stmt, &mut |place| {
            // An answer may be asked for only to wait.
            let name = (place.name.key(), place.name.span.clone());
            if answer {
                self.asked.push(name);
            } else {
                self.set.push(name);
            }
            for key in &place.keys {
                if let PlaceKey::Member(member) = key {
                    self.member(member, &place.span);
                }
            }
        });
        match &stmt.kind {
            StmtKind::Assign { target, value } if acts(value) => {
                self.effects.insert(target.name.key());
            }
            StmtKind::Dim(dims) => {
                for dim in dims {
                    self.set.push((dim.name.key(), dim.name.span.clone()));
                }
            }
            StmtKind::Param(params) => {
                for param in params {
                    self.asked.push((param.name.key(), param.name.span.clone()));
                }
            }
            StmtKind::ReturnWith(fields) => fields.iter().for_each(|(name, _)| self.member(&name.text, &name.span)),
            _ => {}
        }
    }

    fn member(&mut self, name: &str, span: &Range<usize>) {
        let entry = self.members.entry(name.to_lowercase());
        entry.or_insert_with(|| (0, span.clone())).0 += 1;
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                self.read.insert(name.trim_end_matches('$').to_lowercase());
            }
            ExprKind::Call(name, _) => {
                self.called.insert(name.key());
            }
            ExprKind::Path(_, steps) => {
                for step in steps {
                    if let Step::Member(Name { text, span }) = step {
                        self.member(text, span);
                    }
                }
            }
            ExprKind::Object(fields) => {
                for (key, _) in fields {
                    if let ExprKind::Text(name) = &key.kind {
                        self.member(name, &key.span);
                    }
                }
            }
            _ => {}
        }
        for child in compiler::children(expr) {
            self.expr(child);
        }
    }

    /// Whether the script answers requests.
    #[expect(clippy::unused_self, reason = "it is asked beside what the names are used for")]
    fn webhook(&self, body: &[Stmt]) -> bool {
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Webhook { .. } => true,
            StmtKind::On { events, .. } => events.iter().any(|event| matches!(event, Event::Webhook(_))),
            _ => false,
        })
    }
}

/// Whether something is done for the value.
fn acts(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Command(_) | ExprKind::Script(..) | ExprKind::Hear(_)
    ) || compiler::children(expr).into_iter().any(acts)
}
