//! Models of this process, held to a second implementation of the same formulas in double precision.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

#[path = "local/reference.rs"]
mod reference;

use std::path::{Path, PathBuf};

use botlib::{BotId, OrgId};
use botserver_llm::{FileState, LlmConfig, LlmService, ModelShelf, service};
use botserver_tests::encoder::{Encoder, Kind, minilm};
use botstate::{
    dialog::{Bot, Settings},
    embed::{Embedder, Side},
};
use tempfile::TempDir;

/// How far single precision may be from double: a few thousand additions of numbers about 1.
const NEAR: f64 = 2e-6;

fn bot(rows: &[(&str, &str)]) -> Bot {
    Bot {
        id: BotId::new(),
        org: OrgId::new(),
        name: "a".to_owned(),
        version: String::new(),
        settings: Settings::new(
            rows.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ),
        prompt: None,
        prompts: Vec::new(),
        tools: Vec::new(),
        scripts: Vec::new(),
        triggers: Vec::new(),
        start_wants_message: false,
        chooses_collections: false,
    }
}

fn llm(models: &Path) -> LlmService {
    service(
        LlmConfig {
            models_dir: models.to_owned(),
            ..LlmConfig::default()
        },
        None,
    )
}

fn embedder(models: &Path, name: &str) -> std::sync::Arc<dyn Embedder> {
    llm(models).embedders().for_bot(&bot(&[("embedding-model", name)]))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn far(vector: &[f32], reference: &[f64]) -> f64 {
    assert_eq!(vector.len(), reference.len());
    let each = vector.iter().zip(reference).map(|(a, b)| (f64::from(*a) - b).abs());
    each.fold(0.0, f64::max)
}

#[tokio::test]
async fn vectors_equal_those_of_a_reference_in_double_precision() {
    let said = [
        "the cat sleeps",
        "a dog runs in the house .",
        "where ?",
        "",
        "unheard words",
    ];
    for kind in [Kind::Bert, Kind::Roberta] {
        for pooling in ["cls_token", "mean_tokens", "max_tokens"] {
            let folder = TempDir::new().unwrap();
            let encoder = Encoder::new(kind, false, 7);
            encoder.write(&folder.path().join("tiny"), pooling).unwrap();
            let embedder = embedder(folder.path(), "tiny");

            let vectors = embedder.embed(&texts(&said), Side::Passage).await.unwrap();

            assert_eq!(embedder.dimensions(), encoder.hidden);
            for (text, vector) in said.iter().zip(&vectors) {
                let expected = reference::embed(&encoder, text, pooling);
                let error = far(vector, &expected);
                assert!(error < NEAR, "{kind:?} {pooling} {text:?}: {error}");
            }
            // Alone, without others that it is filled up to.
            let alone = embedder.embed(&texts(&said[2..3]), Side::Query).await.unwrap();
            assert!(far(&alone[0], &reference::embed(&encoder, said[2], pooling)) < NEAR);
        }
    }
}

#[tokio::test]
async fn what_is_longer_than_the_model_reads_is_cut_off() {
    let folder = TempDir::new().unwrap();
    let encoder = Encoder::new(Kind::Bert, false, 3);
    encoder.write(&folder.path().join("tiny"), "mean_tokens").unwrap();
    let embedder = embedder(folder.path(), "tiny");
    let long = "cat dog ".repeat(5_000);

    let vectors = embedder
        .embed(std::slice::from_ref(&long), Side::Passage)
        .await
        .unwrap();

    let words: Vec<&str> = long.split_whitespace().take(encoder.positions - 2).collect();
    assert!(
        far(
            &vectors[0],
            &reference::embed(&encoder, &words.join(" "), "mean_tokens")
        ) < NEAR
    );
    assert_eq!(embedder.max_tokens(), encoder.positions);
}

#[tokio::test]
async fn questions_and_passages_of_e5_get_their_prefixes() {
    let folder = TempDir::new().unwrap();
    let encoder = Encoder::new(Kind::Roberta, false, 5);
    let path = folder.path().join("multilingual-e5-tiny");
    encoder.write(&path, "mean_tokens").unwrap();
    let of = async |side| {
        let embedder = embedder(folder.path(), "intfloat/multilingual-e5-tiny");
        embedder.embed(&texts(&["the cat"]), side).await.unwrap().remove(0)
    };

    let (question, passage) = (of(Side::Query).await, of(Side::Passage).await);

    assert!(far(&question, &reference::embed(&encoder, "query: the cat", "mean_tokens")) < NEAR);
    assert!(far(&passage, &reference::embed(&encoder, "passage: the cat", "mean_tokens")) < NEAR);

    // What the folder itself says wins.
    std::fs::write(
        path.join("config_sentence_transformers.json"),
        r#"{"prompts": {"query": "who ? ", "document": ""}}"#,
    )
    .unwrap();
    assert!(
        far(
            &of(Side::Query).await,
            &reference::embed(&encoder, "who ? the cat", "mean_tokens")
        ) < NEAR
    );
    assert!(
        far(
            &of(Side::Passage).await,
            &reference::embed(&encoder, "the cat", "mean_tokens")
        ) < NEAR
    );
}

#[tokio::test]
async fn the_id_follows_everything_that_changes_vectors() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tiny");
    Encoder::new(Kind::Bert, false, 1).write(&path, "mean_tokens").unwrap();
    let embedders = llm(folder.path()).embedders();
    let named = bot(&[("embedding-model", "tiny")]);
    let first = embedders.for_bot(&named).id().to_owned();

    Encoder::new(Kind::Bert, false, 1).write(&path, "cls_token").unwrap();
    let pooled = embedders.for_bot(&named).id().to_owned();
    Encoder::new(Kind::Bert, false, 2).write(&path, "cls_token").unwrap();
    let trained = embedders.for_bot(&named);

    assert!(first.starts_with("tiny@"), "{first}");
    assert!(
        first != pooled && pooled != trained.id(),
        "{first} {pooled} {}",
        trained.id()
    );
    assert!(
        embedders.find(&named, &first).is_none(),
        "its vectors cannot be made any more"
    );
    let elsewhere = bot(&[]);
    let found = embedders.find(&elsewhere, trained.id()).unwrap();
    assert_eq!(found.id(), trained.id(), "old collections are still asked");
    trained.embed(&texts(&["cat"]), Side::Query).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_askers_at_once_get_their_own_vectors() {
    let folder = TempDir::new().unwrap();
    let encoder = Encoder::new(Kind::Bert, false, 11);
    encoder.write(&folder.path().join("tiny"), "mean_tokens").unwrap();
    let embedder = embedder(folder.path(), "tiny");
    let words = ["cat", "dog", "house", "where the cat sleeps", "who runs in a house ?"];
    let ask = async |number: usize| {
        let text = words[number % words.len()];
        let side = if number.is_multiple_of(2) {
            Side::Query
        } else {
            Side::Passage
        };
        let many: Vec<String> = std::iter::repeat_n(text.to_owned(), 60).collect();
        let vectors = embedder.embed(&many, side).await.unwrap();
        let expected = reference::embed(&encoder, text, "mean_tokens");
        assert!(
            vectors.len() == 60 && vectors.iter().all(|vector| far(vector, &expected) < NEAR),
            "{text}"
        );
    };

    // More texts than may wait at once.
    futures::future::join_all((0..40).map(ask)).await;
}

#[tokio::test]
async fn a_reranker_scores_pairs_as_the_reference_does() {
    for kind in [Kind::Bert, Kind::Roberta] {
        let folder = TempDir::new().unwrap();
        let encoder = Encoder::new(kind, true, 13);
        encoder.write(&folder.path().join("judge"), "cls_token").unwrap();
        let rows = [("rag-reranker-enabled", "true"), ("rag-reranker-model", "judge")];
        let reranker = llm(folder.path()).rerankers().for_bot(&bot(&rows)).unwrap();
        let passages = ["a cat", "the dog sleeps in a house .", ""];

        let scores = reranker.rerank("where ?", &texts(&passages)).await.unwrap();

        for (text, score) in passages.iter().zip(&scores) {
            let expected = reference::score(&encoder, "where ?", text);
            assert!(
                (f64::from(*score) - expected).abs() < NEAR,
                "{kind:?} {text:?}: {score} {expected}"
            );
        }
        assert_eq!(reranker.top(), 20);
        let wrong = embedder(folder.path(), "judge")
            .embed(&texts(&["a"]), Side::Query)
            .await;
        assert!(wrong.unwrap_err().to_string().contains("is a reranker"));
    }
}

#[tokio::test]
async fn what_cannot_be_run_says_why() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tiny");
    let encoder = Encoder::new(Kind::Bert, false, 1);
    let why = async || {
        let error = embedder(folder.path(), "tiny")
            .embed(&texts(&["cat"]), Side::Query)
            .await;
        error.unwrap_err().to_string()
    };

    assert!(why().await.contains("put the model into models_dir"), "{}", why().await);
    encoder.write(&path, "lasttoken").unwrap();
    assert!(why().await.contains("pooling_mode_lasttoken"), "{}", why().await);
    encoder.write(&path, "cls_token").unwrap();
    std::fs::remove_file(path.join("tokenizer.json")).unwrap();
    assert!(why().await.contains("has no tokenizer.json"), "{}", why().await);
    encoder.write(&path, "cls_token").unwrap();
    std::fs::write(path.join("model.safetensors"), b"\x08\0\0\0\0\0\0\0{}      ").unwrap();
    assert!(why().await.contains("could not load the model"), "{}", why().await);

    // Mended, it works without a restart.
    let service = llm(folder.path());
    let embedders = service.embedders();
    let named = bot(&[("embedding-model", "tiny")]);
    embedders
        .for_bot(&named)
        .embed(&texts(&["cat"]), Side::Query)
        .await
        .unwrap_err();
    encoder.write(&path, "cls_token").unwrap();
    embedders
        .for_bot(&named)
        .embed(&texts(&["cat"]), Side::Query)
        .await
        .unwrap();
    assert!(
        service
            .probe("tiny")
            .await
            .unwrap()
            .contains("an embedder of 16 numbers")
    );
}

/// Where big files of tests are kept.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("models")
}

#[tokio::test]
async fn minilm_tells_what_is_alike() {
    let Some(model) = minilm(&cache()) else { return };
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink(&model, folder.path().join("all-MiniLM-L6-v2")).unwrap();
    let shelf = ModelShelf::new(folder.path());
    for file in shelf.find("all-MiniLM-L6-v2").unwrap().files {
        assert_eq!(
            shelf.check("all-MiniLM-L6-v2", &file),
            Ok(FileState::Same),
            "{}",
            file.file
        );
    }
    let embedder = embedder(folder.path(), "all-MiniLM-L6-v2");
    let said = [
        "How do I get my money back?",
        "Refunds are paid within ten days.",
        "The cat sleeps on the sofa.",
        "A kitten is taking a nap.",
    ];

    let vectors = embedder.embed(&texts(&said), Side::Passage).await.unwrap();

    let near = |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum::<f32>();
    println!(
        "refund {:.4}, kitten {:.4}, strangers {:.4} {:.4}",
        near(0, 1),
        near(2, 3),
        near(0, 2),
        near(1, 3)
    );
    assert_eq!((embedder.dimensions(), embedder.max_tokens()), (384, 256));
    assert!(near(0, 1) > near(0, 2) + 0.2 && near(2, 3) > near(1, 3) + 0.2);
}
