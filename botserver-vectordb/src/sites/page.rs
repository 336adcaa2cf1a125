//! Where a page leads, and what it says to robots. Only its tags are looked at, once from front to back: a page that
//! is made to be hard to parse costs no more than its length.

use url::Url;

/// Links of one page at most.
const MOST_LINKS: usize = 2_000;

/// What a crawler needs to know of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) links: Vec<Url>,
    pub(super) index: bool,
    pub(super) follow: bool,
}

impl Page {
    pub(super) fn parse(text: &str, at: &Url) -> Self {
        let mut page = Self {
            links: Vec::new(),
            index: true,
            follow: true,
        };
        let mut base = at.clone();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('<') {
            if let Some(comment) = after.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
                continue;
            }
            let end = end_of_tag(after);
            let (tag, after) = after.split_at(end);
            rest = after;
            let name_end = tag
                .find(|letter: char| !letter.is_ascii_alphanumeric())
                .unwrap_or(tag.len());
            let (name, attributes) = tag.split_at(name_end);
            match name.to_ascii_lowercase().as_str() {
                "script" | "style" => rest = skip(rest, name),
                "base" => {
                    let href = attribute(attributes, "href").and_then(|href| at.join(&href).ok());
                    base = href.unwrap_or(base);
                }
                "meta" => page.meta(attributes),
                "a" | "area" => page.link(attributes, &base),
                _ => {}
            }
        }
        page
    }

    fn meta(&mut self, attributes: &str) {
        let name = attribute(attributes, "name").unwrap_or_default().to_ascii_lowercase();
        if matches!(name.as_str(), "robots" | "botserver") {
            self.obey(&attribute(attributes, "content").unwrap_or_default());
        }
    }

    /// Takes in what a page or its head says to robots.
    pub(super) fn obey(&mut self, words: &str) {
        let words = words.to_ascii_lowercase();
        for word in words.split(',').map(str::trim) {
            self.index &= !matches!(word, "noindex" | "none");
            self.follow &= !matches!(word, "nofollow" | "none");
        }
    }

    fn link(&mut self, attributes: &str, base: &Url) {
        let silent = attribute(attributes, "rel").is_some_and(|rel| rel.to_ascii_lowercase().contains("nofollow"));
        if silent || self.links.len() >= MOST_LINKS {
            return;
        }
        let link = attribute(attributes, "href").and_then(|href| base.join(href.trim()).ok());
        if let Some(mut link) = link.filter(|link| matches!(link.scheme(), "http" | "https")) {
            link.set_fragment(None);
            self.links.push(link);
        }
    }
}

/// Where a tag ends: at the first `>` outside quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (place, letter) in text.char_indices().take(20_000) {
        match (quote, letter) {
            (None, '>') => return place,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    text.find('>').unwrap_or(text.len())
}

/// What follows the element of that name, whose content is no text.
fn skip<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after
            .get(..name.len())
            .is_some_and(|end| end.eq_ignore_ascii_case(name))
        {
            return after;
        }
        rest = after;
    }
    ""
}

/// The value of an attribute, with the entities that addresses have.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let end = rest
            .find(|letter: char| letter.is_whitespace() || letter == '=')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() && after.is_empty() {
            return None;
        }
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value
                .get(1..)
                .unwrap_or_default()
                .split_once(quote)
                .unwrap_or((value, "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value.replace("&amp;", "&").replace("&#38;", "&"));
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_whole_and_those_that_nobody_should_follow_are_left_out() {
        let at = Url::parse("https://a.org/docs/index.html").unwrap();
        let page = Page::parse(
            r#"<meta name="Robots" content="noindex"><!-- <a href="/comment"> --><script>"<a href='/script'>"</script>
            <a class=x href="next.html#part">n</a><A HREF=/top?a=1&amp;b=2>t</A><a rel="nofollow" href="/no">x</a>
            <a title="a > b" href='//b.org/'>b</a><a href="mailto:x@y">m</a><a name>"#,
            &at,
        );

        let links: Vec<&str> = page.links.iter().map(Url::as_str).collect();
        assert_eq!(
            links,
            [
                "https://a.org/docs/next.html",
                "https://a.org/top?a=1&b=2",
                "https://b.org/"
            ]
        );
        assert_eq!((page.index, page.follow), (false, true));
    }

    #[test]
    fn a_page_may_end_anywhere() {
        let at = Url::parse("https://a.org/").unwrap();
        for text in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href=\"x",
            "<!--",
            "<script>",
            "<meta name=robots content",
        ] {
            let _ = Page::parse(text, &at);
        }
    }
}
