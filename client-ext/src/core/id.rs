//! Ids as arguments.

use std::fmt;

use twelvelabs_api::runtime::{Key, Param, path_segment};

use crate::error::{Checks, Error, ErrorKind, Result, Violation};

/// An id, or why the argument is not one. The violation is reported when the request is sent.
#[derive(Clone, Debug)]
pub struct Id<T>(Result<T, Violation>);

/// Converts to an id of type `T`, for example to a [`TaskId`](crate::embed::tasks::TaskId).
///
/// Implemented for `T`, `&T`, `&str`, `String` and everything else that converts to `T`. Cannot be implemented outside
/// of this crate. An invalid id is reported when the request is sent, as
/// [`InvalidInput`](crate::ErrorKind::InvalidInput): ids must not be empty and must be one segment of a URL path.
pub trait IntoId<T> {
    /// Converts the value; `parameter` is the name for errors.
    #[doc(hidden)]
    fn into_id(self, parameter: &Param) -> Id<T>;
}

impl<I, T> IntoId<T> for I
where
    I: TryInto<T, Error: fmt::Display>,
    T: AsRef<str>,
{
    fn into_id(self, parameter: &Param) -> Id<T> {
        let id = self.try_into().map_err(|_| Violation::absent(parameter.name, "must not be empty"));
        Id(id.and_then(|id: T| match path_segment(id.as_ref()) {
            Ok(_) => Ok(id),
            Err(_) => Err(Violation::new(
                parameter.name,
                format!("{:?}", id.as_ref()),
                "must be one path segment: not `.` or `..`, without slashes and control characters",
            )),
        }))
    }
}

impl<T> Id<T> {
    /// The id, or the error to report.
    pub(crate) fn get(&self) -> Result<&T> {
        self.0.as_ref().map_err(|violation| Error::invalid(vec![violation.clone()]))
    }

    /// Adds the violation, if the argument is not an id.
    pub(crate) fn check(&self, checks: &mut Checks) {
        self.violation().into_iter().for_each(|violation| checks.refuse(violation.clone()));
    }

    /// The violation, if the argument is not an id.
    pub(crate) fn violation(&self) -> Option<&Violation> {
        self.0.as_ref().err()
    }
}

/// Checks that a response is about the resource that was requested.
pub(crate) fn check_same<T: PartialEq + AsRef<str>>(requested: &T, received: &T, key: &Key) -> Result<()> {
    if requested == received {
        return Ok(());
    }
    // A server may echo the key, and control characters would break the line.
    let received: String = key.redact(received.as_ref()).chars().take(100).collect();
    let message =
        format!("the response is about another resource: requested {:?}, received {received:?}", requested.as_ref());
    Err(Error::new(ErrorKind::Decode, message))
}
