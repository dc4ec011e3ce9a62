//! Finds the task of a create call whose response did not arrive, in the list of tasks. Does no I/O.

use twelvelabs_api::types::{EmbeddingInputType, MediaEmbeddingTask, ModelName, TaskId, TaskStatus};

/// A task that is searched for. The list has no ids of assets, but file names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    pub(super) model: &'w ModelName,
    pub(super) input_type: &'w EmbeddingInputType,
    /// The name of the asset, which no other asset has.
    pub(super) filename: &'w str,
}

/// What the list says about the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is this one.
    Task(TaskId),
    /// It does not exist, or is not in the list yet.
    Nothing,
    /// It may be one of these, whose file names the list does not have. `may_change`: one of them is not done, and may
    /// have a name later.
    Unclear { ids: Vec<TaskId>, may_change: bool },
}

impl Wanted<'_> {
    /// Searches the tasks that were created since the call.
    pub(super) fn search(&self, tasks: &[MediaEmbeddingTask]) -> Found {
        // The list begins with the newest task.
        if let Some(task) = tasks.iter().rev().find(|task| Origin::of(task).filename == Some(self.filename)) {
            return Found::Task(task.id.clone());
        }
        let unnamed: Vec<_> = tasks.iter().filter(|task| self.may_be(task)).collect();
        if unnamed.is_empty() {
            return Found::Nothing;
        }
        let may_change = unnamed.iter().any(|task| !matches!(task.status, TaskStatus::Ready | TaskStatus::Failed));
        Found::Unclear { ids: unnamed.into_iter().map(|task| task.id.clone()).collect(), may_change }
    }

    /// The task has neither a file name nor a URL, and is otherwise like the one that is searched for.
    fn may_be(&self, task: &MediaEmbeddingTask) -> bool {
        let Origin { input_type, filename, url } = Origin::of(task);
        filename.is_none()
            && url.is_none()
            && input_type.is_none_or(|known| known == *self.input_type)
            && task.model_name.as_ref().is_none_or(|model| model == self.model)
    }
}

/// What a task was created from, as far as the list says it.
#[derive(Default)]
struct Origin<'t> {
    input_type: Option<EmbeddingInputType>,
    filename: Option<&'t str>,
    url: Option<&'t str>,
}

impl<'t> Origin<'t> {
    fn of(task: &'t MediaEmbeddingTask) -> Self {
        macro_rules! part {
            ($part:ident, $input_type:ident) => {
                task.$part.as_ref().map(|part| {
                    let metadata = part.metadata.as_ref();
                    Self {
                        input_type: Some(EmbeddingInputType::$input_type),
                        filename: metadata.and_then(|metadata| metadata.input_filename.as_deref()),
                        url: metadata.and_then(|metadata| metadata.input_url.as_deref()),
                    }
                })
            };
        }
        part!(video_embedding, Video)
            .or_else(|| part!(audio_embedding, Audio))
            .or_else(|| part!(document_embedding, Document))
            .or_else(|| part!(image_embedding, Image))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WANTED: Wanted<'_> =
        Wanted { model: &ModelName::Marengo35, input_type: &EmbeddingInputType::Video, filename: "m-talk.mp4" };

    /// A list of tasks, newest first, each with the metadata of a video, if there is any.
    fn search(tasks: &[(&str, &str, Option<Value>)]) -> Found {
        let task = |(id, status, metadata): &(&str, &str, Option<Value>)| {
            let mut task = json!({ "_id": id, "status": status, "model_name": "marengo3.5" });
            if let Some(metadata) = metadata {
                task["video_embedding"] = json!({ "metadata": metadata });
            }
            serde_json::from_value(task).expect("a task")
        };
        WANTED.search(&tasks.iter().map(task).collect::<Vec<_>>())
    }

    fn id(id: &str) -> TaskId {
        id.parse().expect("an id")
    }

    #[test]
    fn the_task_with_the_name_of_the_file_is_found() {
        let named = |name: &str| Some(json!({ "input_filename": name }));
        let tasks = [("c", "ready", None), ("b", "ready", named("m-talk.mp4")), ("a", "failed", named("talk.mp4"))];
        assert_eq!(search(&tasks), Found::Task(id("b")));
        // An earlier one is older than a task that another process created meanwhile.
        let twice = [("b", "ready", named("m-talk.mp4")), ("a", "processing", named("m-talk.mp4"))];
        assert_eq!(search(&twice), Found::Task(id("a")));
    }

    #[test]
    fn tasks_of_other_files_urls_types_and_models_are_others() {
        assert_eq!(search(&[]), Found::Nothing);
        let url = json!({ "input_url": "https://example.com/talk.mp4" });
        assert_eq!(
            search(&[("a", "ready", Some(url)), ("b", "ready", Some(json!({ "input_filename": "talk.mp4" })))]),
            Found::Nothing
        );
        let other_type = json!([{ "_id": "a", "status": "ready", "audio_embedding": {} }]);
        let other_model = json!([{ "_id": "a", "status": "ready", "model_name": "marengo3.0" }]);
        for others in [other_type, other_model] {
            let others: Vec<MediaEmbeddingTask> = serde_json::from_value(others).expect("tasks");
            assert_eq!(WANTED.search(&others), Found::Nothing);
        }
    }

    #[test]
    fn a_task_without_a_name_may_be_the_one_until_it_is_done() {
        let unclear =
            |ids: &[&str], may_change| Found::Unclear { ids: ids.iter().copied().map(id).collect(), may_change };
        assert_eq!(search(&[("b", "processing", None), ("a", "ready", Some(json!({})))]), unclear(&["b", "a"], true));
        assert_eq!(search(&[("a", "ready", Some(json!({ "duration": 4.0 })))]), unclear(&["a"], false));
    }
}
