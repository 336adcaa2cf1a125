//! The tree of a script: what the parser makes and checks, compiler and formatter read.

use std::ops::Range;

use botlib::wire::InputKind;
use botstate::keyword::Class;
use rust_decimal::Decimal;

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
    /// A line that could not be read; a diagnostic says why.
    Broken,
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
    /// `a = 1, b AS x`.
    Fields(Vec<(Name, Expr)>),
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
            Self::Fields(fields) => fields.iter().map(|(_, value)| value).collect(),
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
