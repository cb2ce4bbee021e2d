//! Who holds the floor under a workload: one HPA, one `ScaledObject`, nobody, or too many.
//!
//! An HPA made by a `ScaledObject` is KEDA's: its floor is the `ScaledObject`'s. Two autoscalers on one workload do not
//! add up but fight (each one's floor and ceiling applies in turn), so a third hand is never put in.

use super::hpa::Found;
use super::observation::{Floor, FloorHolder};

/// The holder, given all autoscalers that name the workload, and the floor its own scale would be.
pub(super) fn of(hpas: Vec<Found>, scaled_objects: Vec<Floor>, own: Floor) -> FloorHolder {
    let made_by = |floor: &Floor| Some(floor.target.uid.clone());
    let (kedas, others): (Vec<_>, Vec<_>) = hpas.into_iter().partition(|hpa| hpa.scaled_object.is_some());
    let orphans = kedas
        .into_iter()
        .filter(|hpa| !scaled_objects.iter().any(|object| made_by(object) == hpa.scaled_object))
        .map(|hpa| format!("{}, whose ScaledObject does not name this workload", named(&hpa.floor)));
    let mut all: Vec<String> = others.iter().map(|hpa| named(&hpa.floor)).collect();
    all.extend(scaled_objects.iter().map(named));
    let clear = all.len() <= 1;
    let orphans: Vec<String> = orphans.collect();
    if !clear || !orphans.is_empty() {
        all.extend(orphans);
        return FloorHolder::Ambiguous(all);
    }
    match (others.into_iter().next(), scaled_objects.into_iter().next()) {
        (Some(hpa), _) => FloorHolder::Hpa(hpa.floor),
        (None, Some(object)) => FloorHolder::ScaledObject(object),
        (None, None) => FloorHolder::Scale(own),
    }
}

fn named(floor: &Floor) -> String {
    format!("{} {}", floor.target.kind, floor.target.name)
}
