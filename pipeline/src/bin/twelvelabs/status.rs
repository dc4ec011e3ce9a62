//! `status`: what the ledger of a table knows.

use twelvelabs_pipeline::{LedgerStatus, escape_control};

use crate::{
    args::Status,
    embed::LEDGER,
    exit::{Exit, Outcome},
    output,
};

pub(crate) fn run(arguments: &Status) -> Outcome {
    let status = LedgerStatus::read(&arguments.out.join(LEDGER))?;
    if arguments.json {
        output::json(&status);
        return Ok(Exit::Done);
    }
    for (name, value) in status.parameters.iter().filter(|(_, value)| !value.is_empty()) {
        output::line(&format!("{name:<10} {}", escape_control(value)));
    }
    for (state, count) in &status.jobs {
        output::line(&format!("{state:<10} {count}"));
    }
    output::line(&format!("{:<10} {}", "vectors", status.vectors));
    output::line(&format!("{:<10} {:.2}", "minutes", status.seconds / 60.0));
    let rows: Vec<Vec<String>> = status
        .failures
        .iter()
        .map(|row| {
            let code = row.code.clone().unwrap_or_default();
            vec![row.status.clone(), escape_control(&row.source), code, escape_control(&row.reason)]
        })
        .collect();
    if !rows.is_empty() {
        output::line("");
        output::table(&["status", "source", "code", "reason"], &rows);
    }
    Ok(Exit::Done)
}
