use serde::Deserialize;

use super::*;

/// What an independent implementation says, made by `tests/reference/bm25.py`.
const REFERENCE: &str = include_str!("../../tests/reference/bm25.json");

#[derive(Deserialize)]
struct Reference {
    documents: Vec<Vec<String>>,
    questions: Vec<Vec<String>>,
    scores: Vec<Vec<f64>>,
}

fn number(word: &str) -> u32 {
    word.trim_start_matches('w').parse().unwrap()
}

fn part<'a>(documents: impl IntoIterator<Item = &'a Vec<String>>) -> Part {
    let mut part = Part::default();
    for document in documents {
        part.add(|take| document.iter().for_each(|word| take(number(word))));
    }
    part
}

fn asked<'a>(part: &'a Part, question: &[String]) -> Asked<'a> {
    Asked {
        part,
        terms: question.iter().map(|word| Some(number(word))).collect(),
    }
}

#[test]
fn scores_are_those_of_the_reference_implementation() {
    let reference: Reference = serde_json::from_str(REFERENCE).unwrap();
    let whole = part(&reference.documents);
    // The same documents, told apart by their readers: one statistic, whatever lies where.
    let (even, odd): (Vec<_>, Vec<_>) = reference.documents.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let (even, odd) = (
        part(even.into_iter().map(|(_, d)| d)),
        part(odd.into_iter().map(|(_, d)| d)),
    );
    let mut compared = 0;
    for (question, scores) in reference.questions.iter().zip(&reference.scores) {
        let one = search(&[asked(&whole, question)], usize::MAX);
        let two = search(&[asked(&even, question), asked(&odd, question)], usize::MAX);

        assert_eq!(one.len(), scores.iter().filter(|score| **score > 0.0).count());
        for (found, place) in one
            .iter()
            .map(|found| (found, found.place))
            .chain(two.iter().map(|found| (found, found.place * 2 + found.part)))
        {
            let wanted = scores[place];
            let error = (f64::from(found.score) - wanted).abs();
            // Single precision sums of at most six terms.
            assert!(error < 1e-5 * wanted.max(1.0), "{} instead of {wanted}", found.score);
            compared += 1;
        }
    }
    assert!(compared > 5_000, "{compared}");
}

#[test]
fn what_was_taken_away_has_no_weight() {
    let reference: Reference = serde_json::from_str(REFERENCE).unwrap();
    let mut pruned = part(&reference.documents);
    for place in (0..reference.documents.len()).filter(|place| place % 3 == 0) {
        pruned.remove(place);
        pruned.remove(place);
    }
    let left = reference
        .documents
        .iter()
        .enumerate()
        .filter(|(place, _)| place % 3 != 0);
    let fresh = part(left.map(|(_, document)| document));

    for question in &reference.questions {
        let scores = |part| -> Vec<f32> {
            search(&[asked(part, question)], 50)
                .iter()
                .map(|one| one.score)
                .collect()
        };
        assert_eq!(scores(&pruned), scores(&fresh));
    }
    assert_eq!(pruned.count(), fresh.count());
}

#[test]
fn coverage_is_the_share_of_the_questions_weight() {
    let documents = vec![vec!["w1".to_owned(), "w2".to_owned()], vec!["w1".to_owned()]];
    let part = part(&documents);

    let found = search(&[asked(&part, &["w1".to_owned(), "w2".to_owned()])], 10);

    assert!((found[0].coverage - 1.0).abs() < 1e-6);
    assert!(found[1].coverage < 0.5, "the commoner word weighs less: {found:?}");
    let unknown = search(&[asked(&part, &["w1".to_owned(), "w9".to_owned()])], 10);
    assert!(
        unknown[0].coverage < 0.5,
        "a word that stands nowhere weighs as one that stands once: {unknown:?}"
    );
}
