//! Expressions whose value is certain to surprise.

use super::Checker;
use crate::basic::{
    compiler,
    tree::{Arith, Compare, Expr, ExprKind},
};

/// What a value certainly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certain {
    Number,
    Text,
    Bool,
    List,
    Object,
}

impl Certain {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Bool => "a boolean",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// Functions that give numbers, and functions that give texts.
const NUMBERS: [&str; 28] = [
    "LEN", "LENGTH", "COUNT", "UBOUND", "LBOUND", "SIZE", "INSTR", "INT", "FIX", "FLOOR", "CEIL", "CEILING", "ROUND",
    "ABS", "SGN", "SQR", "SQRT", "RANDOM", "RND", "VAL", "ASC", "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND",
    "DATEDIFF",
];
const TEXTS: [&str; 20] = [
    "UCASE",
    "LCASE",
    "UPPER",
    "LOWER",
    "TRIM",
    "LTRIM",
    "RTRIM",
    "LEFT",
    "RIGHT",
    "MID",
    "REPLACE",
    "STR",
    "CHR",
    "FORMAT",
    "CAPITALIZE",
    "TOJSON",
    "TOYAML",
    "GUID",
    "UUID",
    "HASH",
];

fn certain(expr: &Expr) -> Option<Certain> {
    Some(match &expr.kind {
        ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Negate(_) => Certain::Number,
        ExprKind::Text(_) | ExprKind::Template(_) | ExprKind::Format(..) => Certain::Text,
        ExprKind::Bool(_)
        | ExprKind::Compare(..)
        | ExprKind::Between(..)
        | ExprKind::IsNull(_)
        | ExprKind::IsEmpty(_)
        | ExprKind::Not(_) => Certain::Bool,
        ExprKind::List(_) => Certain::List,
        ExprKind::Object(_) => Certain::Object,
        ExprKind::Call(name, _) => {
            let upper = name.text.trim_end_matches('$').to_ascii_uppercase();
            if NUMBERS.contains(&upper.as_str()) {
                Certain::Number
            } else if TEXTS.contains(&upper.as_str()) {
                Certain::Text
            } else {
                return None;
            }
        }
        ExprKind::Chain(first, rest) => {
            let kinds: Vec<Option<Certain>> = std::iter::once(&**first)
                .chain(rest.iter().map(|(_, operand)| operand))
                .map(certain)
                .collect();
            let adds = rest
                .iter()
                .all(|(operator, _)| matches!(operator, Arith::Add | Arith::Concat));
            if adds && kinds.contains(&Some(Certain::Text)) {
                Certain::Text
            } else if kinds.iter().all(|kind| *kind == Some(Certain::Number)) {
                Certain::Number
            } else {
                return None;
            }
        }
        _ => return None,
    })
}

/// Whether the expression is a literal text that no number is made of.
fn is_word(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Text(text) if text.trim().parse::<f64>().is_err() && !text.is_empty())
}

fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Text(_) | ExprKind::Null
    )
}

impl Checker<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, &expr.span),
            ExprKind::Call(name, args) => self.call(name, args),
            ExprKind::Script(script, _) => self.script(script),
            ExprKind::Command(command) => {
                self.command(command, &expr.span);
                return;
            }
            ExprKind::Path(_, steps) => self.methods(steps),
            ExprKind::Chain(first, rest) => self.chain(first, rest),
            ExprKind::Compare(left, operator, right) => self.comparison(expr, left, *operator, right),
            ExprKind::And(items) | ExprKind::Or(items) => self.operands(items),
            ExprKind::Choose(condition, yes, no) => {
                self.condition(condition);
                if self.same(yes, no) {
                    self.warn("B272", &expr.span, "both sides of `:` are the same").help =
                        Some("write the value without `?`, or give the sides different values".to_owned());
                }
            }
            ExprKind::Object(fields) => self.keys(fields),
            ExprKind::Between(_, low, high) => {
                if let (ExprKind::Int(low), ExprKind::Int(high)) = (&low.kind, &high.kind)
                    && low > high
                {
                    self.warn("B272", &expr.span, "no value lies between these").help =
                        Some("write the smaller one first".to_owned());
                }
            }
            ExprKind::Not(inner) if matches!(inner.kind, ExprKind::Not(_)) => {
                self.warn("B272", &expr.span, "the two NOTs undo each other").help =
                    Some("write the condition without them".to_owned());
            }
            ExprKind::Negate(inner) if matches!(inner.kind, ExprKind::Negate(_)) => {
                self.warn("B272", &expr.span, "the two `-` undo each other").help =
                    Some("write the value without them".to_owned());
            }
            _ => {}
        }
        for child in compiler::children(expr) {
            self.expr(child);
        }
    }

    /// Whether two expressions are written alike.
    pub(super) fn same(&self, left: &Expr, right: &Expr) -> bool {
        left.span != right.span
            && !self.written(&left.span).is_empty()
            && self.written(&left.span) == self.written(&right.span)
    }

    /// A condition whose value is known before anything runs.
    pub(super) fn condition(&mut self, condition: &Expr) {
        let always = match &condition.kind {
            ExprKind::Bool(flag) => *flag,
            ExprKind::Int(number) => *number != 0,
            ExprKind::Text(text) => !text.is_empty(),
            ExprKind::Null => false,
            ExprKind::Chain(..) if certain(condition) == Some(Certain::Text) => true,
            _ => return,
        };
        let what = if always { "true" } else { "false" };
        self.warn("B272", &condition.span, format!("this condition is always {what}"))
            .help = Some("compare with something, such as `x = 1`".to_owned());
    }

    fn chain(&mut self, first: &Expr, rest: &[(Arith, Expr)]) {
        self.appended(first, rest);
        let mut before = first;
        for (operator, operand) in rest {
            match operator {
                Arith::Add => {
                    let zero = matches!(operand.kind, ExprKind::Int(0));
                    if zero && certain(first) != Some(Certain::Text) {
                        let written = self.parsed.source().slice(before.span.clone()).to_owned();
                        self.warn("B229", &operand.span, "`+ 0` makes no number of a text: it appends a 0")
                            .help = Some(format!("write `VAL({written})`"));
                    }
                }
                Arith::Concat => {}
                _ => {
                    for side in [before, operand] {
                        let wrong = is_word(side) || matches!(certain(side), Some(Certain::List | Certain::Object));
                        if wrong {
                            let diagnostic = self.warn("B226", &side.span, "this is no number to calculate with");
                            "fails when it is reached".clone_into(&mut diagnostic.label);
                        }
                    }
                    let zero = matches!(operand.kind, ExprKind::Int(0));
                    if zero && matches!(operator, Arith::Divide | Arith::Modulo) {
                        self.warn("B269", &operand.span, "this divides by 0").help =
                            Some("divide by something else, or ask before".to_owned());
                    }
                    if *operator == Arith::Subtract && self.same(before, operand) {
                        self.warn("B272", &operand.span, "this takes a value from itself").help =
                            Some("write 0, or another value".to_owned());
                    }
                }
            }
            before = operand;
        }
    }

    /// `"Item " + i + 1` appends the 1, although its author wants to add it.
    fn appended(&mut self, first: &Expr, rest: &[(Arith, Expr)]) {
        let mut texts = certain(first) == Some(Certain::Text);
        let mut before = first;
        for (operator, operand) in rest {
            let counts = matches!(before.kind, ExprKind::Name(_)) || certain(before) == Some(Certain::Number);
            let number = matches!(operand.kind, ExprKind::Int(number) if number != 0);
            if texts && *operator == Arith::Add && number && counts {
                let sum = self
                    .parsed
                    .source()
                    .slice(before.span.start..operand.span.end)
                    .to_owned();
                self.warn(
                    "B255",
                    &operand.span,
                    "this appends the number to a text instead of adding it",
                )
                .help = Some(format!("write `({sum})`"));
            }
            texts |= certain(operand) == Some(Certain::Text);
            before = operand;
        }
    }

    /// A text in one letter case is never equal to one in the other.
    fn letter_case(&mut self, left: &Expr, right: &Expr) {
        let (ExprKind::Call(name, _), ExprKind::Text(text)) = (&left.kind, &right.kind) else {
            return;
        };
        let function = name.text.trim_end_matches('$').to_ascii_uppercase();
        let wrong = match function.as_str() {
            "LCASE" | "LOWER" | "LOWERCASE" => text.chars().any(char::is_uppercase),
            "UCASE" | "UPPER" | "UPPERCASE" => text.chars().any(char::is_lowercase),
            _ => return,
        };
        if wrong {
            let title = format!("{function} never gives this text: letters have another case");
            self.warn("B257", &right.span, title).help =
                Some("write the text in the case that the function gives".to_owned());
        }
    }

    fn comparison(&mut self, whole: &Expr, left: &Expr, operator: Compare, right: &Expr) {
        use Compare::{Equal, Greater, GreaterEqual, Less, LessEqual, Like, NotEqual, NotLike};
        let orders = matches!(operator, Less | LessEqual | Greater | GreaterEqual);
        if matches!(left.kind, ExprKind::Compare(..))
            && self.written(&left.span) == self.written(&(whole.span.start..left.span.end))
        {
            self.warn("B277", &whole.span, "this compares the result of a comparison")
                .help = Some("join comparisons with AND, or put the inner one in brackets".to_owned());
            return;
        }
        if is_constant(left) && is_constant(right) {
            self.warn("B272", &whole.span, "this compares two constants").help =
                Some("compare a variable with one of them".to_owned());
            return;
        }
        if self.same(left, right) && !compiler::is_volatile(left) {
            self.warn("B272", &whole.span, "this compares a value with itself").help =
                Some("compare it with something else".to_owned());
            return;
        }
        if orders && [left, right].iter().any(|side| matches!(side.kind, ExprKind::Null)) {
            self.warn(
                "B228",
                &whole.span,
                "nothing is less or greater than NULL: this is always false",
            )
            .help = Some("write IS NULL or IS NOT NULL".to_owned());
            return;
        }
        if !matches!(operator, Like | NotLike | Compare::In | Compare::NotIn) {
            self.letter_case(left, right);
            self.letter_case(right, left);
        }
        if matches!(operator, Like | NotLike) {
            if let ExprKind::Text(pattern) = &right.kind
                && !pattern.contains(['%', '*', '_'])
            {
                self.warn("B253", &right.span, "LIKE without a wildcard means contains")
                    .help = Some("write `%` where anything may stand, or use CONTAINS or `=`".to_owned());
            }
            return;
        }
        if !orders && !matches!(operator, Equal | NotEqual) {
            return;
        }
        let (Some(a), Some(b)) = (certain(left), certain(right)) else {
            return;
        };
        let never = match (a, b) {
            (Certain::Number, Certain::Text) => is_word(right),
            (Certain::Text, Certain::Number) => is_word(left),
            // Row sets are lists, and empty ones equal empty texts.
            (Certain::List | Certain::Object, Certain::Number | Certain::Bool)
            | (Certain::Number | Certain::Bool, Certain::List | Certain::Object) => true,
            (Certain::Bool, Certain::Text) => is_word(right) && !is_boolean(right),
            (Certain::Text, Certain::Bool) => is_word(left) && !is_boolean(left),
            _ => false,
        };
        if never {
            let title = format!("this compares {} with {}", a.name(), b.name());
            self.warn("B227", &whole.span, title).help = Some("compare values of one kind".to_owned());
        }
    }

    fn operands(&mut self, items: &[Expr]) {
        for (index, item) in items.iter().enumerate() {
            let twice = items.iter().take(index).any(|before| self.same(before, item));
            if twice && !compiler::is_volatile(item) {
                self.warn("B272", &item.span, "this operand is there twice").help =
                    Some("take one of them away".to_owned());
            }
        }
    }

    fn keys(&mut self, fields: &[(Expr, Expr)]) {
        for (index, (key, _)) in fields.iter().enumerate() {
            let ExprKind::Text(name) = &key.kind else { continue };
            let twice = fields
                .iter()
                .take(index)
                .any(|(other, _)| matches!(&other.kind, ExprKind::Text(text) if text == name));
            if twice {
                self.warn("B265", &key.span, format!("the field {name} is there twice"))
                    .help = Some("the last one counts: take the other away".to_owned());
            }
        }
    }
}

fn is_boolean(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Text(text) if ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)))
}
