//! What is known of models, as data.
//!
//! The table `models.csv` holds what providers state, with the day on which it was read. An operator's table
//! of the same form is asked first. Models that stand in neither have no figures rather than invented ones.

use botstate::model::{ModelFacts, Price};

use crate::provider::Kind;

/// The table that comes with the server.
const TABLE: &str = include_str!("catalogue/models.csv");

/// Columns of the table.
const COLUMNS: [&str; 11] = [
    "provider",
    "model",
    "context_tokens",
    "output_tokens",
    "tools",
    "vision",
    "reasoning",
    "input_usd",
    "output_usd",
    "cached_usd",
    "stated_on",
];

/// A model of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedModel {
    /// The kind of provider.
    pub provider: &'static str,
    /// The name; a star at its end stands for any ending.
    pub model: String,
    /// What is known of it.
    pub facts: ModelFacts,
}

/// The models of the operator's table, if there is one, and of the server's own.
///
/// # Errors
/// Where a table cannot be read.
pub fn list_models(own: Option<&str>) -> Result<Vec<ListedModel>, String> {
    let catalogue = Catalogue::new(own)?;
    let listed = catalogue.rows.into_iter().map(|row| ListedModel {
        provider: row.kind.name(),
        model: if row.is_beginning {
            format!("{}*", row.model)
        } else {
            row.model
        },
        facts: row.facts,
    });
    Ok(listed.collect())
}

/// Tables of models.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    kind: Kind,
    /// The name, or its beginning when a star follows.
    model: String,
    is_beginning: bool,
    facts: ModelFacts,
}

impl Catalogue {
    /// The operator's table, if there is one, before the server's own.
    pub(crate) fn new(own: Option<&str>) -> Result<Self, String> {
        let mut rows = own.map(read).transpose()?.unwrap_or_default();
        rows.extend(read(TABLE)?);
        Ok(Self { rows })
    }

    /// What is known of a model at a provider.
    pub(crate) fn facts(&self, kind: Kind, model: &str) -> ModelFacts {
        if let Some(facts) = self.find(kind, model) {
            return facts;
        }
        // The same models at other places: what they can is the same, what they cost is not.
        let elsewhere = match kind {
            Kind::OpenRouter => model.split_once('/').and_then(|(maker, model)| {
                let kind = Kind::named(maker.strip_suffix("ai").unwrap_or(maker)).or_else(|| Kind::named(maker))?;
                // A variant such as `:free` follows the name.
                self.find(kind, model.split(':').next().unwrap_or(model))
            }),
            Kind::Vertex => self.find(Kind::Gemini, model),
            Kind::Azure => self.find(Kind::OpenAi, model),
            Kind::Bedrock => model
                .split_once("anthropic.")
                .and_then(|(_, model)| self.find(Kind::Anthropic, model)),
            _ => None,
        };
        elsewhere
            .map(|facts| ModelFacts { price: None, ..facts })
            .unwrap_or_default()
    }

    /// The first row of the longest name that fits.
    fn find(&self, kind: Kind, model: &str) -> Option<ModelFacts> {
        let fits = |row: &&Row| {
            row.kind == kind
                && if row.is_beginning {
                    model.starts_with(&row.model)
                } else {
                    model == row.model
                }
        };
        let rank = |row: &Row| (row.model.len(), !row.is_beginning);
        let mut best: Option<&Row> = None;
        for row in self.rows.iter().filter(fits) {
            if best.is_none_or(|best| rank(row) > rank(best)) {
                best = Some(row);
            }
        }
        best.map(|row| row.facts)
    }
}

fn read(table: &str) -> Result<Vec<Row>, String> {
    let mut lines = table
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let heading = COLUMNS.join(",");
    if lines.next().is_none_or(|(_, line)| line != heading) {
        return Err(format!("a table of models begins with the line {heading}"));
    }
    lines
        .map(|(number, line)| row(line).map_err(|reason| format!("line {number} of the table of models: {reason}")))
        .collect()
}

fn row(line: &str) -> Result<Row, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [
        kind,
        model,
        context,
        output,
        tools,
        vision,
        reasoning,
        input_usd,
        output_usd,
        cached_usd,
        stated_on,
    ] = cells.as_slice()
    else {
        return Err(format!("it has {} cells instead of {}", cells.len(), COLUMNS.len()));
    };
    let input = cell(input_usd, "input_usd")?;
    let price = match (input, cell(output_usd, "output_usd")?) {
        (Some(input), Some(output)) => Some(Price {
            input,
            output,
            cached: cell(cached_usd, "cached_usd")?,
        }),
        (None, None) => None,
        _ => return Err("a price has both input_usd and output_usd".to_owned()),
    };
    if price.is_some() && stated_on.is_empty() {
        return Err("a price needs the day on which it was stated".to_owned());
    }
    Ok(Row {
        kind: Kind::named(kind).ok_or_else(|| format!("{kind:?} is none of {}", Kind::names()))?,
        model: model.trim_end_matches('*').to_owned(),
        is_beginning: model.ends_with('*'),
        facts: ModelFacts {
            context_tokens: cell(context, "context_tokens")?,
            output_tokens: cell(output, "output_tokens")?,
            tools: cell(tools, "tools")?,
            vision: cell(vision, "vision")?,
            reasoning: cell(reasoning, "reasoning")?,
            price,
        },
    })
}

fn cell<T: std::str::FromStr>(text: &str, column: &str) -> Result<Option<T>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_unreadable| format!("{text:?} cannot be read as {column}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_table_wins_and_unknown_models_have_no_figures() {
        let own = format!("{}\nopenai,gpt-4o,9000,,,,,1,2,,2026-01-01\n", COLUMNS.join(","));
        let catalogue = Catalogue::new(Some(&own)).unwrap();

        assert_eq!(catalogue.facts(Kind::OpenAi, "gpt-4o").context_tokens, Some(9000));
        assert_eq!(catalogue.facts(Kind::OpenAi, "gpt-99"), ModelFacts::default());
        assert_eq!(catalogue.facts(Kind::Compatible, "gpt-4o"), ModelFacts::default());
    }

    #[test]
    fn a_model_elsewhere_can_the_same_but_its_price_is_not_known() {
        let catalogue = Catalogue::new(None).unwrap();
        let direct = catalogue.facts(Kind::Anthropic, "claude-haiku-4-5-20251001");

        let bedrock = catalogue.facts(Kind::Bedrock, "eu.anthropic.claude-haiku-4-5-20251001-v1:0");
        let router = catalogue.facts(Kind::OpenRouter, "anthropic/claude-haiku-4-5:free");

        assert!(direct.price.is_some() && direct.context_tokens.is_some());
        assert_eq!(bedrock, ModelFacts { price: None, ..direct });
        assert_eq!(router, bedrock);
    }

    #[test]
    fn tables_that_cannot_be_read_say_where() {
        for (line, expected) in [
            ("openai,m,many,,,,,,,,", "\"many\" cannot be read as context_tokens"),
            (
                "openai,m,,,,,,1,,,2026-01-01",
                "a price has both input_usd and output_usd",
            ),
            ("openai,m,,,,,,1,2,,", "a price needs the day on which it was stated"),
            ("openai,m", "it has 2 cells instead of 11"),
        ] {
            let own = format!("{}\n{line}\n", COLUMNS.join(","));

            assert_eq!(
                Catalogue::new(Some(&own)).unwrap_err(),
                format!("line 2 of the table of models: {expected}")
            );
        }
    }
}
