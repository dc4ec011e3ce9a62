//! `/embed-v2`: embeddings of version 2, at once and in tasks.

mod compute;
mod create;
mod dashboard;
mod document;
mod input;
mod multi;
mod retrieve;
mod source;
mod sync;
mod timed;

use std::{collections::HashMap, fmt::Display, io, sync::Arc};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use http::StatusCode;
use maud::Markup;
use serde::{Deserialize, Serialize};
use twelvelabs_api::{
    limits, operations,
    runtime::{Embedding, Operation, Param},
    types::{EmbeddingData, EmbeddingMediaMetadata, EmbeddingUsage, ModelName, TaskStatus},
};

use self::{
    document::Document,
    input::{Call, Timed},
    source::SizeLimits,
};
use super::{Family, Routes, any_task};
use crate::{
    clock::Clock,
    error_response::ErrorResponse,
    rate_limit::RateCategory,
    state::ServerState,
    store::{DataDirectory, Folder, Item, Store},
    vectors::{self, Space},
};

/// Category of the rate limits. `/embed/tasks` has the same.
const RATE_CATEGORY: RateCategory = RateCategory::Embed;

type Shared = State<Arc<ServerState>>;
type Task = Item<TaskContent>;

/// What only this family knows of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaskContent {
    settings: Settings,
    metadata: EmbeddingMediaMetadata,
    plan: Plan,
}

/// What to compute.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Plan {
    Timed(Timed),
    Document(Document),
    Image,
}

/// The parameters that all inputs have.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Settings {
    model_name: ModelName,
    dimension: usize,
    /// Whether every vector has a second one with its uncertainty.
    uncertainty: bool,
}

impl Settings {
    /// Checks the parameters.
    fn new(model_name: ModelName, dimension: Option<u64>, uncertainty: Option<bool>) -> Result<Self, ErrorResponse> {
        let full = limits::EMBEDDING_DIMENSION.maximum.unwrap_or_default() as u64;
        if model_name != ModelName::Marengo35 {
            for (name, is_set) in
                [("embedding_dimension", dimension.is_some()), ("embedding_uncertainty", uncertainty.is_some())]
            {
                if is_set {
                    return Err(ErrorResponse::invalid(name, "should be sent with marengo3.5 only"));
                }
            }
        }
        if dimension.is_some_and(|dimension| ![full / 4, full / 2, full].contains(&dimension)) {
            return Err(ErrorResponse::invalid("embedding_dimension", "should be one of 128, 256, 512"));
        }
        let dimension = dimension.unwrap_or(full) as usize;
        Ok(Self { model_name, dimension, uncertainty: uncertainty == Some(true) })
    }

    fn is_35(&self) -> bool {
        self.model_name == ModelName::Marengo35
    }

    fn space(&self) -> Space {
        Space::of(&self.model_name)
    }

    fn call(&self, is_task: bool) -> Call<'_> {
        Call { model: &self.model_name, is_task, uncertainty: self.uncertainty }
    }

    /// An item of the response with this vector.
    fn data(&self, vector: &Embedding) -> EmbeddingData {
        let vector = vectors::shortened(vector, self.dimension);
        let uncertainty = self.uncertainty.then(|| vectors::uncertainty(&vector));
        let mut data = EmbeddingData::new(vector);
        data.embedding_uncertainty = uncertainty;
        data
    }

    /// The dimension that the metadata shows.
    fn shown_dimension(&self) -> Option<u64> {
        self.is_35().then_some(self.dimension as u64)
    }

    /// Tokens by type of content. Only Marengo 3.5 counts them.
    fn usage<'u>(&self, tokens: impl IntoIterator<Item = (&'u str, u64)>) -> Option<EmbeddingUsage> {
        let mut sums: HashMap<String, u64> = HashMap::new();
        tokens.into_iter().for_each(|(kind, count)| *sums.entry(kind.into()).or_default() += count);
        self.is_35().then(|| EmbeddingUsage::new(sums, false))
    }
}

/// Each value once, at its first place.
fn without_repeats<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut all, value| {
        if !all.contains(&value) {
            all.push(value);
        }
        all
    })
}

/// Checks that all values of an open set are among those of the model.
fn one_of<T: Display>(parameter: &str, values: &[T], allowed: &[&str]) -> Result<(), ErrorResponse> {
    match values.iter().map(ToString::to_string).find(|value| !allowed.contains(&value.as_str())) {
        Some(value) => {
            Err(ErrorResponse::invalid(parameter, format!("should be one of {} (got {value})", allowed.join(", "))))
        }
        None => Ok(()),
    }
}

fn bytes(rule: &Param) -> u64 {
    rule.maximum.unwrap_or(f64::MAX) as u64
}

/// Size of audio and video of up to four hours, in bytes.
const LONG_MEDIA: u64 = 4 << 30;

/// The sizes of audio and video.
fn media_sizes(kind: &'static str, too_large: StatusCode) -> SizeLimits {
    SizeLimits { kind, inline: bytes(&limits::INLINE_MEDIA_BYTES), other: LONG_MEDIA, too_large }
}

/// The same size for all sources of a file.
fn sizes(kind: &'static str, rule: &Param, too_large: StatusCode) -> SizeLimits {
    SizeLimits { kind, inline: bytes(rule), other: bytes(rule), too_large }
}

/// The state of the family.
#[derive(Debug)]
pub(crate) struct EmbedV2 {
    store: Arc<Store<TaskContent>>,
}

impl EmbedV2 {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        Ok(Self { store: any_task::store(data.family("embed_v2")?, clock)? })
    }

    /// The folder of files, also of those that are embedded without a task.
    pub(crate) fn folder(&self) -> &Folder {
        self.store.folder()
    }

    /// The number of tasks.
    pub(crate) fn len(&self) -> usize {
        self.store.len()
    }

    /// The status of a task.
    pub(crate) fn status(&self, id: &str) -> Option<TaskStatus> {
        self.store.get(id).map(|task| task.status.as_str().to_owned().into())
    }
}

impl Family for EmbedV2 {
    fn routes(&self) -> Routes {
        Router::new()
            .route(operations::EMBED_V2_CREATE.path, post(sync::create))
            .route(operations::EMBED_V2_TASKS_CREATE.path, get(retrieve::list).post(create::create))
            .route(operations::EMBED_V2_TASKS_RETRIEVE.path, get(retrieve::retrieve))
    }

    fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        operation.id.starts_with("embed_v2_").then_some(RATE_CATEGORY)
    }

    fn dashboard_routes(&self) -> Routes {
        dashboard::routes()
    }

    fn overview(&self) -> Markup {
        dashboard::list(&self.store)
    }

    fn summary(&self) -> String {
        format!("{} tasks of version 2", self.store.len())
    }

    /// Restarts the computations that an earlier stop interrupted.
    fn resume(&self, state: &Arc<ServerState>) {
        for task in self.store.unfinished() {
            compute::start(state, task);
        }
    }
}
