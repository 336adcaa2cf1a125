//! robots.txt (RFC 9309): which pages may be read, how fast, and where the site lists them.

use std::time::Duration;

/// What the rules call us.
const NAME: &str = "botserver";

/// The longest file that is read, as the standard wants at least.
const LONGEST: usize = 500 << 10;

/// The longest pause that a site may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The rules of a site for us.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Robots {
    /// Patterns of paths, and whether they may be read.
    rules: Vec<(String, bool)>,
    pub(super) pause: Option<Duration>,
    pub(super) sitemaps: Vec<String>,
}

impl Robots {
    /// Rules that forbid everything, for a site whose rules cannot be had.
    pub(super) fn closed() -> Self {
        Self {
            rules: vec![("/".to_owned(), false)],
            ..Self::default()
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
        let (mut ours, mut general) = (Self::default(), Self::default());
        let (mut is_ours, mut is_general, mut in_names) = (false, false, false);
        let mut sitemaps = Vec::new();
        let mut is_named = false;
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if !in_names {
                        (is_ours, is_general) = (false, false);
                    }
                    in_names = true;
                    let name = value.split('/').next().unwrap_or_default().trim();
                    is_ours |= name.eq_ignore_ascii_case(NAME);
                    is_general |= name == "*";
                    is_named |= is_ours;
                }
                "sitemap" => sitemaps.push(value.to_owned()),
                key => {
                    in_names = false;
                    for (group, applies) in [(&mut ours, is_ours), (&mut general, is_general)] {
                        if applies {
                            group.rule(key, value);
                        }
                    }
                }
            }
        }
        // A group for us replaces the one for everybody.
        let chosen = if is_named { ours } else { general };
        Self { sitemaps, ..chosen }
    }

    fn rule(&mut self, key: &str, value: &str) {
        match key {
            "allow" | "disallow" if !value.is_empty() => self.rules.push((value.to_owned(), key == "allow")),
            "crawl-delay" => {
                let seconds: Option<f64> = value.parse().ok();
                let pause = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                self.pause = pause.map(|pause| pause.min(LONGEST_PAUSE));
            }
            _ => {}
        }
    }

    /// Whether a path with its query may be read: the longest pattern that fits decides, and a tie allows.
    pub(super) fn allows(&self, path: &str) -> bool {
        let fitting = self.rules.iter().filter(|(pattern, _)| fits(pattern, path));
        let best = fitting.max_by_key(|(pattern, allowed)| (pattern.len(), *allowed));
        best.is_none_or(|(_, allowed)| *allowed)
    }
}

/// Whether a path begins with a pattern, in which `*` is anything and `$` at the end is the path's end.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !to_the_end || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() && to_the_end {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest
            .split_once(piece)
            .filter(|_| !piece.is_empty())
            .or_else(|| piece.is_empty().then_some(("", rest)))
        else {
            return false;
        };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_decides_and_a_tie_allows() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow: /a\nAllow: /a\nCrawl-delay: 2\n\
             Sitemap: https://example.org/map.xml",
        );

        for (path, allowed) in [
            ("/", true),
            ("/private/x", false),
            ("/private/open/x", true),
            ("/x/y.pdf", false),
            ("/x/y.pdf?page=1", true),
            ("/a/b", true),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
        assert_eq!(robots.pause, Some(Duration::from_secs(2)));
        assert_eq!(robots.sitemaps, ["https://example.org/map.xml"]);
    }

    #[test]
    fn a_group_for_us_replaces_the_one_for_everybody() {
        let robots = Robots::parse(
            "User-agent: other\nUser-agent: BotServer/2.0\nDisallow: /ours\n\nUser-agent: *\nDisallow: /\n\nuser-agent: botserver\nDisallow: /more",
        );

        assert!(robots.allows("/any"));
        assert!(!robots.allows("/ours/x"));
        assert!(!robots.allows("/more"), "groups of the same name are one");
        assert!(!Robots::closed().allows("/"));
        assert!(Robots::parse("User-agent: botserver\nDisallow:").allows("/x"));
    }
}
