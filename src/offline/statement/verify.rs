//! `guarantor statement verify`: one statement beside what its ledger and its terms give.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::ledgers::{Ledgers, Named};
use super::paper::Paper;
use super::{Problem, UNREADABLE, cluster};
use crate::api::agreement::AgreementSpec;
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::verification::{FieldPath, Presented, Terms, Verdict, verify};
use crate::record::form::verification::{Subject, text};
use crate::runtime::cli::statement::VerifyArgs;

/// Everything that is needed.
struct Papers {
    statement: Paper,
    ledgers: Ledgers,
    /// With which the terms are compared; `None`: it was not given, or is gone.
    agreement: Option<Paper>,
}

/// Verifies the statement and prints the outcome.
pub(super) fn run(arguments: &VerifyArgs) -> Result<ExitCode, Problem> {
    let papers = collect(arguments)?;
    let ledger: LedgerSpec = papers.ledgers.own.spec("ServiceLevelLedger")?;
    let earlier = papers.ledgers.earlier()?;
    let agreement = match &papers.agreement {
        Some(paper) => Some((same_agreement(paper, &ledger.agreement)?, paper.meta.generation)),
        None => None,
    };
    let named = |paper: &Paper| paper.meta.name.clone();
    let (name, ledger_name) = (named(&papers.statement), named(&papers.ledgers.own));
    let presented = Presented {
        name: name.as_deref(),
        content: papers.statement.content(),
        ledger_name: ledger_name.as_deref(),
        ledger: &ledger,
        earlier: &earlier,
        agreement: agreement.as_ref().map(|(spec, generation)| Terms { spec, generation: *generation }),
    };
    let outcome = verify(&presented);
    let subject = Subject {
        namespace: papers.statement.namespace(),
        name: papers.statement.name(),
        ledger: papers.ledgers.own.name(),
        content: papers.statement.content(),
    };
    let told = text(&subject, &outcome);
    std::io::stdout().write_all(told.as_bytes()).map_err(|error| Problem::Form(format!("standard output: {error}")))?;
    Ok(match outcome.verdict() {
        Verdict::Verified | Verdict::PartlyVerified => ExitCode::SUCCESS,
        Verdict::Contradicted => ExitCode::FAILURE,
        Verdict::NotComputed => ExitCode::from(UNREADABLE),
    })
}

/// From files what is given as files, and the rest from the cluster.
fn collect(arguments: &VerifyArgs) -> Result<Papers, Problem> {
    let (file, ledgers, agreement) = (&arguments.which.file, &arguments.ledger, &arguments.agreement);
    if file.iter().chain(ledgers).chain(agreement).filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        return Err(Problem::Mismatch("standard input can be read only once; give the others as files".to_owned()));
    }
    let ledgers = ledgers.iter().map(|path| Paper::read::<ServiceLevelLedger>(path)).collect::<Result<Vec<_>, _>>()?;
    let agreement = agreement.as_deref().map(Paper::read::<ServiceLevelAgreement>).transpose()?;
    let Some(file) = file else {
        let name = arguments.which.name.as_deref().unwrap_or_default();
        let (statement, ledgers, agreement) = cluster::wait(from_cluster(name, ledgers, agreement))?;
        let ledgers = Named::by(statement.content()).among(ledgers)?;
        return Ok(Papers { statement, ledgers, agreement });
    };
    let statement = Paper::read::<ServiceLevelStatement>(file)?;
    let ledgers = Named::by(statement.content()).among(ledgers)?;
    Ok(Papers { statement, ledgers, agreement })
}

async fn from_cluster(
    name: &str,
    mut ledgers: Vec<Paper>,
    agreement: Option<Paper>,
) -> Result<(Paper, Vec<Paper>, Option<Paper>), cluster::ClusterError> {
    let cluster::Found { statement, cluster } = cluster::statement(name).await?;
    let stated =
        |path: &[&str]| FieldPath::of(path).find(statement.content()).and_then(Value::as_str).unwrap_or_default();
    for name in Named::by(statement.content()).missing_among(&ledgers) {
        ledgers.push(cluster.ledger(name).await?);
    }
    let agreement = match agreement {
        Some(agreement) => Some(agreement),
        None => cluster.agreement(stated(&["agreement", "name"]), stated(&["agreement", "uid"])).await?,
    };
    Ok((statement, ledgers, agreement))
}

/// What was agreed, if the paper is the agreement the ledger was kept for. A manifest tells no uid; its name must do.
fn same_agreement(paper: &Paper, ledger: &AgreementIdentity) -> Result<AgreementSpec, Problem> {
    let differs = |told: &Option<String>, known: &str| told.as_ref().is_some_and(|told| told != known);
    if differs(&paper.meta.uid, &ledger.uid) || differs(&paper.meta.name, &ledger.name) {
        return Err(Problem::Mismatch(format!(
            "{}: it is agreement {} with uid {}, and the ledger was kept for {} with uid {}; give the agreement that was \
             in force, for example from version control, or leave --agreement out to verify it by the terms it tells",
            paper.origin,
            paper.name(),
            paper.meta.uid.as_deref().unwrap_or("(none)"),
            ledger.name,
            ledger.uid,
        )));
    }
    Ok(paper.spec("ServiceLevelAgreement")?)
}
