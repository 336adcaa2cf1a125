use botlib::{OrgId, RequestId};
use proptest::prelude::*;

use super::*;

fn bot(settings: &[(&str, &str)]) -> Bot {
    let rows = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "shop".to_owned(),
        version: "1".to_owned(),
        settings: Settings::new(rows),
        prompt: None,
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
        prompts: Vec::new(),
    }
}

fn variable(name: &str, kind: Kind) -> Variable {
    Variable {
        name: name.to_owned(),
        kind,
        description: String::new(),
        is_required: true,
        default: None,
    }
}

fn prompt(text: &str, variables: Vec<Variable>) -> Prompt {
    Prompt {
        name: "greeting".to_owned(),
        description: String::new(),
        version: "v1".to_owned(),
        author: None,
        is_public: false,
        hints: Hints::default(),
        variables,
        variants: vec![Variant {
            name: "default".to_owned(),
            weight: 1,
            template: Template::parse(text).0,
        }],
        place: "greeting.md".to_owned(),
        source: text.into(),
    }
}

fn values(pairs: &[(&str, Value)]) -> Map {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

proptest! {
    #[test]
    fn values_stay_values_whatever_they_say(
        before in "[^$\\\\]{0,20}",
        between in "[^$\\\\]{0,20}",
        one in "(\\$\\{two\\}|\\$\\{one\\}|\\\\\\$\\{|[^\\x00]){0,30}",
        two in "(\\$\\{one\\}|\\$|\\{|\\}|[^\\x00]){0,30}",
    ) {
        let prompt = prompt(
            &format!("{before}${{one}}{between}${{ TWO }}"),
            vec![variable("one", Kind::Text), variable("two", Kind::Text)],
        );
        let given = values(&[("One", one.as_str().into()), ("two", two.as_str().into())]);

        let rendered = prompt.render(&given, &bot(&[]), "x").unwrap();

        prop_assert_eq!(rendered.text, format!("{before}{one}{between}{two}"));
    }

    #[test]
    fn no_text_breaks_the_reader_and_what_is_no_hole_is_kept(text in "(\\$\\{|\\}|\\\\|[a-z ]|\\PC){0,60}") {
        let (template, holes) = Template::parse(&text);

        for hole in &holes {
            let is_hole = text.get(hole.span.clone()).unwrap().starts_with("${");
            prop_assert!(is_hole, "{:?}", hole);
        }
        let names: Vec<(String, String)> = holes
            .iter()
            .filter_map(|hole| Some((hole.name.clone().ok()?, "\u{1}".to_owned())))
            .collect();
        let filled = template.fill(&names);
        prop_assert_eq!(filled.matches('\u{1}').count(), names.len() + text.matches('\u{1}').count());
        if !text.contains("${") {
            prop_assert_eq!(filled, text);
        }
    }
}

#[test]
fn signs_that_mean_no_variable_are_kept_and_said() {
    let (template, holes) = Template::parse("\\${a} ${1 + 1} ${open\n} $x {y}");

    assert_eq!(template.fill(&[]), "${a} ${1 + 1} ${open\n} $x {y}");
    let wrong: Vec<String> = holes.into_iter().filter_map(|hole| hole.name.err()).collect();
    assert_eq!(
        wrong,
        [
            "\"1 + 1\" is not the name of a variable, and prompts compute nothing",
            "`${` is never closed"
        ]
    );
}

#[test]
fn a_refusal_names_everything_that_does_not_fit() {
    let choice = Kind::Choice(vec!["warm".to_owned(), "plain".to_owned()]);
    let prompt = prompt(
        "${tone} ${count} ${day} ${open}",
        vec![
            variable("tone", choice),
            variable("count", Kind::Number),
            variable("day", Kind::Date),
            variable("open", Kind::Boolean),
        ],
    );
    let given = values(&[
        ("tone", "loud".into()),
        ("count", "three".into()),
        ("open", 3_i64.into()),
        ("who", "me".into()),
    ]);

    let fault = prompt.render(&given, &bot(&[]), "x").unwrap_err();

    assert_eq!(
        fault.to_string(),
        "the prompt greeting cannot be filled in: it has no variable who; tone must be one of warm, plain, not text; \
         count must be a number, not text; day is missing; open must be true or false, not integer (its variables are \
         tone, count, day, open)"
    );
    let fitting = values(&[
        ("tone", "WARM".into()),
        ("count", "03.50".into()),
        ("day", "2026-01-31".into()),
        ("open", true.into()),
    ]);
    let rendered = prompt.render(&fitting, &bot(&[]), "x").unwrap();
    assert_eq!(rendered.text, "warm 3.5 2026-01-31 true");
}

#[test]
fn a_variable_comes_from_the_caller_then_from_the_settings_then_from_its_default() {
    let mut company = variable("company", Kind::Text);
    company.is_required = false;
    company.default = Some("a shop".to_owned());
    let prompt = prompt("${company}", vec![company]);
    let text = |given: &Map, settings: &[(&str, &str)]| prompt.render(given, &bot(settings), "x").unwrap().text;

    assert_eq!(text(&Map::new(), &[]), "a shop");
    assert_eq!(text(&Map::new(), &[("param-company", "Tea 1.0")]), "Tea 1.0");
    let given = values(&[("company", "Cake".into())]);
    assert_eq!(text(&given, &[("param-company", "Tea")]), "Cake");
}

#[test]
fn secrets_never_become_part_of_a_prompt() {
    let prompt = prompt("${key}", vec![variable("key", Kind::Text)]);
    let given = values(&[("key", Value::Secret(botlib::Secret::new("canary")))]);

    let fault = prompt.render(&given, &bot(&[]), "x").unwrap_err();

    assert!(!fault.to_string().contains("canary"), "{fault}");
}

#[test]
fn variants_are_sticky_and_follow_their_weights() {
    let mut prompt = prompt("", Vec::new());
    let variant = |name: &str, weight| Variant {
        name: name.to_owned(),
        weight,
        template: Template::parse(name).0,
    };
    prompt.variants = vec![variant("a", 1), variant("b", 3), variant("retired", 0)];
    let bot = bot(&[]);
    let of = |prompt: &Prompt, who: usize| {
        let rendered = prompt.render(&Map::new(), &bot, &format!("person:{who}")).unwrap();
        assert_eq!(rendered.text, rendered.used.variant);
        rendered.used.variant
    };
    let first: Vec<String> = (0..4_000).map(|who| of(&prompt, who)).collect();
    let count = |name: &str| first.iter().filter(|variant| *variant == name).count();

    assert_eq!((0..4_000).map(|who| of(&prompt, who)).collect::<Vec<_>>(), first);
    assert_eq!(count("retired"), 0);
    // Of 4,000 a quarter: four standard deviations are 110.
    assert!(count("a").abs_diff(1_000) < 110, "{}", count("a"));
    // Another weight takes some from others, and moves nobody between those.
    prompt.variants.push(variant("c", 4));
    for (who, before) in first.iter().enumerate() {
        let now = of(&prompt, who);
        assert!(now == *before || now == "c", "{before} became {now}");
    }
}

#[test]
fn clients_see_public_prompts_of_bots_that_they_may_talk_to() {
    let mut bot = bot(&[("public", "false")]);
    let mut open = prompt("hello", Vec::new());
    open.is_public = true;
    bot.prompts = vec![Arc::new(prompt("hidden", Vec::new())), Arc::new(open)];
    let names = |bot: &Bot, caller: &Caller| bot.prompts_for(caller).len();
    let visitor = Caller::nobody(bot.org, RequestId::new());
    let system = Caller::system(bot.org);
    let mut limited = Caller::system(bot.org);
    limited.bots = Some([BotId::new()].into());

    assert_eq!(names(&bot, &visitor), 0);
    assert_eq!(names(&bot, &system), 1);
    assert_eq!(names(&bot, &limited), 0);
    assert_eq!(names(&bot, &Caller::system(OrgId::new())), 0);
    bot.settings = Settings::default();
    assert_eq!(names(&bot, &visitor), 1);
}
