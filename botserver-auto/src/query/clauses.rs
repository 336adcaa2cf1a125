//! Cuts a query into its clauses.

use std::ops::Range;

use botlib::Value;
use botstate::dialog::Fault;

use super::{
    Item, Join, JoinKind, Query, Source, Table,
    aggregate::{Call, Operator},
    fault,
    scan::{Kind, Scan},
};
use crate::filter::{Filter, Formula};

type Read<T> = Result<T, Fault>;

/// Words that end the clause before them.
const ENDS: [&str; 16] = [
    "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS",
    "ON", "UNION", "USING",
];

/// Words that stand between values, so that no name of a column follows them.
const INNER: [&str; 15] = [
    "AND", "OR", "NOT", "IS", "IN", "LIKE", "ILIKE", "BETWEEN", "CONTAINS", "CASE", "WHEN", "THEN", "ELSE", "DISTINCT",
    "NULL",
];

impl Query {
    /// Reads a query; the word SELECT in front may be there or not.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn parse(parts: &Value) -> Read<Self> {
        let scan = Scan::new(parts)?;
        let mut reader = Reader {
            scan: &scan,
            at: 0,
            aggregates: Vec::new(),
        };
        reader.query()
    }
}

struct Reader<'a> {
    scan: &'a Scan,
    at: usize,
    aggregates: Vec<Call>,
}

impl Reader<'_> {
    fn is_word(&self, word: &str) -> bool {
        self.scan.token(self.at).is_some_and(|token| token.is_word(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let comes = self.is_word(word);
        self.at += usize::from(comes);
        comes
    }

    fn expect(&mut self, word: &str) -> Read<()> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(fault(format!("the query needs {word} {}", self.place())))
    }

    /// Where reading stands, in words.
    fn place(&self) -> String {
        match self.scan.token(self.at).map(|token| &token.kind) {
            Some(Kind::Word(text) | Kind::Quoted(text)) => format!("before `{text}`"),
            Some(Kind::Char(sign)) => format!("before `{sign}`"),
            Some(Kind::Hole(_)) => "before a value".to_owned(),
            None => "at its end".to_owned(),
        }
    }

    fn query(&mut self) -> Read<Query> {
        self.take_word("SELECT");
        let is_distinct = self.take_word("DISTINCT");
        let items = self.clause();
        self.expect("FROM")?;
        let (mut tables, mut joins) = (vec![self.table()?], Vec::new());
        loop {
            if self.scan.token(self.at).is_some_and(|token| token.is_char(',')) {
                self.at += 1;
                tables.push(self.table()?);
                joins.push(Join {
                    kind: JoinKind::Cross,
                    keys: None,
                    on: Filter::all(),
                });
            } else if let Some(kind) = self.join_kind()? {
                tables.push(self.table()?);
                joins.push(self.join(kind)?);
            } else {
                break;
            }
        }
        let mut query = Query {
            items: Vec::new(),
            is_distinct,
            tables,
            joins,
            filter: Filter::all(),
            group: Vec::new(),
            is_grouped: false,
            aggregates: Vec::new(),
            having: Filter::all(),
            order: Vec::new(),
            offset: 0,
            limit: None,
        };
        if self.take_word("WHERE") {
            let range = self.filled_clause("WHERE")?;
            query.filter = Filter::of_sql_parts(&self.scan.parts(&range, &[]))?;
        }
        query.items = self.items(&items)?;
        if self.take_word("GROUP") {
            self.expect("BY")?;
            let range = self.filled_clause("GROUP BY")?;
            query.is_grouped = true;
            query.group = self.group(&range, &query.items)?;
        }
        if self.take_word("HAVING") {
            let range = self.filled_clause("HAVING")?;
            let replaced = self.calls(&range)?;
            query.having = Filter::of_sql_parts(&self.scan.parts(&range, &replaced))?;
        }
        if self.take_word("ORDER") {
            self.expect("BY")?;
            let range = self.filled_clause("ORDER BY")?;
            query.order = self.order(&range, &query.items)?;
        }
        self.limit(&mut query)?;
        if self.at < self.scan.tokens.len() {
            return Err(fault(format!("the query cannot be read {}", self.place())));
        }
        query.aggregates = std::mem::take(&mut self.aggregates);
        query.is_grouped |= !query.aggregates.is_empty();
        Ok(query)
    }

    /// The tokens up to the next clause.
    fn clause(&mut self) -> Range<usize> {
        let start = self.at;
        while let Some(token) = self.scan.token(self.at) {
            if token.depth == 0 && ENDS.iter().any(|word| token.is_word(word)) && !self.is_column() {
                break;
            }
            self.at += 1;
        }
        start..self.at
    }

    fn filled_clause(&mut self, word: &str) -> Read<Range<usize>> {
        let range = self.clause();
        if range.is_empty() {
            return Err(fault(format!("nothing follows {word} in the query")));
        }
        Ok(range)
    }

    /// Whether the token here is a column or a function although it is called like a clause: it stands where a value
    /// is expected, as in `price < limit`, `x.order` or `LEFT(name, 2)`.
    fn is_column(&self) -> bool {
        const BEFORE: [&str; 15] = [
            "SELECT", "WHERE", "AND", "OR", "NOT", "BY", "HAVING", "ON", "IN", "LIKE", "BETWEEN", "WHEN", "THEN",
            "ELSE", "DISTINCT",
        ];
        let word = |words: &[&str]| {
            let token = self.scan.token(self.at);
            token.is_some_and(|token| words.iter().any(|word| token.is_word(word)))
        };
        let before = self.at.checked_sub(1).and_then(|at| self.scan.token(at));
        let Some(before) = before else {
            return !word(&["FROM"]);
        };
        if before.is_char('.') {
            return true;
        }
        let calls = self.scan.token(self.at + 1).is_some_and(|token| token.is_char('('));
        if calls && word(&["LEFT", "RIGHT"]) {
            return true;
        }
        // These begin something whatever stands before them: `SELECT * FROM`.
        if word(&["FROM", "WHERE", "JOIN", "ON", "UNION"]) {
            return false;
        }
        let operator = matches!(
            before.kind,
            Kind::Char('=' | '<' | '>' | '+' | '-' | '/' | '%' | ',' | '(')
        );
        operator || BEFORE.iter().any(|word| before.is_word(word))
    }

    /// Ranges between the commas of `range`.
    fn listed(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut start = range.start;
        for at in range.clone() {
            let Some(token) = self.scan.token(at) else { break };
            if token.depth == 0 && token.is_char(',') {
                ranges.push(start..at);
                start = at + 1;
            }
        }
        ranges.push(start..range.end);
        ranges
    }

    fn table(&mut self) -> Read<Table> {
        let Some(token) = self.scan.token(self.at) else {
            return Err(fault("the query ends where a table is expected"));
        };
        let source = match &token.kind {
            Kind::Hole(value) => {
                self.at += 1;
                Source::Value(value.clone())
            }
            Kind::Word(word) if !ENDS.iter().any(|end| word.eq_ignore_ascii_case(end)) => {
                let mut name = word.clone();
                self.at += 1;
                self.dotted(&mut name);
                Source::Name(name)
            }
            Kind::Quoted(text) => {
                self.at += 1;
                Source::Name(text.clone())
            }
            Kind::Char('.') => {
                self.at += 1;
                let mut name = String::new();
                if let Some(word) = self.scan.token(self.at).and_then(|token| token.name()) {
                    name.push_str(word);
                    self.at += 1;
                }
                Source::Name(name)
            }
            _ => return Err(fault(format!("the query needs a table {}", self.place()))),
        };
        let has_as = self.take_word("AS");
        let alias = self.scan.token(self.at).and_then(|token| match &token.kind {
            Kind::Word(word) if has_as || !ENDS.iter().any(|end| word.eq_ignore_ascii_case(end)) => Some(word.clone()),
            Kind::Quoted(word) => Some(word.clone()),
            _ => None,
        });
        self.at += usize::from(alias.is_some());
        let alias = alias.unwrap_or_else(|| match &source {
            Source::Name(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
            Source::Value(Value::Text(name)) => name.split('.').next().unwrap_or(name).to_owned(),
            Source::Value(_) => String::new(),
        });
        Ok(Table { source, alias })
    }

    /// `.b.c` after a name.
    fn dotted(&mut self, name: &mut String) {
        while let (Some(dot), Some(next)) = (self.scan.token(self.at), self.scan.token(self.at + 1))
            && dot.is_char('.')
            && let Some(word) = next.name()
        {
            name.push('.');
            name.push_str(word);
            self.at += 2;
        }
    }

    fn join_kind(&mut self) -> Read<Option<JoinKind>> {
        let kind = if self.take_word("LEFT") {
            self.take_word("OUTER");
            JoinKind::Left
        } else if self.take_word("CROSS") {
            JoinKind::Cross
        } else if self.is_word("RIGHT") || self.is_word("FULL") {
            return Err(fault(
                "queries know JOIN and LEFT JOIN: put the table whose rows all count first",
            ));
        } else if self.take_word("INNER") || self.is_word("JOIN") {
            JoinKind::Inner
        } else {
            return Ok(None);
        };
        self.expect("JOIN")?;
        Ok(Some(kind))
    }

    fn join(&mut self, kind: JoinKind) -> Read<Join> {
        if kind == JoinKind::Cross {
            return Ok(Join {
                kind,
                keys: None,
                on: Filter::all(),
            });
        }
        self.expect("ON")?;
        let range = self.filled_clause("ON")?;
        let parts = self.scan.parts(&range, &[]);
        Ok(Join {
            kind,
            keys: self.equal_columns(&range),
            on: Filter::of_sql_parts(&parts)?,
        })
    }

    /// The two columns of `a.x = b.y`.
    fn equal_columns(&self, range: &Range<usize>) -> Option<(String, String)> {
        let equal = range
            .clone()
            .find(|at| self.scan.token(*at).is_some_and(|token| token.is_char('=')))?;
        let column = |range: Range<usize>| -> Option<String> {
            let formula = Formula::of_parts(&self.scan.parts(&range, &[])).ok()?;
            formula.sole_column().map(str::to_owned)
        };
        Some((column(range.start..equal)?, column(equal + 1..range.end)?))
    }

    fn items(&mut self, range: &Range<usize>) -> Read<Vec<Item>> {
        if range.is_empty() {
            return Err(fault("the query names no columns: write SELECT * for all of them"));
        }
        self.listed(range)
            .into_iter()
            .enumerate()
            .map(|(index, range)| self.item(range, index))
            .collect()
    }

    fn item(&mut self, range: Range<usize>, index: usize) -> Read<Item> {
        let kinds: Vec<&Kind> = range
            .clone()
            .filter_map(|at| self.scan.token(at))
            .map(|t| &t.kind)
            .collect();
        match kinds.as_slice() {
            [Kind::Char('*')] => return Ok(Item::All(None)),
            [
                Kind::Word(table) | Kind::Quoted(table),
                Kind::Char('.'),
                Kind::Char('*'),
            ] => {
                return Ok(Item::All(Some(table.clone())));
            }
            [] => return Err(fault("the query has a comma too much among its columns")),
            _ => {}
        }
        let (range, alias) = self.alias(range);
        let known = self.aggregates.len();
        let replaced = self.calls(&range)?;
        let formula = Formula::of_parts(&self.scan.parts(&range, &replaced))?;
        let name = alias.unwrap_or_else(|| match (formula.sole_column(), self.aggregates.get(known)) {
            (Some(_), Some(call)) => call.operator.name().to_owned(),
            (Some(column), None) => column.rsplit('.').next().unwrap_or(column).to_owned(),
            _ => format!("column{}", index + 1),
        });
        Ok(Item::Named(name, formula))
    }

    /// What stands before `AS name`, or before a name that nothing joins to what is before it.
    fn alias(&self, range: Range<usize>) -> (Range<usize>, Option<String>) {
        let last = range.end.checked_sub(1).filter(|at| *at > range.start);
        let Some((last, name)) = last.and_then(|at| Some((at, self.scan.token(at)?.name()?.to_owned()))) else {
            return (range, None);
        };
        let Some(before) = self.scan.token(last - 1) else {
            return (range, None);
        };
        if before.is_word("AS") {
            return (range.start..last - 1, Some(name));
        }
        let follows_value = match &before.kind {
            Kind::Word(word) => !INNER.iter().any(|inner| word.eq_ignore_ascii_case(inner)),
            Kind::Char(sign) => *sign == ')' || sign.is_ascii_digit(),
            Kind::Quoted(_) | Kind::Hole(_) => true,
        };
        let is_end = ["END", "NULL"].iter().any(|word| name.eq_ignore_ascii_case(word));
        if follows_value && !is_end {
            return (range.start..last, Some(name));
        }
        (range, None)
    }

    /// The aggregates in `range`, each with the column that stands for it.
    fn calls(&mut self, range: &Range<usize>) -> Read<Vec<(Range<usize>, String)>> {
        let mut found = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let operator = self.scan.token(at).and_then(|token| match &token.kind {
                Kind::Word(word) => Operator::find(word),
                _ => None,
            });
            let opens = self.scan.token(at + 1).is_some_and(|token| token.is_char('('));
            let (Some(operator), true) = (operator, opens) else {
                at += 1;
                continue;
            };
            let depth = self.scan.token(at).map_or(0, |token| token.depth);
            let close = (at + 2..range.end)
                .find(|at| self.scan.token(*at).is_some_and(|t| t.depth == depth && t.is_char(')')))
                .ok_or_else(|| fault(format!("{} is not closed", operator.name().to_uppercase())))?;
            let mut inner = at + 2..close;
            let is_distinct = self
                .scan
                .token(inner.start)
                .is_some_and(|token| token.is_word("DISTINCT"));
            inner.start += usize::from(is_distinct);
            let is_all = inner.len() == 1 && self.scan.token(inner.start).is_some_and(|token| token.is_char('*'));
            let of = if is_all || inner.is_empty() {
                None
            } else {
                Some(Formula::of_parts(&self.scan.parts(&inner, &[]))?)
            };
            let column = format!("__aggregate{}", self.aggregates.len());
            self.aggregates.push(Call {
                operator,
                of,
                is_distinct,
                column: column.clone(),
            });
            found.push((at..close + 1, column));
            at = close + 1;
        }
        Ok(found)
    }

    /// A formula of GROUP BY or ORDER BY: the number or the name of a column of the result stands for its formula.
    fn reference(&mut self, range: &Range<usize>, items: &[Item]) -> Read<Formula> {
        let replaced = self.calls(range)?;
        let parts = self.scan.parts(range, &replaced);
        if let [Value::Text(text)] = parts.as_slice() {
            let text = text.trim();
            let by_place = text
                .parse::<usize>()
                .ok()
                .and_then(|place| items.get(place.checked_sub(1)?));
            let by_name = items
                .iter()
                .find(|item| matches!(item, Item::Named(name, _) if name.eq_ignore_ascii_case(text)));
            if let Some(Item::Named(_, formula)) = by_place.or(by_name) {
                return Ok(formula.clone());
            }
        }
        Formula::of_parts(&parts)
    }

    fn group(&mut self, range: &Range<usize>, items: &[Item]) -> Read<Vec<Formula>> {
        let ranges = self.listed(range);
        ranges.iter().map(|range| self.reference(range, items)).collect()
    }

    fn order(&mut self, range: &Range<usize>, items: &[Item]) -> Read<Vec<(Formula, bool)>> {
        let mut order = Vec::new();
        for mut range in self.listed(range) {
            let last = |range: &Range<usize>| range.end.checked_sub(1).and_then(|at| self.scan.token(at));
            if last(&range).is_some_and(|token| token.is_word("FIRST") || token.is_word("LAST")) && range.len() > 2 {
                range.end -= 2;
            }
            let is_descending = last(&range).is_some_and(|token| token.is_word("DESC"));
            let is_ascending = last(&range).is_some_and(|token| token.is_word("ASC"));
            range.end -= usize::from(is_descending || is_ascending);
            order.push((self.reference(&range, items)?, is_descending));
        }
        Ok(order)
    }

    fn limit(&mut self, query: &mut Query) -> Read<()> {
        if self.take_word("LIMIT") {
            let first = self.number("LIMIT")?;
            if self.scan.token(self.at).is_some_and(|token| token.is_char(',')) {
                self.at += 1;
                query.offset = first;
                query.limit = Some(self.number("LIMIT")?);
            } else {
                query.limit = Some(first);
            }
        }
        if self.take_word("OFFSET") {
            query.offset = self.number("OFFSET")?;
        }
        Ok(())
    }

    fn number(&mut self, word: &str) -> Read<usize> {
        let mut digits = String::new();
        while let Some(token) = self.scan.token(self.at) {
            match &token.kind {
                Kind::Char(sign) if sign.is_ascii_digit() => digits.push(*sign),
                Kind::Hole(value) if digits.is_empty() => digits = value.to_string(),
                _ => break,
            }
            self.at += 1;
        }
        digits
            .trim()
            .parse()
            .map_err(|_not_a_number| fault(format!("{word} needs a number of rows")))
    }
}
