//! Reports of create calls that came after their right had run out.

use std::time::Duration;

use temporalio_client::{
    WorkflowGetResultOptions, WorkflowIdReusePolicy, WorkflowSignalOptions, WorkflowStartOptions,
    errors::{WorkflowGetResultError, WorkflowInteractionError, WorkflowStartError},
};
use temporalio_sdk::activities::ActivityContext;
use tokio::time::sleep;
use twelvelabs_pipeline::{
    EmbedJob, StepEnd, escape_control,
    steps::{Found, Outcome},
};

use super::Shared;
use crate::{
    embed::job_end,
    plan::{Late, LateReport, Step},
    workflow::{EmbedWorkflow, LateWorkflow},
};

/// The pause after a report could not be delivered.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a lost create call is looked for.
const LOOKS: u32 = 3;

impl Shared {
    /// Tells the workflow of the job. The result of the attempt is of no use: its time limit is over.
    pub(super) async fn report(&self, context: &ActivityContext, job: &EmbedJob, late: Late) {
        eprintln!("late: {}: {}", escape_control(&job.origin.public()), escape_control(&late.text()));
        let mut pause = PAUSE;
        while let Err(error) = self.deliver(context, job, &late).await {
            eprintln!("late: cannot report it yet: {}", escape_control(&error));
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE * 30);
        }
        eprintln!("late: it is reported");
    }

    async fn deliver(&self, context: &ActivityContext, job: &EmbedJob, late: &Late) -> Result<(), String> {
        let client = context.client();
        let id = context.info().workflow_id.clone().unwrap_or_default();
        // That of a later run too.
        let handle = client.get_workflow_handle::<EmbedWorkflow>(&id);
        match handle.signal(EmbedWorkflow::late, late.clone(), WorkflowSignalOptions::default()).await {
            Ok(()) => return Ok(()),
            Err(WorkflowInteractionError::NotFound(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
        // It has ended, and may have found the task.
        let end = match handle.get_result(WorkflowGetResultOptions::default()).await {
            Err(error @ WorkflowGetResultError::Rpc(_)) => return Err(error.to_string()),
            result => job_end(result).ok(),
        };
        if let (Late::Task(task), Some(end)) = (late, end)
            && end.tasks.contains(task)
        {
            return Ok(());
        }
        let name = match late {
            Late::Task(task) => task.as_str(),
            Late::Unclear(_) => context.info().workflow_run_id.as_deref().unwrap_or("unclear"),
        };
        let options = WorkflowStartOptions::new(self.task_queue.as_str(), format!("{id}-late-{name}"))
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .build();
        let report = LateReport { job: job.id.clone(), late: late.clone() };
        match client.start_workflow(LateWorkflow::run, report, options).await {
            Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The create call of a process that was stopped may have been sent after its right had run out, and its response
    /// is lost.
    pub(super) async fn report_what_is_found(&self, context: &ActivityContext, step: &Step) {
        for look in 1..=LOOKS {
            match self.find_task(step).await {
                StepEnd::Done(Outcome::Looked(Found::One(task))) => {
                    return self.report(context, &step.job, Late::Task(task)).await;
                }
                StepEnd::Done(Outcome::Looked(Found::Unclear(why))) => {
                    return self.report(context, &step.job, Late::Unclear(why)).await;
                }
                end if look == LOOKS => {
                    if !matches!(end, StepEnd::Done(_)) {
                        let why = "a create call may have been sent after its right had run out, and its task cannot be \
                                   looked for";
                        return self.report(context, &step.job, Late::Unclear(why.into())).await;
                    }
                }
                // It may still be on its way.
                _ => sleep(PAUSE * 2u32.pow(look)).await,
            }
        }
    }
}
