//! The spread of a figure over the repetitions. Pure.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

/// The least, the median and the most of some figures. What never happened is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The one in the middle; of an even number the mean of the two there.
    pub median: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// That of these figures. `None`: there are none.
    #[must_use]
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let (lower, upper) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some(Self { least, median: lower.midpoint(*upper), most })
    }

    /// Whether a figure lies between the least and the most.
    #[must_use]
    pub fn holds(&self, figure: f64) -> bool {
        (self.least..=self.most).contains(&figure)
    }
}

/// `3 (2 to 5)`, to as many places as are asked for; all alike, `3`.
impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let places = f.precision().unwrap_or(0);
        let figure = |figure: f64| {
            if figure.is_finite() { format!("{figure:.places$}") } else { "never".to_owned() }
        };
        let (least, median, most) = (figure(self.least), figure(self.median), figure(self.most));
        if least == most { f.write_str(&median) } else { write!(f, "{median} ({least} to {most})") }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn spread(figures: &[f64]) -> Spread {
        Spread::of(figures.iter().copied()).unwrap()
    }

    #[test]
    fn a_spread_has_a_middle_and_two_ends() {
        assert_eq!(spread(&[5.0, 1.0, 2.0]), Spread { least: 1.0, median: 2.0, most: 5.0 });
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), Spread { least: 1.0, median: 2.5, most: 4.0 });
        assert_eq!(Spread::of([]), None);
        assert!(spread(&[1.0, 5.0]).holds(5.0) && !spread(&[1.0, 5.0]).holds(5.1));
    }

    #[test]
    fn it_is_shown_as_people_read_it() {
        assert_eq!(format!("{:.1}", spread(&[1.0, 2.0, 5.26])), "2.0 (1.0 to 5.3)");
        assert_eq!(format!("{}", spread(&[2.0, 2.0])), "2");
        assert_eq!(format!("{}", spread(&[2.0, 3.0, f64::INFINITY])), "3 (2 to never)");
        assert_eq!(format!("{}", spread(&[f64::INFINITY])), "never");
    }
}
