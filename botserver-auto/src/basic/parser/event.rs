//! What starts scripts without a person: ON blocks, schedules, webhooks.

use botstate::{dialog::Operation, keyword::Class};

use super::{Block, Kind, Parse, Parser};
use crate::basic::{
    grammar::nearest,
    tree::{Arg, Command, Event, Expr, ExprKind, Stmt, StmtKind, Unit},
};

/// Words that begin a phrase of SET SCHEDULE without quotes.
const PHRASES: [&str; 20] = [
    "EVERY",
    "DAILY",
    "HOURLY",
    "WEEKLY",
    "MONTHLY",
    "YEARLY",
    "ANNUALLY",
    "WEEKDAYS",
    "WEEKENDS",
    "AT",
    "BUSINESS",
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
    "WEEKDAY",
    "WEEKEND",
];

/// Words that stand after the first one of such a phrase.
const IN_PHRASES: [&str; 40] = [
    "MINUTE", "MINUTES", "HOUR", "HOURS", "DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS", "SECOND",
    "SECONDS", "NOON", "MIDNIGHT", "AM", "PM", "FROM", "TO", "DURING", "ON", "AND", "OF", "THE", "UNTIL", "BETWEEN",
    "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", "TUES", "WEDS", "THUR", "THURS", "OTHER", "IN",
];

/// What services that are not here tell of.
const ELSEWHERE: [&str; 14] = [
    "EMAIL",
    "MAIL",
    "CHANGE",
    "WHATSAPP",
    "SMS",
    "TELEGRAM",
    "TEAMS",
    "INSTAGRAM",
    "CALL",
    "MESSAGE",
    "FILE",
    "FOLDER",
    "CALENDAR",
    "MEET",
];

impl Parser<'_> {
    /// A text without holes, or a bare word.
    fn literal(&mut self, what: &str) -> Parse<String> {
        let token = self.token();
        match token.kind {
            Kind::Text => {
                self.next();
                match self.quoted_text(token) {
                    ExprKind::Text(text) => Ok(text),
                    _ => Err(self.error("B108", token.span(), format!("{what} must be a text without `${{…}}`"))),
                }
            }
            Kind::Word => {
                self.next();
                let mut text = self.text_of(token).to_owned();
                while self.token_at(0).kind == Kind::Dot && self.token_at(1).kind == Kind::Word {
                    text.push('.');
                    text.push_str(self.text_of(self.token_at(1)));
                    self.at += 2;
                }
                Ok(text)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// After the word ON, when no error is meant.
    pub(super) fn on_event(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let start = self.start();
        if !self.blocks.is_empty() {
            let error = self.error("B123", opener.clone(), "an ON block cannot stand inside another block");
            let help = if self.blocks.contains(&Block::On) {
                "write END ON at the end of the block above"
            } else {
                "move it to the end of the script"
            };
            self.diagnostics.push(error.help(help));
        }
        let mut events = vec![self.event()?];
        self.take_word("DO");
        if let Some(Event::Unserved(words)) = events.first() {
            let title = format!("this server has no service that tells of {words}");
            let span = self.since(start);
            let warning = self.warning("B230", span, title);
            self.warn(warning.label("this block never runs").help(
                "blocks that run are ON INSERT, UPDATE or DELETE OF \"table\", ON FORM SUBMIT \"form\", ON EVENT \"name\" DO",
            ));
        }
        if self.is_word(0, "CALL") {
            let start = self.start();
            self.next();
            let call = self.call()?;
            let body = vec![Stmt {
                kind: StmtKind::Do1(call),
                span: self.since(start),
            }];
            return Ok(StmtKind::On { events, body });
        }
        if !self.at_end() {
            return Err(self.leftover_of_header());
        }
        // Without any END ON the rest of the script is what the event starts, up to the next ON.
        let is_change = matches!(events.first(), Some(Event::Change(..)));
        while is_change && self.at_change() {
            self.skip_newlines();
            self.next();
            events.push(self.event()?);
            self.take_word("DO");
            if !self.at_end() {
                return Err(self.leftover_of_header());
            }
        }
        let is_open = is_change && !self.ends_later("ON");
        let body = self.open(if is_open { Block::OnOpen } else { Block::On });
        if is_open {
            self.blocks.pop();
        } else {
            self.end_block(Block::On, opener, "ON block", "END ON");
        }
        Ok(StmtKind::On { events, body })
    }

    /// Whether the next line is another `ON INSERT`, `ON UPDATE` or `ON DELETE`: it shares the block of the one before.
    fn at_change(&self) -> bool {
        let mut ahead = 0;
        while self.token_at(ahead).kind == Kind::Newline {
            ahead += 1;
        }
        let operation = ["INSERT", "UPDATE", "DELETE"]
            .iter()
            .any(|word| self.is_word(ahead + 1, word));
        ahead > 0 && self.is_word(ahead, "ON") && operation
    }

    /// Whether `END word` stands further down.
    fn ends_later(&self, word: &str) -> bool {
        let is = |place: usize, word: &str| {
            let token = self.tokens.get(place).copied();
            token.is_some_and(|token| token.kind == Kind::Word && self.text_of(token).eq_ignore_ascii_case(word))
        };
        (self.at..self.tokens.len()).any(|place| is(place, "END") && is(place + 1, word))
    }

    fn event(&mut self) -> Parse<Event> {
        const OPERATIONS: [(&str, Operation); 3] = [
            ("INSERT", Operation::Insert),
            ("UPDATE", Operation::Update),
            ("DELETE", Operation::Delete),
        ];
        for (word, operation) in OPERATIONS {
            if self.is_word(0, word) {
                self.next();
                if !(self.take_word("OF") || self.take_word("ON") || self.take_word("INTO") || self.take_word("FROM")) {
                    return Err(self.expected("OF"));
                }
                return Ok(Event::Change(operation, self.literal("a table's name")?));
            }
        }
        if self.take_words(&["FORM", "SUBMIT"]) {
            return Ok(Event::Form(self.literal("a form's name")?));
        }
        if self.take_word("EVENT") || self.kind() == Kind::Text {
            return Ok(Event::Named(self.literal("an event's name")?));
        }
        if self.take_word("WEBHOOK") {
            let _ = self.take_word("POST") || self.take_word("GET") || self.take_word("PUT");
            self.take_word("TO");
            return Ok(Event::Webhook(self.literal("an endpoint")?));
        }
        let Some(word) = self.word().map(str::to_ascii_uppercase).filter(|_| !self.at_end()) else {
            return Err(self.expected("what the block waits for"));
        };
        if !ELSEWHERE.contains(&word.as_str()) {
            let span = self.token().span();
            let error = self.error("B112", span, format!("`{word}` is nothing that ON can wait for"));
            let known = ["INSERT", "UPDATE", "DELETE", "FORM", "EVENT", "WEBHOOK"];
            return Err(Box::new(match nearest(&word, known.into_iter().chain(ELSEWHERE)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("write ON INSERT OF \"table\", ON FORM SUBMIT \"form\" or ON EVENT \"name\" DO"),
            }));
        }
        let start = self.start();
        while !self.at_end() && !self.is_word(0, "DO") && !self.is_word(0, "CALL") {
            self.next();
        }
        let span = self.since(start);
        Ok(Event::Unserved(
            self.text.get(span).unwrap_or_default().trim().to_owned(),
        ))
    }

    /// `SCHEDULE IN 5 MINUTES DO … END SCHEDULE`, after the words SCHEDULE IN.
    pub(super) fn later(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let amount = self.without_commas(Self::sum)?;
        let unit = match self.word().map(str::to_ascii_uppercase).as_deref() {
            Some("SECOND" | "SECONDS") => Unit::Seconds,
            Some("MINUTE" | "MINUTES") => Unit::Minutes,
            Some("HOUR" | "HOURS") => Unit::Hours,
            Some("DAY" | "DAYS") => Unit::Days,
            _ => return Err(self.expected("SECONDS, MINUTES, HOURS or DAYS")),
        };
        self.next();
        if !self.take_word("DO") {
            return Err(self.expected("DO"));
        }
        if !self.at_end() {
            return Err(self.leftover_of_header());
        }
        let body = self.open(Block::Later);
        self.end_block(Block::Later, opener, "SCHEDULE block", "END SCHEDULE");
        Ok(StmtKind::Later { amount, unit, body })
    }

    /// After SET SCHEDULE. A literal outside of blocks declares the script's own schedule; everything else is a call
    /// of the keyword SET SCHEDULE, whose handler gets
    ///
    /// - `when`: a cron expression or a phrase as text; a date or date-time makes a job that runs once,
    /// - `at`: when given, the moment before which the schedule does not begin,
    /// - `file`: the script to run, such as `report.bas`; the script itself when it is missing,
    /// - `args`: a list of values for its PARAM lines in order; missing when there are none.
    pub(super) fn schedule(&mut self) -> Parse<StmtKind> {
        let start = self.start();
        let token = self.token();
        let first = self.word().map(str::to_ascii_uppercase);
        let phrase = first.is_some_and(|word| PHRASES.contains(&word.as_str()))
            && !matches!(
                self.token_at(1).kind,
                Kind::Dot | Kind::Paren | Kind::Comma | Kind::Plus
            );
        let top = self.blocks.is_empty() && self.inline_ifs == 0;
        if phrase {
            while !self.at_end() {
                self.next();
            }
            let span = self.since(start);
            let when = self.text.get(span.clone()).unwrap_or_default().trim().to_owned();
            self.check_phrase(&when, span.clone());
            if top {
                return Ok(StmtKind::Schedule { when });
            }
            let when = Expr::new(ExprKind::Text(when), span);
            return Ok(self.schedule_call(start, vec![("when".to_owned(), Arg::One(when))]));
        }
        if top
            && token.kind == Kind::Text
            && matches!(self.token_at(1).kind, Kind::Newline | Kind::Semicolon | Kind::End)
        {
            self.next();
            return Ok(match self.quoted_text(token) {
                ExprKind::Text(when) => {
                    self.check_phrase(&when, token.span());
                    StmtKind::Schedule { when }
                }
                kind => {
                    let when = Expr::new(kind, self.place(token.span()));
                    self.schedule_call(start, vec![("when".to_owned(), Arg::One(when))])
                }
            });
        }
        let when = self.without_commas(Self::expression)?;
        let mut args = vec![("when".to_owned(), Arg::One(when))];
        let mut rest = Vec::new();
        let mut moment = None;
        while !self.at_end() {
            let comma = self.take(Kind::Comma);
            if comma {
                self.skip_newlines_after_operator();
            }
            let text = self.kind() == Kind::Text;
            let value = self.without_commas(Self::expression)?;
            if !comma && !text && rest.is_empty() && moment.is_none() {
                moment = Some(value);
            } else {
                rest.push(value);
            }
        }
        args.extend(moment.map(|at| ("at".to_owned(), Arg::One(at))));
        let mut rest = rest.into_iter();
        args.extend(rest.next().map(|file| ("file".to_owned(), Arg::One(file))));
        let rest: Vec<Expr> = rest.collect();
        if !rest.is_empty() {
            args.push(("args".to_owned(), Arg::Many(rest)));
        }
        Ok(self.schedule_call(start, args))
    }

    /// Warns of words that no phrase of a schedule has, and of cron expressions with too few or too many fields.
    fn check_phrase(&mut self, when: &str, span: std::ops::Range<usize>) {
        let words: Vec<String> = when.split_whitespace().map(str::to_ascii_uppercase).collect();
        let first = words.first().map(String::as_str).unwrap_or_default();
        let title = if PHRASES.contains(&first) {
            let unknown = words.iter().find(|word| {
                let letters = word.chars().all(|c| c.is_ascii_alphabetic());
                letters && !PHRASES.contains(&word.as_str()) && !IN_PHRASES.contains(&word.as_str())
            });
            unknown.map(|word| format!("`{}` is no word of a schedule", word.to_lowercase()))
        } else if first.starts_with(|c: char| c.is_ascii_digit() || c == '*') && !(5..=6).contains(&words.len()) {
            Some(format!("a cron expression has 5 or 6 fields, not {}", words.len()))
        } else {
            None
        };
        if let Some(title) = title {
            let warning = self.warning("B279", span, title);
            self.warn(
                warning.help("write such as `\"0 8 * * *\"`, `\"every 5 minutes\"` or `\"every monday at 9am\"`"),
            );
        }
    }

    fn schedule_call(&self, start: usize, args: Vec<(String, Arg)>) -> StmtKind {
        let command = Command {
            phrase: "SET SCHEDULE",
            class: Class::Write,
            args,
            elsewhere: None,
        };
        StmtKind::Do1(Expr::new(ExprKind::Command(Box::new(command)), self.since(start)))
    }

    /// After the word WEBHOOK.
    pub(super) fn webhook(&mut self) -> Parse<StmtKind> {
        let opener = self.opener();
        let endpoint = self.literal("an endpoint")?;
        if !self.blocks.is_empty() {
            let error = self.error("B123", opener, "a WEBHOOK line cannot stand inside a block");
            self.diagnostics.push(error.help("move it to the top of the script"));
        }
        Ok(StmtKind::Webhook { endpoint })
    }
}
