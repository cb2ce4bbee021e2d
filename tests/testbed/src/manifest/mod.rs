//! What tests and demo apply to a cluster, written once: a story takes what is usual and says what differs, as in
//! `Agreement { scale: Some((2, 12)), ..Agreement::new(namespace) }`.
//!
//! Each is shown as the YAML that a user would write. What users are shown themselves, in the examples and in the demo, is
//! written out where it stands.

mod agreement;
mod autoscaler;
mod objective;
mod role;
mod switch;
mod workload;

pub use agreement::{Agreement, rolling};
pub use autoscaler::{Aim, Autoscaler};
pub use objective::Objective;
pub use role::{Role, granted};
pub use switch::shed;
pub(crate) use switch::{TURNED, switch};
pub(crate) use workload::deployment;
