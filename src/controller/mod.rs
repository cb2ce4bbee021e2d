//! The controller: watches agreements and sources, and leads each agreement through the stages.

mod account;
mod agreement;
mod backoff;
mod book;
mod context;
mod enforce;
mod error;
mod finalize;
mod reader;
mod registry;
mod settle;
mod source;
mod terms;
