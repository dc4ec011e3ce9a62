//! Creates a job and waits until it is done: what the `embed` calls of all versions do before they retrieve the
//! vectors.

use std::{fmt, future::Future};

use super::bulk::CreatesJob;
use crate::{
    core::{Core, options::CallOptions, resource::OnCreated},
    error::{Checks, Result},
    wait::{Job, WaitForDone, WaitSettings},
};

type Id<C> = <<C as CreatesJob>::Job as Job>::Id;
type Status<C> = <<C as CreatesJob>::Job as Job>::Status;

/// The create call `C`, a wait for its job, and the callback for its id.
pub struct CreateAndWait<C: CreatesJob> {
    pub(super) create: C,
    pub(super) wait: WaitSettings<Status<C>>,
    pub(super) created: OnCreated<Id<C>>,
}

impl<C: CreatesJob> CreateAndWait<C> {
    /// With the default settings of the wait, and without a callback.
    pub(super) fn new(create: C) -> Self {
        Self { create, wait: WaitSettings::default(), created: OnCreated::default() }
    }

    /// Checks both: a mistake in the settings of the wait should not cost an upload.
    pub(super) fn check(&self, checks: &mut Checks) -> impl Future<Output = ()> + Send {
        let (create, violation) = (&self.create, self.wait.violation());
        async move {
            create.check(checks).await;
            violation.into_iter().for_each(|violation| checks.refuse(violation));
        }
    }

    /// Creates the job and waits until it is done. Returns its id, which also every error after the create call has.
    ///
    /// If the future is dropped during the wait, the job goes on; the callback has reported its id.
    pub(super) async fn run(self, core: &Core, options: &CallOptions) -> Result<Id<C>> {
        let Self { create, wait, mut created } = self;
        let response = create.execute(core, options).await.map_err(C::named)?.into_value();
        let id = C::id(&response);
        created.call(id)?;
        let wait = <WaitForDone<C::Job>>::with(core, id.clone(), options, wait);
        wait.send().await.map_err(|error| error.with_resource(id))?;
        Ok(id.clone())
    }
}

impl<C: CreatesJob + fmt::Debug> fmt::Debug for CreateAndWait<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAndWait").field("create", &self.create).field("wait", &self.wait).finish_non_exhaustive()
    }
}
