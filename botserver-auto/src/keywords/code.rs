//! `GENERATE CODE digits`: a code that nobody can guess, to be sent and asked for again.

use std::sync::Arc;

use async_trait::async_trait;
use botlib::Value;
use botstate::{
    dialog::{Fault, FaultKind},
    keyword::{Args, Class, Handler, Keyword, Turn},
};

/// Digits that a code may have.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=32;

pub(super) fn keyword() -> Keyword {
    Keyword {
        phrase: "GENERATE CODE",
        shapes: &["digits"],
        class: Class::Pure,
        summary: "A text of so many random digits that cannot be guessed.",
        example: "code = GENERATE CODE 6\nTALK LEN(code)",
        handler: Some(Arc::new(Generate)),
    }
}

struct Generate;

#[async_trait]
impl Handler for Generate {
    async fn call(&self, _turn: &mut dyn Turn, mut args: Args) -> Result<Value, Fault> {
        let wanted = args.text("digits")?;
        let digits = wanted.trim().parse().ok().filter(|digits| DIGITS.contains(digits));
        let Some(digits) = digits else {
            let (least, most) = (DIGITS.start(), DIGITS.end());
            return Err(Fault::new(
                FaultKind::Argument,
                format!("a code has {least} to {most} digits, not {wanted}"),
            ));
        };
        Ok(Value::Text(random_digits(digits)))
    }
}

/// Digits of random bytes; a byte above 249 would make some digits likelier than others.
fn random_digits(count: usize) -> String {
    let bytes = std::iter::repeat_with(|| uuid::Uuid::new_v4().into_bytes())
        // Version and variant of the id are no random bits.
        .flat_map(|bytes| {
            bytes
                .into_iter()
                .enumerate()
                .filter(|(place, _)| *place != 6 && *place != 8)
                .map(|(_, byte)| byte)
        })
        .filter(|byte| *byte < 250);
    bytes.take(count).map(|byte| char::from(b'0' + byte % 10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_occurs_about_as_often() {
        let mut counts = [0_u32; 10];
        for digit in random_digits(20_000).bytes() {
            counts[usize::from(digit - b'0')] += 1;
        }
        assert!(counts.iter().all(|count| (1_700..2_300).contains(count)), "{counts:?}");
    }
}
