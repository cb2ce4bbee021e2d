//! A zone whose pods fail: add elsewhere, and never empty the zone. Until there is a verb for it, the floor is held.

use crate::api::diagnosis::{CauseKind, Subject};

use super::outlier::group;
use super::{Answer, Cause, Look, Remedy, endangered, evidence, told};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let pods = look.pods.as_ref().map_err(Clone::clone)?;
    let found = group(pods, "zones", |member| member.zone.as_ref(), |member| member.node.as_ref())?;
    let name = &found.name;
    Ok(Cause {
        kind: CauseKind::OutlierZone,
        message: format!(
            "{} in danger through zone {name}: {} on its {} pods, elsewhere {}; look at the zone; more replicas would \
             land there too, so the floor is held",
            endangered(look),
            told(found.sample),
            found.pods.len(),
            told(found.rest)
        ),
        remedy: Remedy::KeepFloor,
        evidence: vec![
            evidence(Subject::Zone, name, found.sample, Some(found.z)),
            evidence(Subject::Rest, "all other pods", found.rest, None),
        ],
        would_change: format!("the pods of zone {name} get as good as the others, or the others as bad"),
    })
}
