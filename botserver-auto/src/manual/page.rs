//! Pages of the manual.

use std::fmt::Write as _;

use botstate::keyword::{Class, Keyword, Shape};

use super::form;
use crate::basic::{FunctionDoc, Word};

/// The page of a keyword, in Markdown.
pub(crate) fn keyword_page(keyword: &Keyword, shapes: &[Shape]) -> String {
    let forms: Vec<String> = shapes.iter().map(|shape| form(keyword.phrase, shape)).collect();
    let (class, meaning) = class(keyword.class);
    let mut page = head(keyword.phrase, keyword.summary, &forms);
    let _ = write!(
        page,
        "\n## Effect\n\n**{class}**: {meaning}\n\n## Faults\n\n{}\n",
        faults(keyword.class)
    );
    example(&mut page, keyword.example);
    page
}

/// The page of a statement, in Markdown.
pub(crate) fn word_page(word: &Word) -> String {
    let forms: Vec<String> = word.forms.iter().map(|form| (*form).to_owned()).collect();
    let mut page = head(word.phrase, word.summary, &forms);
    example(&mut page, word.example);
    page
}

/// What the manual says about a function, in Markdown.
pub(crate) fn function_page(doc: &FunctionDoc) -> String {
    let mut page = format!(
        "### {}\n\n```basic\n{}({})\n```\n\n{}\n",
        doc.name, doc.name, doc.signature, doc.summary
    );
    let _ = if doc.result.is_empty() {
        write!(page, "\n```basic\nTALK {}\n```\n", doc.example)
    } else {
        write!(page, "\n```basic\nTALK {}   ' {}\n```\n", doc.example, doc.result)
    };
    page
}

fn head(phrase: &str, summary: &str, forms: &[String]) -> String {
    // Forms of several lines need air between them.
    let long = forms.iter().any(|form| form.contains('\n'));
    let forms = forms.join(if long { "\n\n" } else { "\n" });
    format!("# {phrase}\n\n{summary}\n\n## Forms\n\n```basic\n{forms}\n```\n")
}

fn example(page: &mut String, example: &str) {
    let _ = write!(page, "\n## Example\n\n```basic\n{}\n```\n", example.trim_end());
}

/// A class as authors read it, and what it means to them.
pub(super) fn class(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Pure => ("pure", "it depends on its arguments only and changes nothing."),
        Class::Read => (
            "read",
            "it reads the conversation or the bot's data and changes nothing.",
        ),
        Class::Write => (
            "write",
            "it changes the conversation or the bot's data; the change is kept together with everything else that the turn did.",
        ),
        Class::External => (
            "external",
            "it reaches outside the server; what the turn did before is kept first, and the call carries a key by which a repeated one is known.",
        ),
        Class::Wait => (
            "wait",
            "it pauses the dialog; what the turn did before is kept first, and the dialog goes on after a restart as well.",
        ),
    }
}

/// What can go wrong, which `TRY` and `ON ERROR` can handle.
fn faults(class: Class) -> &'static str {
    match class {
        Class::Pure => "`argument` when an argument does not fit.",
        Class::Read => "`argument` when an argument does not fit, `data` when the store cannot be read.",
        Class::Write => {
            "`argument` when an argument does not fit, `permission` when the person may not do this, \
             `data` when the store refuses."
        }
        Class::External => {
            "`argument` when an argument does not fit, `permission` when the address is not allowed, \
             `network` when the other side does not answer as it should."
        }
        Class::Wait => "`argument` when an argument does not fit, `stopped` when the person ended the answer.",
    }
}
