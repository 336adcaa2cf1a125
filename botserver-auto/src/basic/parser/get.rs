//! `GET "session.id"` and `GET "order.total"`: a literal path into a variable is a member of it, not a source that a
//! keyword would have to find.

use super::Parser;
use crate::basic::tree::{Arg, Expr, ExprKind, Name, Step};

/// Names that every script finds set.
const SURROUNDINGS: [&str; 2] = ["session", "user"];

/// Endings that make a dotted text the name of a file.
const FILES: [&str; 15] = [
    "csv", "xlsx", "xls", "pdf", "docx", "doc", "txt", "md", "json", "xml", "html", "pptx", "png", "jpg", "bas",
];

/// What stands after `OR` or `??` behind a GET.
pub(super) enum Otherwise {
    Or(Vec<Expr>),
    Coalesce(Vec<Expr>),
}

impl Otherwise {
    /// The whole expression.
    pub(super) fn after(self, value: Expr) -> ExprKind {
        match self {
            Self::Or(mut items) => {
                items.insert(0, value);
                ExprKind::Or(items)
            }
            Self::Coalesce(mut items) => {
                items.insert(0, value);
                ExprKind::Coalesce(items)
            }
        }
    }
}

/// Takes `OR "web"` off the last argument of `GET "session.channel" OR "web"`: a name that is looked up is never
/// false, so what its author means is a default for what is found.
pub(super) fn split_default(phrase: &str, args: &mut [(String, Arg)]) -> Option<Otherwise> {
    if phrase != "GET" && !phrase.starts_with("GET ") {
        return None;
    }
    let Some((_, Arg::One(last))) = args.last_mut() else {
        return None;
    };
    let (items, wrap): (_, fn(Vec<Expr>) -> Otherwise) = match &mut last.kind {
        ExprKind::Or(items) => (std::mem::take(items), Otherwise::Or),
        ExprKind::Coalesce(items) => (std::mem::take(items), Otherwise::Coalesce),
        _ => return None,
    };
    let mut items = items.into_iter();
    *last = items.next()?;
    Some(wrap(items.collect()))
}

impl Parser<'_> {
    /// The member that the only argument of GET names, if it is a path into something the script can see.
    pub(super) fn member_path(&self, phrase: &str, args: &[(String, Arg)]) -> Option<ExprKind> {
        let (
            "GET",
            [
                (
                    _,
                    Arg::One(Expr {
                        kind: ExprKind::Text(text),
                        span,
                    }),
                ),
            ],
        ) = (phrase, args)
        else {
            return None;
        };
        let mut parts = text.trim().split('.');
        let first = parts.next().filter(|part| is_name(part))?;
        let members: Vec<&str> = parts.collect();
        let last = members.last()?.to_ascii_lowercase();
        if !members.iter().all(|part| is_name(part)) || FILES.contains(&last.as_str()) {
            return None;
        }
        if !SURROUNDINGS.iter().any(|name| first.eq_ignore_ascii_case(name)) && !self.sets(first) {
            return None;
        }
        let base = Expr::new(ExprKind::Name(first.to_owned()), span.clone());
        let step = |part: &&str| {
            Step::Member(Name {
                text: (*part).to_owned(),
                span: span.clone(),
            })
        };
        Some(ExprKind::Path(Box::new(base), members.iter().map(step).collect()))
    }
}

fn is_name(part: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || c == '_';
    part.starts_with(is_letter) && part.chars().all(|c| is_letter(c) || c.is_numeric())
}
