//! How a store is asked for the increase of a counter, and what is asked about it.

/// The form of `increase` a source understands. It is found out by trying on the source itself, kept
/// in its status, and named in statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IncreaseForm {
    /// `increase(m[r] anchored)`: the exact difference between the edges of the slot. The first
    /// value of a new series is not in it; births return it.
    Anchored,
    /// The store's own `increase` is exact at the edges and includes births (`VictoriaMetrics`).
    /// Births are not asked again.
    Native,
    /// The raw samples are fetched and subtracted here. Only for expressions that are one
    /// `sum(increase(…))` or `sum(rate(…))`; what is not is asked as [`Self::Extrapolated`].
    Raw,
    /// `increase(m[r])` as it comes: extrapolated, and blind to a step between two slots. A figure
    /// of this form is an estimate and must be shown as one.
    Extrapolated,
}

/// What a request asks about its expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The figure itself.
    Value,
    /// The samples from which the figure is computed here ([`IncreaseForm::Raw`]).
    Samples,
    /// What series born in the slot had counted when first seen. No row means no births.
    Births,
    /// The part of the births that certainly was counted within the slot: the target was already
    /// scraped at the slot's start, or its process started later. No row means none.
    AttributedBirths,
    /// How many samples lie in the slot. No row means that nothing was measured.
    Coverage,
}

impl Question {
    /// Whether the request may also be asked as a range query with one step per slot. Samples are a
    /// matrix already, so they need one instant query per slot.
    #[must_use]
    pub const fn fits_range_query(self) -> bool {
        match self {
            Self::Value | Self::Births | Self::AttributedBirths | Self::Coverage => true,
            Self::Samples => false,
        }
    }
}
