//! Faults, TRY, ON ERROR.

use botstate::dialog::FaultKind;

use crate::driver::Talk;

#[test]
fn an_error_reads_as_its_message() {
    assert_eq!(
        Talk::new("TRY\n  THROW \"out of paper\"\nCATCH e\n  TALK \"Sorry: \" + e\n  TALK e\n  TALK ERR\n  TALK \"${ERROR}\"\nEND TRY")
            .transcript(),
        "bot: Sorry: out of paper\nbot: out of paper\nbot: out of paper\nbot: out of paper\n"
    );
}

#[test]
fn faults_carry_their_place_and_what_to_do() {
    for (script, expected) in [
        (
            "x = 1\n\nTALK 1 / 0",
            "fault: test.bas:3: division by zero (check the divisor with IF before dividing)\n",
        ),
        (
            "x = 1\ny = 2\nz = \"abc\" * 2\n",
            "fault: test.bas:3: \"abc\" is not a number (VAL(text) reads the number that a text begins with)\n",
        ),
        (
            "FOR i = 1 TO 2\n  x = 1\n  y = [1]\n  y[5] = 1\nNEXT",
            "fault: test.bas:4: the list has 1 elements, so element 5 cannot be set (elements are counted from 0; setting the element after the last one appends it)\n",
        ),
        ("CALL s\nSUB s\n\nTHROW \"mine\"\nEND SUB", "fault: test.bas:4: mine\n"),
        (
            "x = \"text\"\nTALK x.name",
            "fault: test.bas:2: text has no member \"name\" (if the text is JSON, read it with `value = JSON PARSE text` first)\n",
        ),
        (
            "TALK nothing_like_it(1)",
            "fault: test.bas:1: there is no function NOTHING_LIKE_IT\n",
        ),
        ("ASSERT 1 = 2, \"no\"", "fault: test.bas:1: no\n"),
        (
            "ASSERT 1 = 2",
            "fault: test.bas:1: the assertion \"1 = 2\" does not hold\n",
        ),
    ] {
        assert_eq!(Talk::new(script).transcript(), expected, "{script}");
    }
}

#[test]
fn a_failed_call_ends_the_script_unless_it_is_handled() {
    let talk = |script: &str| Talk::new(script).fails(FaultKind::Network, "no route").transcript();

    assert_eq!(
        talk("\nx = GET \"u\""),
        "call GET: source=\"u\"\nfault: test.bas:2: no route\n"
    );
    assert_eq!(
        talk("TRY\nx = GET \"u\"\nTALK \"never\"\nCATCH e\nTALK e.message + \" \" + e.kind\nEND TRY\nTALK \"on\""),
        "call GET: source=\"u\"\nbot: no route network\nbot: on\n"
    );
    assert_eq!(
        talk(
            "ON ERROR RESUME NEXT\nx = GET \"u\"\nIF ERROR THEN TALK ERROR MESSAGE\nCLEAR ERROR\nIF NOT ERROR THEN TALK \"clear\""
        ),
        "call GET: source=\"u\"\nbot: no route\nbot: clear\n"
    );
}

#[test]
fn try_catches_what_procedures_throw() {
    let script = "
FOR i = 1 TO 2
    TRY
        CALL fail(i)
        IF i = 2 THEN EXIT FOR
        TALK \"fine\"
    CATCH e
        TALK \"caught \" + e.message
    END TRY
NEXT
TRY
    THROW \"last\"
CATCH
    TALK \"quiet\"
END TRY
THROW \"out\"

SUB fail(n)
    IF n = 1 THEN THROW \"bad \" + n
END SUB";

    assert_eq!(
        Talk::new(script).transcript(),
        "bot: caught bad 1\nbot: quiet\nfault: test.bas:16: out\n"
    );
}

#[test]
fn resume_next_goes_on_after_the_statement_that_failed() {
    let script = "
ON ERROR RESUME NEXT
x = 1
x = 1 / 0
y = x + 1
TALK y
IF 1 / 0 = 1 THEN
    TALK \"never\"
END IF
TALK \"after\"
CALL s
TALK \"end\"
ON ERROR GOTO 0
TALK 1 / 0
SUB s
    TALK 2 / 0
    TALK \"not reached: the SUB has no handler\"
END SUB";

    assert_eq!(
        Talk::new(script).transcript(),
        "bot: 2\nbot: after\nbot: end\nfault: test.bas:14: division by zero (check the divisor with IF before dividing)\n"
    );
}

#[test]
fn a_wrong_number_of_arguments_is_a_fault_when_it_is_reached() {
    assert_eq!(
        Talk::new("IF FALSE THEN x = LEFT(1)\nTALK \"ok\"").transcript(),
        "bot: ok\n"
    );
    assert_eq!(
        Talk::new("x = LEFT(\"a\")").transcript(),
        "fault: test.bas:1: LEFT takes 2 arguments, not 1\n"
    );
}
