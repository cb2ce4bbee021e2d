//! Whether an objective is in danger, since when, until when, and what was seen then.
//!
//! Two things tell it: the account, slot by slot ([`health`]), and the last minute, which proves an outage before any slot
//! does ([`pulse`]). An [`episode`] lasts from the first sign of a danger until all has been safe for long enough, and
//! `lasting` says whether a danger went on after something was done. How much was asked and served before it and in it is
//! the [`load`]; what was seen at the moment of an act is kept as its [`evidence`], for the verdict.
//!
//! Nothing here says why there is a danger, which is for [`cause`](super::cause), or what is to be done.

pub mod episode;
pub mod evidence;
pub mod health;
pub(in crate::decide) mod lasting;
pub mod load;
pub mod pulse;
