//! The commands that need no cluster: manifests in, what the operator would say of them out.
//!
//! Sits beside [`crate::controller`] and, like it, leads through all stages; the stages know nothing of it. It must never
//! ask an API server, and what it says of a manifest must be what an API server and the operator would say.
//!
//! `guarantor check`: [`input`] (files, folders, standard input) → [`manifest`] (YAML, with its lines) → [`definition`]
//! (the kind, and its schema: [`structural`], [`schema`], [`rules`]) → [`agreement`] (what a schema cannot see) →
//! [`finding`] → [`report`]. [`check`] is the whole way on one page.

pub mod agreement;
pub mod check;
pub mod definition;
pub mod field_path;
pub mod finding;
pub mod input;
pub mod manifest;
pub mod object_meta;
pub mod report;
pub mod rules;
pub mod schema;
pub mod structural;
