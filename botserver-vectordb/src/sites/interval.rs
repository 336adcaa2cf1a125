//! How old a website may become: `1h`, `2d`, `1w`, `1m`, `1y`, or `n` for ever.

use chrono::Duration;

/// An interval; none for a site that is read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) Option<Duration>);

impl Interval {
    /// What applies where nobody says anything.
    pub(crate) const USUAL: Self = Self(Some(Duration::days(30)));

    /// Reads `30d` and the like.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if matches!(text.as_str(), "n" | "never") {
            return Some(Self(None));
        }
        let unit = text.chars().last()?;
        let count: i64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        let hours = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 24 * 7,
            'm' => 24 * 30,
            'y' => 24 * 365,
            _ => return None,
        };
        let hours = count
            .checked_mul(hours)
            .filter(|hours| (1..=24 * 3650).contains(hours))?;
        Some(Self(Duration::try_hours(hours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_numbers_with_a_unit() {
        assert_eq!(Interval::parse("6h"), Some(Interval(Some(Duration::hours(6)))));
        assert_eq!(Interval::parse("2W"), Some(Interval(Some(Duration::days(14)))));
        assert_eq!(Interval::parse("3m"), Some(Interval(Some(Duration::days(90)))));
        assert_eq!(Interval::parse("n"), Some(Interval(None)));
        for bad in ["", "d", "0d", "-1d", "99999999999y", "1 fortnight"] {
            assert_eq!(Interval::parse(bad), None, "{bad}");
        }
    }
}
