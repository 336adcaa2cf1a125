//! The dialog language: text in, values out.
//!
//! ```text
//! source ── lexer ── parser ──▶ tree ──▶ checks ──▶ Program (instructions + Rhai) ──▶ Machine
//!                      │                    │
//!                      └──── diagnostics ───┘
//! ```
//!
//! Nothing in here does I/O, knows a database or needs an async runtime. Keywords of the registry are parsed by
//! their shapes and come out of the machine as calls that somebody else performs.

mod check;
mod compiler;
pub(crate) mod dates;
mod diagnostic;
mod elsewhere;
mod engine;
mod format;
mod grammar;
mod hear;
mod lexer;
mod library;
mod machine;
pub(crate) mod number;
pub(crate) mod operators;
mod outline;
mod parser;
pub(crate) mod path;
mod print;
mod program;
pub(crate) mod run;
mod schema;
mod source;
mod table;
pub(crate) mod tabular;
mod trace;
mod tree;
pub(crate) mod value;
mod words;

pub use check::{Known, check};
pub use compiler::{Options, Unit, compile, compile_with, unit};
pub use diagnostic::{Diagnostic, Severity};
pub use grammar::Grammar;
pub(crate) use library::docs::find as function_doc;
pub use library::docs::{FunctionDoc, FunctionGroup, GROUPS};
pub use machine::{FrameView, Limits, Machine, Pause, VariableView, Watched};
pub use outline::{Named, Occurrence, Outline, ParamOutline, ProcedureOutline, Role};
pub use parser::{Loader, Parsed, parse, parse_with};
pub(crate) use parser::{hear_types, param_types};
pub use print::{Formatted, format_noting, format_script, format_source};
pub use program::Program;
pub(crate) use schema::convert;
pub use schema::{ParamSpec, check_arguments};
pub use source::Source;
pub use table::{Action, Constraint, FieldDef, FieldType, IndexDef, Reference, Schema, TableDef, ViewDef};
pub use trace::Trace;
pub(crate) use tree::Arith;
pub use words::{WORDS, Word};
