//! The statements that the language itself performs, as authors read about them.

/// A statement with what an author wants to know about it.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The words that begin it, in capitals.
    pub phrase: &'static str,
    /// How it is written; `…` stands for statements.
    pub forms: &'static [&'static str],
    /// One sentence: what it does.
    pub summary: &'static str,
    /// What an editor inserts: `${1:name}` are places to fill in.
    pub snippet: &'static str,
    /// A script that shows it, which the tests run.
    pub example: &'static str,
}

const fn word(
    phrase: &'static str,
    forms: &'static [&'static str],
    summary: &'static str,
    snippet: &'static str,
    example: &'static str,
) -> Word {
    Word {
        phrase,
        forms,
        summary,
        snippet,
        example,
    }
}

/// Every statement, by its phrase.
pub const WORDS: &[Word] = &[
    word(
        "ASSERT",
        &["ASSERT condition", "ASSERT condition, message"],
        "Ends the script with an error unless the condition holds.",
        "ASSERT ${1:condition}, \"${2:message}\"",
        "total = 3\nASSERT total > 0, \"nothing was ordered\"\nTALK total",
    ),
    word(
        "BEGIN SYSTEM PROMPT",
        &["BEGIN SYSTEM PROMPT\n  text\nEND SYSTEM PROMPT"],
        "Gives the model its instructions; `${…}` inside is replaced by its value.",
        "BEGIN SYSTEM PROMPT\n\t${0}\nEND SYSTEM PROMPT",
        "shop = \"Bakery\"\nBEGIN SYSTEM PROMPT\nYou sell bread at ${shop}.\nEND SYSTEM PROMPT",
    ),
    word(
        "BEGIN TALK",
        &["BEGIN TALK\n  text\nEND TALK"],
        "Says a longer message in Markdown; `${…}` inside is replaced by its value.",
        "BEGIN TALK\n\t${0}\nEND TALK",
        "name = \"Ana\"\nBEGIN TALK\n**Hello ${name}**\n\nHow can I help?\nEND TALK",
    ),
    word(
        "BREAK",
        &["BREAK"],
        "Leaves the innermost loop.",
        "BREAK",
        "FOR i = 1 TO 9\n  IF i = 3 THEN BREAK\nNEXT\nTALK i",
    ),
    word(
        "CALL",
        &[
            "CALL sub",
            "CALL sub(values)",
            "CALL \"script.bas\"",
            "CALL \"script.bas\", values",
        ],
        "Runs a SUB of this script, or another script of the package with the values as its parameters.",
        "CALL ${1:name}",
        "SUB greet(name)\n  TALK \"Hi \" + name\nEND SUB\nCALL greet(\"Ana\")",
    ),
    word(
        "CATCH",
        &["TRY\n  …\nCATCH error\n  …\nEND TRY"],
        "Begins what happens when something inside TRY failed; `error.message` says what.",
        "CATCH ${1:error}",
        "TRY\n  THROW \"out of bread\"\nCATCH error\n  TALK error.message\nEND TRY",
    ),
    word(
        "CASE",
        &[
            "CASE value",
            "CASE value, value",
            "CASE low TO high",
            "CASE IS > value",
            "CASE ELSE",
        ],
        "Says for which values of SELECT CASE the statements below it run.",
        "CASE ${1:value}",
        "SELECT CASE 7\n  CASE 1 TO 5\n    TALK \"few\"\n  CASE ELSE\n    TALK \"many\"\nEND SELECT",
    ),
    word(
        "CLEAR ERROR",
        &["CLEAR ERROR"],
        "Forgets the last error, so that `IF ERROR` is false again.",
        "CLEAR ERROR",
        "ON ERROR RESUME NEXT\nTHROW \"oops\"\nCLEAR ERROR\nIF ERROR THEN TALK \"still\" ELSE TALK \"gone\"",
    ),
    word(
        "CONTINUE",
        &["CONTINUE"],
        "Goes on with the next round of the innermost loop.",
        "CONTINUE",
        "FOR i = 1 TO 3\n  IF i = 2 THEN CONTINUE\n  TALK i\nNEXT",
    ),
    word(
        "DESCRIPTION",
        &["DESCRIPTION \"what the tool does\""],
        "Makes the script a tool that a model may call, and says what it is for.",
        "DESCRIPTION \"${1:what the tool does}\"",
        "PARAM day AS DATE LIKE \"2027-03-01\" DESCRIPTION \"The day\"\nDESCRIPTION \"Says what is on the menu\"\nRETURN \"soup\"",
    ),
    word(
        "DO",
        &[
            "DO WHILE condition\n  …\nLOOP",
            "DO UNTIL condition\n  …\nLOOP",
            "DO\n  …\nLOOP WHILE condition",
        ],
        "Repeats statements while or until a condition holds.",
        "DO WHILE ${1:condition}\n\t${0}\nLOOP",
        "n = 3\nDO WHILE n > 0\n  n = n - 1\nLOOP\nTALK n",
    ),
    word(
        "ELSE",
        &["IF condition THEN\n  …\nELSE\n  …\nEND IF"],
        "Begins what happens when no condition of the IF held.",
        "ELSE",
        "IF 1 > 2 THEN\n  TALK \"odd\"\nELSE\n  TALK \"fine\"\nEND IF",
    ),
    word(
        "ELSEIF",
        &["ELSEIF condition THEN", "ELSE IF condition THEN"],
        "Tries another condition when those before it did not hold.",
        "ELSEIF ${1:condition} THEN",
        "n = 2\nIF n = 1 THEN\n  TALK \"one\"\nELSEIF n = 2 THEN\n  TALK \"two\"\nEND IF",
    ),
    word(
        "EXIT",
        &["EXIT", "EXIT FOR", "EXIT WHILE", "EXIT DO", "EXIT SUB"],
        "Ends the script, or leaves a loop or SUB.",
        "EXIT",
        "TALK \"bye\"\nEXIT",
    ),
    word(
        "EXIT FOR",
        &["EXIT FOR"],
        "Leaves the innermost FOR or FOR EACH.",
        "EXIT FOR",
        "FOR EACH name IN [\"Ana\", \"Rui\"]\n  IF name = \"Ana\" THEN EXIT FOR\nNEXT\nTALK \"found\"",
    ),
    word(
        "FOR",
        &[
            "FOR i = first TO last\n  …\nNEXT",
            "FOR i = first TO last STEP by\n  …\nNEXT",
        ],
        "Counts from one number to another.",
        "FOR ${1:i} = ${2:1} TO ${3:10}\n\t${0}\nNEXT",
        "FOR i = 10 TO 0 STEP -5\n  TALK i\nNEXT",
    ),
    word(
        "FOR EACH",
        &[
            "FOR EACH item IN list\n  …\nNEXT",
            "FOR EACH item IN list LAST count\n  …\nNEXT",
        ],
        "Runs statements once for each element of a list or row set.",
        "FOR EACH ${1:item} IN ${2:list}\n\t${0}\nNEXT",
        "FOR EACH fruit IN [\"fig\", \"plum\"]\n  TALK fruit\nNEXT",
    ),
    word(
        "FUNCTION",
        &["FUNCTION name(values)\n  …\n  RETURN value\nEND FUNCTION"],
        "Defines a function of this script.",
        "FUNCTION ${1:name}(${2:value})\n\t${0}\n\tRETURN ${2:value}\nEND FUNCTION",
        "FUNCTION double(n)\n  RETURN n * 2\nEND FUNCTION\nTALK double(21)",
    ),
    word(
        "HEAR",
        &[
            "HEAR name",
            "HEAR name AS TYPE",
            "HEAR name AS TYPE WITH prompt",
            "HEAR name AS TYPE WITH prompt DEFAULT value",
            "HEAR name AS \"A\", \"B\", \"C\"",
        ],
        "Waits for an answer and keeps it in a variable; a type refuses what does not fit and asks again.",
        "HEAR ${1:name} AS ${2:TEXT} WITH \"${3:question}\"",
        "HEAR sure AS BOOLEAN WITH \"Are you sure?\"\nIF sure THEN TALK \"Done\"",
    ),
    word(
        "IF",
        &[
            "IF condition THEN\n  …\nEND IF",
            "IF condition THEN\n  …\nELSEIF condition THEN\n  …\nELSE\n  …\nEND IF",
            "IF condition THEN statement ELSE statement",
        ],
        "Runs statements when a condition holds.",
        "IF ${1:condition} THEN\n\t${0}\nEND IF",
        "age = 20\nIF age >= 18 THEN\n  TALK \"welcome\"\nEND IF",
    ),
    word(
        "LET",
        &["LET name = value", "name = value"],
        "Assigns a variable; the word may be left out.",
        "LET ${1:name} = ${2:value}",
        "LET price = 9.90\nTALK price",
    ),
    word(
        "ON ERROR",
        &["ON ERROR RESUME NEXT", "ON ERROR GOTO 0"],
        "Goes on with the next statement after an error, or stops doing so.",
        "ON ERROR RESUME NEXT",
        "ON ERROR RESUME NEXT\nTHROW \"no bread\"\nIF ERROR THEN TALK ERROR MESSAGE",
    ),
    word(
        "PARAM",
        &[
            "PARAM name AS TYPE",
            "PARAM name AS TYPE LIKE example DESCRIPTION \"what it means\"",
            "PARAM name AS TYPE ENUM [\"a\", \"b\"] OPTIONAL DEFAULT value",
        ],
        "Declares a parameter of the script: what a model, a button or another script gives it.",
        "PARAM ${1:name} AS ${2:STRING} LIKE \"${3:example}\" DESCRIPTION \"${4:what it means}\"",
        "PARAM guests AS INTEGER DEFAULT 2\nDESCRIPTION \"Books a table\"\nTALK \"A table for \" + guests",
    ),
    word(
        "RETURN",
        &["RETURN", "RETURN value", "RETURN WITH name AS value, name AS value"],
        "Ends the script, SUB or FUNCTION and gives a value to whoever called it.",
        "RETURN ${1:value}",
        "TALK \"booked\"\nRETURN WITH id AS 7, state AS \"open\"",
    ),
    word(
        "SELECT CASE",
        &["SELECT CASE value\n  CASE 1\n    …\n  CASE ELSE\n    …\nEND SELECT"],
        "Runs the statements of the first CASE that the value fits.",
        "SELECT CASE ${1:value}\n\tCASE ${2:1}\n\t\t${0}\n\tCASE ELSE\nEND SELECT",
        "size = \"M\"\nSELECT CASE size\n  CASE \"S\", \"M\"\n    TALK \"fits\"\n  CASE ELSE\n    TALK \"too large\"\nEND SELECT",
    ),
    word(
        "SET",
        &["SET name = value"],
        "Assigns a variable.",
        "SET ${1:name} = ${2:value}",
        "SET city = \"Porto\"\nTALK city",
    ),
    word(
        "SUB",
        &["SUB name(values)\n  …\nEND SUB"],
        "Defines statements that CALL runs; it reads and changes the script's variables.",
        "SUB ${1:name}(${2:value})\n\t${0}\nEND SUB",
        "SUB thank(name)\n  TALK \"Thanks, \" + name\nEND SUB\nthank(\"Rui\")",
    ),
    word(
        "SWITCH",
        &["SWITCH value\n  CASE 1\n    …\n  DEFAULT\n    …\nEND SWITCH"],
        "Runs the statements of the first CASE that the value fits.",
        "SWITCH ${1:value}\n\tCASE ${2:1}\n\t\t${0}\n\tDEFAULT\nEND SWITCH",
        "SWITCH 2\n  CASE 1\n    TALK \"one\"\n  DEFAULT\n    TALK \"other\"\nEND SWITCH",
    ),
    word(
        "TALK",
        &["TALK value"],
        "Says something to the person; `${…}` in a text is replaced by its value.",
        "TALK \"${1:text}\"",
        "name = \"Ana\"\nTALK \"Hello, ${name}!\"",
    ),
    word(
        "THROW",
        &["THROW message"],
        "Fails with an error that TRY or ON ERROR can handle.",
        "THROW \"${1:message}\"",
        "TRY\n  THROW \"closed today\"\nCATCH problem\n  TALK problem.message\nEND TRY",
    ),
    word(
        "TRY",
        &["TRY\n  …\nCATCH error\n  …\nEND TRY"],
        "Runs statements and catches what fails in them.",
        "TRY\n\t${0}\nCATCH ${1:error}\n\tTALK ${1:error}.message\nEND TRY",
        "TRY\n  x = SQRT(-1)\nCATCH error\n  TALK \"that has no root\"\nEND TRY",
    ),
    word(
        "WHILE",
        &["WHILE condition\n  …\nWEND"],
        "Repeats statements while a condition holds.",
        "WHILE ${1:condition}\n\t${0}\nWEND",
        "n = 1\nWHILE n < 100\n  n = n * 3\nWEND\nTALK n",
    ),
    word(
        "WITH",
        &["WITH name\n  field = value\nEND WITH"],
        "Fills an object field by field; a leading dot changes the one that is there.",
        "WITH ${1:name}\n\t${2:field} = ${3:value}\nEND WITH",
        "WITH order\n  item = \"bread\"\n  count = 2\nEND WITH\nTALK order.item",
    ),
];
