//! Sitemaps: lists of pages, and lists of such lists.

use quick_xml::{Reader, events::Event};

/// Addresses of one list at most.
const MOST: usize = 5_000;

/// What a sitemap lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sitemap {
    pub(super) pages: Vec<String>,
    pub(super) lists: Vec<String>,
}

impl Sitemap {
    /// Reads what can be read; what is broken ends it.
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        let mut reader = Reader::from_str(text);
        let (mut of_lists, mut in_address) = (false, false);
        let mut address = String::new();
        while let Ok(event) = reader.read_event() {
            if found.pages.len() + found.lists.len() >= MOST {
                break;
            }
            match event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "sitemapindex" => of_lists = true,
                    "loc" => {
                        in_address = true;
                        address.clear();
                    }
                    _ => {}
                },
                Event::Text(text) if in_address => address.push_str(text.as_ref()),
                Event::GeneralRef(entity) if in_address && entity.as_ref() == "amp" => address.push('&'),
                Event::End(end) if end.local_name().as_ref() == "loc" => {
                    in_address = false;
                    let address = address.trim().to_owned();
                    if of_lists {
                        found.lists.push(address);
                    } else {
                        found.pages.push(address);
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pages_and_of_lists_are_told_apart() {
        let pages = Sitemap::parse(
            "<urlset><url><loc> https://a.org/x?a=1&amp;b=2 </loc></url><url><loc>https://a.org/y</loc></url>",
        );
        assert_eq!(pages.pages, ["https://a.org/x?a=1&b=2", "https://a.org/y"]);
        let lists = Sitemap::parse("<sitemapindex><sitemap><loc>https://a.org/1.xml</loc></sitemap></sitemapindex>");
        assert_eq!(lists.lists, ["https://a.org/1.xml"]);
    }
}
