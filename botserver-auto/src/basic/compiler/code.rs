//! Operands under construction, and how values are written in Rhai.

use std::fmt::Write as _;

use botlib::Value;

use super::{Compiler, names::Variable};
use crate::basic::program::{Code, Operand};

/// The value of an expression, as far as it is compiled.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Const(Value),
    Variable(Variable),
    /// Rhai source; `true` when its value is known to be a boolean.
    Code(String, bool),
}

/// Lines of Rhai with the script's line of each.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) source: String,
    pub(super) lines: Vec<u32>,
    pub(super) loops: bool,
}

impl Text {
    pub(super) fn line(&mut self, line: u32, source: &str) {
        self.source.push_str(source);
        self.source.push('\n');
        self.lines.push(line);
    }
}

/// A text as Rhai reads it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

impl Compiler<'_> {
    /// The operand as Rhai source.
    pub(super) fn text(&mut self, op: &Op) -> String {
        match op {
            Op::Const(value) => self.literal(value),
            Op::Variable(variable) => variable.code.clone(),
            Op::Code(code, _) => code.clone(),
        }
    }

    fn literal(&mut self, value: &Value) -> String {
        match value {
            Value::Bool(flag) => flag.to_string(),
            Value::Int(i64::MIN) => "o_sub(-9223372036854775807, 1)".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Decimal(number) => {
                let index = self
                    .constants
                    .iter()
                    .position(|known| known == number)
                    .unwrap_or_else(|| {
                        self.constants.push(*number);
                        self.constants.len() - 1
                    });
                format!("k{index}")
            }
            Value::Text(text) => quote(text),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.literal(item)).collect();
                format!("o_list([{}])", items.join(", "))
            }
            _ => "()".to_owned(),
        }
    }

    /// Operands as the inside of an array literal.
    pub(super) fn texts(&mut self, ops: &[Op]) -> String {
        let texts: Vec<String> = ops.iter().map(|op| self.text(op)).collect();
        texts.join(", ")
    }

    /// The operand as a condition of Rhai.
    pub(super) fn truth(&mut self, op: &Op) -> String {
        match op {
            Op::Const(value) => value.is_true().to_string(),
            Op::Code(code, true) => code.clone(),
            other => format!("o_true({})", self.text(other)),
        }
    }

    /// The operand as instructions take it.
    pub(super) fn operand(&mut self, op: Op) -> Operand {
        match op {
            Op::Const(value) => Operand::Const(value),
            Op::Variable(Variable { slot: Some(slot), .. }) => Operand::Slot(slot),
            Op::Variable(variable) => self.code_operand(variable.code),
            Op::Code(code, _) => self.code_operand(code),
        }
    }

    fn code_operand(&mut self, source: String) -> Operand {
        let lines = vec![self.builder.line];
        Operand::Code(self.code(Code::new(source, lines, false)))
    }

    /// Keeps a piece of code; the same source at the same place is kept once.
    pub(super) fn code(&mut self, code: Code) -> u32 {
        let index = self.codes.len();
        self.codes.push(code);
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
