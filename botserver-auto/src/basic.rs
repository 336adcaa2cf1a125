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
mod dates;
mod diagnostic;
mod engine;
mod format;
mod grammar;
mod hear;
mod lexer;
mod library;
mod machine;
mod number;
mod operators;
mod parser;
mod path;
mod program;
mod run;
mod schema;
mod source;
mod table;
mod tree;
mod value;

pub use check::{Known, check};
pub use compiler::{Unit, compile, unit};
pub use diagnostic::{Diagnostic, Severity};
pub use grammar::Grammar;
pub use machine::{Limits, Machine};
pub use parser::{Loader, Parsed, parse, parse_with};
pub use program::Program;
pub(crate) use schema::convert;
pub use schema::{ParamSpec, check_arguments};
pub use source::Source;
pub use table::{Action, Constraint, FieldDef, FieldType, IndexDef, Reference, Schema, TableDef, ViewDef};
