//! Talking to a Prometheus-compatible store.
//!
//! [`Credentials`] are read from Secrets, a [`StoreClient`] is made of them and of the `MetricsSource`, [`probe`] finds
//! out what the store's `increase` does and [`retention`] how long it keeps samples. Nothing here knows agreements or interprets a figure.

mod answer;
mod client;
mod connection;
mod credentials;
mod error;
mod probe;
mod response;
mod retention;

pub use answer::{Answer, Remarks};
pub use client::StoreClient;
pub use connection::{SetupError, faults};
pub use credentials::{Credentials, CredentialsError, RBAC};
pub use error::StoreError;
pub use probe::probe;
pub use retention::retention;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub(in crate::sense) mod tests;
