//! The `embed` calls of all versions: they create a job, wait until it is done, and retrieve its vectors.

use std::{fmt, future::Future};

use twelvelabs_api::{
    runtime::Operation,
    types::{ModelName, TaskId},
};

use super::{
    bulk::CreatesJob,
    vectors::{ReturnsVectors, VectorCall},
};
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        resource::OnCreated,
        response::Response,
    },
    error::{Checks, Result},
    wait::{Job, WaitForDone, WaitOptions, WaitSettings},
};

type Status<C> = <<C as CreatesJob>::Job as Job>::Status;
type Vectors<C> = <<C as CreatesVectors>::Retrieve as Verb>::Output;

/// An operation that creates a task with vectors. Cannot be implemented outside of this crate.
pub trait CreatesVectors: CreatesJob<Job: Job<Id = TaskId>> {
    /// The operation that retrieves the vectors.
    type Retrieve: ReturnsVectors;
    /// The parameters of that operation, besides the id.
    #[doc(hidden)]
    type RetrieveOptions: Default + Send + 'static;

    /// The method of the client that creates, waits and retrieves, for errors.
    #[doc(hidden)]
    const EMBED: &'static str;

    /// The model of the task.
    #[doc(hidden)]
    fn model(&self) -> &ModelName;
    /// The call that retrieves the vectors of a task.
    #[doc(hidden)]
    fn retrieve(id: TaskId, options: Self::RetrieveOptions) -> Self::Retrieve;
}

/// The create call `C`, a wait for its task, and the call that retrieves the vectors.
///
/// The setters are those of the create call. The options of [`WaitOptions`] apply to the wait, and those of
/// [`RequestOptions`](crate::RequestOptions) to each request, except that a poll is not retried on its own.
/// [`with_timeout`](crate::RequestOptions::with_timeout) limits each request and
/// [`with_deadline`](WaitOptions::with_deadline) the wait.
pub struct CreateAndRetrieve<C: CreatesVectors> {
    pub(super) create: C,
    pub(super) retrieve: C::RetrieveOptions,
    wait: WaitSettings<Status<C>>,
    created: OnCreated<TaskId>,
}

impl<C: CreatesVectors> CreateAndRetrieve<C> {
    /// With the default settings of the wait, without a callback, and without parameters of the retrieval.
    pub(super) fn new(create: C) -> Self {
        let (retrieve, wait, created) = Default::default();
        Self { create, retrieve, wait, created }
    }

    /// Creates the task and waits until it is done. Returns its id, which also every error after the create call has.
    ///
    /// If the future is dropped during the wait, the task goes on; the callback has reported its id.
    async fn create_and_wait(
        create: C,
        wait: WaitSettings<Status<C>>,
        mut created: OnCreated<TaskId>,
        core: &Core,
        options: &CallOptions,
    ) -> Result<TaskId> {
        let response = create.execute(core, options).await.map_err(C::named)?.into_value();
        let id = C::id(&response);
        created.call(id)?;
        let wait = <WaitForDone<C::Job>>::with(core, id.clone(), options, wait);
        wait.send().await.map_err(|error| error.with_resource(id))?;
        Ok(id.clone())
    }
}

impl<C: CreatesVectors, M> Request<CreateAndRetrieve<C>, M> {
    /// Calls back with the id as soon as the task exists, so that a wait can be resumed from it even if the future is
    /// dropped later.
    ///
    /// A panic in the callback ends the call with [`Callback`](crate::ErrorKind::Callback); the error has the id.
    pub fn with_created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.verb.created.set(callback);
        self
    }
}

impl<C: CreatesVectors, M> WaitOptions for Request<CreateAndRetrieve<C>, M> {
    type Status = Status<C>;

    fn wait_mut(&mut self) -> &mut WaitSettings<Status<C>> {
        &mut self.verb.wait
    }
}

impl<C: CreatesVectors> Verb for CreateAndRetrieve<C> {
    type Output = Vectors<C>;

    const OPERATION: &'static Operation = C::OPERATION;
    const METHOD: &'static str = C::EMBED;

    /// Checks the wait too: a mistake in its settings should not cost an upload.
    fn check(&self, checks: &mut Checks) -> impl Future<Output = ()> + Send {
        let (create, violation) = (&self.create, self.wait.violation());
        async move {
            create.check(checks).await;
            violation.into_iter().for_each(|violation| checks.refuse(violation));
        }
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<Vectors<C>>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl<C: CreatesVectors> ReturnsVectors for CreateAndRetrieve<C> {
    async fn prepare(self, core: &Core, options: &CallOptions) -> Result<VectorCall<Vectors<C>>> {
        let Self { create, retrieve, wait, created } = self;
        let model = create.model().clone();
        let id = Self::create_and_wait(create, wait, created, core, options).await?;
        Ok(C::retrieve(id, retrieve).prepare(core, options).await?.of_model(model))
    }
}

impl<C: CreatesVectors + fmt::Debug> fmt::Debug for CreateAndRetrieve<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CreateAndRetrieve");
        out.field("create", &self.create).field("wait", &self.wait).finish_non_exhaustive()
    }
}
