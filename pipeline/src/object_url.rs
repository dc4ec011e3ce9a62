//! URLs of objects in object storage.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The services, by the scheme of their URLs: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

/// The URL of an object, or of all objects below a prefix: `s3://bucket/prefix`, `gs://bucket/prefix`,
/// `az://container/prefix`.
///
/// What follows the bucket is the name of the object as it is: nothing in it is encoded. It has no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectUrl(String);

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is meant as the URL of an object.
pub(crate) fn is_object_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

impl ObjectUrl {
    /// Checks a URL of the user. The error is the rule, without the URL, which may have a secret.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rule = "the URL of an object must be s3://BUCKET/NAME, gs://BUCKET/NAME or az://CONTAINER/NAME, without user and query";
        let (scheme, rest) = text.split_once("://").filter(|_| is_object_url(text)).ok_or(rule)?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        // The query of a signed URL is a secret. An object with such a name is found by its prefix. A slash at the start
        // would be left out, which is another object.
        if bucket.is_empty() || !bucket.chars().all(is_name) || key.contains('?') || key.starts_with('/') {
            return Err(rule.into());
        }
        let scheme = scheme.to_ascii_lowercase();
        if !cfg!(feature = "object_store") {
            return Err(format!("{scheme}:// needs a program that was built with the feature object_store"));
        }
        Ok(Self(format!("{scheme}://{bucket}/{key}")))
    }

    /// A URL that was checked by an earlier run.
    pub(crate) fn of_ledger(text: String) -> Self {
        Self(text)
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, bucket and name.
    fn parts(&self) -> (&str, &str, &str) {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        (scheme, bucket, key)
    }

    /// The name of the object, or the prefix.
    pub(crate) fn key(&self) -> &str {
        self.parts().2
    }

    /// The last part of the name.
    pub(crate) fn file_name(&self) -> &str {
        self.key().rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(feature = "object_store")]
impl ObjectUrl {
    pub(crate) fn scheme(&self) -> &str {
        self.parts().0
    }

    pub(crate) fn bucket(&self) -> &str {
        self.parts().1
    }

    /// The URL without the name.
    pub(crate) fn root(&self) -> &str {
        &self.0[..self.0.len() - self.key().len()]
    }

    /// Another object of the bucket.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self(format!("{}{key}", self.root()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_schemes_and_what_may_have_a_secret_are_refused_without_repeating_it() {
        assert!(is_object_url("S3://b/k") && !is_object_url("https://b/k") && !is_object_url("s3:/b"));
        for text in [
            "s3://",
            "s3:///k",
            "s3://b//k",
            "s3://key:SECRET@b/k",
            "s3://b/k?X-Amz-Signature=SECRET",
            "az://a b/k",
            "file",
        ] {
            let error = ObjectUrl::parse(text).expect_err(text);
            assert!(error.starts_with("the URL of an object must be") && !error.contains("SECRET"), "{error}");
        }
    }

    #[cfg(feature = "object_store")]
    #[test]
    fn a_url_has_a_bucket_and_a_name() {
        let url = ObjectUrl::parse("S3://My.bucket-1/a/b c#1.mp4").expect("valid");
        assert_eq!(url.as_str(), "s3://My.bucket-1/a/b c#1.mp4");
        assert_eq!((url.scheme(), url.bucket(), url.key()), ("s3", "My.bucket-1", "a/b c#1.mp4"));
        assert_eq!((url.file_name(), url.root()), ("b c#1.mp4", "s3://My.bucket-1/"));
        assert_eq!(url.with_key("d").as_str(), "s3://My.bucket-1/d");
        assert_eq!(ObjectUrl::parse("gs://b").expect("valid").as_str(), "gs://b/");
    }

    #[cfg(not(feature = "object_store"))]
    #[test]
    fn without_the_feature_the_error_names_it() {
        let error = ObjectUrl::parse("s3://b/k").expect_err("refused");
        assert_eq!(error, "s3:// needs a program that was built with the feature object_store");
    }
}
