//! Counters for `/metrics`.

use std::{collections::HashSet, sync::Arc};

use botstate::usage::{Call, Outcome};
use metrics::{counter, describe_counter};
use parking_lot::Mutex;

/// Combinations of provider, model and bot that have counters of their own; the rest are `other`.
const SERIES: usize = 500;

/// What stands for what has no counter of its own.
const OTHER: &str = "other";

type Labels = (Arc<str>, Arc<str>, Arc<str>);

/// Counts calls. The number of series is bounded, whatever bots and models come and go.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<HashSet<Labels>>);

impl Meter {
    pub(crate) fn new() -> Self {
        describe_counter!(
            "usage_calls_total",
            "Calls of models and embedders, by what came of them"
        );
        describe_counter!("usage_tokens_total", "Tokens as the ledger has them");
        describe_counter!(
            "usage_cost_nanousd_total",
            "What calls cost, in billionths of a US dollar"
        );
        describe_counter!("usage_unpriced_calls_total", "Calls of models whose price is not known");
        describe_counter!("usage_refused_total", "Calls that a budget stopped");
        Self::default()
    }

    pub(crate) fn count(&self, call: &Call) {
        let (provider, model, bot) = self.labels(call);
        let labels = [
            ("provider", provider.to_string()),
            ("model", model.to_string()),
            ("bot", bot.to_string()),
        ];
        let with = |name: &'static str, value: &'static str| {
            let mut all = labels.to_vec();
            all.push((name, value.to_owned()));
            all
        };
        counter!("usage_calls_total", &with("outcome", call.outcome.name())).increment(1);
        if call.outcome == Outcome::Refused {
            counter!("usage_refused_total", &labels).increment(1);
        }
        let usage = &call.usage;
        for (kind, tokens) in [
            ("input", usage.input_tokens),
            ("cached", usage.cached_tokens),
            ("output", usage.output_tokens),
            ("reasoning", usage.reasoning_tokens),
        ] {
            if tokens > 0 {
                counter!("usage_tokens_total", &with("kind", kind)).increment(u64::from(tokens));
            }
        }
        if usage.input_tokens == 0 && usage.output_tokens == 0 {
            return;
        }
        match call.price {
            Some(price) => {
                let cost = u64::try_from(price.of(usage).units() / 1_000).unwrap_or_default();
                counter!("usage_cost_nanousd_total", &labels).increment(cost);
            }
            None => counter!("usage_unpriced_calls_total", &labels).increment(1),
        }
    }

    fn labels(&self, call: &Call) -> Labels {
        let provider = call.provider.clone().unwrap_or_else(|| "none".into());
        let labels = (provider, Arc::clone(&call.model), Arc::clone(&call.bot));
        let mut known = self.0.lock();
        if known.contains(&labels) || known.len() < SERIES {
            known.insert(labels.clone());
            return labels;
        }
        (OTHER.into(), OTHER.into(), OTHER.into())
    }
}

#[cfg(test)]
mod tests {
    use botlib::{BotId, Caller, OrgId};
    use botstate::{
        dialog::{Bot, Settings},
        model::{Asker, Usage},
        usage::Kind,
    };

    use super::*;

    fn call(model: &str) -> Call {
        let bot = Bot {
            id: BotId::new(),
            org: OrgId::new(),
            name: "shop".to_owned(),
            version: String::new(),
            settings: Settings::default(),
            prompt: None,
            prompts: Vec::new(),
            tools: Vec::new(),
            scripts: Vec::new(),
            triggers: Vec::new(),
            start_wants_message: false,
            chooses_collections: false,
        };
        Call {
            asker: Asker::new(&bot, &Caller::bot(bot.org, bot.id), None),
            bot: "shop".into(),
            kind: Kind::Chat,
            provider: None,
            model: model.into(),
            usage: Usage::default(),
            is_estimated: false,
            price: None,
            outcome: Outcome::Answered,
        }
    }

    #[test]
    fn models_without_end_are_other_models_in_the_end() {
        let meter = Meter::default();
        for number in 0..SERIES {
            let (_, model, _) = meter.labels(&call(&number.to_string()));
            assert_eq!(&*model, number.to_string());
        }

        let (provider, model, bot) = meter.labels(&call("one too many"));
        let (_, known, _) = meter.labels(&call("7"));

        assert_eq!((&*provider, &*model, &*bot), (OTHER, OTHER, OTHER));
        assert_eq!(&*known, "7");
    }
}
