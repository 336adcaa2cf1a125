//! The tree of a script: what the parser makes and checks, compiler and formatter read.

use std::ops::Range;

use botlib::wire::InputKind;
use botstate::{dialog::Operation, keyword::Class};
use rust_decimal::Decimal;

use super::table::{IndexDef, TableDef, ViewDef};

/// Bytes of the source.
pub(crate) type Span = Range<usize>;

/// A word with its place. Comparisons use [`Name::key`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl Name {
    /// The name as variables and procedures are found by: lower case, without a `$` at its end.
    pub(crate) fn key(&self) -> String {
        self.text.trim_end_matches('$').to_lowercase()
    }
}

/// A statement with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    pub(crate) span: Span,
}

/// Statements.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StmtKind {
    Assign {
        target: Place,
        value: Expr,
    },
    If {
        arms: Vec<(Expr, Vec<Stmt>)>,
        otherwise: Option<Vec<Stmt>>,
    },
    For {
        name: Name,
        from: Expr,
        to: Expr,
        step: Option<Expr>,
        body: Vec<Stmt>,
    },
    ForEach {
        name: Name,
        list: Expr,
        last: Option<Expr>,
        body: Vec<Stmt>,
    },
    While {
        condition: Expr,
        body: Vec<Stmt>,
    },
    Do {
        before: Option<Until>,
        after: Option<Until>,
        body: Vec<Stmt>,
    },
    Leave(Option<Loop>),
    Continue,
    Select {
        subject: Expr,
        cases: Vec<Case>,
        otherwise: Option<Vec<Stmt>>,
    },
    Procedure(Procedure),
    Return(Option<Expr>),
    ReturnWith(Vec<(Name, Expr)>),
    LeaveProcedure,
    End,
    With {
        target: Place,
        fresh: bool,
        fields: Vec<Stmt>,
    },
    Try {
        body: Vec<Stmt>,
        error: Option<Name>,
        handler: Vec<Stmt>,
    },
    OnError(bool),
    ClearError,
    Throw(Expr),
    Assert {
        condition: Expr,
        message: Option<Expr>,
    },
    Talk(Option<Expr>),
    Prompt(Expr),
    Print(Expr),
    Hear {
        into: Option<Place>,
        hear: Hear,
    },
    Param(Vec<Param>),
    Description {
        text: String,
    },
    /// A function or keyword whose value nobody takes.
    Do1(Expr),
    /// A list function in its command form, such as `APPEND list, value`.
    Mutate {
        method: &'static str,
        target: Place,
        args: Vec<Expr>,
    },
    /// `SET SCHEDULE "0 8 * * *"` outside of blocks: the script's own schedule. Other forms are calls of the keyword.
    Schedule {
        when: String,
    },
    /// `WEBHOOK "endpoint"`: the script answers requests.
    Webhook {
        endpoint: String,
    },
    /// `ON … END ON`: a section of its own, run when one of the events happens.
    On {
        events: Vec<Event>,
        body: Vec<Stmt>,
    },
    /// `SCHEDULE IN 5 MINUTES DO … END SCHEDULE`: a section of its own, run later with the variables of this moment.
    Later {
        amount: Expr,
        unit: Unit,
        body: Vec<Stmt>,
    },
    /// `TABLE … END TABLE`.
    Table(Box<TableDef>),
    /// `CREATE INDEX …` beside tables.
    Index(Box<IndexDef>),
    /// `CREATE VIEW …` beside tables.
    View(Box<ViewDef>),
    /// `name:` or `LABEL name`.
    Label(Name),
    Goto(Name),
    Gosub(Name),
    /// `ON ERROR GOTO label`.
    OnErrorGoto(Name),
    /// `DIM a(5), b$` or, with `keep`, `REDIM PRESERVE`.
    Dim(Vec<Dim>),
    /// `INCLUDE "file.bas"`; the statements of the file follow when it was found.
    Include {
        file: String,
        span: Span,
    },
    /// `BEGIN MAIL to … END MAIL`.
    Mail {
        to: Expr,
        subject: Expr,
        body: Expr,
    },
    /// `STEP n: …` of a workflow.
    Step(Box<WorkStep>),
    /// `DELAY seconds` of a workflow.
    Delay(Expr),
    Transaction(Transaction),
    /// A line that could not be read; a diagnostic says why.
    Broken,
}

/// What an `ON` block waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// `ON INSERT OF "table"`.
    Change(Operation, String),
    /// `ON FORM SUBMIT "form"`.
    Form(String),
    /// `ON EVENT "name" DO`, `ON "name"`, `ON "name" CALL sub`.
    Named(String),
    /// `ON WEBHOOK POST TO "/path" DO`.
    Webhook(String),
    /// What no service of this server tells: the words after ON as they are written.
    Unserved(String),
}

/// Units of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    /// The word in capitals.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Seconds => "SECONDS",
            Self::Minutes => "MINUTES",
            Self::Hours => "HOURS",
            Self::Days => "DAYS",
        }
    }

    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 3_600,
            Self::Days => 86_400,
        }
    }
}

/// A variable of DIM.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dim {
    pub(crate) name: Name,
    /// The highest index of each dimension; none for a variable that is no list.
    pub(crate) sizes: Vec<Expr>,
    /// The type after AS, in capitals.
    pub(crate) kind: Option<String>,
    /// Whether elements that are there stay.
    pub(crate) keep: bool,
}

/// `STEP number: …`.
///
/// Steps compile to keywords of the registry:
/// - `ORCHESTRATE WORKFLOW` with `name` begins the workflow,
/// - `STEP BOT` with `number`, `bot`, `task`,
/// - `STEP APPROVAL` with `number`, `from`, and when given `timeout` (seconds) and `on_timeout` (the words after
///   `ON TIMEOUT:` as text, such as `APPROVE WITH WARNING`),
/// - `STEP PARALLEL` with `number` and `branches`, a list of maps with `name`, `bot`, `task`,
/// - `STEP DELAY` with `seconds`, for `DELAY seconds`.
///
/// STEP BOT takes `timeout` and `on_timeout` as well. Values of the keywords are dropped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkStep {
    pub(crate) number: Expr,
    pub(crate) work: Work,
    pub(crate) timeout: Option<Expr>,
    pub(crate) on_timeout: Option<String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    Bot { bot: Expr, task: Expr },
    Approval { from: Expr },
    Parallel(Vec<Branch>),
}

/// `BRANCH A: BOT "b" "task"`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Branch {
    pub(crate) name: String,
    pub(crate) bot: Expr,
    pub(crate) task: Expr,
}

/// Statements of a transaction; each is a call of the keyword without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transaction {
    Begin,
    Commit,
    Rollback,
}

impl Transaction {
    /// The keyword.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN TRANSACTION",
            Self::Commit => "COMMIT TRANSACTION",
            Self::Rollback => "ROLLBACK",
        }
    }
}

/// A condition of DO … LOOP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Until {
    pub(crate) until: bool,
    pub(crate) condition: Expr,
}

/// Kinds of loops that `EXIT` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    For,
    While,
    Do,
}

/// One CASE.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) tests: Vec<Test>,
    pub(crate) body: Vec<Stmt>,
}

/// What a CASE compares with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Equal(Expr),
    Range(Expr, Expr),
    Is(Compare, Expr),
}

/// SUB or FUNCTION.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Procedure {
    pub(crate) name: Name,
    pub(crate) params: Vec<Name>,
    pub(crate) body: Vec<Stmt>,
}

/// Something that can be assigned: a variable, or a member or element of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: Name,
    pub(crate) keys: Vec<PlaceKey>,
    pub(crate) span: Span,
}

impl Place {
    /// The value that stands there.
    pub(crate) fn read(&self) -> Expr {
        let name = ExprKind::Name(self.name.text.clone());
        let base = Expr::new(name, self.name.span.clone());
        if self.keys.is_empty() {
            return base;
        }
        let steps = self.keys.iter().map(|key| match key {
            PlaceKey::Member(text) => Step::Member(Name {
                text: text.clone(),
                span: self.span.clone(),
            }),
            PlaceKey::Index(index) => Step::Index(index.clone()),
        });
        Expr::new(ExprKind::Path(Box::new(base), steps.collect()), self.span.clone())
    }
}

/// A step from a value to a part of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlaceKey {
    Member(String),
    Index(Expr),
}

/// HEAR without its target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hear {
    pub(crate) kind: InputKind,
    pub(crate) options: Vec<Expr>,
    pub(crate) open: bool,
    pub(crate) prompt: Option<Box<Expr>>,
    pub(crate) default: Option<Box<Expr>>,
    /// Seconds after which the script goes on without an answer.
    pub(crate) timeout: Option<Box<Expr>>,
}

/// A PARAM line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Param {
    pub(crate) name: Name,
    pub(crate) kind: String,
    pub(crate) example: Option<Expr>,
    pub(crate) choices: Vec<Expr>,
    pub(crate) description: Option<String>,
    pub(crate) optional: bool,
    pub(crate) default: Option<Expr>,
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

/// Expressions. Chains of operators are flat, so that depth is bounded by what an author nested.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExprKind {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(String),
    /// A text with `${…}`.
    Template(Vec<Expr>),
    Name(String),
    /// Members, elements and methods of a value.
    Path(Box<Expr>, Vec<Step>),
    Call(Name, Vec<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// `+ - & * / MOD ^`, from left to right.
    Chain(Box<Expr>, Vec<(Arith, Expr)>),
    Compare(Box<Expr>, Compare, Box<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    IsNull(Box<Expr>),
    IsEmpty(Box<Expr>),
    And(Vec<Expr>),
    /// The first true operand, else the last.
    Or(Vec<Expr>),
    /// The first operand that is not null, else the last.
    Coalesce(Vec<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    Format(Box<Expr>, Option<Box<Expr>>),
    Command(Box<Command>),
    Hear(Box<Hear>),
    Script(Box<Expr>, Vec<Expr>),
    /// The last error, which `ERROR` and `ERROR MESSAGE` read.
    Error,
    /// What could not be read; a diagnostic says why.
    Broken,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Member(Name),
    Index(Expr),
    Method(Name, Vec<Expr>),
}

/// Operators that calculate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Subtract,
    Concat,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// Operators that compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Like,
    NotLike,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
}

/// A keyword of the registry with its arguments by the names of its shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) phrase: &'static str,
    pub(crate) class: Class,
    pub(crate) args: Vec<(String, Arg)>,
    /// What this server lacks to perform it.
    pub(crate) elsewhere: Option<&'static str>,
}

/// An argument, as the shape says that it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arg {
    One(Expr),
    /// The list that `name...` collects.
    Many(Vec<Expr>),
    /// A filter text, as it was written.
    Filter(Expr),
    /// Code with values in it.
    Pieces(Vec<Piece>),
    /// A bare name where rows are, and the value of the variable that is called so.
    Source(String, Expr),
    /// `a = 1, b AS x`, and the names in the values that are columns of the rows which get them.
    Fields(Vec<(Name, Expr)>, Vec<String>),
    /// Values that are handed on with what they are called.
    Named(Vec<Expr>),
    /// Words of the line.
    Words(String),
    /// A word that is there.
    Flag,
}

/// A piece of a condition or a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Code(String),
    Hole(Expr),
}

impl Expr {
    pub(crate) fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }
}

impl Step {
    /// Expressions of the step.
    pub(crate) fn exprs(&self) -> &[Expr] {
        match self {
            Self::Member(_) => &[],
            Self::Index(index) => std::slice::from_ref(index),
            Self::Method(_, args) => args,
        }
    }
}

impl Arg {
    /// Expressions of the argument.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::One(expr) | Self::Filter(expr) | Self::Source(_, expr) => vec![expr],
            Self::Many(exprs) | Self::Named(exprs) => exprs.iter().collect(),
            Self::Pieces(pieces) => pieces.iter().filter_map(Piece::hole).collect(),
            Self::Fields(fields, _) => fields.iter().map(|(_, value)| value).collect(),
            Self::Words(_) | Self::Flag => Vec::new(),
        }
    }
}

impl Piece {
    /// The expression whose value stands here, if the piece is no code.
    pub(crate) fn hole(&self) -> Option<&Expr> {
        match self {
            Self::Code(_) => None,
            Self::Hole(expr) => Some(expr),
        }
    }
}
