//! The figures of a credit table, read exactly; what is no figure is named by its field.

use num_rational::BigRational;

use crate::api::{Money, Percent, Quantity};

use super::super::exact::{self, NotANumber};
use super::super::invalid::InvalidSpec;

/// A percentage as a share, 0 to 1.
pub(super) fn share(field: impl FnOnce() -> String, percent: &Percent) -> Result<BigRational, InvalidSpec> {
    exact::share(percent).map_err(|e| refused(field(), &e))
}

/// An amount in major units.
pub(super) fn money(field: impl FnOnce() -> String, money: &Money) -> Result<BigRational, InvalidSpec> {
    exact::amount(money).map_err(|e| refused(field(), &e))
}

/// A number.
pub(super) fn quantity(field: impl FnOnce() -> String, quantity: &Quantity) -> Result<BigRational, InvalidSpec> {
    exact::decimal(quantity.as_str()).map_err(|e| refused(field(), &e))
}

fn refused(field: String, error: &NotANumber) -> InvalidSpec {
    InvalidSpec::new(field, error.to_string())
}

/// An amount of major units in decimal, at most six places and without useless zeros: `1000`, `0.009722`.
pub(super) fn plain(value: &BigRational) -> String {
    let text = exact::decimal_text(value, exact::PERCENT_PLACES);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
