//! Support for Guarantor's tests and demo.
//!
//! A real control plane ([`ControlPlane`]) and real metrics stores ([`Prometheus`], [`VictoriaMetrics`]) on loopback,
//! built from source when they are not installed ([`tools`]); a [`plant`] that gives simulated pods work; a [`Shop`]
//! to keep agreements about, and the [`Operator`] as a process. Nothing here ships with the operator.

<<<<<<< HEAD
mod command;
pub mod control_plane;
pub mod demo;
mod http;
pub mod operator;
pub mod plant;
<<<<<<< HEAD
pub mod ports;
pub mod process;
pub mod prometheus;
mod query;
mod remote_write;
mod scratch;
pub mod series;
pub mod shop;
pub mod timeline;
pub mod tools;
pub mod victoria_metrics;
pub mod wait;
mod watchdog;

pub use command::Finished;
pub use control_plane::{AuditEvent, ControlPlane, Options};
pub use operator::{Operator, OperatorOptions};
pub use prometheus::{Prometheus, PrometheusOptions, ScrapeTarget};
pub use query::Row;
pub use scratch::Scratch;
pub use series::{Sample, Series};
pub use shop::{Shop, ShopOptions};
pub use victoria_metrics::VictoriaMetrics;
=======
pub mod fake_store;
>>>>>>> a3fbbbe (Talk to a metrics store: client, answers, credentials, probe, and a fake store for tests)
=======
pub mod fake_store;
pub mod plant;
>>>>>>> cb38721 (Read the indicators of a source together)
