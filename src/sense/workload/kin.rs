//! Which pods are a workload's, by their names: samples outlive the pods they tell of, and come before they are listed.

use std::collections::BTreeSet;

/// What Kubernetes makes names of: no vowels, and nothing that looks like one.
const GENERATED: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many such letters end the name of a pod.
const SUFFIX: usize = 5;

/// The names of a workload's pods, those that are there and those that are named alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    names: BTreeSet<String>,
    shapes: BTreeSet<String>,
}

impl Kin {
    /// Of the pods of one workload, by their names.
    #[must_use]
    pub fn of<'a>(pods: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<String> = pods.into_iter().map(str::to_owned).collect();
        let shapes = names.iter().flat_map(|name| shapes(name)).collect();
        Self { names, shapes }
    }

    /// Whether a pod of that name is one of them.
    #[must_use]
    pub fn includes(&self, pod: &str) -> bool {
        self.names.contains(pod) || shapes(pod).any(|shape| self.shapes.contains(&shape))
    }
}

/// What the pods of a Deployment (`web-6c9f8b-x2x4z`) or of a `StatefulSet` (`web-0`) have in common.
fn shapes(name: &str) -> impl Iterator<Item = String> {
    let generated = |part: &str| !part.is_empty() && part.bytes().all(|letter| GENERATED.contains(&letter));
    let numbered = |part: &str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
    let parted = name.rsplit_once('-');
    let ordinal = parted.filter(|(_, last)| numbered(last)).map(|(stem, _)| format!("{stem}-#"));
    let of_set =
        parted.filter(|(_, last)| last.len() == SUFFIX && generated(last)).and_then(|(set, _)| set.rsplit_once('-'));
    let of_set = of_set.filter(|(_, hash)| generated(hash)).map(|(stem, _)| format!("{stem}-*-*"));
    ordinal.into_iter().chain(of_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_of_other_workloads_with_a_like_name_are_none_of_them() {
        for (name, other, expected) in [
            ("checkout-6c9f8bd7f5-x2x4z", "checkout-7d5b9c4f6-zzzzz", true),
            ("checkout-6c9f8bd7f5-x2x4z", "checkout-worker-7d5b9c4f6-zzzzz", false),
            ("checkout-6c9f8bd7f5-x2x4z", "checkout-db-0", false),
            ("checkout-6c9f8bd7f5-x2x4z", "checkout-0", false),
            ("checkout-0", "checkout-12", true),
            ("checkout-0", "checkout-db-0", false),
            ("odd", "odd", true),
            ("odd", "other", false),
        ] {
            assert_eq!(Kin::of([name]).includes(other), expected, "{name} {other}");
        }
        assert!(!Kin::default().includes("checkout-0"));
    }
}
