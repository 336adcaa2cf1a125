//! Keyset pages: `{ "items": […], "next": "…" }`.

use serde::{Deserialize, Serialize};

/// Where the next page begins: opaque to clients, the last key of the page before to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of `items`; one item more than that means that there is a next page,
    /// which begins after `key` of the last one kept.
    pub fn of(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more {
            items.last().map(|item| Cursor(key(item)))
        } else {
            None
        };
        Self { items, next }
    }

    /// The same page with every item converted.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            next: self.next,
        }
    }
}

/// Which page a client asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageRequest {
    /// The `next` of the page before; absent for the first page.
    pub after: Option<String>,
    /// Items wanted, 1 to 200; 50 when absent.
    pub limit: Option<usize>,
}

impl PageRequest {
    /// The number of items to fetch, kept within 1 to 200.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(50).clamp(1, 200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_beyond_the_limit_becomes_the_cursor() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string);

        assert_eq!(
            page,
            Page {
                items: vec![1, 2],
                next: Some(Cursor("2".to_owned()))
            }
        );
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert_eq!(Page::of(vec![1], 2, ToString::to_string).next, None);
    }
}
