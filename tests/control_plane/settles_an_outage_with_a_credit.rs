//! The application fails for a while: the violation is on record with beginning, end and depth, and the statement grants
//! the credit of the deepest tier that applies, combined, capped and rounded exactly.

use anyhow::{Context, Result};
use guarantor::api::agreement_status::State;
use guarantor::api::credit_status::CreditState;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::{exact, stored_ledger};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::accounts::{apply_in_calm, audit, availability_agreement, ledgers, reason, statements};
use crate::stage::Stage;

const NAMESPACE: &str = "settles-credit";

/// Highest is 30 % of 1000.02, the cap 25 % of it: 250.005, of which half a cent is rounded up.
const CREDITS: &str = r#"  - name: strict
    indicator: *requests
    target: "99"
  credits:
    fee: {amount: "1000.02", currency: EUR}
    combine: Highest
    cap: {percentOfFee: "25"}
    tiers:
    - {objective: availability, below: "95", percentOfFee: "10"}
    - {objective: availability, below: "80", percentOfFee: "30"}
    - {objective: availability, below: "0.000001", percentOfFee: "100"}
    - {objective: strict, below: "99", percentOfFee: "15"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn settles_an_outage_with_a_credit() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    apply_in_calm(&stage, &availability_agreement(NAMESPACE, NAMESPACE, "1m", CREDITS)).await?;
    stage
        .until("storefront", "a calm account", |s| (s.summary.as_ref()?.state == State::Fulfilled).then_some(()))
        .await?;
    let from = Timestamp::now();
    stage.shop.storefront.set_error_share(0.75)?;
    let accruing = stage
        .until("storefront", "an accruing credit of the lower tier", |s| {
            s.credits.clone().filter(|c| c.lines.iter().any(|l| l.below == "80"))
        })
        .await?;
    assert_eq!((accruing.state, accruing.amount.as_str()), (CreditState::Accruing, "250.01"));
    // Long enough that good minutes can not bring the attainment above the tier again.
    stage
        .until("storefront", "a loss for good", |s| {
            let share: f64 = s.objectives.first()?.attainment.parse().ok()?;
            (share < 50.0 || !s.statements.is_empty()).then_some(())
        })
        .await?;
    let until = Timestamp::now();
    stage.shop.storefront.set_error_share(0.0)?;
    let status = stage
        .until("storefront", "the settled period", |s| Some(s.clone()).filter(|s| !s.statements.is_empty()))
        .await?;

    let issued = statements(&stage).await?;
    let statement = issued.first().context("a statement")?;
    audit(&stage, statement).await?;
    let spec = &statement.spec;
    let credits = spec.credits.as_ref().context("credits")?;
    assert_eq!((spec.state, credits.state), (State::Violated, CreditState::Determined));
    let lines: Vec<_> = credits
        .lines
        .iter()
        .map(|l| (l.objective.as_str(), l.below.as_str(), l.percent_of_fee.as_str(), l.granted))
        .collect();
    assert_eq!(lines, [("availability", "80", "30", true), ("strict", "99", "15", false)]);
    assert_eq!(
        (credits.percent_of_fee.as_str(), credits.amount.as_str(), credits.currency.as_str()),
        ("25.000000", "250.01", "EUR")
    );
    let reference = status.statements.last().context("a reference")?;
    assert_eq!((reference.state, reference.credit.as_str()), (State::Violated, "250.01 EUR"));

    // The attainment anew, from the ledger alone.
    let ledgers = ledgers(&stage, NAMESPACE).await?;
    let ledger = ledgers.iter().find(|l| l.spec.period_start == spec.period.start).context("its ledger")?;
    let slots = stored_ledger::from_spec(&ledger.spec)?;
    let slots = slots.slots("availability");
    let total = slots.iter().map(|s| s.counted().total).sum::<Count>().ratio();
    let bad = slots.iter().map(|s| s.counted().bad).sum::<Count>().ratio();
    let attained: BigRational = (&total - &bad) / &total;
    let objective = spec.objectives.first().context("an objective")?;
    assert_eq!(objective.attainment_ratio, exact::ratio_text(&attained));
    assert!(attained < BigRational::new(4.into(), 5.into()), "{}", objective.attainment);

    let slot = SignedDuration::from_secs(5);
    for objective in ["availability", "strict"] {
        let violations: Vec<_> = spec.violations.iter().filter(|v| v.objective == objective).collect();
        let [violation] = violations[..] else { panic!("one outage is one violation: {violations:?}") };
        let end = violation.end.as_ref().context("an end")?.0;
        assert!(from - slot <= violation.start.0 && violation.start.0 <= from + slot, "{from} {violation:?}");
        // Requests under way when the application was mended still fail, and the period may end before them.
        assert!(violation.start.0 < end && end <= until + slot + slot, "{until} {violation:?}");
        assert!(violation.depth.starts_with('2'), "three of four requests failed: {violation:?}");
        assert_eq!(violation.bad_events, spec.objectives[0].bad_events, "no other event was bad");
        assert!(
            status.violations.contains(violation),
            "the status tells what the statement tells: {:?}",
            status.violations
        );
    }
    assert_eq!(reason(&status, "Ready", "True"), Some("Accepted"));
    Ok(())
}
