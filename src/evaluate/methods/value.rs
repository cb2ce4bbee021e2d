//! The method `Value`: when a single value kept its limit.
//!
//! Recovery times, ages of backups, times to respond: a value of exactly the limit is in time. A limit may grow with the
//! size of the case, by whole steps above a size up to which it stands as it is. Values that kept their limit over all
//! values is then what [`super::events`] counts, one event a value.

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::objective::{LimitAllowance, ValueIndicator};

use super::super::count::Count;
use super::super::exact::{decimal, divide};
use super::super::invalid::InvalidSpec;
use super::super::slot::{Births, Slot, Tally};
use super::super::span;

/// The limit of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    seconds: BigRational,
    allowance: Option<Allowance>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowance {
    adds: BigRational,
    every: BigRational,
    above: BigRational,
}

impl Limit {
    /// The limit of the objective at this place of the spec.
    ///
    /// # Errors
    /// Names the field that is no duration or no size.
    pub fn of(index: usize, indicator: &ValueIndicator) -> Result<Self, InvalidSpec> {
        let field = |name: &str| format!("spec.objectives[{index}].indicator.value.{name}");
        let seconds = seconds(&indicator.limit, field("limit"))?;
        let allowance = indicator.allowance.as_ref().map(|a| Allowance::of(a, &field)).transpose()?;
        Ok(Self { seconds, allowance })
    }

    /// The limit in seconds for a case of this size.
    #[must_use]
    pub fn seconds(&self, size: &BigRational) -> BigRational {
        let gained = self.allowance.as_ref().and_then(|allowance| {
            let steps = divide(&(size - &allowance.above), &allowance.every)?.floor();
            (steps > BigRational::zero()).then(|| steps * &allowance.adds)
        });
        &self.seconds + gained.unwrap_or_default()
    }

    /// Whether a value in seconds kept the limit; exactly the limit does.
    #[must_use]
    pub fn keeps(&self, value: &BigRational, size: &BigRational) -> bool {
        *value <= self.seconds(size)
    }

    /// The slot of one value.
    #[must_use]
    pub fn slot(&self, value: &BigRational, size: &BigRational, generation: i64) -> Slot {
        let bad = if self.keeps(value, size) { Count::ZERO } else { Count::events(1) };
        Slot::known(Tally { total: Count::events(1), bad }, Births::default(), generation)
    }
}

impl Allowance {
    fn of(allowance: &LimitAllowance, field: &impl Fn(&str) -> String) -> Result<Self, InvalidSpec> {
        let size = |text: &str, name: &str| {
            decimal(text).map_err(|e| InvalidSpec::new(field(&format!("allowance.{name}")), e.to_string()))
        };
        let every = size(allowance.every.as_str(), "every")?;
        if every.is_zero() {
            return Err(InvalidSpec::new(field("allowance.every"), "a step has a size above 0; correct it"));
        }
        Ok(Self {
            adds: seconds(&allowance.adds, field("allowance.adds"))?,
            every,
            above: size(allowance.above.as_str(), "above")?,
        })
    }
}

fn seconds(length: &crate::api::Span, field: String) -> Result<BigRational, InvalidSpec> {
    let length = span::elapsed(length).map_err(|fault| InvalidSpec::new(field, fault.to_string()))?;
    Ok(BigRational::new(length.as_nanos().into(), 1_000_000_000.into()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use serde_json::json;

    use super::super::super::example::ratio;
    use super::*;

    fn limit(indicator: serde_json::Value) -> Limit {
        Limit::of(0, &serde_json::from_value(indicator).unwrap()).unwrap()
    }

    #[test]
    fn a_limit_grows_by_whole_steps_above_the_size_up_to_which_it_stands() {
        // Four hours, and one more for every 25 GB above 100 GB.
        let limit = limit(json!({"limit": "4h", "allowance": {"adds": "1h", "every": "25", "above": "100"}}));
        for (size, hours) in [(0, 4), (100, 4), (124, 4), (125, 5), (150, 6), (174, 6), (1_000, 40)] {
            assert_eq!(limit.seconds(&ratio(size, 1)), ratio(hours * 3_600, 1), "{size}");
        }
        assert!(limit.keeps(&ratio(360 * 60, 1), &ratio(150, 1)), "exactly the limit is in time");
        assert!(!limit.keeps(&ratio(360 * 60 * 1000 + 1, 1000), &ratio(150, 1)));
    }

    #[test]
    fn seven_seconds_are_more_than_five_and_thirty_are_not_more_than_thirty() {
        let none = ratio(0, 1);
        assert!(!limit(json!({"limit": "5s"})).keeps(&ratio(7, 1), &none));
        assert!(limit(json!({"limit": "30s"})).keeps(&ratio(30, 1), &none));
        assert!(!limit(json!({"limit": "250ms"})).keeps(&ratio(251, 1000), &none));
    }

    #[test]
    fn a_limit_that_can_not_be_worked_with_is_named() {
        let fault =
            |indicator: serde_json::Value| Limit::of(2, &serde_json::from_value(indicator).unwrap()).unwrap_err().field;
        assert_eq!(fault(json!({"limit": "5 s"})), "spec.objectives[2].indicator.value.limit");
        let zero = json!({"limit": "5s", "allowance": {"adds": "1s", "every": "0", "above": "0"}});
        assert_eq!(fault(zero), "spec.objectives[2].indicator.value.allowance.every");
    }
}
