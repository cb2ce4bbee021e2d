//! The eviction of a pod: what is known of it beyond its name and uid.

/// The pod that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvictionChange {
    /// The node it is on.
    pub node: String,
    /// The uid of the `ReplicaSet` that makes another one.
    pub owner: String,
}
