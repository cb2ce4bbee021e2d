//! `guarantor simulate`: an agreement and a recorded load in, a row for every way of scaling out.
//!
//! [`promised`] (what the agreement promises) and [`load`] (a file's, or a [`store`]'s, of
//! which the [`past`] may not be judged), [`faults`], [`policies`] (what the flags ask for) make
//! [`scenario`]s, which [`crate::simulate`] plays, from [`inputs`] that the answer names; what of it can be [`judged`] in each of the [`periods`] is [`settled`]: [`owed`]
//! says what the agreement would cost by it, by the same core as a statement; [`row`], [`report`] and [`view`] tell it, and
//! [`page`] shows by [`plot`]s what happened in the [`course`] of each run, and by a [`timeline`] what the [`operator`]
//! did in it. [`command`] is the whole way on one page.
//!
//! Reads no clock: the same files and flags give the same bytes.

pub mod command;
pub mod course;
pub mod faults;
pub mod inputs;
pub mod judged;
pub mod load;
pub mod operator;
pub mod owed;
pub mod page;
pub mod past;
pub mod periods;
pub mod player;
pub mod plot;
pub mod policies;
pub mod progress;
pub mod promised;
pub mod report;
pub mod row;
pub mod scenario;
pub mod settled;
pub mod store;
pub mod timeline;
pub mod view;
