//! The keyword registry: one table that parser, checker, manual and runtime read.
//!
//! A domain registers its keywords when the server is composed. The language knows a keyword by its phrase
//! and the shapes of its arguments; the turn engine calls its handler with the arguments by name.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use botlib::{Caller, ConversationId, TurnId, Value, value::Map};
use tokio_util::sync::CancellationToken;

use crate::{
    conversation::{Emit, SessionState},
    db,
    dialog::{Bot, Fault, FaultKind},
    run::Suspend,
};

/// What a keyword does to the world, which decides how it is run and what is saved around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Depends on its arguments only.
    Pure,
    /// Reads the conversation or the database.
    Read,
    /// Changes the conversation or the database; the change commits with the turn.
    Write,
    /// Talks to the outside. What the turn did so far is committed before it.
    External,
    /// Pauses or waits for a person. What the turn did so far is committed before it.
    Wait,
}

/// A keyword as its domain describes it.
#[derive(Clone)]
pub struct Keyword {
    /// The words in capitals, such as `SET BOT MEMORY`.
    pub phrase: &'static str,
    /// Accepted arguments, one shape a form. See [`Shape`] for how a shape is written. The first is canonical.
    pub shapes: &'static [&'static str],
    /// What it does to the world.
    pub class: Class,
    /// One sentence: what it gives you.
    pub summary: &'static str,
    /// A script that shows it, which the tests run.
    pub example: &'static str,
    /// Performs it. The language itself performs keywords without a handler (TALK, HEAR).
    pub handler: Option<Arc<dyn Handler>>,
}

impl fmt::Debug for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyword")
            .field("phrase", &self.phrase)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// Performs a keyword.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Performs the keyword with `args` in `turn` and gives its value, null when it has none.
    ///
    /// # Errors
    /// Whatever the script should be able to handle.
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault>;
}

/// What a keyword may use of the turn that it runs in.
#[async_trait]
pub trait Turn: Send {
    /// For whom the turn runs.
    fn caller(&self) -> &Caller;

    /// The bot.
    fn bot(&self) -> &Arc<Bot>;

    /// The conversation.
    fn conversation(&self) -> ConversationId;

    /// The turn, where there is one.
    fn turn(&self) -> Option<TurnId> {
        None
    }

    /// The same for every try of this call and different for every other call.
    fn idempotency_key(&self) -> &str;

    /// The state that the conversation keeps between turns.
    fn session(&mut self) -> &mut SessionState;

    /// Adds something to the conversation's log; it commits with the turn.
    fn emit(&mut self, event: Emit);

    /// Adds a change of the database; it commits with the turn.
    fn write(&mut self, change: db::Change);

    /// Commits what the turn did so far, so that a read sees it and a crash keeps it.
    ///
    /// # Errors
    /// [`FaultKind::Data`] when the database refuses; the turn cannot go on then.
    async fn flush(&mut self) -> Result<(), Fault>;

    /// Cancelled when the person stops the answer or the server stops.
    fn cancelled(&self) -> CancellationToken;

    /// Lets the dialog wait, holding nothing, until its token is woken: what it is woken with is the keyword's value,
    /// whatever the handler gives back now. What the handler wrote commits together with the wait.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] where nothing could ever wake it, such as in a terminal.
    fn suspend(&mut self, _wait: Suspend) -> Result<(), Fault> {
        Err(Fault::new(FaultKind::NotFound, "a dialog cannot wait for events here"))
    }

    /// The script that performs the keyword, as it can be started again; empty where that is not known.
    fn script(&self) -> String {
        String::new()
    }

    /// How many orders led to this turn: 0 when a person began it.
    fn depth(&self) -> u8 {
        0
    }
}

/// Where rows are, or a name that may be one of something else: what an argument `@name` holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// The words, when it is a bare name.
    pub name: Option<String>,
    /// The value, or that of the variable which is called so; null when there is none.
    pub value: Value,
}

impl From<Value> for Source {
    fn from(argument: Value) -> Self {
        match argument {
            Value::Map(mut map)
                if map.len() == 2 && matches!(map.get("name"), Some(Value::Text(_))) && map.get("value").is_some() =>
            {
                Self {
                    name: map.remove("name").map(|name| name.to_string()),
                    value: map.remove("value").unwrap_or_default(),
                }
            }
            value => Self { name: None, value },
        }
    }
}

/// Arguments by the names that the shape gives them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Args(pub Map);

impl Args {
    /// The argument called `name`; null when it was not given.
    pub fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }

    /// The argument `@name`.
    pub fn source(&mut self, name: &str) -> Source {
        self.take(name).into()
    }

    /// Whether `name` was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// The argument called `name` as text: what TALK would print.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] for a secret, which must not become text.
    pub fn text(&mut self, name: &str) -> Result<String, Fault> {
        match self.take(name) {
            Value::Text(text) => Ok(text),
            Value::Secret(_) => Err(Fault::new(
                FaultKind::Argument,
                format!("{name} is a secret, which cannot be used as text here"),
            )),
            other => Ok(other.to_string()),
        }
    }

    /// The argument called `name` as a number with decimals.
    ///
    /// # Errors
    /// [`FaultKind::Argument`] when it is not a number.
    pub fn number(&mut self, name: &str) -> Result<f64, Fault> {
        let value = self.take(name);
        value.to_string().trim().parse().map_err(|_not_a_number| {
            Fault::new(
                FaultKind::Argument,
                format!("{name} must be a number, not {}", value.type_name()),
            )
        })
    }
}

/// A form of a keyword's arguments, parsed from text such as `name, value`, `key AS label` or `url[, body]`.
///
/// Lower-case words are arguments and name them; words in capitals and `=` stand for themselves; `[…]` may be
/// missing; `name...` takes the rest of a comma list as one list. An empty shape means no arguments.
///
/// A sign before the name says how an argument is read, and with it what the handler gets:
///
/// - `%name`: a filter text such as `"name = '" + x + "' AND age > 3"`. Its literal parts are code, what is joined in
///   is data: a list of texts at even places with one value between each two, so never fewer than one element. A value
///   that the script did not put together itself comes as `["", value, ""]`.
/// - `?name`: a condition over columns, such as `email = email AND age > limit`, or a filter text. The same list;
///   names on the left of a comparison are columns, everything on the right is computed.
/// - `@name`: where rows are. A bare name such as `accounts`, `.Products` or `crm.leads` comes as an object with
///   `name` (its text) and `value` (the variable of that name, null when there is none); anything else is its value.
/// - `{name}`: assignments `a = 1, b AS x`: an object with the assigned names. After SET or before WHERE a value may read
///   names that the script never sets: columns of the rows that get it. Such values come again under `computed`: an
///   object of names, each with the same kind of list as for `%name`.
/// - `#name...`: values that know what they are called: a list of objects with `name` (of the variable or last member,
///   null for anything else) and `value`.
/// - `$name`: the words up to the end of the line or the next word of the shape, as text: `every 1 hour`. Right after the
///   phrase it takes words and numbers only, so that texts and variables fit other shapes: put such a shape first.
/// - `!WORD`: a word that may be there: TRUE under its name in lower case. `[!FIRST]` gives `first`.
/// - `~name`: a query such as `SUM(a * b) AS v, c FROM sales WHERE year = "${year}"`, up to the end of the logical line.
///   Under the name comes the same kind of list as for `%name`: texts in double quotes are values, all else is code.
///   Under `rows` comes an object with each name of the query that the script sets, and its value: what stands after
///   FROM and JOIN may be there, and what is no column may be.
///
/// Arguments that stand side by side without a comma are juxtaposed: `cron file[ argument]`. Options in brackets that
/// follow each other may come in any order. Lines may end after a comma or a word of the shape; WHERE, ORDER BY,
/// GROUP BY, LIMIT, SET, VALUES, options of two words and their like may begin the next line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<Part>);

/// A piece of a [`Shape`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An expression, with its name.
    Arg(String),
    /// One or more expressions with commas between them, with the name of their list.
    Rest(String),
    /// A filter text, `%name`.
    Filter(String),
    /// A condition over columns, `?name`.
    Condition(String),
    /// Where rows are, `@name`.
    Source(String),
    /// Assignments, `{name}`.
    Fields(String),
    /// Values with their names, `#name...`.
    Named(String),
    /// Bare words, `$name`.
    Words(String),
    /// A word whose presence is an argument, `!WORD`.
    Flag(String),
    /// A query, `~name`.
    Query(String),
    /// A word or sign that stands for itself: `AS`, `,`, `=`.
    Word(String),
    /// Parts that may be missing as a whole.
    Optional(Vec<Part>),
}

impl Shape {
    /// Reads the text form.
    ///
    /// # Panics
    /// When brackets do not match: shapes are written in code and a test reads all of them.
    #[expect(clippy::panic, reason = "shapes are constants of the code")]
    pub fn parse(text: &str) -> Self {
        let mut stack: Vec<Vec<Part>> = vec![Vec::new()];
        let spaced = text.replace('[', " [ ").replace(']', " ] ").replace(',', " , ");
        for word in spaced.split_whitespace() {
            match word {
                "[" => stack.push(Vec::new()),
                "]" => {
                    let inner = stack.pop().unwrap_or_default();
                    let Some(outer) = stack.last_mut() else {
                        panic!("unmatched ] in shape {text:?}")
                    };
                    outer.push(Part::Optional(inner));
                }
                _ => {
                    if let Some(top) = stack.last_mut() {
                        top.push(Part::parse(word));
                    }
                }
            }
        }
        match (stack.pop(), stack.is_empty()) {
            (Some(parts), true) => Self(parts),
            _ => panic!("unmatched [ in shape {text:?}"),
        }
    }
}

impl Shape {
    /// Whether one of its arguments is called `name`.
    fn takes(&self, name: &str) -> bool {
        fn has(parts: &[Part], name: &str) -> bool {
            parts.iter().any(|part| match part {
                Part::Optional(inner) => has(inner, name),
                Part::Flag(flag) => flag.eq_ignore_ascii_case(name),
                Part::Query(own) => own == name || name == "rows",
                Part::Fields(own) => own == name || name == "computed",
                part => part.name() == Some(name),
            })
        }
        has(&self.0, name)
    }
}

impl Part {
    fn parse(word: &str) -> Self {
        let is_name = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
        if let Some(flag) = word.strip_prefix('!') {
            return Self::Flag(flag.to_owned());
        }
        let name = word.trim_matches(|c: char| "%?@{}#$~.".contains(c)).to_owned();
        if !is_name(&name) {
            return Self::Word(word.to_owned());
        }
        match word.chars().next() {
            Some('%') => Self::Filter(name),
            Some('?') => Self::Condition(name),
            Some('@') => Self::Source(name),
            Some('{') => Self::Fields(name),
            Some('#') => Self::Named(name),
            Some('$') => Self::Words(name),
            Some('~') => Self::Query(name),
            _ if word.ends_with("...") => Self::Rest(name),
            _ => Self::Arg(name),
        }
    }

    /// The name of the argument, if the part is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Arg(name)
            | Self::Rest(name)
            | Self::Filter(name)
            | Self::Condition(name)
            | Self::Source(name)
            | Self::Fields(name)
            | Self::Named(name)
            | Self::Query(name)
            | Self::Words(name) => Some(name),
            Self::Word(_) | Self::Flag(_) | Self::Optional(_) => None,
        }
    }
}

/// Forms of a phrase, and who performs them.
type Forms = (Vec<Shape>, Option<Arc<dyn Handler>>);

/// A phrase that several domains have forms of.
struct Shared(Vec<Forms>);

#[async_trait]
impl Handler for Shared {
    async fn call(&self, turn: &mut dyn Turn, args: Args) -> Result<Value, Fault> {
        let fits = |shape: &Shape| args.0.iter().all(|(name, _)| shape.takes(name));
        let found = self.0.iter().find(|(shapes, _)| shapes.iter().any(fits));
        match found.or(self.0.first()) {
            Some((_, Some(handler))) => handler.call(turn, args).await,
            _ => Err(Fault::new(
                FaultKind::NotFound,
                "this form of the keyword has no service here",
            )),
        }
    }
}

/// All keywords of this server, by phrase.
#[derive(Debug, Default)]
pub struct Registry {
    keywords: BTreeMap<&'static str, (Keyword, Vec<Shape>)>,
}

impl Registry {
    /// A registry without keywords.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a keyword. Domains may share a phrase with forms of their own: a call goes to the one that has a form with
    /// the arguments that were given, the first of them when several have.
    ///
    /// # Panics
    /// When the phrase is registered already with one of the same forms: two domains would fight for it.
    pub fn register(&mut self, keyword: Keyword) {
        let mut shapes: Vec<Shape> = keyword.shapes.iter().map(|shape| Shape::parse(shape)).collect();
        let phrase = keyword.phrase;
        let Some((first, before)) = self.keywords.remove(phrase) else {
            self.keywords.insert(phrase, (keyword, shapes));
            return;
        };
        assert!(
            !shapes.iter().any(|shape| before.contains(shape)),
            "the keyword {phrase} is registered twice"
        );
        let handler = Shared(vec![(before.clone(), first.handler), (shapes.clone(), keyword.handler)]);
        let mut texts = first.shapes.to_vec();
        texts.extend(keyword.shapes);
        let shared = Keyword {
            // Keywords are made once, when the server is composed.
            shapes: texts.leak(),
            class: first.class.max(keyword.class),
            handler: Some(Arc::new(handler)),
            ..first
        };
        let mut all = before;
        all.append(&mut shapes);
        self.keywords.insert(phrase, (shared, all));
    }

    /// Puts a keyword in place of the one with its phrase, if there is one.
    pub fn replace(&mut self, keyword: Keyword) {
        self.keywords.remove(keyword.phrase);
        self.register(keyword);
    }

    /// The keyword with that phrase, in capitals.
    pub fn find(&self, phrase: &str) -> Option<&Keyword> {
        self.keywords.get(phrase).map(|(keyword, _)| keyword)
    }

    /// Every keyword with its parsed shapes, by phrase.
    pub fn iter(&self) -> impl Iterator<Item = (&Keyword, &[Shape])> {
        self.keywords
            .values()
            .map(|(keyword, shapes)| (keyword, shapes.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_words_arguments_and_optional_parts() {
        let shape = Shape::parse("url[, body...] AS name");

        assert_eq!(
            shape,
            Shape(vec![
                Part::Arg("url".to_owned()),
                Part::Optional(vec![Part::Word(",".to_owned()), Part::Rest("body".to_owned())]),
                Part::Word("AS".to_owned()),
                Part::Arg("name".to_owned()),
            ])
        );
    }

    #[test]
    fn a_shared_phrase_has_the_forms_of_both() {
        let keyword = |shapes: &'static [&'static str], class| Keyword {
            phrase: "SET",
            shapes,
            class,
            summary: "",
            example: "",
            handler: None,
        };
        let mut registry = Registry::new();
        registry.register(keyword(&["@path, value"], Class::Write));

        registry.register(keyword(&["@table, %filter, #values..."], Class::External));

        let (shared, shapes) = registry.iter().next().unwrap();
        assert_eq!(
            (shared.shapes.len(), shapes.len(), shared.class),
            (2, 2, Class::External)
        );
        assert!(shapes[1].takes("filter") && !shapes[0].takes("filter"));
    }

    #[test]
    fn signs_say_how_an_argument_is_read() {
        let shape = Shape::parse("@source, %filter {set} #values... $when ~query [!FIRST]");

        assert_eq!(
            shape,
            Shape(vec![
                Part::Source("source".to_owned()),
                Part::Word(",".to_owned()),
                Part::Filter("filter".to_owned()),
                Part::Fields("set".to_owned()),
                Part::Named("values".to_owned()),
                Part::Words("when".to_owned()),
                Part::Query("query".to_owned()),
                Part::Optional(vec![Part::Flag("FIRST".to_owned())]),
            ])
        );
    }
}
