//! What of the scaling law's samples no source would be asked.

use super::Tenancy;
use crate::api::AgreementSpec;
use crate::evaluate::invalid::InvalidSpec;
use crate::sense::promql::{Refusal, Scraped};

/// What of `spec.enforcement.capacity` cannot be read by a namespace that is confined to `tenancy`, with the fields.
#[must_use]
pub fn refused(spec: &AgreementSpec, tenancy: &Tenancy) -> Vec<InvalidSpec> {
    let Some(capacity) = &spec.enforcement.capacity else { return Vec::new() };
    let named = capacity.availability.as_ref().and_then(|name| spec.objectives.iter().find(|o| o.name == *name));
    let errors = named.and_then(|objective| objective.indicator.ratio.as_ref()?.bad.as_deref());
    let read: [(&str, Option<Result<Scraped, Refusal>>); 3] = [
        ("availability", errors.map(|text| Scraped::counted_by(text, tenancy))),
        ("cpu", Some(Scraped::parse(&capacity.cpu, tenancy))),
        ("inFlight", capacity.in_flight.as_ref().map(|text| Scraped::parse(text, tenancy))),
    ];
    let refused = read.into_iter().filter_map(|(field, read)| Some((field, read?.err()?)));
    refused
        .map(|(field, why)| InvalidSpec::new(format!("spec.enforcement.capacity.{field}"), why.to_string()))
        .collect()
}
