//! The operator is killed around each of its acts: between the intent and the act, between the act and its record, and between the
//! record and the verdict. Another one goes on, and ends in the same state by the same acts as one that nobody killed; each
//! act has its verdict then, and counts once in the budget of its verb.
//!
//! Every story is played four times side by side: undisturbed, and with a SIGKILL at the same point of each of its verbs.

mod crash;
mod ending;
mod outage;
mod revision;
mod scaled_object;
mod sick_node;
mod sick_pod;
mod storm;
mod story;
mod tight_limit;
mod too_lean;
mod too_many;
mod trace;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::{join, join_all};
use guarantor::api::enforcement_status::Verb;
use tokio::time::timeout;

use self::crash::Point;
use self::ending::ending;
use self::story::Story;

/// How long a story may take. Each wait in it is bounded too.
const LONGEST: Duration = Duration::from_secs(25 * 60);

static STORIES: [&Story; 11] = [
    &outage::STORY,
    &outage::UNSCALED,
    &scaled_object::STORY,
    &revision::BAD,
    &revision::GETS_WELL,
    &sick_pod::STORY,
    &sick_node::STORY,
    &storm::STORY,
    &tight_limit::STORY,
    &too_many::STORY,
    &too_lean::STORY,
];

#[test]
fn around_every_verb() -> Result<()> {
    let schema = serde_json::to_value(schemars::schema_for!(Verb))?;
    let told = schema["oneOf"].as_array().with_context(|| format!("verbs in {schema:#}"))?;
    ensure!(!told.is_empty(), "the schema has no verb");
    for verb in told {
        let verb: Verb =
            serde_json::from_value(verb["const"].clone()).with_context(|| format!("{verb:#} is no verb"))?;
        ensure!(STORIES.iter().any(|story| story.verbs.contains(&verb)), "nobody is killed around {verb:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn in_an_outage() -> Result<()> {
    ends_alike(&outage::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn in_an_outage_of_what_nothing_scales() -> Result<()> {
    ends_alike(&outage::UNSCALED).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn in_an_outage_of_what_keda_scales() -> Result<()> {
    ends_alike(&scaled_object::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn after_a_bad_revision() -> Result<()> {
    ends_alike(&revision::BAD).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn after_a_revision_that_gets_well() -> Result<()> {
    ends_alike(&revision::GETS_WELL).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn with_a_sick_pod() -> Result<()> {
    ends_alike(&sick_pod::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn with_a_sick_node() -> Result<()> {
    ends_alike(&sick_node::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn in_a_storm() -> Result<()> {
    ends_alike(&storm::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn under_a_tight_limit() -> Result<()> {
    ends_alike(&tight_limit::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn with_too_many_pods() -> Result<()> {
    ends_alike(&too_many::STORY).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four services at once, for minutes: `make twins` plays it"]
async fn with_too_lean_a_target() -> Result<()> {
    ends_alike(&too_lean::STORY).await
}

/// Plays a story four times, and compares.
async fn ends_alike(story: &Story) -> Result<()> {
    let disturbed = join_all(Point::ALL.map(|point| ending(story, Some(point))));
    let (twin, disturbed) = timeout(LONGEST, join(ending(story, None), disturbed)).await.context(story.name)?;
    let mut differ = Vec::new();
    for (point, ending) in Point::ALL.iter().zip(disturbed) {
        match (&ending, &twin) {
            (Ok(ending), Ok(twin)) if ending == twin => {}
            (Ok(ending), _) => differ.push(format!("killed between {point:?}:\n{ending:#?}")),
            (Err(error), _) => differ.push(format!("killed between {point:?}: {error:#}")),
        }
    }
    let twin = twin.context("undisturbed")?;
    ensure!(differ.is_empty(), "{}:\n{}\nits twin:\n{twin:#?}", story.name, differ.join("\n"));
    for verb in story.verbs {
        let given_back = twin.given_back.values().flatten();
        ensure!(twin.against.iter().chain(given_back).any(|done| done == verb), "{verb:?} was not done at all");
    }
    Ok(())
}
