//! Workflow steps, transactions and mail blocks become calls of keywords.

use crate::driver::{Talk, grammar};
use botserver_auto::basic;

#[test]
fn steps_say_who_does_what() {
    let transcript = Talk::new(
        "amount = 5\nSTEP 1: BOT \"analyst\" \"look at ${amount}\"\nSTEP 2: HUMAN APPROVAL FROM \"boss@example.com\"\n  TIMEOUT 60 * 30\n  ON TIMEOUT: APPROVE WITH WARNING\n\
         IF amount > 1 THEN\n  STEP 3: PARALLEL\n    BRANCH A: BOT \"x\" \"one\"\n    BRANCH B: BOT \"y\", \"two\"\n  END PARALLEL\nEND IF\nDELAY 2\nTALK \"done\"",
    )
    .transcript();

    assert_eq!(
        transcript,
        "call STEP BOT: number=1 bot=\"analyst\" task=\"look at 5\"\n\
         call STEP APPROVAL: number=2 from=\"boss@example.com\" timeout=1800 on_timeout=\"APPROVE WITH WARNING\"\n\
         call STEP PARALLEL: number=3 branches=[{\"name\":\"A\",\"bot\":\"x\",\"task\":\"one\"},{\"name\":\"B\",\"bot\":\"y\",\"task\":\"two\"}]\n\
         call STEP DELAY: seconds=2\n\
         bot: done\n"
    );
}

#[test]
fn transactions_are_calls() {
    let transcript =
        Talk::new("BEGIN TRANSACTION\nx = 1\nCOMMIT\nBEGIN TRANSACTION\nROLLBACK TRANSACTION\nCOMMIT TRANSACTION")
            .transcript();

    assert_eq!(
        transcript,
        "call BEGIN TRANSACTION: \ncall COMMIT TRANSACTION: \ncall BEGIN TRANSACTION: \ncall ROLLBACK: \ncall COMMIT TRANSACTION: \n"
    );
}

#[test]
fn a_mail_block_is_a_mail() {
    let block = |to: &str| {
        Talk::new(&format!(
            "customer = #{{ email: \"ana@example.com\" }}\nname = \"Ana\"\nBEGIN MAIL {to}\nSubject: Hello ${{name}}\n\n  Dear ${{name}},\n\n  it's done. ' no comment\nEND MAIL"
        ))
        .transcript()
    };
    let expected = "call SEND MAIL: to=\"ana@example.com\" subject=\"Hello Ana\" body=\"Dear Ana,\\n\\nit's done. ' no comment\"\n";

    assert_eq!(block("customer.email"), expected);
    assert_eq!(block("\"ana@example.com\""), expected);
    assert_eq!(block("ana@example.com"), expected);
}

#[test]
fn words_of_workflows_are_variables_too() {
    assert_eq!(
        crate::driver::said("step = 1\ndelay = step + 1\nschedule = delay\nTALK schedule"),
        "2"
    );
}

#[test]
fn steps_that_cannot_be_read_say_what_to_write() {
    let parsed = basic::parse(
        "w.bas",
        "STEP 1: DANCE\nSTEP 2: BOT \"a\"\nSTEP 3: PARALLEL\nTALK 1",
        &grammar(),
    );

    let rendered: Vec<String> = parsed.diagnostics.iter().map(|one| one.render(false)).collect();

    insta::assert_snapshot!(rendered.join("\n\n"));
}
