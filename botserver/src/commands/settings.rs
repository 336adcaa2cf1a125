//! `botserver settings`: the reference of the configuration, from the table that it is read by.

use std::process::ExitCode;

use botstate::config::{KEYS, Key};

use super::print;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    print(&reference())?;
    Ok(ExitCode::SUCCESS)
}

fn reference() -> String {
    let mut text = "# Settings\n\nFlags win over the environment, the environment over `botserver.toml`. Every setting can be given \
        as\n`--set key=value`.\n"
        .to_owned();
    for key in KEYS {
        text.push_str(&entry(key));
    }
    text
}

fn entry(key: &Key) -> String {
    let default = if key.default.is_empty() {
        "none".to_owned()
    } else {
        format!("`{}`", key.default)
    };
    let variables: Vec<_> = key.env.iter().map(|name| format!("`{name}`")).collect();
    let variables = variables.join(" or ");
    let hidden = if key.secret {
        "- Never shown in logs or errors\n"
    } else {
        ""
    };
    format!(
        "\n## `{}`\n\n{}\n\n- Variable: {variables}\n- Default: {default}\n{hidden}",
        key.name, key.doc
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_page_is_what_the_table_says() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md");

        let written = std::fs::read_to_string(&page).unwrap_or_default();

        assert!(
            written == super::reference(),
            "run `just docs` to write {} again",
            page.display()
        );
    }
}
