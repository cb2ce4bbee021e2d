//! `kubectl explain` says what a user has to know: units, choices, and what happens when a field is left out.

use anyhow::Result;
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, cluster};

#[tokio::test(flavor = "multi_thread")]
async fn explains_its_fields() -> Result<()> {
    let table = [
        ("sla", "who promises what to whom|what is owed when it is missed"),
        ("sla.spec.objectives", "name by which tiers, status and statements refer|in percent"),
        ("sla.spec.objectives.target", "reached when the attainment is not below it"),
        ("sla.spec.objectives.indicator.ratio", "$slot|filled in by the operator|No series while the total has one"),
        ("sla.spec.objectives.indicator.latency", "without `_bucket`|bound of the histogram's buckets"),
        ("sla.spec.period.calendar", "Month|Quarter|Year|agreement's time zone"),
        ("sla.spec.missingData", "`Exclude`: neither for nor against|minimumCoverage|NotDetermined"),
        ("sla.spec.credits.tiers", "exactly this much is not below|percent of the fee"),
        ("sla.spec.credits", "`Highest`|`Sum`|Left out: the whole fee|`MonetaryValue`"),
        (
            "sla.spec.credits.remedies",
            "A fixed amount for each violation|Hours by the clock of the agreement's zone that are not charged",
        ),
        ("sls.spec.credits", "`Determined`|`Expired`|not charged|added to the end of the agreement"),
        ("sla.spec.enforcement", "`Observe`|`Recommend`|`Enforce`|Left out: the operator does not scale"),
        (
            "sla.spec.enforcement.capacity",
            "Tells how many pods|raises nothing|ahead of the load|as a selector without function or range|CPU request|Left out: what waits in a queue",
        ),
        ("sla.status.enforcement.capacity", "by which nothing is changed|Left out: nothing can be said"),
        ("sla.spec.amendments", "effective|can be added at the end|oldest first"),
        ("sla.spec.amendmentRule", "Split|NextPeriod"),
        ("sla.spec.exclusions.rules", "Exactly that long is long enough|`CountAsGood`"),
        ("slx.spec", "The user who declares it|approval|Exactly|revoked"),
        ("slx.spec.recurrence", "FREQ=WEEKLY;BYDAY=SU|on the wall"),
        ("slx.spec.forceMajeure", "notice|in default"),
        ("slx.status", "Honoured"),
        ("slc.spec", "Exactly one of this, `incident` and `demand` is given|The user who makes it|confirmsTimes"),
        ("slc.spec.decision", "`Rejected`|confirms what is said"),
        ("slc.spec.incident", "When the customer noticed it"),
        ("slc.status", "Effective|The life of a credit"),
        ("sla.status.statements", "creditState|claimBy|laterPayments|What was paid beyond what is owed by now"),
        ("sla.status", "conditions|measuredThrough|statements"),
        ("msrc.spec", "http://prometheus.monitoring:9090|allowPlainTextCredentials|tenants"),
        ("msrc.spec.tenants.matchers", "$namespace"),
        ("sls.spec", "SHA-256|supersedes|takes the place of"),
        ("sls.spec.exclusions", "Whether it counted|The reason it did not count"),
        ("sll.spec", "Whether the period was closed"),
    ];
    let cluster = cluster().await?;
    for (field, expected) in table {
        // The API server publishes the schema of a new definition a little after it serves it, one after the other.
        let text = wait_until("the schema to be published", PATIENCE, async || {
            let answer = cluster.kubectl(&["explain", field]).await?;
            Ok(if answer.status.success() { Progress::Done(answer.stdout) } else { Progress::Pending(answer.stderr) })
        })
        .await?;
        // Lines are broken at the width of a terminal.
        let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in expected.split('|') {
            assert!(flowing.contains(words), "`kubectl explain {field}` does not say \"{words}\":\n{text}");
        }
    }
    Ok(())
}
