//! The forward pass of BERT and `RoBERTa` in double precision, written from the papers' formulas and sharing nothing with
//! the implementation under test.

use botserver_tests::encoder::{Encoder, Kind, WORDS};

type Rows = Vec<Vec<f64>>;

fn id(word: &str) -> usize {
    WORDS.iter().position(|known| *known == word).unwrap_or(1)
}

/// The tokens of a text: words and signs, lower case.
fn words(text: &str) -> Vec<usize> {
    let mut all = Vec::new();
    for word in text.to_lowercase().split_whitespace() {
        let mut letters = String::new();
        for c in word.chars() {
            if c.is_ascii_punctuation() {
                if !letters.is_empty() {
                    all.push(id(&letters));
                }
                letters.clear();
                all.push(id(&c.to_string()));
            } else {
                letters.push(c);
            }
        }
        if !letters.is_empty() {
            all.push(id(&letters));
        }
    }
    all
}

/// Numbers of a weight in their rows.
fn weight(encoder: &Encoder, name: &str) -> Rows {
    let (shape, numbers) = encoder.tensors.get(name).unwrap_or_else(|| panic!("no {name}"));
    let width = shape.last().copied().unwrap();
    numbers
        .chunks(width)
        .map(|row| row.iter().map(|n| f64::from(*n)).collect())
        .collect()
}

fn linear(encoder: &Encoder, name: &str, rows: &Rows) -> Rows {
    let (matrix, bias) = (
        weight(encoder, &format!("{name}.weight")),
        weight(encoder, &format!("{name}.bias")),
    );
    let one = |row: &Vec<f64>| {
        let each = matrix.iter().zip(&bias[0]);
        each.map(|(weights, bias)| weights.iter().zip(row).map(|(a, b)| a * b).sum::<f64>() + bias)
            .collect()
    };
    rows.iter().map(one).collect()
}

#[expect(clippy::cast_precision_loss, reason = "the models are tiny")]
fn normed(encoder: &Encoder, name: &str, rows: &Rows) -> Rows {
    let (scale, shift) = (
        weight(encoder, &format!("{name}.weight")),
        weight(encoder, &format!("{name}.bias")),
    );
    let one = |row: &Vec<f64>| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / row.len() as f64;
        let each = row.iter().zip(scale[0].iter().zip(&shift[0]));
        each.map(|(n, (scale, shift))| (n - mean) / (variance + 1e-12).sqrt() * scale + shift)
            .collect()
    };
    rows.iter().map(one).collect()
}

fn sum(a: &Rows, b: &Rows) -> Rows {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(row).collect()
}

/// erf as the series with positive terms (DLMF 7.6.2), which converges everywhere.
fn erf(x: f64) -> f64 {
    let (mut term, mut total, mut n) = (x, x, 0.0);
    while term.abs() > 1e-18 * total.abs() {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        total += term;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * total
}

fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2))
}

/// The vectors of tokens after the last layer.
#[expect(clippy::cast_precision_loss, reason = "the models are tiny")]
fn hidden(encoder: &Encoder, tokens: &[usize], kinds: &[usize]) -> Rows {
    let prefix = match (encoder.kind, encoder.is_reranker) {
        (_, false) => "",
        (Kind::Bert, true) => "bert.",
        (Kind::Roberta, true) => "roberta.",
    };
    let table = |name: &str| weight(encoder, &format!("{prefix}embeddings.{name}_embeddings.weight"));
    let (word, position, kind) = (table("word"), table("position"), table("token_type"));
    let first = match encoder.kind {
        Kind::Bert => 0,
        Kind::Roberta => encoder.padding() + 1,
    };
    let embedded = tokens.iter().zip(kinds).enumerate().map(|(at, (token, of))| {
        (0..encoder.hidden)
            .map(|n| word[*token][n] + position[first + at][n] + kind[*of][n])
            .collect()
    });
    let mut rows = normed(encoder, &format!("{prefix}embeddings.LayerNorm"), &embedded.collect());
    let size = encoder.hidden / encoder.heads;
    for layer in 0..encoder.layers {
        let place = format!("{prefix}encoder.layer.{layer}");
        let of = |name: &str| linear(encoder, &format!("{place}.attention.self.{name}"), &rows);
        let (queries, keys, values) = (of("query"), of("key"), of("value"));
        let mut seen = vec![vec![0.0; encoder.hidden]; rows.len()];
        for head in 0..encoder.heads {
            let part = head * size..(head + 1) * size;
            for (at, query) in queries.iter().enumerate() {
                let scores: Vec<f64> = keys
                    .iter()
                    .map(|key| part.clone().map(|n| query[n] * key[n]).sum::<f64>() / (size as f64).sqrt())
                    .collect();
                let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
                for (score, value) in scores.iter().zip(&values) {
                    for n in part.clone() {
                        seen[at][n] += (score - most).exp() / total * value[n];
                    }
                }
            }
        }
        let seen = linear(encoder, &format!("{place}.attention.output.dense"), &seen);
        let attended = normed(
            encoder,
            &format!("{place}.attention.output.LayerNorm"),
            &sum(&seen, &rows),
        );
        let mut inner = linear(encoder, &format!("{place}.intermediate.dense"), &attended);
        inner.iter_mut().flatten().for_each(|n| *n = gelu(*n));
        let out = linear(encoder, &format!("{place}.output.dense"), &inner);
        rows = normed(encoder, &format!("{place}.output.LayerNorm"), &sum(&out, &attended));
    }
    rows
}

/// The vector of a text, of length 1.
#[expect(clippy::cast_precision_loss, reason = "the models are tiny")]
pub(crate) fn embed(encoder: &Encoder, text: &str, pooling: &str) -> Vec<f64> {
    let mut tokens = vec![id("[CLS]")];
    tokens.extend(words(text));
    tokens.push(id("[SEP]"));
    let rows = hidden(encoder, &tokens, &vec![0; tokens.len()]);
    let column = |n: usize| rows.iter().map(move |row| row[n]);
    let pooled: Vec<f64> = (0..encoder.hidden)
        .map(|n| match pooling {
            "cls_token" => rows[0][n],
            "mean_tokens" => column(n).sum::<f64>() / rows.len() as f64,
            _ => column(n).fold(f64::NEG_INFINITY, f64::max),
        })
        .collect();
    let length = pooled.iter().map(|n| n * n).sum::<f64>().sqrt();
    pooled.into_iter().map(|n| n / length).collect()
}

/// What a reranker says of a pair, 0 to 1.
pub(crate) fn score(encoder: &Encoder, question: &str, text: &str) -> f64 {
    let mut tokens = vec![id("[CLS]")];
    tokens.extend(words(question));
    tokens.push(id("[SEP]"));
    if encoder.kind == Kind::Roberta {
        tokens.push(id("[SEP]"));
    }
    let first = tokens.len();
    tokens.extend(words(text));
    tokens.push(id("[SEP]"));
    let of_second = usize::from(encoder.kind == Kind::Bert);
    let kinds: Vec<usize> = (0..tokens.len())
        .map(|at| if at < first { 0 } else { of_second })
        .collect();
    let rows = hidden(encoder, &tokens, &kinds);
    let (dense, last) = match encoder.kind {
        Kind::Bert => ("bert.pooler.dense", "classifier"),
        Kind::Roberta => ("classifier.dense", "classifier.out_proj"),
    };
    let mut pooled = linear(encoder, dense, &rows[..1].to_vec());
    pooled[0].iter_mut().for_each(|n| *n = n.tanh());
    let score = linear(encoder, last, &pooled)[0][0];
    1.0 / (1.0 + (-score).exp())
}
