//! Whether resizing a pod did what was expected of it: its node gave it the size, its limit throttles it no more, and the budget
//! is spent more slowly.

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::decide::cause::throttling::{self, SHARE};

use super::{Sight, compare};

/// `due`: the last one of its round is.
pub(super) fn grown(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let Some(pod) = sight.workload.pod(&record.target.uid) else {
        return Some((Verdict::Inconclusive, "the pod is gone".to_owned()));
    };
    if let Some(why) = &pod.size.pending {
        return Some((Verdict::Ineffective, format!("its node does not give it the size ({why})")));
    }
    if sight.recovered(record) {
        return Some((Verdict::Effective, "no objective burns any more".to_owned()));
    }
    if !due {
        return None;
    }
    let kept = pod.size.containers.iter().any(|one| one.size.map(|size| size.limit) == record.to.map(i64::from));
    if !kept {
        return Some((Verdict::Inconclusive, "it has another size by now".to_owned()));
    }
    let (verdict, words) = compare(record, sight);
    let throttled = match throttling::share(sight.throttling, &pod.name) {
        Some(share) if share < SHARE => format!("its limit throttles it in {:.0} % of its periods", share * 100.0),
        Some(share) => format!("its limit still throttles it in {:.0} % of its periods", share * 100.0),
        None => "whether its limit throttles it is not known".to_owned(),
    };
    Some((verdict, format!("{throttled}; {words}")))
}

/// Its node refuses it, or puts it off: that is no matter of more time.
pub(super) fn is_put_off(record: &ActionRecord, sight: Sight<'_>) -> bool {
    sight.workload.pod(&record.target.uid).is_some_and(|pod| pod.size.pending.is_some())
}
