//! Calls about one resource, and the callback for the id of a new one.

use std::{borrow::Cow, future::Future};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use twelvelabs_api::{
    Client,
    runtime::{ApiRequest, Operation},
};

use super::{
    Core, GeneratedError,
    decode::{decode, read_whole},
    id::{Id, check_same},
    options::CallOptions,
    response::Response,
    response_body::Body,
};
use crate::error::{Error, Result, catch};

impl Core {
    /// Sends a request about a resource and reads the response body with `read`. An error has the id.
    pub(crate) async fn call_about<I: AsRef<str>, T, V, R: Future<Output = Result<V>>>(
        &self,
        id: &Id<I>,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client, &I) -> Result<ApiRequest<T>, GeneratedError>,
        read: impl Fn(Body) -> R,
    ) -> Result<Response<V>> {
        let id = id.get()?;
        let call = self.call_and_read(operation, options, |api| make(api, id), read);
        call.await.map_err(|error| error.with_resource(id.as_ref()))
    }

    /// Retrieves a resource, or something of it. `received` returns the id in the response, if it has one: another one
    /// than that of the request is an error.
    pub(crate) async fn retrieve<I: AsRef<str> + PartialEq, T: DeserializeOwned>(
        &self,
        id: &Id<I>,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client, &I) -> Result<ApiRequest<T>, GeneratedError>,
        received: impl Fn(&T) -> Option<&I>,
    ) -> Result<Response<T>> {
        let requested = id.get()?;
        let read = |body| async {
            let resource = read_whole(body, self.key()).await?;
            check_same(requested, received(&resource).unwrap_or(requested), self.key())?;
            Ok(resource)
        };
        self.call_about(id, operation, options, make, read).await
    }
}

/// Polling.
impl Core {
    /// Requests the status of a job. The inner error says that the response is that of the job, and that its status is
    /// missing or `null`: the server may not have one for a moment after the job was created. `received` returns the id
    /// in the response.
    pub(crate) async fn poll<I: AsRef<str> + PartialEq, T: DeserializeOwned>(
        &self,
        id: &I,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client) -> Result<ApiRequest<T>, GeneratedError>,
        received: impl Fn(&T) -> &I,
    ) -> Result<Response<Result<T>>> {
        let read = |body: Body| async {
            let body = body.collect().await?;
            match decode::<T>(&body, self.key()) {
                Err(error) if WithoutStatus::is(&body, id.as_ref()) => {
                    Ok(Err(error.with_attempts(1).with_resource(id.as_ref())))
                }
                Err(error) => Err(error),
                Ok(status) => check_same(id, received(&status), self.key()).map(|()| Ok(status)),
            }
        };
        let call = self.call_and_read(operation, options, make, read);
        call.await.map_err(|error| error.with_resource(id.as_ref()))
    }
}

/// A job that may have no status yet.
#[derive(Deserialize)]
struct WithoutStatus<'b> {
    #[serde(rename = "_id", borrow)]
    id: Cow<'b, str>,
    #[serde(default)]
    status: Option<IgnoredAny>,
}

impl WithoutStatus<'_> {
    /// Whether a response is the job with this id, whose status is missing or `null`. A status of the wrong type is not
    /// a status that is not known yet.
    fn is(body: &[u8], id: &str) -> bool {
        serde_json::from_slice::<WithoutStatus<'_>>(body).is_ok_and(|job| job.id == id && job.status.is_none())
    }
}

type Callback<I> = Box<dyn FnOnce(&I) + Send>;

/// The callback for the id of a new resource: `with_created`.
pub(crate) struct OnCreated<I>(Option<Callback<I>>);

impl<I> Default for OnCreated<I> {
    fn default() -> Self {
        Self(None)
    }
}

impl<I: AsRef<str>> OnCreated<I> {
    /// Sets the callback. It replaces an earlier one.
    pub(crate) fn set(&mut self, callback: impl FnOnce(&I) + Send + 'static) {
        self.0 = Some(Box::new(callback));
    }

    /// Calls back, once.
    ///
    /// # Errors
    ///
    /// [`Callback`](crate::ErrorKind::Callback), with the id, if the callback panics.
    pub(crate) fn call(&mut self, id: &I) -> Result<()> {
        match self.0.take().map(|callback| catch(|| callback(id))) {
            Some(Err(panicked)) => Err(Error::of_callback("with_created", panicked).with_resource(id.as_ref())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WithoutStatus;

    #[test]
    fn a_job_has_no_status_only_if_it_is_missing_or_null() {
        let is = |body: &str| WithoutStatus::is(body.as_bytes(), "a");
        let without = [r#"{"_id":"a"}"#, r#"{"_id":"a","status":null}"#, r#"{"status":null,"_id":"\u0061","more":[]}"#];
        for body in without {
            assert!(is(body), "{body}");
        }
        for body in ["7", "{}", "[]", "true", "\"\""] {
            let body = format!(r#"{{"_id":"a","status":{body}}}"#);
            assert!(!is(&body), "{body}");
        }
        for body in [
            r#"{"_id":"a","status":"ready"}"#,
            r#"{"_id":"a","status":"#,
            r#"{"_id":"b"}"#,
            "{}",
            "[]",
            "7",
            "null",
            "",
            "<html>",
        ] {
            assert!(!is(body), "{body}");
        }
    }
}
