//! What a pod tolerates of the taints of nodes, as the scheduler reads it.

use k8s_openapi::api::core::v1::Toleration;

/// The taints that one toleration lets a pod live with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerated {
    /// Their key. Empty: of any.
    key: String,
    /// Their value. `None`: of any.
    value: Option<String>,
    /// Their effect. Empty: of any.
    effect: String,
}

impl Tolerated {
    /// Reads a toleration. `None`: it compares in a way that is not known here, so nothing is taken for tolerated by it.
    #[must_use]
    pub fn of(toleration: &Toleration) -> Option<Self> {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let value = match toleration.operator.as_deref() {
            Some("Exists") => None,
            // Without a key only `Exists` is valid.
            None | Some("" | "Equal") if !text(&toleration.key).is_empty() => Some(text(&toleration.value)),
            _ => return None,
        };
        Some(Self { key: text(&toleration.key), value, effect: text(&toleration.effect) })
    }

    /// Whether a taint is among them.
    #[must_use]
    pub fn covers(&self, key: &str, value: &str, effect: &str) -> bool {
        (self.effect.is_empty() || self.effect == effect)
            && (self.key.is_empty() || self.key == key)
            && self.value.as_deref().is_none_or(|tolerated| tolerated == value)
    }
}

/// Whether an effect keeps pods off a node, and not only where there is another.
#[must_use]
pub fn repels(effect: &str) -> bool {
    matches!(effect, "NoSchedule" | "NoExecute")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_taint_is_tolerated_by_key_value_and_effect() {
        for (toleration, expected) in [
            (json!({"operator": "Exists"}), true),
            (json!({"key": "gpu", "operator": "Exists"}), true),
            (json!({"key": "gpu", "value": "yes"}), true),
            (json!({"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}), true),
            (json!({"key": "gpu", "value": "no"}), false),
            (json!({"key": "gpu"}), false),
            (json!({"key": "disk", "operator": "Exists"}), false),
            (json!({"operator": "Exists", "effect": "NoExecute"}), false),
            (json!({"value": "yes"}), false),
            (json!({"key": "gpu", "operator": "Gt", "value": "1"}), false),
        ] {
            let tolerated = Tolerated::of(&serde_json::from_value(toleration.clone()).unwrap());
            let covers = tolerated.is_some_and(|tolerated| tolerated.covers("gpu", "yes", "NoSchedule"));
            assert_eq!(covers, expected, "{toleration}");
        }
    }
}
