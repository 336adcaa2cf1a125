//! What a script names and where: the questions of editors, answered without showing the tree.

mod walk;

use std::{collections::HashSet, ops::Range};

use super::parser::Parsed;

/// What an [`Occurrence`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// A variable, a parameter of the script or of a SUB.
    Variable,
    /// A SUB or FUNCTION of the script.
    Procedure,
    /// A function of the library.
    Function,
    /// A keyword of the registry; its key is the phrase.
    Keyword,
    /// Another script or a tool, inside a text.
    Script,
    /// A table or a data file, inside a text or bare.
    Table,
    /// A label that GOTO jumps to.
    Label,
    /// An event, a form or an endpoint, inside a text.
    Event,
}

/// What happens to the name at an [`Occurrence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A `PARAM` line declares it.
    Param,
    /// The head of a SUB or FUNCTION declares it.
    Argument,
    /// A loop or CATCH gives it its values.
    Loop,
    /// It is assigned, or a SUB or FUNCTION begins.
    Write,
    /// It is read or called.
    Read,
}

impl Role {
    /// Whether the name comes to be here.
    pub fn defines(self) -> bool {
        self != Self::Read
    }
}

/// A place where a script names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// What is named.
    pub named: Named,
    /// The name as it is compared: lower case for what authors name, capitals for keywords and functions.
    pub key: String,
    /// The bytes of the name; for texts those between the quotes.
    pub span: Range<usize>,
    /// What happens to it.
    pub role: Role,
    /// The SUB, FUNCTION or loop that the variable belongs to; none for those of the whole script.
    pub scope: Option<usize>,
    /// Whether the place is `{ name }`, where one word is the field's name and the variable.
    pub short: bool,
}

impl Occurrence {
    /// Whether both places name the same thing.
    pub fn same(&self, other: &Self) -> bool {
        self.named == other.named && self.key == other.key && self.scope == other.scope
    }
}

/// A SUB or FUNCTION of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureOutline {
    /// The name as it is written.
    pub name: String,
    /// The names of its parameters as they are written.
    pub params: Vec<String>,
    /// From its first word to its END.
    pub span: Range<usize>,
    /// The bytes of its name.
    pub name_span: Range<usize>,
}

/// A `PARAM` of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamOutline {
    /// The name as it is written.
    pub name: String,
    /// The type in capitals.
    pub kind: String,
    /// What it means.
    pub description: Option<String>,
    /// The bytes of its name.
    pub span: Range<usize>,
}

/// Everything that a script names, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The places of all names.
    pub occurrences: Vec<Occurrence>,
    /// The SUBs and FUNCTIONs.
    pub procedures: Vec<ProcedureOutline>,
    /// The `PARAM` lines.
    pub params: Vec<ParamOutline>,
    /// What the script does, from its last `DESCRIPTION`.
    pub description: Option<String>,
}

impl Outline {
    /// What `parsed` names.
    pub fn new(parsed: &Parsed) -> Self {
        walk::outline(parsed)
    }

    /// The name at a byte of the text, or right before it.
    pub fn at(&self, offset: usize) -> Option<&Occurrence> {
        let near = |one: &&Occurrence| one.span.start <= offset && offset <= one.span.end;
        let rank = |one: &&Occurrence| (one.span.len(), one.named == Named::Keyword);
        self.occurrences.iter().filter(near).min_by_key(rank)
    }

    /// Where the thing comes to be: its declaration, else its first assignment.
    pub fn definition(&self, of: &Occurrence) -> Option<&Occurrence> {
        let declares = |one: &&Occurrence| matches!(one.role, Role::Param | Role::Argument | Role::Loop);
        let mut places = self.occurrences.iter().filter(|one| one.same(of) && one.role.defines());
        let first = places.clone().next();
        places.find(declares).or(first)
    }

    /// All places of the same thing.
    pub fn same_as<'a>(&'a self, of: &'a Occurrence) -> impl Iterator<Item = &'a Occurrence> {
        self.occurrences.iter().filter(|one| one.same(of))
    }

    /// Keys of the variables that can be read at a byte of the text.
    pub fn variables_at(&self, offset: usize) -> Vec<&str> {
        let inside: Vec<&Range<usize>> = self
            .procedures
            .iter()
            .map(|procedure| &procedure.span)
            .filter(|span| span.contains(&offset))
            .collect();
        let mut seen = HashSet::new();
        self.occurrences
            .iter()
            .filter(|one| one.named == Named::Variable && one.role.defines())
            .filter(|one| {
                let of_procedure = one.role == Role::Argument;
                !of_procedure || inside.iter().any(|span| span.contains(&one.span.start))
            })
            // The word that is being written is no variable yet.
            .filter(|one| !(one.span.start <= offset && offset <= one.span.end))
            .map(|one| one.key.as_str())
            .filter(|key| seen.insert(*key))
            .collect()
    }

    /// The procedure called `key`, in lower case.
    pub fn procedure(&self, key: &str) -> Option<&ProcedureOutline> {
        self.procedures
            .iter()
            .find(|procedure| procedure.name.trim_end_matches('$').to_lowercase() == key)
    }
}
