//! What did harm in an episode: nothing holds the floor above a raise that did before the danger is over, and a person is told.
//!
//! More pods can make it worse, as when they take the last connections of a database. The verdict tells that of figures
//! alone: see [`crate::decide::verdict`]. How such a raise is taken back is for `verb::take_back` to say.
//!
//! Of a rollback that did harm nothing is taken back: the revision before it was shown to be bad, so a person decides.

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, Verb, Verdict};
use crate::decide::situation::facts::Facts;

/// What may have been done since the raise without being the reason why it is worse.
pub(in crate::decide) const BESIDE: [Verb; 3] = [Verb::FreezeScaleDown, Verb::Shed, Verb::StopShedding];

/// The ids of the lowerings that took back a raise that did harm, newest first.
pub(in crate::decide) fn taken_back(actions: &[ActionRecord]) -> Vec<String> {
    let done = actions.iter().filter(|record| record.phase != ActionPhase::Refused && !BESIDE.contains(&record.verb));
    let done: Vec<&ActionRecord> = done.collect();
    let took_back = |pair: &&[&ActionRecord]| {
        let [lowered, raise] = pair else { return false };
        let same = lowered.target.uid == raise.target.uid;
        let harmful = raise.verb == Verb::RaiseFloor && raise.verdict == Some(Verdict::Harmful);
        lowered.verb == Verb::LowerFloor && harmful && same
    };
    done.windows(2).filter(took_back).filter_map(|pair| Some(pair.first()?.id.clone())).collect()
}

/// The replicas above which the floor is neither raised nor held in the episode, after what its raises did: no fewer than are
/// declared, which a raise may have put back. `None`: none did harm.
pub(in crate::decide) fn bound(episode: &Episode, actions: &[ActionRecord], declared: Option<i32>) -> Option<i32> {
    let harmful = actions.iter().filter(|record| did_harm(record, Verb::RaiseFloor, episode));
    let before = harmful.filter_map(|record| Some(record.from?.max(declared.unwrap_or(0))));
    before.chain(episode.harmful_above).min()
}

/// The harm that was done in the episode and is not taken back by a program alone, with its verb: for a condition.
pub(in crate::decide) fn told(facts: &Facts<'_>) -> Option<(&'static str, String)> {
    let raised = of_raise(facts).map(|words| ("RaiseFloor", words));
    of_rollback(facts).map(|words| ("RollBack", words)).or(raised)
}

/// What is to be known of a raise that did harm in the episode.
pub(in crate::decide) fn of_raise(facts: &Facts<'_>) -> Option<String> {
    let above = facts.episode.as_ref()?.harmful_above?;
    let floor = match facts.standing.as_ref() {
        Some(standing) if standing.value > above => format!("the floor stands at {}", standing.value),
        _ => "the floor was taken back".to_owned(),
    };
    Some(format!(
        "more than {above} replicas did harm in this episode; {floor}, and no more are asked for before all is safe. Somebody \
         should look at what each pod takes that there is no more of, such as connections of a database \
         (enforcement.scale.connections keeps to them)"
    ))
}

/// What is to be known of a rollback that did harm in the episode.
pub(in crate::decide) fn of_rollback(facts: &Facts<'_>) -> Option<String> {
    let episode = facts.episode.as_ref()?;
    let rollback = facts.actions.iter().find(|record| did_harm(record, Verb::RollBack, episode))?;
    let name = &rollback.target.name;
    Some(format!(
        "undoing a revision ({}) did harm in this episode: the budget is spent much faster since. What was undone had been \
         shown to be bad too, so it is not brought back by the operator: a person decides (`kubectl rollout history \
         deployment/{name}` and `kubectl rollout undo deployment/{name} --to-revision=N`)",
        rollback.change()
    ))
}

/// An action of that verb did harm in the episode.
pub(in crate::decide) fn did_harm(record: &ActionRecord, verb: Verb, episode: &Episode) -> bool {
    let of_episode = record.intended_at.0 >= episode.since.0 && !record.ahead;
    record.verb == verb && of_episode && record.verdict == Some(Verdict::Harmful)
}
