//! `guarantor statement show`: one statement in one form.

use std::io::Write;
use std::process::ExitCode;

use super::paper::Paper;
use super::{Problem, cluster};
use crate::api::ServiceLevelStatement;
use crate::evaluate::canonical_json::canonical;
use crate::evaluate::statement::content_digest;
use crate::record::form::{ALTERED, Issued, page, sheet, terminal};
use crate::runtime::cli::statement::{Form, Rows, ShowArgs, Which};

/// Prints the statement.
pub(super) fn run(arguments: &ShowArgs) -> Result<ExitCode, Problem> {
    if arguments.rows.is_some() && arguments.output != Form::Csv {
        return Err(Problem::Form("--rows says what a row of the CSV form is; add -o csv".to_owned()));
    }
    let paper = statement(&arguments.which)?;
    let issued = issued(&paper)?;
    if !issued.intact {
        eprintln!("guarantor: {}: {ALTERED}", paper.origin);
    }
    let text = match arguments.output {
        Form::Table => terminal::text(&issued),
        Form::Html => page::html(&issued).map_err(|error| Problem::Form(error.to_string()))?,
        Form::Csv => sheet::csv(&issued, rows(arguments.rows)).map_err(|error| Problem::Form(error.to_string()))?,
        Form::Json => canonical(paper.content()).map_err(|error| Problem::Form(error.to_string()))? + "\n",
    };
    // Not `print!`, which panics when the reader of a pipe has gone.
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Problem::Form(format!("standard output: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

/// The statement that is meant.
fn statement(which: &Which) -> Result<Paper, Problem> {
    Ok(match (&which.file, &which.name) {
        (Some(file), _) => Paper::read::<ServiceLevelStatement>(file)?,
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            cluster::wait(async { Ok(cluster::statement(name).await?.statement) })?
        }
    })
}

fn issued(paper: &Paper) -> Result<Issued, Problem> {
    let content = paper.content();
    let stated = content.get("digest").and_then(serde_json::Value::as_str);
    Ok(Issued {
        name: paper.name().to_owned(),
        namespace: paper.namespace().to_owned(),
        at: paper.meta.creation_timestamp.as_ref().map(|time| time.0),
        statement: paper.spec("ServiceLevelStatement")?,
        computed: false,
        intact: content_digest(content).is_ok_and(|digest| stated == Some(&digest)),
    })
}

fn rows(rows: Option<Rows>) -> sheet::Rows {
    match rows {
        None | Some(Rows::Objectives) => sheet::Rows::Objectives,
        Some(Rows::Violations) => sheet::Rows::Violations,
        Some(Rows::Credits) => sheet::Rows::Credits,
        Some(Rows::Exclusions) => sheet::Rows::Exclusions,
        Some(Rows::Actions) => sheet::Rows::Actions,
        Some(Rows::Terms) => sheet::Rows::Terms,
    }
}
