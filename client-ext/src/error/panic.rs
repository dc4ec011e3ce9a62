//! Panics of callbacks, as errors.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt as _;

use super::{BoxError, Error, ErrorKind};

/// A callback that panicked, with the message of the panic.
#[derive(Debug)]
struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

fn panicked(payload: Box<dyn Any + Send>) -> BoxError {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    // A value may panic when it is dropped, and so may the value of that panic.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    Box::new(Panicked(text.unwrap_or_else(|| "a value that is not text".to_owned())))
}

/// Calls a function of the caller. A panic becomes an error; with `panic = "abort"`, it ends the process.
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, BoxError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(panicked)
}

/// Runs a future of the caller. A panic becomes an error.
pub(crate) async fn catch_async<T>(future: impl Future<Output = T>) -> Result<T, BoxError> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(panicked)
}

impl Error {
    /// A callback failed or panicked. `name` is its place in the API: `with_created`.
    pub(crate) fn of_callback(name: &str, error: BoxError) -> Self {
        let what = if error.is::<Panicked>() { "panicked" } else { "failed" };
        Self::new(ErrorKind::Callback, format!("the callback of {name} {what}")).with_source(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_with_its_message() {
        let caught = [
            catch(|| -> u8 { panic!("static") }).expect_err("panicked"),
            catch(|| -> u8 { panic!("made of {}", "parts") }).expect_err("panicked"),
            catch(|| -> u8 { std::panic::panic_any(7) }).expect_err("panicked"),
            catch_async(async { panic!("later") }).await.map(|(): ()| ()).expect_err("panicked"),
        ];
        let texts: Vec<_> = caught.iter().map(ToString::to_string).collect();
        let expected =
            ["panicked: static", "panicked: made of parts", "panicked: a value that is not text", "panicked: later"];
        assert_eq!(texts, expected);
        assert!(matches!(catch(|| 7), Ok(7)));
    }

    #[test]
    fn the_value_of_a_panic_may_panic_when_it_is_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::panic_any(Self);
            }
        }
        let caught = catch(|| -> u8 { std::panic::panic_any(Bomb) }).expect_err("panicked");
        assert_eq!(caught.to_string(), "panicked: a value that is not text");
    }
}
