//! Whole numbers of requests.

use serde::{Deserialize, Deserializer, de::Error};

/// The largest whole number up to which a float tells each from the next: 2^53.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// A whole number that may be missing or null. JSON Schema counts `12.0` as an integer, and some clients write it.
pub(crate) fn whole<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the float was looked at before"
    )]
    let from_float = |float: f64| (float.fract() == 0.0 && (0.0..=LARGEST).contains(&float)).then_some(float as u64);
    let whole = number.as_u64().or_else(|| number.as_f64().and_then(from_float));
    let fitting = whole.and_then(|whole| T::try_from(whole).ok());
    fitting
        .map(Some)
        .ok_or_else(|| D::Error::custom(format!("expected a whole number, not {number}")))
}
