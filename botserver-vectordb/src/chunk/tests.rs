use super::*;

fn block(kind: BlockKind) -> Block {
    Block { page: None, kind }
}

fn heading(level: u8, text: &str) -> Block {
    block(BlockKind::Heading {
        level,
        text: text.to_owned(),
    })
}

fn text(text: &str) -> Block {
    block(BlockKind::Text(text.to_owned()))
}

fn document(blocks: Vec<Block>) -> Document {
    Document {
        blocks,
        ..Document::default()
    }
}

const SMALL: Sizes = Sizes { most: 50, overlap: 10 };

#[test]
fn sections_are_passages_with_their_headings() {
    let chunks = cut(
        &document(vec![
            heading(1, "Guide"),
            heading(2, "Install"),
            text("Run the installer."),
            text("Then start it."),
            heading(2, "Use"),
            text("Ask it."),
        ]),
        SMALL,
    );

    let shown: Vec<(String, &str)> = chunks.iter().map(|c| (c.headings.join("/"), c.body.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("Guide/Install".to_owned(), "Run the installer.\n\nThen start it."),
            ("Guide/Use".to_owned(), "Ask it."),
        ]
    );
}

#[test]
fn long_texts_are_cut_at_sentences_and_repeat_a_little() {
    let sentence = |n: usize| format!("This is the sentence number {n} of a very long paragraph.");
    let long = (0..30).map(sentence).collect::<Vec<_>>().join(" ");

    let chunks = cut(&document(vec![heading(1, "Long"), text(&long)]), SMALL);

    assert!(chunks.len() > 5);
    for (before, chunk) in chunks.iter().zip(chunks.iter().skip(1)) {
        assert!(chunk.tokens <= 50 && count_tokens(&chunk.body) <= 50, "{chunk:?}");
        let (repeated, new) = chunk.body.split_at(chunk.repeated);
        assert!(
            before.body.ends_with(repeated) && !new.is_empty(),
            "{before:?} {chunk:?}"
        );
    }
    let mut whole = String::new();
    for chunk in &chunks {
        whole.push_str(chunk.body.split_at(chunk.repeated).1);
    }
    assert_eq!(
        whole.split_whitespace().collect::<Vec<_>>(),
        long.split_whitespace().collect::<Vec<_>>()
    );
}

#[test]
fn tables_repeat_the_names_of_their_columns() {
    let rows = (0..40).map(|n| vec![format!("item {n}"), format!("{n} EUR")]).collect();
    let table = block(BlockKind::Table {
        header: vec!["Name".to_owned(), "Price".to_owned()],
        rows,
    });

    let chunks = cut(&document(vec![table]), SMALL);

    assert!(chunks.len() > 3);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.body.starts_with("| Name | Price |\n| item ")),
        "{chunks:?}"
    );
    assert!(chunks.iter().all(|chunk| count_tokens(&chunk.body) <= 60));
}

#[test]
fn words_without_end_are_cut_all_the_same() {
    let chunks = cut(
        &document(vec![text(&"x".repeat(10_000)), text(&"漢".repeat(1_000))]),
        SMALL,
    );

    assert!(chunks.len() > 20);
    assert!(
        chunks.iter().all(|chunk| count_tokens(&chunk.body) <= 60),
        "{:?}",
        chunks.first()
    );
}

#[test]
fn headings_alone_can_be_found_and_empty_documents_give_nothing() {
    let chunks = cut(&document(vec![heading(1, "Only a title")]), SMALL);
    assert_eq!(chunks[0].body, "Only a title");

    assert_eq!(cut(&document(vec![text("  \n ")]), SMALL), []);
}

#[test]
fn pages_are_kept() {
    let on = |page, words: &str| Block {
        page: Some(page),
        kind: BlockKind::Text(words.repeat(30)),
    };

    let chunks = cut(&document(vec![on(1, "first page. "), on(2, "second page. ")]), SMALL);

    assert_eq!(chunks.first().unwrap().page, Some(1));
    assert_eq!(chunks.last().unwrap().page, Some(2));
}
