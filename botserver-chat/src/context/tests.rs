use botstate::model::ToolCall;
use serde_json::json;

use super::*;

/// Numbers by a simple generator, so that the same prompts come each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }

    fn text(&mut self, most: usize) -> String {
        let words = ["tea ", "água ", "x9 ", "Information ", "茶", "\n", "{\"a\":1}", "🍵"];
        (0..self.next(most)).map(|_| words[self.next(words.len())]).collect()
    }

    fn said(&mut self, at: usize) -> ChatMessage {
        let content = self.text(300);
        if at.is_multiple_of(2) {
            ChatMessage::user(content)
        } else {
            ChatMessage::Assistant {
                content,
                calls: Vec::new(),
            }
        }
    }

    fn listed(&mut self) -> Listed {
        Listed {
            heading: self.text(20),
            items: (0..self.next(12)).map(|_| self.text(200)).collect(),
        }
    }

    fn sections(&mut self) -> Sections {
        let mut rounds = Vec::new();
        for round in 0..self.next(4) {
            let id = format!("call_{round}");
            rounds.push(ChatMessage::Assistant {
                content: String::new(),
                calls: vec![ToolCall {
                    id: id.clone(),
                    name: "look_up".to_owned(),
                    arguments: json!({ "q": self.text(10) }).to_string(),
                    signature: None,
                }],
            });
            rounds.push(ChatMessage::Tool {
                call_id: id,
                content: self.text(800),
            });
        }
        Sections {
            system: self.text(80),
            context: self.text(400),
            memory: self.listed(),
            summary: (self.next(2) == 0).then(|| self.text(100)),
            history: (0..self.next(60)).map(|at| self.said(at)).collect(),
            knowledge: self.listed(),
            question: self.text(120),
            images: Vec::new(),
            rounds,
            tools: (0..self.next(5))
                .map(|at| ToolSpec {
                    name: format!("tool_{at}"),
                    description: self.text(30),
                    parameters: json!({ "type": "object", "description": self.text(20) }),
                })
                .collect(),
        }
    }
}

#[test]
fn no_prompt_exceeds_its_window_and_none_loses_its_system_part_or_its_last_turn() {
    let mut dice = Dice(3);
    let (mut fitting, mut shortened) = (0, 0);
    for _ in 0..4_000 {
        let sections = dice.sections();
        let windows = [512, 768, 1_024, 2_048, 4_096, 8_192, 32_768, 131_072];
        let window = u32::try_from(windows[dice.next(windows.len())]).unwrap();
        let answer = (dice.next(3) == 0).then(|| dice.next(8_000));
        let budget = Budget::of(window, answer, 4_000, 1_000);

        let fitted = match fit(sections.clone(), &budget) {
            Ok(fitted) => fitted,
            Err(refused) => {
                assert!(refused.needed > refused.room, "{refused}");
                continue;
            }
        };

        fitting += 1;
        let weight = weigh_all(&fitted.messages, &fitted.tools);
        assert!(weight <= fitted.tokens, "{weight} counted as {}", fitted.tokens);
        assert!(fitted.tokens + budget.answer <= budget.window);
        assert_eq!(fitted.tools, sections.tools);
        let ChatMessage::System { content } = &fitted.messages[0] else {
            panic!("the first message is not the system's")
        };
        assert!(content.starts_with(&sections.system));
        let asked = fitted.messages.len() - sections.rounds.len() - 1;
        assert_eq!(fitted.messages[asked], ChatMessage::user(sections.question.clone()));
        for (kept, given) in fitted.messages[asked + 1..].iter().zip(&sections.rounds) {
            match (kept, given) {
                (ChatMessage::Tool { call_id: kept, .. }, ChatMessage::Tool { call_id: given, .. }) => {
                    assert_eq!(kept, given);
                }
                (kept, given) => assert_eq!(kept, given),
            }
        }
        // What is left out of the history is its beginning.
        shortened += usize::from(fitted.left_out > 0);
        let newest = &sections.history[fitted.left_out..];
        assert!(newest.is_empty() || fitted.messages.windows(newest.len()).any(|part| part == newest));
    }
    assert!(
        fitting > 2_000 && shortened > 200,
        "{fitting} fit, {shortened} were shortened"
    );
}

#[test]
fn everything_is_there_while_there_is_room() {
    let sections = Sections {
        system: "You sell tea.".to_owned(),
        context: "Today: green tea.".to_owned(),
        memory: Listed {
            heading: "Known of the person:".to_owned(),
            items: vec!["- name: Ana".to_owned()],
        },
        summary: Some("Ana asked for tea.".to_owned()),
        history: vec![ChatMessage::user("Hello")],
        knowledge: Listed {
            heading: "Passages:".to_owned(),
            items: vec!["one".to_owned(), "two".to_owned()],
        },
        question: "How much?".to_owned(),
        ..Sections::default()
    };

    let fitted = fit(sections, &Budget::of(WINDOW, None, 4_000, 1_000)).unwrap();

    insta::assert_debug_snapshot!(fitted.messages);
    assert_eq!((fitted.left_out, fitted.passages, fitted.memories), (0, 2, 1));
}

#[test]
fn a_question_larger_than_the_window_is_refused_with_both_sizes() {
    let sections = Sections {
        question: "tea ".repeat(2_000),
        ..Sections::default()
    };

    let refused = fit(sections, &Budget::of(2_048, None, 4_000, 1_000)).unwrap_err();

    assert_eq!(refused.room, 1_536);
    assert!(refused.needed > 4_000, "{refused}");
}

#[test]
fn long_results_are_cut_and_short_ones_are_not() {
    let result = |id: &str, content: String| ChatMessage::Tool {
        call_id: id.to_owned(),
        content,
    };
    let sections = Sections {
        rounds: vec![result("a", "tea ".repeat(5_000)), result("b", "three".to_owned())],
        ..Sections::default()
    };

    let fitted = fit(sections, &Budget::of(2_048, None, 4_000, 1_000)).unwrap();

    let ChatMessage::Tool { content, .. } = &fitted.messages[2] else {
        panic!("{fitted:?}")
    };
    assert!(content.starts_with("tea tea") && content.ends_with("[…]"), "{content}");
    assert_eq!(fitted.messages[3], result("b", "three".to_owned()));
}
