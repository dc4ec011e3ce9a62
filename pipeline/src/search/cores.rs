//! Work that is shared among the cores.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::PipelineError;

/// Calls `work` once for each number below `count`, on as many threads as there are cores, and returns the state of each
/// thread.
pub(super) fn on_all<T: Default + Send>(
    count: usize,
    work: impl Fn(usize, &mut T) -> Result<(), PipelineError> + Sync,
) -> Result<Vec<T>, PipelineError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = T::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(state);
            }
            if let Err(error) = work(number, &mut state) {
                // The other threads end soon, too.
                next.store(count, Ordering::Relaxed);
                return Err(error);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|state| state.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_worked_on_once_and_an_error_ends_it() {
        let states = on_all(1000, |number, state: &mut Vec<usize>| {
            state.push(number);
            Ok(())
        });
        let mut all = states.expect("no error").concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        assert!(on_all(0, |_, _: &mut ()| Ok(())).expect("no error").is_empty());
        let failed = on_all(1000, |number, _: &mut ()| match number {
            7 => Err(PipelineError::usage("seven")),
            _ => Ok(()),
        });
        assert_eq!(failed.expect_err("an error").to_string(), "seven");
    }
}
