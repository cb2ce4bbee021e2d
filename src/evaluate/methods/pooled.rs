//! The method `Pooled`: bad time over several resources.
//!
//! `Sum` adds the seconds of all covered members, so that a small resource weighs as much as a large one and a member
//! that was deployed for half the period weighs half. `AllDown` asks when all of them were down at once: their bad time
//! is intersected first, and the rules for minutes and runs are applied to what is left. Members that are not covered
//! are named and count for nothing.

use num_rational::BigRational;

use crate::api::measurement::{Denominator, Pool};
use crate::api::objective::Member;

use super::super::assessment::ViolationSpan;
use super::super::due_slots::{Census, DueSlots};
use super::super::exemption::{Exemptions, Record};
use super::super::period::Bounds;
use super::super::slot::{Tally, UnknownCause};
use super::super::stretch::{Stretch, union};
use super::super::violation::of_downtime;
use super::bad_minutes::{Downtime, Seconds, account, last};
use super::events::tallies;
use super::minute_rule::{Condition, MinuteRule, Spell, append};
use super::unknown_time::UnknownTime;
use super::{Account, CountingMethod, MemberAccount};

/// One member of a pool.
#[derive(Clone, Debug)]
struct Measured<'a> {
    member: &'a Member,
    record: Record<'a>,
    downtime: Downtime,
}

/// The slots of the members of a pool.
#[derive(Clone, Debug)]
pub struct Pooled<'a> {
    members: Vec<Measured<'a>>,
    /// The pool as one, where it is bad only when all members are.
    together: Option<Downtime>,
}

impl<'a> Pooled<'a> {
    /// The bad time of these members.
    ///
    /// Unless the agreement says otherwise, the sum is divided by the time in which the members were deployed, and the
    /// time in which all were down by the calendar.
    #[must_use]
    pub fn new(
        rule: &MinuteRule,
        pool: Pool,
        members: Vec<(&'a Member, DueSlots<'a>)>,
        exemptions: &Exemptions,
    ) -> Self {
        let usual = if pool == Pool::Sum { Denominator::Deployed } else { Denominator::Calendar };
        let denominator = rule.denominator.unwrap_or(usual);
        let mut covered = Vec::new();
        let members = members.into_iter().map(|(member, slots)| {
            let spells = rule.spells(slots, exemptions);
            if member.covered && pool == Pool::AllDown {
                covered.push(spells.clone());
            }
            let record = exemptions.by_slot(slots);
            Measured { member, record, downtime: Downtime::new(rule, spells, denominator) }
        });
        let members = members.collect();
        let together = (pool == Pool::AllDown).then(|| Downtime::new(rule, all_at_once(&covered), denominator));
        Self { members, together }
    }

    fn covered(&self) -> impl Iterator<Item = &Measured<'a>> {
        self.members.iter().filter(|m| m.member.covered)
    }

    fn account_of(&self, n: Option<usize>) -> Account {
        let window = |slots: DueSlots<'_>| n.map(|n| last(slots, n));
        let seconds = |downtime: &Downtime, window: Option<Stretch>| match window {
            Some(window) => downtime.window(window),
            None => downtime.all(),
        };
        let mut census = Census::default();
        let (mut counted, mut born, mut unattributed) = <(Tally, Tally, Tally)>::default();
        let mut sum = Seconds::default();
        for member in self.covered() {
            let all = member.record.slots();
            let slots = n.map_or(all, |n| all.last(n));
            let (c, b, u) = tallies(slots);
            (counted, born, unattributed) = (counted + c, born + b, unattributed + u);
            census = census + slots.census();
            sum = sum + seconds(&member.downtime, window(all));
        }
        if let Some(together) = &self.together {
            let any = self.covered().next().and_then(|m| window(m.record.slots()));
            sum = seconds(together, any);
        }
        account(sum, census, (counted, born, unattributed))
    }

    fn counting(&self, unknown: UnknownTime) -> Vec<Stretch> {
        match &self.together {
            Some(together) => together.counting(unknown).to_vec(),
            None => union(self.covered().flat_map(|m| m.downtime.counting(unknown).iter().copied()).collect()),
        }
    }
}

impl CountingMethod for Pooled<'_> {
    fn slot_seconds(&self) -> i64 {
        self.members.first().map_or(1, |m| m.record.slots().slot_seconds())
    }

    fn account(&self) -> Account {
        self.account_of(None)
    }

    fn recent(&self, slots: usize) -> Account {
        self.account_of(Some(slots))
    }

    fn violations(&self, objective: &str, _: &BigRational, closed: bool, unknown: UnknownTime) -> Vec<ViolationSpan> {
        let slots: Vec<DueSlots<'_>> = self.covered().map(|m| m.record.slots()).collect();
        of_downtime(objective, &slots, &self.counting(unknown), closed)
    }

    fn downtime(&self, unknown: UnknownTime) -> Vec<Bounds> {
        self.counting(unknown).into_iter().map(Stretch::bounds).collect()
    }

    fn failing(&self, unknown: UnknownTime) -> Vec<Stretch> {
        match &self.together {
            Some(together) => together.failing(unknown).collect(),
            None => self.covered().flat_map(|member| member.downtime.failing(unknown)).collect(),
        }
    }

    fn members(&self) -> Vec<MemberAccount> {
        let line = |m: &Measured<'_>| {
            let seconds = m.downtime.all();
            MemberAccount {
                name: m.member.name.clone(),
                covered: m.member.covered,
                deployed_seconds: seconds.total,
                down_seconds: seconds.certain,
            }
        };
        self.members.iter().map(line).collect()
    }

    fn latest_problem(&self) -> Option<UnknownCause> {
        self.covered().find_map(|m| m.record.slots().latest_problem())
    }
}

/// The spells of a pool that is as well as its best member. Members that are not deployed, or left out, do not count
/// among the others; of a pool of none there is nothing to say.
fn all_at_once(members: &[Vec<Spell>]) -> Vec<Spell> {
    let mut edges: Vec<i64> = members.iter().flatten().flat_map(|s| [s.when.from, s.when.until]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut rest: Vec<_> = members.iter().map(|spells| spells.iter().peekable()).collect();
    let mut together = Vec::new();
    for edge in edges.windows(2) {
        let [from, until] = *edge else { continue };
        let conditions = rest.iter_mut().filter_map(|spells| {
            while spells.next_if(|s| s.when.until <= from).is_some() {}
            spells.peek().filter(|s| s.when.from <= from).map(|s| s.condition)
        });
        if let Some(condition) = conditions.max_by_key(|condition| rank(*condition)) {
            append(&mut together, Spell { when: Stretch { from, until }, condition });
        }
    }
    together
}

/// The condition of the highest rank among the members is that of the pool.
fn rank(condition: Condition) -> u8 {
    match condition {
        Condition::LeftOut => 0,
        Condition::NotDeployed => 1,
        Condition::Down => 2,
        Condition::Idle => 3,
        Condition::Doubtful => 4,
        Condition::Unknown => 5,
        Condition::Up => 6,
    }
}
