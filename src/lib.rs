//! Guarantor keeps service level agreements.
//!
//! A team declares a `ServiceLevelAgreement`; the operator measures it from a Prometheus-compatible store, acts on the
//! workload before the objective is lost, and keeps the account: violations, credits, and one statement per period.
//!
//! # The way through
//!
//! ```text
//!              readings            slots, account         plan             outcome
//!   api  ->  sense  ------->  evaluate  ------->  decide  ------->  act  ------->  record
//!    |         |                  |                  |                |               |
//!  types   reads the store     pure: counts,     pure: cause,    one conditional   status, Events,
//!  only    and the API server  periods, credits  guards, plan    write per step    ledger, statement
//! ```
//!
//! [`controller`] leads each agreement through these stages, once for every slot and on every change of its spec;
//! `controller/agreement.rs` is the whole way on one page. [`runtime`] is the process around it: command line, clients,
//! leader lease, health, logs. [`offline`] is what people do without the operator: check, simulate, settle, print, verify,
//! have explained. [`simulate`] plays the same law, today's autoscalers, and all that decides, against a plant in virtual time.
//!
//! | module | takes -> gives |
//! |---|---|
//! | [`api`] | the custom resources and their validation |
//! | [`sense`] | references -> observations, with time, source and quality |
//! | [`evaluate`] | agreement + observations -> ledger, assessment, credits, statement |
//! | [`decide`] | assessment + workload + history + now -> one decision with its reason |
//! | [`act`] | an admitted plan -> an outcome per step |
//! | [`record`] | all of the above -> what people and auditors read |
//!
//! To follow one agreement from `kubectl apply` to its statement: `api::agreement` (what was written),
//! `controller::terms` (what it asks, confined to its namespace), `controller::registry` and `controller::reader` (all
//! agreements' questions joined into a few requests), `controller::account` and `evaluate::indicator` (a reading
//! becomes a slot), `evaluate::ledger`, `evaluate::exclusion` (what does not count), `evaluate::methods` (slots become
//! one figure), `evaluate::credit` (what is owed), `evaluate::assess`, `controller::pulse` with `decide::danger::pulse`
//! (whether the last minute proves an outage before any slot does), `controller::enforce` with `controller::look` (all
//! that is read for a decision) and `decide::cause` (why it is in danger), `controller::capacity` with `decide::capacity`
//! (what the load that is expected needs) and `decide::verb::ahead` (which raises the floor for it before there is a
//! danger) or `decide::verb::own` (which lets replicas go that it does not need, where they are owned),
//! `controller::supply` with `decide::capacity::feasibility` and `decide::capacity::scarcity` (whether more replicas find
//! a place, and who goes first), `decide::choice`, which asks the file of the verb (`decide::verb::policy` for replicas,
//! within what `connections` leaves, `undo`, `reschedule`, `steer`, `resize`, `shedding`, and `take_back` for what made it worse,
//! which `verdict::harm` says), and `decide::guard` (what is done, or why not; with `controller::disruptions`, what was done for
//! all agreements lately), `act`, where that is refused `decide::held::refusal` and `controller::refused`,
//! `record::status`, `controller::periods`, `controller::settle` and `evaluate::statement`, which rests on the statements
//! before it (`controller::past`, `evaluate::history`); where something changes afterwards, `controller::restate`; what
//! becomes of its credit, `evaluate::claim`, `evaluate::credit_life`, `evaluate::credit_balance` and `controller::lives`;
//! when the agreement is deleted, `controller::finalize` (what is held of the workload goes back, by
//! `controller::giving_back`; of what was done `decide::held::budgets` keeps what counts for the day, where the agreement
//! goes on) and `controller::conclude`. Where it cannot be worked with, `controller::put_back` puts back what was let go.
//! `offline::settle` goes the same way from a file.
//!
//! # Invariants
//!
//! - A module imports only from stages to its left. `evaluate` and `decide` know no client, no runtime and no clock.
//! - Counts are kept, never ratios; percentages and money are exact. There is no float in the account: only [`decide`],
//!   which estimates a load, and [`simulate`], which plays it, reckon with floats.
//! - Missing, stale, partial or non-finite data is a value of its own. It is never zero, and it never reduces anything.
//! - Slots are fixed by the clock and read at an explicit instant: reading one twice gives the same counts, so a crash
//!   loses nothing that the store still has.
//! - Only the guard chain makes an admitted plan, and only an admitted plan can be carried out.
//! - The intent is written before the act; every write to a workload is conditional, bounded in time, and judged
//!   afterwards.
//! - Every write asks the leader's fence first: a layer of the client does, so that none can forget.
//! - A closed period is never edited.
//! - An agreement acts only in its own namespace and reads only series its source admits it to.
//! - Nothing panics: no `unwrap`, `expect` or indexing outside tests.

#![deny(clippy::float_arithmetic)]

pub mod act;
pub mod api;
pub mod controller;
#[allow(clippy::float_arithmetic, reason = "the law estimates a load and a need of pods, and changes no count")]
pub mod decide;
pub mod evaluate;
pub mod offline;
pub mod record;
pub mod runtime;
pub mod sense;
#[allow(clippy::float_arithmetic, reason = "plays the law against a plant")]
pub mod simulate;
