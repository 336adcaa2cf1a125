//! Calculations, functions, columns and literals of filters.

use rust_decimal::Decimal;

use super::{Mode, Parser, Read, value::text_of};
use crate::{
    basic::{dates, number, value::Val},
    filter::{
        fault,
        reader::{Sign, is_name},
        tree::{Cond, Expr, Function, Sum},
    },
};

impl Parser {
    /// A sum. `names` says whether a bare name is a column, `spaced` whether operators need blanks on both sides.
    pub(super) fn sum(&mut self, names: bool, spaced: bool) -> Read<Expr> {
        let mut left = self.product(names, spaced)?;
        loop {
            let Some(operator) = self.operator(spaced, &[("+", Sum::Add), ("-", Sum::Subtract)]) else {
                return Ok(left);
            };
            let right = self.product(names, spaced)?;
            left = Expr::Calc(operator, Box::new(left), Box::new(right));
        }
    }

    fn product(&mut self, names: bool, spaced: bool) -> Read<Expr> {
        let mut left = self.atom(names, spaced)?;
        loop {
            let operators = [("*", Sum::Multiply), ("/", Sum::Divide), ("%", Sum::Modulo)];
            let Some(operator) = self.operator(spaced, &operators) else {
                return Ok(left);
            };
            let right = self.atom(names, spaced)?;
            left = Expr::Calc(operator, Box::new(left), Box::new(right));
        }
    }

    fn operator(&mut self, spaced: bool, operators: &[(&str, Sum)]) -> Option<Sum> {
        let start = self.reader.place();
        let before = self.reader.blanks();
        if self.mode == Mode::Sql
            && operators.iter().any(|(_, operator)| *operator == Sum::Add)
            && self.reader.symbol("||")
        {
            return Some(Sum::Concat);
        }
        for (symbol, operator) in operators {
            if self.reader.symbol(symbol) {
                let after = self.reader.char().is_none_or(char::is_whitespace);
                if !spaced || before && after {
                    return Some(*operator);
                }
                break;
            }
        }
        self.reader.back_to(start);
        None
    }

    fn atom(&mut self, names: bool, spaced: bool) -> Read<Expr> {
        self.deeper(|me| {
            let expr = me.bare_atom(names, spaced)?;
            if me.mode == Mode::Sql {
                me.cast();
            }
            Ok(expr)
        })
    }

    fn bare_atom(&mut self, names: bool, spaced: bool) -> Read<Expr> {
        self.reader.blanks();
        let next = match self.reader.sign() {
            Some(Sign::Char(letter)) => *letter,
            Some(Sign::Hole(value)) => {
                let value = value.clone();
                self.reader.take();
                return Ok(Expr::Value(value));
            }
            None => return Err(fault("the filter ends where a value is expected")),
        };
        match next {
            '(' => {
                self.reader.take();
                let inner = self.sum(names, spaced)?;
                if self.spaced_symbol(")") {
                    Ok(inner)
                } else {
                    Err(fault("a parenthesis is not closed"))
                }
            }
            '\'' => text_of(self.quoted()?).map(Expr::Value),
            '"' if !names => text_of(self.quoted()?).map(Expr::Value),
            '"' | '`' | '[' if names => self.quoted_name(next),
            '-' => {
                self.reader.take();
                let inner = self.atom(names, spaced)?;
                Ok(match inner {
                    Expr::Value(Val::Int(number)) => Expr::Value(Val::Int(number.wrapping_neg())),
                    Expr::Value(Val::Decimal(number)) => Expr::Value(Val::Decimal(-number)),
                    inner => Expr::Calc(Sum::Subtract, Box::new(Expr::Value(Val::Int(0))), Box::new(inner)),
                })
            }
            '0'..='9' => self.number(names),
            _ => self.word_atom(names),
        }
    }

    fn quoted_name(&mut self, quote: char) -> Read<Expr> {
        self.reader.take();
        let close = if quote == '[' { ']' } else { quote };
        let mut name = String::new();
        loop {
            match self.reader.take() {
                Some(Sign::Char(letter)) if letter == close => return Ok(Expr::Column(name)),
                Some(Sign::Char(letter)) => name.push(letter),
                _ => {
                    return Err(fault(format!(
                        "the name of a column begins with {quote} and never ends"
                    )));
                }
            }
        }
    }

    /// A number; on the right side of a filter not one that begins with zeros, which is a code.
    fn number(&mut self, names: bool) -> Read<Expr> {
        let mut text = String::new();
        while let Some(letter) = self
            .reader
            .char()
            .filter(|letter| letter.is_ascii_digit() || *letter == '.')
        {
            text.push(letter);
            self.reader.take();
        }
        let is_code = !names && text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
        if is_code || self.reader.char().is_some_and(is_name) {
            return Err(fault("a number is malformed"));
        }
        if let Ok(whole) = text.parse() {
            return Ok(Expr::Value(Val::Int(whole)));
        }
        text.parse::<Decimal>()
            .map(|number| Expr::Value(number::Number::Decimal(number).val()))
            .map_err(|_malformed| fault("a number is malformed"))
    }

    fn word_atom(&mut self, names: bool) -> Read<Expr> {
        let start = self.reader.place();
        let Some(name) = self.reader.name() else {
            return Err(fault(format!("the filter cannot be read at `{}`", self.reader.rest())));
        };
        let is_call = self.reader.char() == Some('(');
        if !is_call {
            match name.to_ascii_uppercase().as_str() {
                "TRUE" => return Ok(Expr::Value(Val::Bool(true))),
                "FALSE" => return Ok(Expr::Value(Val::Bool(false))),
                "NULL" => return Ok(Expr::Value(Val::Null)),
                "CURRENT_DATE" => return Ok(Expr::Call(Function::Today, Vec::new())),
                "CURRENT_TIMESTAMP" => return Ok(Expr::Call(Function::Now, Vec::new())),
                "CASE" if self.mode == Mode::Sql => return self.case(),
                "AND" | "OR" | "NOT" | "IN" | "LIKE" | "IS" | "BETWEEN" | "WHEN" | "THEN" | "ELSE" | "END" => {
                    self.reader.back_to(start);
                    return Err(fault(format!("a value is missing before `{name}`")));
                }
                _ => {}
            }
        }
        if is_call {
            let Some(function) = Function::find(&name) else {
                return Err(fault(format!("filters know no function {name}")));
            };
            return self.call(&name, function);
        }
        let mut path = name;
        while self.reader.char() == Some('.')
            && self
                .reader
                .char_at(1)
                .is_some_and(|letter| letter.is_alphabetic() || letter == '_')
        {
            self.reader.take();
            path.push('.');
            path.extend(self.reader.name());
        }
        let item = path.get(..5).is_some_and(|prefix| prefix.eq_ignore_ascii_case("item."));
        if names || item {
            return Ok(Expr::Column(path));
        }
        Err(fault("a bare name is text here"))
    }

    fn call(&mut self, name: &str, function: Function) -> Read<Expr> {
        self.reader.take();
        let mut args = Vec::new();
        if !self.spaced_symbol(")") {
            loop {
                let sum = self.sum(true, false)?;
                args.push(sum);
                if self.spaced_symbol(")") {
                    break;
                }
                if !self.spaced_symbol(",") {
                    return Err(fault(format!("the arguments of {name} do not end with a parenthesis")));
                }
            }
        }
        let (fewest, most) = function.arity();
        if args.len() < fewest || args.len() > most {
            return Err(fault(format!("{name} does not take {} arguments", args.len())));
        }
        if function == Function::DateDiff && args.len() == 3 {
            // A unit may stand without quotes, where a name would be a column.
            for arg in [0, 2] {
                if let Some(Expr::Column(unit)) = args.get(arg).cloned()
                    && dates::unit(&unit).is_some()
                    && let Some(slot) = args.get_mut(arg)
                {
                    *slot = Expr::Value(Val::text(unit));
                    break;
                }
            }
        }
        Ok(Expr::Call(function, args))
    }

    fn case(&mut self) -> Read<Expr> {
        let mut arms = Vec::new();
        let subject = if self.reader.word("WHEN") {
            None
        } else {
            let subject = self.sum(true, false)?;
            if !self.reader.word("WHEN") {
                return Err(fault("CASE needs WHEN"));
            }
            Some(subject)
        };
        loop {
            let cond = match &subject {
                None => self.deeper(Self::either)?,
                Some(subject) => {
                    let value = self.sum(true, false)?;
                    Cond::Compare(crate::filter::tree::Compare::Equal, subject.clone(), value)
                }
            };
            if !self.reader.word("THEN") {
                return Err(fault("WHEN needs THEN"));
            }
            arms.push((cond, self.sum(true, false)?));
            if !self.reader.word("WHEN") {
                break;
            }
        }
        let otherwise = if self.reader.word("ELSE") {
            Some(Box::new(self.sum(true, false)?))
        } else {
            None
        };
        if !self.reader.word("END") {
            return Err(fault("CASE needs END"));
        }
        Ok(Expr::Case(arms, otherwise))
    }

    /// Steps over a cast such as `::text` or `::numeric(10,2)[]`, which changes nothing for dynamic values.
    fn cast(&mut self) {
        while self.reader.symbol("::") {
            self.reader.name();
            if self.reader.symbol("(") {
                while self
                    .reader
                    .char()
                    .is_some_and(|letter| letter.is_ascii_digit() || matches!(letter, ',' | ' '))
                {
                    self.reader.take();
                }
                self.reader.symbol(")");
            }
            self.reader.symbol("[]");
        }
    }
}
