//! HEAR: section 3.3 and decision D15.

use crate::driver::{Talk, table};

#[test]
fn hear_in_every_form() {
    let cases = [
        ("HEAR x\nTALK x", "hear text\n> a\nbot: a\n"),
        (
            "HEAR x AS TEXT WITH \"Q\" + 1 DEFAULT \"d\"\nTALK x",
            "bot: Q1\nhear text default d\n> a\nbot: a\n",
        ),
        ("HEAR x WITH \"Q\"\nTALK x", "bot: Q\nhear text\n> a\nbot: a\n"),
        ("HEAR x AS STRING \"Q\"\nTALK x", "bot: Q\nhear text\n> a\nbot: a\n"),
        (
            "HEAR x AS \"Alpha\", \"Beta\"\nTALK x",
            "hear menu [\"Alpha\", \"Beta\"]\n> a\nbot: a\n",
        ),
        ("HEAR x AS \"done\", *\nTALK x", "hear menu [\"done\"]\n> a\nbot: a\n"),
        ("HEAR x AS \"What?\"\nTALK x", "bot: What?\nhear text\n> a\nbot: a\n"),
        ("x = HEAR\nTALK x", "hear text\n> a\nbot: a\n"),
        ("x = HEAR \"Q\"\nTALK x", "bot: Q\nhear text\n> a\nbot: a\n"),
        (
            "x = HEAR AS TEXT WITH \"Q\" + 1 OR \"d\"\nTALK x",
            "bot: Q1\nhear text\n> a\nbot: a\n",
        ),
        ("HEAR\nTALK \"b\"", "hear text\n> a\nbot: b\n"),
        ("HEAR o.name\nTALK o", "hear text\n> a\nbot: {\"name\":\"a\"}\n"),
        ("TALK \"<\" + (HEAR) + \">\"", "hear text\n> a\nbot: <a>\n"),
    ];
    for (script, expected) in cases {
        let expected = if script.contains("\"Alpha\"") {
            expected.replace(
                "> a\nbot: a",
                "> a\nbot: Please choose one of the options: Alpha, Beta\nhear menu [\"Alpha\", \"Beta\"]",
            )
        } else {
            expected.to_owned()
        };
        assert_eq!(Talk::new(script).answer("a").transcript(), expected, "{script}");
    }
}

#[test]
fn answers_become_values() {
    let cases = [
        ("EMAIL", "Ana@Example.com", "ana@example.com text"),
        ("DATE", "31/12/2026", "2026-12-31 date"),
        ("DATE", "amanhã", "2026-03-10 date"),
        ("NAME", "ana  souza", "Ana Souza text"),
        ("INTEGER", "1,234", "1234 integer"),
        ("NUMBER", "-7", "-7 integer"),
        ("FLOAT", "2,456", "2456 integer"),
        ("FLOAT", "2,46", "2.46 number"),
        ("BOOLEAN", "sim", "true boolean"),
        ("BOOLEAN", "No!", "false boolean"),
        ("HOUR", "2:30 pm", "14:30 text"),
        ("MONEY", "R$ 1.234,56", "1234.56 number"),
        ("PHONE", "+55 (11) 98765-4321", "+5511987654321 text"),
        ("CEP", "01310100", "01310-100 text"),
        ("LANGUAGE", "Português", "pt text"),
        ("CPF", "52998224725", "529.982.247-25 text"),
        ("CNPJ", "11222333000181", "11.222.333/0001-81 text"),
        ("URL", "example.com/x", "https://example.com/x text"),
        (
            "UUID",
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "01890a5d-ac96-774b-bcce-b302099a8057 text",
        ),
        ("COLOR", "red", "#ff0000 text"),
        ("CREDITCARD", "4111111111111111", "Visa **** 1111 text"),
        ("TEXT", "  spaced ", "spaced text"),
    ];
    for (kind, answer, expected) in cases {
        let script = format!("HEAR x AS {kind}\nTALK x + \" \" + TYPEOF(x)");
        let transcript = Talk::new(&script).answer(answer).transcript();
        assert_eq!(
            transcript.lines().last(),
            Some(format!("bot: {expected}").as_str()),
            "{kind} {answer}"
        );
    }
}

#[test]
fn files_are_taken_by_their_kind() {
    let script = "HEAR f AS IMAGE\nTALK f.name + \" \" + f.url + \" \" + f.size";

    let transcript = Talk::new(script)
        .file("a.txt", "text/plain")
        .file("b.png", "image/png")
        .transcript();

    assert_eq!(
        transcript,
        "hear image\n> \nbot: Please send an image.\nhear image\n> \nbot: b.png /files/b.png 3\n"
    );
}

#[test]
fn menus_take_a_name_a_number_or_a_part() {
    for (answer, expected) in [("red wine", "Red wine"), ("2", "White wine"), ("rosé", "Rosé")] {
        let script = "HEAR x AS MENU \"Red wine\", \"White wine\", \"Rosé\"\nTALK x";
        let transcript = Talk::new(script).answer(answer).transcript();
        assert!(
            transcript.ends_with(&format!("bot: {expected}\n")),
            "{answer}: {transcript}"
        );
    }
    let open = Talk::new("HEAR x AS \"done\", *\nTALK x")
        .answer("something")
        .transcript();
    assert!(open.ends_with("bot: something\n"));
    let list = Talk::new("o = [\"A\", \"B\"]\nHEAR x AS MENU o\nTALK x")
        .answer("b")
        .transcript();
    assert_eq!(list, "hear menu [\"A\", \"B\"]\n> b\nbot: B\n");
}

#[test]
fn three_wrong_answers_give_the_default() {
    let script = "HEAR n AS INTEGER WITH \"How many?\" DEFAULT 5\nTALK n + 1";

    let transcript = Talk::new(script).answer("2.5").answer("x").answer("y").transcript();

    assert_eq!(
        transcript,
        "bot: How many?\nhear integer default 5\n> 2.5\nbot: Please enter a whole number.\nhear integer default 5\n> x\n\
         bot: Please enter a whole number.\nhear integer default 5\n> y\nbot: 6\n"
    );
}

#[test]
fn an_empty_answer_takes_the_default_at_once() {
    let transcript = Talk::new("HEAR n AS EMAIL DEFAULT \"a@b.c\"\nTALK n")
        .answer(" ")
        .transcript();

    assert_eq!(transcript, "hear email default a@b.c\n>  \nbot: a@b.c\n");
}

#[test]
fn without_a_default_three_wrong_answers_give_null() {
    let transcript = Talk::new("HEAR n AS INTEGER\nTALK n IS NULL")
        .answer("a")
        .answer("b")
        .answer("c")
        .transcript();

    assert!(transcript.ends_with("bot: true\n"), "{transcript}");
}

#[test]
fn the_message_is_in_the_visitors_language() {
    for (locale, expected) in [
        ("pt-BR", "Informe um número inteiro."),
        ("es", "Escriba un número entero."),
    ] {
        let transcript = Talk::new("HEAR n AS INTEGER").locale(locale).answer("a").transcript();
        assert!(transcript.contains(expected), "{transcript}");
    }
}

#[test]
fn hear_waits_anywhere() {
    let script = "
FOR i = 1 TO 2
    CALL ask(i)
NEXT
TALK total(2) + \"!\"

SUB ask(number)
    FOR EACH word IN [\"a\", \"b\"]
        DO
            HEAR x WITH number + word
        LOOP UNTIL x <> \"again\"
        got = got + x
    NEXT
END SUB

FUNCTION total(n)
    HEAR y AS INTEGER
    RETURN got + y * n
END FUNCTION";

    let transcript = ["1", "again", "2", "3", "4", "20"]
        .into_iter()
        .fold(Talk::new(script), Talk::answer)
        .transcript();

    assert_eq!(
        transcript
            .lines()
            .filter(|line| line.starts_with("bot"))
            .collect::<Vec<_>>(),
        ["bot: 1a", "bot: 1b", "bot: 1b", "bot: 2a", "bot: 2b", "bot: 123440!"]
    );
}

#[test]
fn secrets_never_become_text() {
    let secret = |rest: &str| {
        Talk::new(&format!("HEAR p AS PASSWORD\n{rest}"))
            .answer("hunter2hunter2")
            .transcript()
    };

    for rest in [
        "TALK p",
        "TALK \"it is \" + p",
        "TALK \"${p}\"",
        "x = LEN(p)",
        "x = p & \"\"",
        "x = UCASE(p)",
    ] {
        let transcript = secret(rest);
        assert!(
            transcript.contains("a secret cannot become text"),
            "{rest}: {transcript}"
        );
    }
    assert!(secret("TALK p IS NULL").ends_with("bot: false\n"));
    assert!(secret("TALK { key: p }").ends_with("bot: {\"key\":null}\n"));
}

#[test]
fn hear_is_a_variable_where_it_is_used_as_one() {
    table(&[("hear = 5\nTALK hear + 1", "6")]);
}
