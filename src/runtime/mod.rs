//! The process around the pipeline: command line, settings, clients, leadership, health, logs.
//!
//! Knows nothing of agreements. The stages know nothing of it.

pub mod cli;
pub mod client;
pub mod clock;
pub mod crds;
pub mod health;
pub mod leader;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
