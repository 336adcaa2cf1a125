//! What was printed means what was read: trees of every kind, printed and read again.

use std::{collections::BTreeSet, sync::Arc};

use botlib::wire::InputKind;
use botstate::keyword::{Class, Keyword, Registry};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use super::{compare::fingerprint, print};
use crate::basic::{
    grammar::Grammar,
    parser::{Parsed, parse},
    source::Source,
    tree::{
        Arg, Arith, Case, Command, Compare, Expr, ExprKind, Hear, Loop, Name, Param, Place, PlaceKey, Procedure, Step,
        Stmt, StmtKind, Test, Until,
    },
};

/// A phrase, its shapes, and the names of arguments that may go together.
type Phrase = (
    &'static str,
    &'static [&'static str],
    &'static [&'static [&'static str]],
);

/// Phrases with the names of arguments that may go with them.
const KEYWORDS: &[Phrase] = &[
    ("CLEAR SUGGESTIONS", &[""], &[&[]]),
    (
        "ADD SUGGESTION",
        &["key AS label", "label"],
        &[&["key", "label"], &["label"]],
    ),
    ("ADD TOOL", &["name"], &[&["name"]]),
    (
        "LOOKUP",
        &["table[, filter]", "table, field, value"],
        &[&["table"], &["table", "filter"], &["table", "field", "value"]],
    ),
    (
        "LLM",
        &["prompt[ WITH OPTIMIZE FOR goal]"],
        &[&["prompt"], &["prompt", "goal"]],
    ),
    (
        "REMEMBER",
        &["key = value", "key, value[, duration]"],
        &[&["key", "value"], &["key", "value", "duration"]],
    ),
    ("SET BOT MEMORY", &["key, value", "key AS value"], &[&["key", "value"]]),
    (
        "SEND MAIL",
        &["to, subject, body[, attachments]"],
        &[&["to", "subject", "body"]],
    ),
    ("STORE", &["table, values..."], &[&["table", "values..."]]),
    ("WAIT", &["seconds"], &[&["seconds"]]),
];

fn grammar() -> Grammar {
    let mut registry = Registry::new();
    for (phrase, shapes, _) in KEYWORDS {
        registry.register(Keyword {
            phrase,
            shapes,
            class: Class::External,
            summary: "",
            example: "",
            handler: None,
        });
    }
    Grammar::new(&registry)
}

fn expr(kind: ExprKind) -> Expr {
    Expr::new(kind, 0..0)
}

fn name(text: &str) -> Name {
    Name {
        text: text.to_owned(),
        span: 0..0,
    }
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "x", "total", "customer", "list", "message", "status", "case", "line", "a1", "ação", "name$", "file", "limit",
    ])
    .prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = Name> {
    words().prop_map(|word| name(&word))
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z é,.'#/:-]{0,12}",
        "[ab\"\\\\\n\t{}]{0,8}",
        Just("a longer text that makes lines break where they may, and some that must not".to_owned()),
    ]
}

fn leaves() -> BoxedStrategy<Expr> {
    prop_oneof![
        Just(ExprKind::Null),
        any::<bool>().prop_map(ExprKind::Bool),
        (-20_i64..5_000).prop_map(ExprKind::Int),
        (0_i64..5_000, 1_u32..3)
            .prop_map(|(digits, scale)| ExprKind::Decimal(rust_decimal::Decimal::new(digits, scale))),
        texts().prop_map(ExprKind::Text),
        words().prop_map(ExprKind::Name),
        words().prop_map(ExprKind::Name),
        ("[a-z ]{1,5}", words()).prop_map(|(text, hole)| {
            ExprKind::Template(vec![expr(ExprKind::Text(text)), expr(ExprKind::Name(hole))])
        }),
    ]
    .prop_map(expr)
    .boxed()
}

fn operators() -> impl Strategy<Value = Vec<Arith>> {
    prop_oneof![
        prop::collection::vec(
            prop::sample::select(vec![Arith::Add, Arith::Subtract, Arith::Concat]),
            1..4
        ),
        prop::collection::vec(
            prop::sample::select(vec![Arith::Multiply, Arith::Divide, Arith::Modulo]),
            1..3
        ),
        prop::collection::vec(Just(Arith::Power), 1..3),
    ]
}

fn comparisons() -> impl Strategy<Value = Compare> {
    prop::sample::select(vec![
        Compare::Equal,
        Compare::NotEqual,
        Compare::Less,
        Compare::LessEqual,
        Compare::Greater,
        Compare::GreaterEqual,
        Compare::In,
        Compare::NotIn,
        Compare::Like,
        Compare::NotLike,
        Compare::Contains,
        Compare::NotContains,
        Compare::StartsWith,
        Compare::EndsWith,
    ])
}

fn commands(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Command> {
    let which = prop::sample::select(
        KEYWORDS
            .iter()
            .flat_map(|(phrase, _, forms)| forms.iter().map(|form| (*phrase, *form)))
            .collect::<Vec<_>>(),
    );
    (which, prop::collection::vec(inner, 4)).prop_map(|((phrase, form), values)| Command {
        phrase,
        class: Class::External,
        elsewhere: None,
        args: form
            .iter()
            .zip(values.windows(2))
            .map(|(name, values)| match name.strip_suffix("...") {
                Some(name) => (name.to_owned(), Arg::Many(values.to_vec())),
                None => ((*name).to_owned(), Arg::One(values[0].clone())),
            })
            .collect(),
    })
}

fn hears(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Hear> {
    let options = prop::collection::vec(texts().prop_map(|text| expr(ExprKind::Text(text))), 1..4);
    let kinds = prop::sample::select(vec![
        InputKind::Text,
        InputKind::Email,
        InputKind::Date,
        InputKind::CreditCard,
        InputKind::Password,
        InputKind::Menu,
    ]);
    (
        kinds,
        options,
        any::<bool>(),
        prop::option::of(inner.clone()),
        prop::option::of(inner),
    )
        .prop_map(|(kind, options, open, prompt, default)| {
            let menu = kind == InputKind::Menu;
            Hear {
                kind,
                options: if menu { options } else { Vec::new() },
                open: open && menu,
                prompt: prompt.map(Box::new),
                default: default.map(Box::new),
                timeout: None,
            }
        })
}

fn steps(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        names().prop_map(Step::Member),
        inner.clone().prop_map(Step::Index),
        (
            prop::sample::select(vec!["trim", "contains", "splice"]),
            prop::collection::vec(inner, 0..3)
        )
            .prop_map(|(method, args)| Step::Method(name(method), args)),
    ];
    prop::collection::vec(step, 1..4)
}

fn exprs() -> BoxedStrategy<Expr> {
    leaves()
        .prop_recursive(2, 12, 3, |inner| {
            let inner = inner.boxed();
            let one = || inner.clone().prop_map(Box::new);
            let some = || prop::collection::vec(inner.clone(), 2..4);
            let functions = prop::sample::select(vec!["LEN", "UCASE", "REPLACE", "own_function"]);
            prop_oneof![
                (one(), steps(inner.clone())).prop_map(|(base, steps)| ExprKind::Path(base, steps)),
                (functions, prop::collection::vec(inner.clone(), 0..4))
                    .prop_map(|(function, args)| ExprKind::Call(name(function), args)),
                one().prop_map(ExprKind::Not),
                inner
                    .clone()
                    .prop_filter("a sign belongs to its number", |inner| {
                        !matches!(inner.kind, ExprKind::Int(_) | ExprKind::Decimal(_))
                    })
                    .prop_map(|inner| ExprKind::Negate(Box::new(inner))),
                (one(), operators(), prop::collection::vec(inner.clone(), 4)).prop_map(
                    |(first, operators, operands)| {
                        ExprKind::Chain(first, operators.into_iter().zip(operands).collect())
                    }
                ),
                (one(), comparisons(), one())
                    .prop_map(|(left, operator, right)| ExprKind::Compare(left, operator, right)),
                (one(), one(), one()).prop_map(|(value, low, high)| ExprKind::Between(value, low, high)),
                one().prop_map(ExprKind::IsNull),
                one().prop_map(ExprKind::IsEmpty),
                some().prop_map(ExprKind::And),
                some().prop_map(ExprKind::Or),
                some().prop_map(ExprKind::Coalesce),
                (one(), one(), one()).prop_map(|(condition, yes, no)| ExprKind::Choose(condition, yes, no)),
                prop::collection::vec(inner.clone(), 0..4).prop_map(ExprKind::List),
                prop::collection::vec((texts().prop_map(|key| expr(ExprKind::Text(key))), inner.clone()), 0..4)
                    .prop_map(ExprKind::Object),
                (one(), prop::option::of(one())).prop_map(|(value, pattern)| ExprKind::Format(value, pattern)),
                commands(leaves()).prop_map(|command| ExprKind::Command(Box::new(command))),
                hears(leaves()).prop_map(|hear| ExprKind::Hear(Box::new(hear))),
            ]
            .prop_map(expr)
            .boxed()
        })
        .boxed()
}

fn places() -> impl Strategy<Value = Place> {
    let key = prop_oneof![words().prop_map(PlaceKey::Member), leaves().prop_map(PlaceKey::Index),];
    (names(), prop::collection::vec(key, 0..3)).prop_map(|(name, keys)| Place { name, keys, span: 0..0 })
}

fn params() -> impl Strategy<Value = Param> {
    let kinds = prop::sample::select(vec!["STRING", "INTEGER", "DATE", "OBJECT"]);
    let choices = prop::collection::vec(texts().prop_map(|text| expr(ExprKind::Text(text))), 0..3);
    (
        names(),
        kinds,
        prop::option::of(leaves()),
        choices,
        prop::option::of(texts()),
        any::<bool>(),
        prop::option::of(exprs()),
    )
        .prop_map(|(name, kind, example, choices, description, optional, default)| Param {
            name,
            kind: kind.to_owned(),
            example,
            choices,
            description,
            optional,
            default,
        })
}

fn simple() -> BoxedStrategy<StmtKind> {
    let leave = prop::sample::select(vec![None, Some(Loop::For), Some(Loop::While), Some(Loop::Do)]);
    let call = (
        prop::sample::select(vec!["own_sub", "LEN"]),
        prop::collection::vec(exprs(), 0..3),
    );
    prop_oneof![
        4 => (places(), exprs()).prop_map(|(target, value)| StmtKind::Assign { target, value }),
        1 => leave.prop_map(StmtKind::Leave),
        1 => Just(StmtKind::Continue),
        1 => prop::option::of(exprs()).prop_map(StmtKind::Return),
        1 => prop::collection::vec((names(), exprs()), 1..4).prop_map(StmtKind::ReturnWith),
        1 => Just(StmtKind::End),
        1 => any::<bool>().prop_map(StmtKind::OnError),
        1 => Just(StmtKind::ClearError),
        1 => exprs().prop_map(StmtKind::Throw),
        1 => (exprs(), prop::option::of(exprs()))
            .prop_map(|(condition, message)| StmtKind::Assert { condition, message }),
        3 => prop::option::of(exprs()).prop_map(StmtKind::Talk),
        1 => exprs().prop_map(StmtKind::Print),
        1 => (prop::option::of(places()), hears(exprs())).prop_map(|(into, hear)| StmtKind::Hear { into, hear }),
        1 => prop::collection::vec(params(), 1..3).prop_map(StmtKind::Param),
        1 => texts().prop_map(|text| StmtKind::Description { text }),
        1 => call.prop_map(|(function, args)| StmtKind::Do1(expr(ExprKind::Call(name(function), args)))),
        2 => commands(exprs()).prop_map(|command| StmtKind::Do1(expr(ExprKind::Command(Box::new(command))))),
        1 => (texts(), prop::collection::vec(exprs(), 0..3)).prop_map(|(script, args)| {
            StmtKind::Do1(expr(ExprKind::Script(Box::new(expr(ExprKind::Text(script))), args)))
        }),
        1 => (prop::sample::select(vec!["push", "unshift"]), places(), exprs())
            .prop_map(|(method, target, arg)| StmtKind::Mutate { method, target, args: vec![arg] }),
    ]
    .boxed()
}

fn stmt(kind: StmtKind) -> Stmt {
    Stmt { kind, span: 0..0 }
}

fn tests() -> impl Strategy<Value = Test> {
    let orders = prop::sample::select(vec![Compare::Less, Compare::GreaterEqual, Compare::NotEqual]);
    prop_oneof![
        exprs().prop_map(Test::Equal),
        (exprs(), exprs()).prop_map(|(low, high)| Test::Range(low, high)),
        (orders, exprs()).prop_map(|(operator, value)| Test::Is(operator, value)),
    ]
}

fn with() -> impl Strategy<Value = StmtKind> {
    (places(), any::<bool>(), prop::collection::vec((words(), exprs()), 0..3)).prop_map(|(target, fresh, fields)| {
        let fields: Vec<Stmt> = fields
            .into_iter()
            .map(|(field, value)| {
                let mut place = target.clone();
                place.keys.push(PlaceKey::Member(field));
                stmt(StmtKind::Assign { target: place, value })
            })
            .collect();
        StmtKind::With {
            target,
            fresh: fresh || fields.is_empty(),
            fields,
        }
    })
}

fn stmts() -> BoxedStrategy<Vec<Stmt>> {
    let one = simple().prop_map(stmt).boxed();
    let one = one.prop_recursive(3, 16, 3, |inner| {
        let body = || prop::collection::vec(inner.clone(), 0..3);
        let until =
            || prop::option::of((any::<bool>(), exprs()).prop_map(|(until, condition)| Until { until, condition }));
        let case = (prop::collection::vec(tests(), 1..3), body()).prop_map(|(tests, body)| Case { tests, body });
        prop_oneof![
            (prop::collection::vec((exprs(), body()), 1..3), prop::option::of(body()))
                .prop_map(|(arms, otherwise)| StmtKind::If { arms, otherwise }),
            (names(), exprs(), exprs(), prop::option::of(exprs()), body()).prop_map(|(name, from, to, step, body)| {
                StmtKind::For {
                    name,
                    from,
                    to,
                    step,
                    body,
                }
            }),
            (names(), exprs(), prop::option::of(exprs()), body())
                .prop_map(|(name, list, last, body)| StmtKind::ForEach { name, list, last, body }),
            (exprs(), body()).prop_map(|(condition, body)| StmtKind::While { condition, body }),
            (until(), until(), body()).prop_map(|(before, after, body)| StmtKind::Do { before, after, body }),
            (exprs(), prop::collection::vec(case, 0..3), prop::option::of(body())).prop_map(
                |(subject, cases, otherwise)| StmtKind::Select {
                    subject,
                    cases,
                    otherwise
                }
            ),
            with(),
            (body(), prop::option::of(names()), body()).prop_map(|(body, error, handler)| StmtKind::Try {
                body,
                error,
                handler
            }),
        ]
        .prop_map(stmt)
        .boxed()
    });
    let procedure = (
        prop::collection::vec(names(), 0..3),
        prop::collection::vec(one.clone(), 0..3),
    )
        .prop_map(|(params, body)| {
            stmt(StmtKind::Procedure(Procedure {
                name: name("own_sub"),
                params,
                body,
            }))
        });
    (prop::collection::vec(one, 1..4), prop::option::of(procedure))
        .prop_map(|(mut body, procedure)| {
            body.extend(procedure);
            body
        })
        .boxed()
}

/// A script without a text: what a failure shows is what was printed.
struct Script(Parsed);

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.printed(&grammar()))
    }
}

impl Script {
    fn new(body: Vec<Stmt>) -> Self {
        let source = Arc::new(Source::new("tree.bas", ""));
        let read = parse("tree.bas", "", &grammar());
        Self(Parsed { source, body, ..read })
    }

    fn printed(&self, grammar: &Grammar) -> String {
        print(&self.0, grammar, &BTreeSet::new())
    }
}

/// The same trees in every run, so that a mistake is found by whoever makes it.
#[test]
fn a_tree_that_is_printed_is_read_again() {
    let config = ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let grammar = grammar();

    let result = runner.run(&stmts().prop_map(Script::new), |script| {
        let text = script.printed(&grammar);
        let again = parse("tree.bas", &text, &grammar);
        let (read, meant) = (fingerprint(&again.body), fingerprint(&script.0.body));
        prop_assert!(read == meant, "read  {}\nmeant {}", read, meant);
        Ok(())
    });

    assert!(result.is_ok(), "{}", result.unwrap_err());
}
