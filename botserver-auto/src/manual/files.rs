//! The manual as files.

use std::{fmt::Write as _, fs, io, path::Path};

use botstate::keyword::Registry;

use super::{function_page, keyword_page, page::class, word_page};
use crate::basic::{GROUPS, WORDS};

/// Said at the top of everything that is generated.
const GENERATED: &str = "<!-- Made by `botserver bot manual --out docs`; change the registry, not this file. -->\n\n";

/// Writes the manual below `folder`: `keywords.md`, `keywords/*.md` and `functions.md`. Pages of keywords that are gone
/// are removed. Gives the number of files.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(registry: &Registry, folder: &Path) -> io::Result<usize> {
    let pages = folder.join("keywords");
    fs::create_dir_all(&pages)?;
    let mut names = Vec::new();
    let mut index = format!(
        "{GENERATED}# Keywords\n\nStatements are performed by the language itself, keywords by the server. \
         Functions are in [functions.md](functions.md).\n\n## Statements\n\n| Statement | What it does |\n|---|---|\n"
    );
    for word in WORDS {
        let name = slug(word.phrase);
        let _ = writeln!(index, "| [{}](keywords/{name}) | {} |", word.phrase, word.summary);
        fs::write(pages.join(&name), format!("{GENERATED}{}", word_page(word)))?;
        names.push(name);
    }
    index.push_str("\n## Keywords\n\n| Keyword | What it gives you | Effect |\n|---|---|---|\n");
    for (keyword, shapes) in registry.iter() {
        let name = slug(keyword.phrase);
        let (class, _) = class(keyword.class);
        let _ = writeln!(
            index,
            "| [{}](keywords/{name}) | {} | {class} |",
            keyword.phrase, keyword.summary
        );
        // A phrase that is a statement as well, such as SET, keeps both on one page.
        let mut text = format!("{GENERATED}{}", keyword_page(keyword, shapes));
        if let Some(word) = WORDS.iter().find(|word| word.phrase == keyword.phrase) {
            let _ = write!(text, "\n---\n\n{}", word_page(word));
        }
        fs::write(pages.join(&name), text)?;
        names.push(name);
    }
    fs::write(folder.join("keywords.md"), index)?;
    fs::write(folder.join("functions.md"), functions())?;
    names.sort();
    names.dedup();
    for entry in fs::read_dir(&pages)? {
        let entry = entry?;
        let name = entry.file_name();
        let kept = name.to_str().is_some_and(|name| names.iter().any(|page| page == name));
        if !kept && entry.path().extension().is_some_and(|extension| extension == "md") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(names.len() + 2)
}

fn functions() -> String {
    let mut text = format!(
        "{GENERATED}# Functions\n\nFunctions take their arguments in parentheses and are found in any letter case; \
         arguments in `[…]` may be missing. After `'` stands what the example says.\n"
    );
    for group in GROUPS {
        let _ = write!(text, "\n## {}\n", group.title);
        for doc in group.functions {
            let _ = write!(text, "\n{}", function_page(doc));
        }
    }
    text
}

/// The file of a phrase.
fn slug(phrase: &str) -> String {
    let letters = phrase.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    letters.collect::<String>() + ".md"
}
