//! The network itself: tokens in, a vector or a score out.

use std::fs;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Linear, Module as _, VarBuilder, linear};
use candle_transformers::models::{
    bert::{self, BertModel},
    xlm_roberta::{self, XLMRobertaForSequenceClassification, XLMRobertaModel},
};
use serde_json::{Value, json};
use tokenizers::{Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

use super::{
    folder::{Family, Folder, Pooling, TOKENIZER, WEIGHTS},
    worker::Input,
};

/// A text as numbers.
#[derive(Debug)]
pub(super) struct Tokens {
    ids: Vec<u32>,
    kinds: Vec<u32>,
}

impl Tokens {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// A model with its weights.
pub(super) struct Network {
    tokenizer: Tokenizer,
    padding: u32,
    device: Device,
    body: Body,
    pooling: Pooling,
    /// Bytes of a text that can matter.
    longest: usize,
}

enum Body {
    Bert(BertModel),
    /// A classifier over what the pooler makes of the first token (`BertForSequenceClassification`).
    BertReranker {
        body: BertModel,
        pooler: Linear,
        classifier: Linear,
    },
    Roberta(XLMRobertaModel),
    RobertaReranker(XLMRobertaForSequenceClassification),
}

impl Network {
    /// Reads the weights: to a graphics processor where the server is built for it and one is there, else to memory.
    pub(super) fn load(folder: &Folder) -> Result<Self, String> {
        let tell = |error: candle_core::Error| format!("could not load the model {}: {error}", folder.path.display());
        let device = Device::new_cuda(0)
            .or_else(|_without| Device::new_metal(0))
            .unwrap_or(Device::Cpu);
        let bytes = fs::read(folder.path.join(WEIGHTS))
            .map_err(|error| format!("could not read {}: {error}", folder.path.join(WEIGHTS).display()))?;
        let weights = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &device).map_err(tell)?;
        let body = Body::load(folder, &weights)?;
        let mut tokenizer = Tokenizer::from_file(folder.path.join(TOKENIZER))
            .map_err(|error| format!("could not read {}: {error}", folder.path.join(TOKENIZER).display()))?;
        // Files of tokens often carry a padding to a fixed length, which would cost time for nothing.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams {
                max_length: folder.max_tokens,
                strategy: TruncationStrategy::LongestFirst,
                direction: TruncationDirection::Right,
                stride: 0,
            }))
            .map_err(|error| format!("{} cannot be cut off: {error}", folder.path.join(TOKENIZER).display()))?;
        let padding = folder.config.get("pad_token_id").and_then(Value::as_u64);
        Ok(Self {
            tokenizer,
            padding: padding.and_then(|id| u32::try_from(id).ok()).unwrap_or_default(),
            device,
            body,
            pooling: folder.pooling,
            longest: folder.max_tokens.saturating_mul(64),
        })
    }

    /// Whether it computes on a processor that wants many texts at once.
    pub(super) fn wants_many(&self) -> bool {
        !self.device.is_cpu()
    }

    /// The numbers of a text, cut off where the model ends.
    pub(super) fn tokens(&self, input: &Input) -> Result<Tokens, String> {
        let encoded = match input {
            Input::One(text) => self.tokenizer.encode(self.cut(text), true),
            Input::Pair(question, text) => self.tokenizer.encode((self.cut(question), self.cut(text)), true),
        };
        let encoded = encoded.map_err(|error| format!("a text cannot be taken apart: {error}"))?;
        Ok(Tokens {
            ids: encoded.get_ids().to_vec(),
            kinds: encoded.get_type_ids().to_vec(),
        })
    }

    /// The beginning of a text that is certainly longer than the model reads.
    fn cut<'a>(&self, text: &'a str) -> &'a str {
        text.get(..text.floor_char_boundary(self.longest)).unwrap_or(text)
    }

    /// The vectors, or the one score, of each of these texts.
    pub(super) fn run(&self, batch: &[&Tokens]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = batch.iter().map(|tokens| tokens.len()).max().unwrap_or_default();
        let (mut ids, mut kinds, mut mask) = (Vec::new(), Vec::new(), Vec::new());
        for tokens in batch {
            let missing = longest - tokens.len();
            ids.extend(
                tokens
                    .ids
                    .iter()
                    .copied()
                    .chain(std::iter::repeat_n(self.padding, missing)),
            );
            kinds.extend(tokens.kinds.iter().copied().chain(std::iter::repeat_n(0, missing)));
            mask.extend(std::iter::repeat_n(1_u32, tokens.len()).chain(std::iter::repeat_n(0, missing)));
        }
        let tensor = |numbers: Vec<u32>| Tensor::from_vec(numbers, (batch.len(), longest), &self.device);
        let (ids, mask) = (tensor(ids)?, tensor(mask)?);
        // RoBERTa knows one kind of text alone.
        let kinds = match self.body {
            Body::Bert(_) | Body::BertReranker { .. } => tensor(kinds)?,
            Body::Roberta(_) | Body::RobertaReranker(_) => ids.zeros_like()?,
        };
        let hidden = match &self.body {
            Body::Bert(body) => body.forward(&ids, &kinds, Some(&mask))?,
            Body::Roberta(body) => body.forward(&ids, &mask, &kinds, None, None, None)?,
            Body::BertReranker {
                body,
                pooler,
                classifier,
            } => {
                let first = body.forward(&ids, &kinds, Some(&mask))?.narrow(1, 0, 1)?.squeeze(1)?;
                let pooled = pooler.forward(&first.contiguous()?)?.tanh()?;
                return classifier.forward(&pooled)?.to_vec2();
            }
            Body::RobertaReranker(body) => return body.forward(&ids, &mask, &kinds)?.to_vec2(),
        };
        self.pool(&hidden, &mask)?.to_vec2()
    }

    fn pool(&self, hidden: &Tensor, mask: &Tensor) -> candle_core::Result<Tensor> {
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(D::Minus1)?;
        match self.pooling {
            Pooling::Cls => hidden.narrow(1, 0, 1)?.squeeze(1),
            Pooling::Mean => hidden.broadcast_mul(&mask)?.sum(1)?.broadcast_div(&mask.sum(1)?),
            Pooling::Max => {
                let away = mask.affine(-1.0, 1.0)?.affine(-1e9, 0.0)?;
                hidden.broadcast_add(&away)?.max(1)
            }
        }
    }
}

impl Body {
    fn load(folder: &Folder, weights: &VarBuilder<'_>) -> Result<Self, String> {
        let tell = |error: candle_core::Error| format!("could not load the model {}: {error}", folder.path.display());
        let config = complete(&folder.config);
        let unfit = |error: serde_json::Error| format!("{}: config.json cannot be run: {error}", folder.path.display());
        match folder.family {
            Family::Bert => {
                let config: bert::Config = serde_json::from_value(config).map_err(unfit)?;
                let body = BertModel::load(weights.clone(), &config).map_err(tell)?;
                if !folder.is_reranker {
                    return Ok(Self::Bert(body));
                }
                let size = config.hidden_size;
                Ok(Self::BertReranker {
                    body,
                    pooler: linear(size, size, weights.pp("bert.pooler.dense")).map_err(tell)?,
                    classifier: linear(size, 1, weights.pp("classifier")).map_err(tell)?,
                })
            }
            Family::Roberta => {
                let config: xlm_roberta::Config = serde_json::from_value(config).map_err(unfit)?;
                if folder.is_reranker {
                    let body = XLMRobertaForSequenceClassification::new(1, &config, weights.clone()).map_err(tell)?;
                    return Ok(Self::RobertaReranker(body));
                }
                let weights = if weights.contains_tensor("roberta.embeddings.word_embeddings.weight") {
                    weights.pp("roberta")
                } else {
                    weights.clone()
                };
                XLMRobertaModel::new(&config, weights).map(Self::Roberta).map_err(tell)
            }
        }
    }
}

/// The configuration with what newer files leave out because it is always the same.
fn complete(config: &Value) -> Value {
    let mut whole = json!({
        "position_embedding_type": "absolute",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "pad_token_id": 0,
    });
    if let (Some(whole), Some(given)) = (whole.as_object_mut(), config.as_object()) {
        for (key, value) in given {
            whole.insert(key.clone(), value.clone());
        }
    }
    whole
}
