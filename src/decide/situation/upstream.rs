//! What a service depends on, as the operator sees it: the agreements that `spec.service.dependsOn` names.

use k8s_openapi::jiff::Timestamp;

/// An agreement that is named as a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// It depends on the own agreement in turn, directly or through others: then the one that began to burn first is the
    /// cause, and the other one's danger its effect.
    pub in_a_circle: bool,
    /// Every one of its objectives is told by the last minute too; otherwise its slots alone tell that it burns.
    pub has_pulse: bool,
}

/// How an agreement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It burns, since then.
    Burning(Timestamp),
    /// It does not.
    Calm,
    /// Whether it burns is not known just now, and why.
    Unseen(String),
    /// There is no such agreement.
    Missing,
    /// It is about the same workload, and so about the same service.
    SameService,
}

impl Upstream {
    /// Since when it burns, where it may be the cause of what the own service suffers since `own`. In a circle it must have
    /// begun first; of two that began at once the one whose name comes first counts as first, so that both never blame each
    /// other.
    #[must_use]
    pub fn to_blame(&self, own: Option<Timestamp>, own_name: &str) -> Option<Timestamp> {
        let Standing::Burning(since) = self.standing else { return None };
        let first = own.is_none_or(|own| (since, self.name.as_str()) < (own, own_name));
        (first || !self.in_a_circle).then_some(since)
    }

    /// Why it is not to blame, in words.
    #[must_use]
    pub fn told(&self) -> String {
        let name = &self.name;
        match &self.standing {
            Standing::Burning(since) => {
                format!("{name} burns since {since}, but depends on this one, which burned first")
            }
            Standing::Calm => format!("{name} does not burn"),
            Standing::Unseen(why) => format!("whether {name} burns is not known: {why}"),
            Standing::Missing => format!("there is no agreement {name} in this namespace"),
            Standing::SameService => format!("{name} is about the same workload"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn in_a_circle_exactly_one_is_to_blame() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (a, b) in [(10, 20), (20, 10), (10, 10)] {
            let seen = |name: &str, since, in_a_circle| Upstream {
                name: name.to_owned(),
                standing: Standing::Burning(at(since)),
                in_a_circle,
                has_pulse: true,
            };
            let blamed = |upstream: Upstream, own, name| upstream.to_blame(Some(at(own)), name).is_some();
            let (b_by_a, a_by_b) = (blamed(seen("b", b, true), a, "a"), blamed(seen("a", a, true), b, "b"));
            assert_ne!(b_by_a, a_by_b, "{a} {b}");
            assert_eq!(a_by_b, a <= b);
            assert!(blamed(seen("b", b, false), a, "a"), "without a circle it need not have been seen first");
        }
    }
}
