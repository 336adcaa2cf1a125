use std::collections::BTreeSet;

use super::*;

fn text(path: &str) -> String {
    String::from_utf8(Files::get(path).unwrap().data.into_owned()).unwrap()
}

fn paths(kind: &str) -> Vec<String> {
    all().into_iter().filter(|path| extension(path) == kind).collect()
}

fn all() -> Vec<String> {
    Files::iter().map(Cow::into_owned).collect()
}

/// The quoted words after each `before` in `text`.
fn quoted(text: &str, before: &str) -> Vec<String> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// Where a relative or absolute address of a file at `base` leads.
fn resolve(base: &str, address: &str) -> String {
    if let Some(absolute) = address.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in address.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// What a page or module loads by itself.
fn loaded(path: &str) -> Vec<String> {
    let text = text(path);
    let marks: &[&str] = if extension(path) == "html" {
        &["src=\"", "href=\"/assets/"]
    } else {
        &["from \"", "import \"", "import(\""]
    };
    let whole = |mark: &str, address: String| {
        if mark.starts_with("href") {
            format!("/assets/{address}")
        } else {
            address
        }
    };
    marks
        .iter()
        .flat_map(|mark| quoted(&text, mark).into_iter().map(move |address| whole(mark, address)))
        .map(|address| resolve(path, &address))
        .collect()
}

/// Everything that a page loads, directly or through modules.
fn closure(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([page.to_owned()]);
    let mut open = vec![page.to_owned()];
    while let Some(path) = open.pop() {
        for next in loaded(&path) {
            if found.insert(next.clone()) && extension(&next) == "js" {
                open.push(next);
            }
        }
    }
    found
}

#[test]
fn everything_that_a_page_loads_exists() {
    let pages = paths("html");
    assert!(pages.len() >= 2, "{pages:?}");

    for page in pages {
        let all = closure(&page);
        assert!(all.len() > 4, "{page} loads only {all:?}");
        for path in all {
            assert!(Files::get(&path).is_some(), "{page} needs {path}, which is not there");
        }
    }
}

#[test]
fn every_asset_is_needed_by_a_page() {
    let needed: BTreeSet<String> = paths("html").iter().flat_map(|page| closure(page)).collect();

    let idle: Vec<String> = all()
        .into_iter()
        .filter(|path| path.starts_with("assets/") && !needed.contains(path))
        .collect();

    assert!(idle.is_empty(), "nothing loads {idle:?}");
}

#[test]
fn a_page_names_all_its_modules_so_that_they_load_at_once() {
    for page in paths("html") {
        for module in closure(&page).iter().filter(|path| extension(path) == "js") {
            assert!(
                text(&page).contains(&format!("\"/{module}\"")),
                "{page} does not name {module}"
            );
        }
    }
}

#[test]
fn pages_hold_no_inline_script_style_or_handler() {
    for page in paths("html") {
        let text = text(&page).to_lowercase();

        assert!(
            !text.contains("<style") && !text.contains(" style="),
            "{page} has an inline style"
        );
        assert!(!text.contains("javascript:"), "{page} has a javascript: address");
        for script in text.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src=\"/assets/"), "{page} has an inline script: {tag}");
            assert!(rest.starts_with("</script>"), "{page} has a script with contents");
        }
        for tag in text.split('<').filter_map(|part| part.split('>').next()) {
            assert!(!tag.contains(" on"), "{page} has a handler in <{tag}>");
        }
    }
}

#[test]
fn scripts_never_make_markup_from_text() {
    for script in paths("js") {
        let text = text(&script);
        for door in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
        ] {
            assert!(!text.contains(door), "{script} uses {door}");
        }
        // Setting the attribute is an inline style; properties of `element.style` are not.
        assert!(
            !text.contains("setAttribute(\"style\""),
            "{script} sets a style attribute"
        );
    }
}

#[test]
fn nothing_comes_from_another_host() {
    let namespaces = ["http://www.w3.org/2000/svg", "https://bots.example.org/embed.js"];
    for path in all() {
        for scheme in ["http://", "https://"] {
            for rest in text(&path).split(scheme).skip(1) {
                let is_address = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
                let is_known = namespaces
                    .iter()
                    .any(|known| format!("{scheme}{rest}").starts_with(known));
                assert!(
                    !is_address || is_known,
                    "{path} names {scheme}{}",
                    rest.lines().next().unwrap_or_default()
                );
            }
        }
    }
}

#[test]
fn types_are_those_that_browsers_insist_on() {
    let table = ["index.html", "embed.js", "assets/base.css", "assets/icon.svg"]
        .map(|path| format!("{path}: {}", asset(path).unwrap().mime))
        .join("\n");

    insta::assert_snapshot!(table, @r"
    index.html: text/html; charset=utf-8
    embed.js: text/javascript; charset=utf-8
    assets/base.css: text/css; charset=utf-8
    assets/icon.svg: image/svg+xml
    ");
}

#[test]
fn a_page_names_its_assets_by_their_version() {
    let page = String::from_utf8(asset("index.html").unwrap().bytes.into_owned()).unwrap();

    assert!(page.contains(&format!("\"/assets/{}/chat.js\"", version())));
    assert!(!page.contains("\"/assets/chat.js\""));
}

#[test]
fn no_asset_looks_like_a_version() {
    assert!(
        all()
            .iter()
            .filter_map(|path| path.strip_prefix("assets/"))
            .all(|path| !is_version(path))
    );
}

#[test]
fn paths_outside_the_folder_are_unknown() {
    for path in [
        "../Cargo.toml",
        "assets/../../Cargo.toml",
        "/etc/passwd",
        "",
        "assets/",
        "assets",
    ] {
        assert!(asset(path).is_none(), "{path:?} was found");
    }
}

#[test]
fn a_page_stays_within_its_budget() {
    for (page, most) in [
        ("index.html", 125_000),
        ("docs.html", 60_000),
        ("claim.html", 40_000),
        ("admin.html", 60_000),
    ] {
        let size: usize = closure(page)
            .iter()
            .map(|path| Files::get(path).unwrap().data.len())
            .sum();

        assert!(size <= most, "{page} needs {size} bytes, {most} at most");
    }
    assert!(Files::get("embed.js").unwrap().data.len() <= 5_000);
}

#[test]
fn the_assets_and_their_sizes_are_known() {
    // In whole KiB, so that only a change of weight shows up.
    let size = |path: &String| Files::get(path).unwrap().data.len().div_ceil(1024);
    let list: Vec<String> = all()
        .iter()
        .map(|path| format!("{:>3} KiB {path}", size(path)))
        .collect();

    insta::assert_snapshot!(list.join("\n"));
}
