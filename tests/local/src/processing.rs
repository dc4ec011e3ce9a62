//! Processes items: computes their results in the background and stores the outcomes.

mod jobs;

use std::{fmt, io, sync::Arc, time::Duration};

pub(crate) use self::jobs::Jobs;
use crate::store::{Content, Fate, Folder, Item, Outcome, Store};

/// The pause before an item is processed again, doubled up to the maximum.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The reason why an item fails, as a sentence.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(format!("The file could not be processed: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Processes an item in the background, if there is something to compute.
///
/// `compute` blocks, and writes the result of the item. If it returns an error or panics, the item fails. If the
/// outcome cannot be stored, for example on a full disk, the item stays in `processing` and is processed again after a
/// pause.
pub(crate) fn start<T: Content>(
    jobs: &Jobs,
    store: &Arc<Store<T>>,
    item: Arc<Item<T>>,
    compute: impl Fn(&Folder, &Item<T>) -> Result<(), Failure> + Send + Sync + 'static,
) {
    start_with(jobs, store, item, move |folder, item| compute(folder, item).map(|()| |_: &mut Item<T>| {}));
}

/// Like [`start`], with a `compute` that returns a change of the item, which is stored with the outcome.
pub(crate) fn start_with<T: Content, C: FnOnce(&mut Item<T>) + Send + 'static>(
    jobs: &Jobs,
    store: &Arc<Store<T>>,
    item: Arc<Item<T>>,
    compute: impl Fn(&Folder, &Item<T>) -> Result<C, Failure> + Send + Sync + 'static,
) {
    if item.fate == Fate::Normal && item.outcome.is_none() {
        run(jobs, Arc::clone(store), item, Arc::new(compute), FIRST_PAUSE);
    }
}

fn run<T: Content, F, C>(jobs: &Jobs, store: Arc<Store<T>>, item: Arc<Item<T>>, compute: Arc<F>, pause: Duration)
where
    F: Fn(&Folder, &Item<T>) -> Result<C, Failure> + Send + Sync + 'static,
    C: FnOnce(&mut Item<T>) + Send + 'static,
{
    let again = jobs.clone();
    jobs.spawn(async move {
        let (own_store, own_item, own_compute) = (Arc::clone(&store), Arc::clone(&item), Arc::clone(&compute));
        let done = tokio::task::spawn_blocking(move || own_compute(own_store.folder(), &own_item)).await;
        let (outcome, change) = match done {
            Ok(Ok(change)) => (Outcome::Ready, Some(change)),
            Ok(Err(Failure(reason))) => (Outcome::Failed(reason), None),
            // A panic of a decoder.
            Err(_) => (Outcome::Failed("The file could not be processed: it is broken.".into()), None),
        };
        let change = move |item: &mut Item<T>| change.into_iter().for_each(|change| change(item));
        if store.finish_with(item.number, outcome, change).await.is_err() {
            // Neither the clock nor the end of the server waits for this.
            let store = Arc::downgrade(&store);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                if let Some(store) = store.upgrade() {
                    run(&again, store, item, compute, (pause * 2).min(MAX_PAUSE));
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::TimeDelta;

    use super::*;
    use crate::store::{NewItem, Status, failing::FailingStore};

    #[tokio::test]
    async fn an_item_whose_outcome_cannot_be_stored_is_processed_again() {
        let FailingStore { store, disk, _directory } = FailingStore::open();
        let store = Arc::new(store);
        let new =
            NewItem { content: (), fate: Fate::Normal, upload: None, processing: TimeDelta::zero(), outcome: None };
        let item = store.add(new).await.expect("stored");
        disk.fail(true);
        let (jobs, count) = (Jobs::new(), Arc::new(AtomicUsize::new(0)));
        let (own_disk, own_count) = (disk.clone(), Arc::clone(&count));
        let id = item.id.clone();
        start(&jobs, &store, item, move |_, _| {
            // The disk works again when the item is processed for the third time.
            own_disk.fail(own_count.fetch_add(1, Ordering::SeqCst) < 2);
            Ok(())
        });
        let status = || store.get(&id).expect("an item").status.clone();
        while status() != Status::Ready {
            assert_eq!(status(), Status::Processing);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }
}
