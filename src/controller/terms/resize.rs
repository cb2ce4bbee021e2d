//! What of the counters of throttling no source would be asked.

use super::Tenancy;
use crate::api::AgreementSpec;
use crate::evaluate::invalid::InvalidSpec;
use crate::sense::promql::Scraped;

/// What of `spec.enforcement.resize` cannot be read by a namespace that is confined to `tenancy`, with the fields.
#[must_use]
pub fn refused(spec: &AgreementSpec, tenancy: &Tenancy) -> Vec<InvalidSpec> {
    let counters = spec.enforcement.resize.as_ref().and_then(|resize| resize.throttling.as_ref());
    let fields = counters.map(|counters| [("periods", &counters.periods), ("throttled", &counters.throttled)]);
    let refused = fields.into_iter().flatten().filter_map(|(field, text)| {
        let why = Scraped::parse(text, tenancy).err()?;
        Some(InvalidSpec::new(format!("spec.enforcement.resize.throttling.{field}"), why.to_string()))
    });
    refused.collect()
}
