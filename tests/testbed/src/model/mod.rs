//! A model of the Kubernetes API server, in process and with fault injection.
//!
//! It serves a `kube::Client` through a `tower::Service`, keeps objects of any registered kind as JSON, and follows the rules
//! an operator can trip over: revisions and conflicts, generation, the split of status, ownership of fields, scale, finalizers, watches.
//! Rules follow Kubernetes 1.36 as observed; `conformance` states them once, to be run against this model and a real server.
//!
//! Not modelled: schemas, CEL rules, RBAC and admission; garbage collection; resize but by JSON and merge patch (501); strategic merge patch (415);
//! paging of lists (everything comes at once); create by PUT; that a namespace must exist; most defaults and validations of built-in kinds;
//! metadata changes through the status subresource; core and `events.k8s.io` events being the same objects. Controllers run only when a test steps them.
//!
//! It must never reach a network or sleep otherwise than on tokio's clock.

mod apply;
mod audit;
mod builtin;
pub mod conformance;
mod definitions;
mod discovery;
mod dispatch;
mod disruption;
mod eviction;
mod fault;
mod fields;
mod incoming;
mod kind;
mod link;
mod object;
mod ownership;
mod patch;
mod read;
mod refusal;
mod remove;
mod resize;
mod route;
mod scale;
mod schema;
mod selector;
mod server;
mod service;
mod state;
mod store;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
mod validate;
mod watch;
mod world;
mod write;

pub use audit::Recorded;
pub use fault::{Fault, FaultPlan, HANG, StaleReads};
pub use kind::{ResourceKind, ScalePaths};
pub use link::Link;
pub use server::ApiServer;
pub use service::Connection;
