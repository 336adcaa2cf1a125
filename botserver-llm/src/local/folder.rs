//! The folder of a model, as the libraries `transformers` and `sentence-transformers` write it.
//!
//! `config.json` tells the shape, `tokenizer.json` the tokens, `model.safetensors` holds the weights. How tokens become
//! one vector is in `1_Pooling/config.json`, what is put before a text in `config_sentence_transformers.json`, how long
//! it may be in `sentence_bert_config.json`. Where these are missing, what is known of the family stands in.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The weights.
pub(super) const WEIGHTS: &str = "model.safetensors";
/// The tokens.
pub(super) const TOKENIZER: &str = "tokenizer.json";
const CONFIG: &str = "config.json";
const POOLING: &str = "1_Pooling/config.json";
const MODULES: &str = "modules.json";
const LENGTH: &str = "sentence_bert_config.json";
const PROMPTS: &str = "config_sentence_transformers.json";

/// Pieces of the weights, and their bytes, by which weights are told apart without reading all of them.
const SAMPLES: u64 = 16;
const SAMPLE: u64 = 64 << 10;

/// What kind of network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Bert,
    /// `XLM-RoBERTa` and `RoBERTa`, whose positions begin behind the padding's.
    Roberta,
}

/// How the vectors of tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// That of the first token.
    Cls,
    /// Their mean.
    Mean,
    /// The largest of each number.
    Max,
}

/// What is put before texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prefixes {
    pub(super) query: String,
    pub(super) passage: String,
}

/// A model as its folder describes it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) config: Value,
    pub(super) family: Family,
    pub(super) is_reranker: bool,
    pub(super) dimensions: usize,
    pub(super) max_tokens: usize,
    pub(super) pooling: Pooling,
    pub(super) prefixes: Prefixes,
    /// The name with a digest of everything that changes vectors.
    pub(super) id: String,
}

/// Tells whether the files of a folder were changed since.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Option<(u64, SystemTime)>>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Self {
        let files = [WEIGHTS, TOKENIZER, CONFIG, POOLING, MODULES, LENGTH, PROMPTS];
        let stamp = |file| {
            let metadata = fs::metadata(path.join(file)).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        Self(files.into_iter().map(stamp).collect())
    }
}

/// What is known of models by the beginning of their names, for folders that do not say it themselves: pooling, and
/// what their authors say to put before questions and passages.
const FAMILIES: [(&str, &str, Pooling, &str, &str); 5] = [
    ("multilingual-e5-", "-instruct", Pooling::Mean, "query: ", "passage: "),
    ("e5-", "-instruct", Pooling::Mean, "query: ", "passage: "),
    (
        "bge-small-en",
        "",
        Pooling::Cls,
        "Represent this sentence for searching relevant passages: ",
        "",
    ),
    (
        "bge-base-en",
        "",
        Pooling::Cls,
        "Represent this sentence for searching relevant passages: ",
        "",
    ),
    (
        "bge-large-en",
        "",
        Pooling::Cls,
        "Represent this sentence for searching relevant passages: ",
        "",
    ),
];

impl Folder {
    /// Reads what describes the model; the weights are only sampled.
    pub(super) fn read(name: &str, path: &Path) -> Result<Self, String> {
        let config = json(path, CONFIG)?.ok_or_else(|| missing(path, CONFIG))?;
        for file in [TOKENIZER, WEIGHTS] {
            if !path.join(file).is_file() {
                return Err(missing(path, file));
            }
        }
        let kind = config.get("model_type").and_then(Value::as_str).unwrap_or_default();
        let family = match kind {
            "bert" => Family::Bert,
            "xlm-roberta" | "roberta" | "camembert" => Family::Roberta,
            other => {
                return Err(format!(
                    "{} is a model of the type {other:?}: bert, xlm-roberta, roberta and camembert can be run",
                    path.display()
                ));
            }
        };
        let number = |key| {
            config
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
        };
        let dimensions =
            number("hidden_size").ok_or_else(|| format!("{}: {CONFIG} tells no hidden_size", path.display()))?;
        let positions = number("max_position_embeddings").unwrap_or(512);
        let positions = match family {
            Family::Bert => positions,
            Family::Roberta => positions.saturating_sub(number("pad_token_id").unwrap_or(1) + 1),
        };
        let known = FAMILIES
            .iter()
            .find(|(begins, but_not, ..)| name.starts_with(begins) && (but_not.is_empty() || !name.ends_with(but_not)));
        let length = json(path, LENGTH)?.and_then(|file| usize::try_from(file.get("max_seq_length")?.as_u64()?).ok());
        let pooling = match json(path, POOLING)? {
            Some(file) => pooling(&file).map_err(|reason| format!("{}: {POOLING} {reason}", path.display()))?,
            None => known.map_or(Pooling::Mean, |family| family.2),
        };
        if let Some(modules) = json(path, MODULES)? {
            check_modules(&modules).map_err(|reason| format!("{}: {MODULES} {reason}", path.display()))?;
        }
        let prefixes = prompts(json(path, PROMPTS)?.as_ref()).unwrap_or_else(|| Prefixes {
            query: known.map_or("", |family| family.3).to_owned(),
            passage: known.map_or("", |family| family.4).to_owned(),
        });
        let architecture = config
            .pointer("/architectures/0")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut folder = Self {
            name: name.to_owned(),
            path: path.to_owned(),
            family,
            is_reranker: architecture.ends_with("ForSequenceClassification"),
            dimensions,
            max_tokens: length.unwrap_or(positions).clamp(1, positions.max(1)),
            pooling,
            prefixes,
            id: String::new(),
            config,
        };
        let digest = folder
            .digest()
            .map_err(|error| format!("could not read {}: {error}", path.display()))?;
        folder.id = format!("{name}@{digest}");
        Ok(folder)
    }

    /// A digest of what changes vectors.
    fn digest(&self) -> std::io::Result<String> {
        let mut digest = Sha256::new();
        digest.update(self.config.to_string());
        digest.update(format!("{:?} {} {:?}", self.pooling, self.max_tokens, self.prefixes));
        digest.update(fs::read(self.path.join(TOKENIZER))?);
        let mut weights = File::open(self.path.join(WEIGHTS))?;
        let size = weights.metadata()?.len();
        digest.update(size.to_le_bytes());
        for sample in 0..SAMPLES {
            weights.seek(SeekFrom::Start(size.saturating_sub(SAMPLE) / SAMPLES * sample))?;
            let mut bytes = Vec::new();
            weights.by_ref().take(SAMPLE).read_to_end(&mut bytes)?;
            digest.update(bytes);
        }
        Ok(crate::client::hex(digest.finalize().get(..4).unwrap_or_default()))
    }
}

fn missing(path: &Path, file: &str) -> String {
    format!(
        "{} has no {file}: fetch the model again with botserver models fetch, or copy the file there",
        path.display()
    )
}

/// A file as JSON; nothing where it is not there.
fn json(path: &Path, file: &str) -> Result<Option<Value>, String> {
    let bytes = match fs::read(path.join(file)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("could not read {}: {error}", path.join(file).display())),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| format!("{} is not JSON: {error}", path.join(file).display()))
}

fn pooling(file: &Value) -> Result<Pooling, String> {
    let is = |mode: &str| file.get(mode).and_then(Value::as_bool) == Some(true);
    let on: Vec<&str> = file
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(mode, value)| mode.starts_with("pooling_mode_") && value.as_bool() == Some(true))
        .map(|(mode, _)| mode.as_str())
        .collect();
    match on.as_slice() {
        [_] if is("pooling_mode_cls_token") => Ok(Pooling::Cls),
        [_] if is("pooling_mode_mean_tokens") => Ok(Pooling::Mean),
        [_] if is("pooling_mode_max_tokens") => Ok(Pooling::Max),
        other => Err(format!("asks for {other:?}: one of CLS, mean and max can be done")),
    }
}

/// Layers after the pooling other than making the length 1 would be left out silently.
fn check_modules(modules: &Value) -> Result<(), String> {
    let kinds = modules.as_array().into_iter().flatten();
    for kind in kinds.filter_map(|module| module.get("type").and_then(Value::as_str)) {
        let last = kind.rsplit('.').next().unwrap_or(kind);
        if !["Transformer", "Pooling", "Normalize"].contains(&last) {
            return Err(format!("asks for a layer {last}, which cannot be done"));
        }
    }
    Ok(())
}

/// What the folder itself says to put before texts, if it says anything.
fn prompts(file: Option<&Value>) -> Option<Prefixes> {
    let prompts = file?.get("prompts")?.as_object()?;
    let of = |names: &[&str]| {
        let found = names.iter().find_map(|name| prompts.get(*name)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let prefixes = Prefixes {
        query: of(&["query"]),
        passage: of(&["passage", "document"]),
    };
    (prefixes != Prefixes::default()).then_some(prefixes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_way_of_pooling_is_read_and_unknown_ways_are_refused() {
        let file = |mode: &str| json!({ "word_embedding_dimension": 8, "pooling_mode_cls_token": false, mode: true });

        assert_eq!(pooling(&file("pooling_mode_cls_token")), Ok(Pooling::Cls));
        assert_eq!(pooling(&file("pooling_mode_mean_tokens")), Ok(Pooling::Mean));
        assert_eq!(pooling(&file("pooling_mode_max_tokens")), Ok(Pooling::Max));
        assert!(
            pooling(&file("pooling_mode_lasttoken"))
                .unwrap_err()
                .contains("lasttoken")
        );
        assert!(check_modules(&json!([{ "type": "sentence_transformers.models.Dense" }])).is_err());
    }

    #[test]
    fn what_a_folder_says_to_put_before_texts_is_taken() {
        let file = json!({ "prompts": { "query": "q: ", "document": "d: " } });

        let prefixes = prompts(Some(&file)).unwrap();

        assert_eq!((prefixes.query.as_str(), prefixes.passage.as_str()), ("q: ", "d: "));
        assert_eq!(prompts(Some(&json!({ "prompts": {} }))), None);
    }
}
