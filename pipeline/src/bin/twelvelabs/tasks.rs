//! `tasks`: the newest embedding tasks.

use futures_util::{StreamExt, TryStreamExt};

use crate::{
    args::Tasks,
    connection::Connection,
    exit::{Exit, Outcome},
    output,
};

pub(crate) async fn run(arguments: Tasks) -> Outcome {
    let common = &arguments.common;
    let connection = Connection::of_table(common, arguments.table.as_deref()).await?;
    let list = connection.client.embed().v2().tasks().list().items().take(arguments.limit);
    let tasks: Vec<_> = list.try_collect().await?;
    if common.json {
        tasks.iter().for_each(output::json);
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = tasks
        .into_iter()
        .map(|task| {
            let created = task.created_at.map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string());
            let model = task.model_name.map(|model| model.to_string());
            vec![task.id.to_string(), task.status.to_string(), created.unwrap_or_default(), model.unwrap_or_default()]
        })
        .collect();
    output::table(&["task", "status", "created (UTC)", "model"], &rows);
    Ok(Exit::Done)
}
