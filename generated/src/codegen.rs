// GENERATED from an OpenAPI document; do not edit. To make it anew: cargo xtask generate
// Document (SHA-256): c87d5f0fa51bdf099df2c7c8a112869f82a83b03b8e6a37a4e6ff55a84b1a79b

#![allow(missing_docs, unused, clippy::all, clippy::unwrap_used, rustdoc::all)]

#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{encode_path, ClientHooks, OperationInfo, RequestBuilderExt};
/// Types used as operation parameters and responses.
#[allow(clippy::all)]
pub mod types {
    impl AudioEmbeddingMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                audio_embedding_option: Default::default(),
                audio_embedding_options: Default::default(),
                audio_embedding_scope: Default::default(),
                audio_embedding_scopes: Default::default(),
                duration: Default::default(),
                end_offset_sec: Default::default(),
                input_filename: Default::default(),
                input_url: Default::default(),
                start_offset_sec: Default::default(),
            }
        }
    }
    ///Facts about an audio file and how it is embedded.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AudioEmbeddingMetadata {
        ///Which kinds of embeddings were asked for.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///The same under the name that the published document of July 2026 gives it.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_options: ::std::vec::Vec<EmbeddingOption>,
        ///What the vectors span.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///The same under the name that the published document of July 2026 gives it.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_scopes: ::std::vec::Vec<EmbeddingScope>,
        ///How long the audio is, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration: ::std::option::Option<f64>,
        ///Where the embedded range ends, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub end_offset_sec: ::std::option::Option<f64>,
        ///The name of the uploaded file; only for tasks that uploaded one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///The address that the file was fetched from; only for tasks that named one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
        ///Where the embedded range starts, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub start_offset_sec: ::std::option::Option<f64>,
    }
    impl AudioSegment {
        /// A value with its required fields.
        pub fn new(
            float: crate::runtime::Embedding,
            start_offset_sec: f64,
            end_offset_sec: f64,
        ) -> Self {
            Self {
                end_offset_sec,
                float,
                start_offset_sec,
            }
        }
    }
    ///A stretch of time and the vector that describes it.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AudioSegment {
        ///Where the segment ends, in seconds from the start of the file.
        pub end_offset_sec: f64,
        ///The vector.
        pub float: crate::runtime::Embedding,
        ///Where the segment starts, in seconds from the start of the file.
        pub start_offset_sec: f64,
    }
    impl BaseEmbeddingMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                input_filename: Default::default(),
                input_url: Default::default(),
            }
        }
    }
    ///Where a media file came from.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct BaseEmbeddingMetadata {
        ///The name of the uploaded file; only for tasks that uploaded one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///The address that the file was fetched from; only for tasks that named one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
    }
    impl DocumentEmbeddingMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                document_embedding_option: Default::default(),
                document_embedding_scope: Default::default(),
                input_filename: Default::default(),
                input_url: Default::default(),
            }
        }
    }
    ///Facts about a document and how it is embedded.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct DocumentEmbeddingMetadata {
        ///Which kinds of embeddings were asked for.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub document_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///What the vectors span.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub document_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///The name of the uploaded file; only for tasks that uploaded one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///The address that the file was fetched from; only for tasks that named one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
    }
    ///Which side of the video a vector describes. `visual-text` belongs to Marengo 2.7, which is switched off.
    #[derive(
        Clone,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::serde::Serialize,
        ::serde::Deserialize
    )]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub enum EmbeddingOption {
        ///`visual`
        #[serde(rename = "visual")]
        Visual,
        ///`audio`
        #[serde(rename = "audio")]
        Audio,
        ///`transcription`
        #[serde(rename = "transcription")]
        Transcription,
        ///`visual-text`
        #[serde(rename = "visual-text")]
        VisualText,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl EmbeddingOption {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "visual",
            "audio",
            "transcription",
            "visual-text",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Visual => "visual",
                Self::Audio => "audio",
                Self::Transcription => "transcription",
                Self::VisualText => "visual-text",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for EmbeddingOption {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for EmbeddingOption {
        fn from(value: &str) -> Self {
            match value {
                "visual" => Self::Visual,
                "audio" => Self::Audio,
                "transcription" => Self::Transcription,
                "visual-text" => Self::VisualText,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for EmbeddingOption {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for EmbeddingOption {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    ///What a vector spans, one clip or the whole selected range of the video.
    #[derive(
        Clone,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::serde::Serialize,
        ::serde::Deserialize
    )]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub enum EmbeddingScope {
        ///`clip`
        #[serde(rename = "clip")]
        Clip,
        ///`video`
        #[serde(rename = "video")]
        Video,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl EmbeddingScope {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &["clip", "video"];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Clip => "clip",
                Self::Video => "video",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for EmbeddingScope {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for EmbeddingScope {
        fn from(value: &str) -> Self {
            match value {
                "clip" => Self::Clip,
                "video" => Self::Video,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for EmbeddingScope {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for EmbeddingScope {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl ErrorBody {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                code: Default::default(),
                docs_url: Default::default(),
                message: Default::default(),
            }
        }
    }
    ///What went wrong, in the platform's words.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct ErrorBody {
        ///The kind of problem, stable enough to act on.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub code: ::std::option::Option<ErrorCode>,
        ///Where the problem is documented.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub docs_url: ::std::option::Option<::std::string::String>,
        ///The problem in words, not stable.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub message: ::std::option::Option<::std::string::String>,
    }
    ///A kind of problem that the platform names.
    #[derive(
        Clone,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::serde::Serialize,
        ::serde::Deserialize
    )]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub enum ErrorCode {
        ///`parameter_invalid`
        #[serde(rename = "parameter_invalid")]
        ParameterInvalid,
        ///`parameter_not_provided`
        #[serde(rename = "parameter_not_provided")]
        ParameterNotProvided,
        ///`parameter_unknown`
        #[serde(rename = "parameter_unknown")]
        ParameterUnknown,
        ///`resource_not_exist`
        #[serde(rename = "resource_not_exist")]
        ResourceNotExist,
        ///`api_key_invalid`
        #[serde(rename = "api_key_invalid")]
        ApiKeyInvalid,
        ///`api_upgrade_required`
        #[serde(rename = "api_upgrade_required")]
        ApiUpgradeRequired,
        ///`api_allowed_for_paid_plan`
        #[serde(rename = "api_allowed_for_paid_plan")]
        ApiAllowedForPaidPlan,
        ///`api_not_allowed`
        #[serde(rename = "api_not_allowed")]
        ApiNotAllowed,
        ///`unauthorized`
        #[serde(rename = "unauthorized")]
        Unauthorized,
        ///`region_not_allowed`
        #[serde(rename = "region_not_allowed")]
        RegionNotAllowed,
        ///`tags_not_allowed`
        #[serde(rename = "tags_not_allowed")]
        TagsNotAllowed,
        ///`request_canceled_or_timed_out`
        #[serde(rename = "request_canceled_or_timed_out")]
        RequestCanceledOrTimedOut,
        ///`too_many_requests`
        #[serde(rename = "too_many_requests")]
        TooManyRequests,
        ///`usage_limit_exceeded`
        #[serde(rename = "usage_limit_exceeded")]
        UsageLimitExceeded,
        ///`video_resolution_too_low`
        #[serde(rename = "video_resolution_too_low")]
        VideoResolutionTooLow,
        ///`video_resolution_too_high`
        #[serde(rename = "video_resolution_too_high")]
        VideoResolutionTooHigh,
        ///`video_resolution_invalid_aspect_ratio`
        #[serde(rename = "video_resolution_invalid_aspect_ratio")]
        VideoResolutionInvalidAspectRatio,
        ///`video_duration_too_short`
        #[serde(rename = "video_duration_too_short")]
        VideoDurationTooShort,
        ///`video_duration_too_long`
        #[serde(rename = "video_duration_too_long")]
        VideoDurationTooLong,
        ///`video_file_broken`
        #[serde(rename = "video_file_broken")]
        VideoFileBroken,
        ///`video_filesize_too_large`
        #[serde(rename = "video_filesize_too_large")]
        VideoFilesizeTooLarge,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl ErrorCode {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "parameter_invalid",
            "parameter_not_provided",
            "parameter_unknown",
            "resource_not_exist",
            "api_key_invalid",
            "api_upgrade_required",
            "api_allowed_for_paid_plan",
            "api_not_allowed",
            "unauthorized",
            "region_not_allowed",
            "tags_not_allowed",
            "request_canceled_or_timed_out",
            "too_many_requests",
            "usage_limit_exceeded",
            "video_resolution_too_low",
            "video_resolution_too_high",
            "video_resolution_invalid_aspect_ratio",
            "video_duration_too_short",
            "video_duration_too_long",
            "video_file_broken",
            "video_filesize_too_large",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::ParameterInvalid => "parameter_invalid",
                Self::ParameterNotProvided => "parameter_not_provided",
                Self::ParameterUnknown => "parameter_unknown",
                Self::ResourceNotExist => "resource_not_exist",
                Self::ApiKeyInvalid => "api_key_invalid",
                Self::ApiUpgradeRequired => "api_upgrade_required",
                Self::ApiAllowedForPaidPlan => "api_allowed_for_paid_plan",
                Self::ApiNotAllowed => "api_not_allowed",
                Self::Unauthorized => "unauthorized",
                Self::RegionNotAllowed => "region_not_allowed",
                Self::TagsNotAllowed => "tags_not_allowed",
                Self::RequestCanceledOrTimedOut => "request_canceled_or_timed_out",
                Self::TooManyRequests => "too_many_requests",
                Self::UsageLimitExceeded => "usage_limit_exceeded",
                Self::VideoResolutionTooLow => "video_resolution_too_low",
                Self::VideoResolutionTooHigh => "video_resolution_too_high",
                Self::VideoResolutionInvalidAspectRatio => {
                    "video_resolution_invalid_aspect_ratio"
                }
                Self::VideoDurationTooShort => "video_duration_too_short",
                Self::VideoDurationTooLong => "video_duration_too_long",
                Self::VideoFileBroken => "video_file_broken",
                Self::VideoFilesizeTooLarge => "video_filesize_too_large",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for ErrorCode {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for ErrorCode {
        fn from(value: &str) -> Self {
            match value {
                "parameter_invalid" => Self::ParameterInvalid,
                "parameter_not_provided" => Self::ParameterNotProvided,
                "parameter_unknown" => Self::ParameterUnknown,
                "resource_not_exist" => Self::ResourceNotExist,
                "api_key_invalid" => Self::ApiKeyInvalid,
                "api_upgrade_required" => Self::ApiUpgradeRequired,
                "api_allowed_for_paid_plan" => Self::ApiAllowedForPaidPlan,
                "api_not_allowed" => Self::ApiNotAllowed,
                "unauthorized" => Self::Unauthorized,
                "region_not_allowed" => Self::RegionNotAllowed,
                "tags_not_allowed" => Self::TagsNotAllowed,
                "request_canceled_or_timed_out" => Self::RequestCanceledOrTimedOut,
                "too_many_requests" => Self::TooManyRequests,
                "usage_limit_exceeded" => Self::UsageLimitExceeded,
                "video_resolution_too_low" => Self::VideoResolutionTooLow,
                "video_resolution_too_high" => Self::VideoResolutionTooHigh,
                "video_resolution_invalid_aspect_ratio" => {
                    Self::VideoResolutionInvalidAspectRatio
                }
                "video_duration_too_short" => Self::VideoDurationTooShort,
                "video_duration_too_long" => Self::VideoDurationTooLong,
                "video_file_broken" => Self::VideoFileBroken,
                "video_filesize_too_large" => Self::VideoFilesizeTooLarge,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for ErrorCode {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for ErrorCode {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl ImageEmbeddingMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                image_embedding_option: Default::default(),
                image_embedding_scope: Default::default(),
                input_filename: Default::default(),
                input_url: Default::default(),
            }
        }
    }
    ///Facts about an image and how it is embedded.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct ImageEmbeddingMetadata {
        ///Which kinds of embeddings were asked for.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub image_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///What the vectors span.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub image_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///The name of the uploaded file; only for tasks that uploaded one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///The address that the file was fetched from; only for tasks that named one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
    }
    impl MediaEmbeddingTask {
        /// A value with its required fields.
        pub fn new(id: TaskId, status: TaskStatus) -> Self {
            Self {
                audio_embedding: Default::default(),
                created_at: Default::default(),
                document_embedding: Default::default(),
                id,
                image_embedding: Default::default(),
                model_name: Default::default(),
                status,
                updated_at: Default::default(),
                video_embedding: Default::default(),
            }
        }
    }
    ///An embedding task as the list shows it, without vectors.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTask {
        ///What is known about the sound, for tasks on an audio file.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_embedding: ::std::option::Option<MediaEmbeddingTaskAudioEmbedding>,
        ///When the task was created.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub created_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///What is known about the document, for tasks on a document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_embedding: ::std::option::Option<
            MediaEmbeddingTaskDocumentEmbedding,
        >,
        ///The id of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///What is known about the image, for tasks on an image.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_embedding: ::std::option::Option<MediaEmbeddingTaskImageEmbedding>,
        ///The model that computes the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///How far the task is.
        pub status: TaskStatus,
        ///When the task changed last.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub updated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///What is known about the video, for tasks on a video.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_embedding: ::std::option::Option<TasksStatusResponseVideoEmbedding>,
    }
    impl MediaEmbeddingTaskAudioEmbedding {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                metadata: Default::default(),
            }
        }
    }
    ///What is known about an audio file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskAudioEmbedding {
        ///Facts about the audio file and how it is embedded.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<AudioEmbeddingMetadata>,
    }
    impl MediaEmbeddingTaskDocumentEmbedding {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                metadata: Default::default(),
            }
        }
    }
    ///What is known about a document.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskDocumentEmbedding {
        ///Facts about the document and how it is embedded.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<DocumentEmbeddingMetadata>,
    }
    impl MediaEmbeddingTaskImageEmbedding {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                metadata: Default::default(),
            }
        }
    }
    ///What is known about an image.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskImageEmbedding {
        ///Facts about the image and how it is embedded.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<ImageEmbeddingMetadata>,
    }
    ///A model that computes embeddings.
    #[derive(
        Clone,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::serde::Serialize,
        ::serde::Deserialize
    )]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub enum ModelName {
        ///`marengo3.0`
        #[serde(rename = "marengo3.0")]
        Marengo30,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl ModelName {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &["marengo3.0"];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Marengo30 => "marengo3.0",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for ModelName {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for ModelName {
        fn from(value: &str) -> Self {
            match value {
                "marengo3.0" => Self::Marengo30,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for ModelName {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for ModelName {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl PageInfo {
        /// A value with its required fields.
        pub fn new(page: u64, total_page: u64) -> Self {
            Self {
                limit_per_page: Default::default(),
                page,
                total_page,
                total_results: Default::default(),
            }
        }
    }
    ///Where a page stands among all pages.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct PageInfo {
        ///How many tasks a page holds at most.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub limit_per_page: ::std::option::Option<u64>,
        ///Which page this is, counted from 1.
        pub page: u64,
        ///How many pages there are.
        pub total_page: u64,
        ///How many tasks there are on all pages.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub total_results: ::std::option::Option<u64>,
    }
    impl ::std::fmt::Display for TaskId {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(&self.0)
        }
    }
    impl TaskId {
        /// The text.
        pub fn as_str(&self) -> &str {
            &self.0
        }
    }
    impl ::std::convert::From<&TaskId> for TaskId {
        fn from(value: &TaskId) -> Self {
            value.clone()
        }
    }
    impl ::std::convert::TryFrom<&::std::string::String> for TaskId {
        type Error = <Self as ::std::str::FromStr>::Err;
        fn try_from(
            value: &::std::string::String,
        ) -> ::std::result::Result<Self, Self::Error> {
            value.parse()
        }
    }
    impl ::std::convert::AsRef<str> for TaskId {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }
    ///The id of an embedding task. Every id seen so far has 24 lower-case hexadecimal digits.
    #[derive(::serde::Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    pub struct TaskId(::std::string::String);
    impl ::std::ops::Deref for TaskId {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<TaskId> for ::std::string::String {
        fn from(value: TaskId) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for TaskId {
        type Err = self::error::ConversionError;
        fn from_str(
            value: &str,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for TaskId {
        type Error = self::error::ConversionError;
        fn try_from(
            value: &str,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for TaskId {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for TaskId {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?
                .parse()
                .map_err(|e: self::error::ConversionError| {
                    <D::Error as ::serde::de::Error>::custom(e.to_string())
                })
        }
    }
    ///How far a task is. `processing` becomes `ready` or `failed`; both are final.
    #[derive(
        Clone,
        Debug,
        PartialEq,
        Eq,
        Hash,
        PartialOrd,
        Ord,
        ::serde::Serialize,
        ::serde::Deserialize
    )]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub enum TaskStatus {
        ///`processing`
        #[serde(rename = "processing")]
        Processing,
        ///`ready`
        #[serde(rename = "ready")]
        Ready,
        ///`failed`
        #[serde(rename = "failed")]
        Failed,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl TaskStatus {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &["processing", "ready", "failed"];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Processing => "processing",
                Self::Ready => "ready",
                Self::Failed => "failed",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for TaskStatus {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for TaskStatus {
        fn from(value: &str) -> Self {
            match value {
                "processing" => Self::Processing,
                "ready" => Self::Ready,
                "failed" => Self::Failed,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for TaskStatus {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for TaskStatus {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl TasksCreateResponse {
        /// A value with its required fields.
        pub fn new(id: TaskId) -> Self {
            Self { id }
        }
    }
    ///A new video embedding task.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksCreateResponse {
        ///The id of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
    }
    impl TasksListResponse {
        /// A value with its required fields.
        pub fn new(page_info: PageInfo) -> Self {
            Self {
                data: Default::default(),
                page_info,
            }
        }
    }
    ///One page of embedding tasks.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksListResponse {
        ///The tasks of this page, newest first.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub data: ::std::vec::Vec<MediaEmbeddingTask>,
        ///Where this page stands among all pages.
        pub page_info: PageInfo,
    }
    impl TasksRetrieveResponse {
        /// A value with its required fields.
        pub fn new(id: TaskId, status: TaskStatus) -> Self {
            Self {
                created_at: Default::default(),
                id,
                model_name: Default::default(),
                status,
                updated_at: Default::default(),
                video_embedding: Default::default(),
            }
        }
    }
    ///A video embedding task with its vectors.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksRetrieveResponse {
        ///When the task was created.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub created_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///The id of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///The model that computed the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///How far the task is; vectors are there when it is `ready`.
        pub status: TaskStatus,
        ///When the task changed last.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub updated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///The embeddings; absent before the task is `ready`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_embedding: ::std::option::Option<TasksRetrieveResponseVideoEmbedding>,
    }
    impl TasksRetrieveResponseVideoEmbedding {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                metadata: Default::default(),
                segments: Default::default(),
            }
        }
    }
    ///The embeddings of a video.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksRetrieveResponseVideoEmbedding {
        ///Facts about the video and how it is embedded.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<VideoEmbeddingMetadata>,
        ///One entry for each clip, option and scope, in no promised order.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub segments: ::std::vec::Vec<VideoSegment>,
    }
    impl TasksStatusResponse {
        /// A value with its required fields.
        pub fn new(id: TaskId, status: TaskStatus) -> Self {
            Self {
                id,
                model_name: Default::default(),
                status,
                video_embedding: Default::default(),
            }
        }
    }
    ///How far a video embedding task is.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksStatusResponse {
        ///The id of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///The model that computes the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///How far the task is.
        pub status: TaskStatus,
        ///What is known about the video; absent until the platform knows it.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_embedding: ::std::option::Option<TasksStatusResponseVideoEmbedding>,
    }
    impl TasksStatusResponseVideoEmbedding {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                metadata: Default::default(),
            }
        }
    }
    ///What is known about the video of a task.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksStatusResponseVideoEmbedding {
        ///Facts about the video and how it is embedded.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<VideoEmbeddingMetadata>,
    }
    impl VideoEmbeddingMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                duration: Default::default(),
                input_filename: Default::default(),
                input_url: Default::default(),
                video_clip_length: Default::default(),
                video_embedding_option: Default::default(),
                video_embedding_scope: Default::default(),
            }
        }
    }
    ///Facts about a video and how it is embedded.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct VideoEmbeddingMetadata {
        ///How long the video is, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration: ::std::option::Option<f64>,
        ///The name of the uploaded file; only for tasks that uploaded one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///The address that the file was fetched from; only for tasks that named one.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
        ///How long a clip is, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_clip_length: ::std::option::Option<f64>,
        ///Which kinds of embeddings the task has.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub video_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///What the vectors span.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub video_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
    }
    impl VideoSegment {
        /// A value with its required fields.
        pub fn new(
            float: crate::runtime::Embedding,
            start_offset_sec: f64,
            end_offset_sec: f64,
            embedding_scope: EmbeddingScope,
        ) -> Self {
            Self {
                embedding_option: Default::default(),
                embedding_scope,
                end_offset_sec,
                float,
                start_offset_sec,
            }
        }
    }
    ///A stretch of a video and the vector that describes one side of it.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct VideoSegment {
        ///Which side of the video the vector describes; absent in results of very old models.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub embedding_option: ::std::option::Option<EmbeddingOption>,
        ///What the vector spans.
        pub embedding_scope: EmbeddingScope,
        ///Where the segment ends, in seconds from the start of the file.
        pub end_offset_sec: f64,
        ///The vector.
        pub float: crate::runtime::Embedding,
        ///Where the segment starts, in seconds from the start of the file.
        pub start_offset_sec: f64,
    }
    impl WrappedErrorBody {
        /// A value with its required fields.
        pub fn new(error: ErrorBody) -> Self {
            Self { error }
        }
    }
    ///What went wrong, as the newer families of the API wrap it.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct WrappedErrorBody {
        ///What went wrong.
        pub error: ErrorBody,
    }
    /// Error types.
    pub mod error {
        /// Error from a `TryFrom` or `FromStr` implementation.
        pub struct ConversionError(::std::borrow::Cow<'static, str>);
        impl ::std::error::Error for ConversionError {}
        impl ::std::fmt::Display for ConversionError {
            fn fmt(
                &self,
                f: &mut ::std::fmt::Formatter<'_>,
            ) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
        impl ::std::fmt::Debug for ConversionError {
            fn fmt(
                &self,
                f: &mut ::std::fmt::Formatter<'_>,
            ) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
        impl From<&'static str> for ConversionError {
            fn from(value: &'static str) -> Self {
                Self(value.into())
            }
        }
        impl From<String> for ConversionError {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }
    }
}
#[derive(Clone, Debug)]
/**Client for Video embedding tasks

Version: 1.3*/
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
    pub(crate) inner: crate::runtime::Key,
}
impl Client {
    /// Construct a new client with an existing `reqwest::Client`,
    /// allowing more control over its configuration.
    ///
    /// `baseurl` is the base URL provided to the internal
    /// `reqwest::Client`, and should include a scheme and hostname,
    /// as well as port and a path stem if applicable.
    pub fn new_with_client(
        baseurl: &str,
        client: reqwest::Client,
        inner: crate::runtime::Key,
    ) -> Self {
        Self {
            baseurl: baseurl.to_string(),
            client,
            inner,
        }
    }
}
impl ClientInfo<crate::runtime::Key> for Client {
    fn api_version() -> &'static str {
        "1.3"
    }
    fn baseurl(&self) -> &str {
        self.baseurl.as_str()
    }
    fn client(&self) -> &reqwest::Client {
        &self.client
    }
    fn inner(&self) -> &crate::runtime::Key {
        &self.inner
    }
}
const _: () = {
    #[allow(dead_code)]
    fn assert_client_hooks()
    where
        Client: ClientHooks<crate::runtime::Key>,
    {}
};
#[allow(clippy::all)]
impl Client {
    ///The request of [`Self::embed_tasks_list`], not sent. It has no key in it.
    pub fn embed_tasks_list_request<'a>(
        &'a self,
        ended_at: Option<&'a ::chrono::DateTime<::chrono::offset::Utc>>,
        page: Option<u64>,
        page_limit: Option<u64>,
        started_at: Option<&'a ::chrono::DateTime<::chrono::offset::Utc>>,
        status: Option<types::TaskStatus>,
    ) -> Result<crate::runtime::ApiRequest<types::TasksListResponse>, Error<()>> {
        let url = format!("{}/embed/tasks", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        let built = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("ended_at", &ended_at))
            .query(&progenitor_client::QueryParam::new("page", &page))
            .query(&progenitor_client::QueryParam::new("page_limit", &page_limit))
            .query(&progenitor_client::QueryParam::new("started_at", &started_at))
            .query(&progenitor_client::QueryParam::new("status", &status))
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::EMBED_TASKS_LIST))
    }
    /**List tasks

Lists tasks, newest first, without their vectors. With neither date given, only the last seven days are listed.

Sends a `GET` request to `/embed/tasks`

Arguments:
- `ended_at`: Only tasks created before this time.
- `page`: Which page, counted from 1.
- `page_limit`: How many tasks a page holds.
- `started_at`: Only tasks created after this time.
- `status`: Only tasks with this status.
*/
    pub async fn embed_tasks_list<'a>(
        &'a self,
        ended_at: Option<&'a ::chrono::DateTime<::chrono::offset::Utc>>,
        page: Option<u64>,
        page_limit: Option<u64>,
        started_at: Option<&'a ::chrono::DateTime<::chrono::offset::Utc>>,
        status: Option<types::TaskStatus>,
    ) -> Result<ResponseValue<types::TasksListResponse>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self
            .embed_tasks_list_request(ended_at, page, page_limit, started_at, status)?
            .request;
        let info = OperationInfo {
            operation_id: "embed_tasks_list",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    ///The request of [`Self::embed_tasks_create`], not sent. It has no key in it.
    pub fn embed_tasks_create_request<'a>(
        &'a self,
        body: crate::runtime::Multipart<forms::TasksCreateRequest>,
    ) -> Result<crate::runtime::ApiRequest<types::TasksCreateResponse>, Error<()>> {
        let url = format!("{}/embed/tasks", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        let built = body
            .put_on(
                self
                    .client
                    .post(url)
                    .header(
                        ::reqwest::header::ACCEPT,
                        ::reqwest::header::HeaderValue::from_static("application/json"),
                    ),
            )
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::EMBED_TASKS_CREATE))
    }
    /**Create a task

Uploads a video, or names one for the platform to fetch, and starts computing its embeddings. The video comes as `video_file` or as `video_url`; when both are sent the platform takes the URL and says nothing.

Sends a `POST` request to `/embed/tasks`

*/
    pub async fn embed_tasks_create<'a>(
        &'a self,
        body: crate::runtime::Multipart<forms::TasksCreateRequest>,
    ) -> Result<ResponseValue<types::TasksCreateResponse>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self.embed_tasks_create_request(body)?.request;
        let info = OperationInfo {
            operation_id: "embed_tasks_create",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    ///The request of [`Self::embed_tasks_status`], not sent. It has no key in it.
    pub fn embed_tasks_status_request<'a>(
        &'a self,
        task_id: &'a types::TaskId,
    ) -> Result<crate::runtime::ApiRequest<types::TasksStatusResponse>, Error<()>> {
        let url = format!(
            "{}/embed/tasks/{}/status", self.baseurl, crate ::runtime::path_segment(&
            task_id.to_string()).map_err(Error::InvalidRequest) ?,
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        let built = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::EMBED_TASKS_STATUS))
    }
    /**Read how far a task is

Gives the status and what is known of the video, without vectors.

Sends a `GET` request to `/embed/tasks/{task_id}/status`

Arguments:
- `task_id`: The id of the task.
*/
    pub async fn embed_tasks_status<'a>(
        &'a self,
        task_id: &'a types::TaskId,
    ) -> Result<ResponseValue<types::TasksStatusResponse>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self.embed_tasks_status_request(task_id)?.request;
        let info = OperationInfo {
            operation_id: "embed_tasks_status",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    ///The request of [`Self::embed_tasks_retrieve`], not sent. It has no key in it.
    pub fn embed_tasks_retrieve_request<'a>(
        &'a self,
        task_id: &'a types::TaskId,
        embedding_option: Option<&'a ::std::vec::Vec<types::EmbeddingOption>>,
    ) -> Result<crate::runtime::ApiRequest<types::TasksRetrieveResponse>, Error<()>> {
        let url = format!(
            "{}/embed/tasks/{}", self.baseurl, crate ::runtime::path_segment(& task_id
            .to_string()).map_err(Error::InvalidRequest) ?,
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        let built = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(
                &progenitor_client::QueryParam::new(
                    "embedding_option",
                    &embedding_option,
                ),
            )
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::EMBED_TASKS_RETRIEVE))
    }
    /**Retrieve the vectors of a task

Reads a task with the vectors of all its segments in one document. Meant for tasks that are `ready`; the order of the segments is not promised.

Sends a `GET` request to `/embed/tasks/{task_id}`

Arguments:
- `task_id`: The id of the task.
- `embedding_option`: Which kinds of embeddings to return. Left out, every kind that the task has.
*/
    pub async fn embed_tasks_retrieve<'a>(
        &'a self,
        task_id: &'a types::TaskId,
        embedding_option: Option<&'a ::std::vec::Vec<types::EmbeddingOption>>,
    ) -> Result<ResponseValue<types::TasksRetrieveResponse>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self
            .embed_tasks_retrieve_request(task_id, embedding_option)?
            .request;
        let info = OperationInfo {
            operation_id: "embed_tasks_retrieve",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
/// Items consumers will typically use such as the Client.
pub mod prelude {
    #[allow(unused_imports)]
    pub use super::Client;
}
impl crate::runtime::LargeArray for types::TasksRetrieveResponse {
    type Element = types::VideoSegment;
    const PATH: &'static [&'static str] = &["video_embedding", "segments"];
    fn fill(&mut self, elements: Vec<Self::Element>) {
        let place = self;
        let place = &mut place.video_embedding;
        let Some(place) = place else { return };
        let place = &mut place.segments;
        *place = elements;
    }
}
/// The first server of the document.
pub const BASE_URL: Option<&str> = Some("https://api.twelvelabs.io/v1.3");
/// The header field that carries the API key.
pub const KEY_HEADER: Option<&str> = Some("x-api-key");
/// SHA-256 of the document that this was generated from.
pub const SPEC_SHA256: &str = "c87d5f0fa51bdf099df2c7c8a112869f82a83b03b8e6a37a4e6ff55a84b1a79b";
/// Names of header fields that answers may carry.
pub mod headers {
    ///`retry-after`
    pub const RETRY_AFTER: &str = "retry-after";
    ///`retry-after-ms`
    pub const RETRY_AFTER_MS: &str = "retry-after-ms";
    ///`x-api-version`
    pub const X_API_VERSION: &str = "x-api-version";
    ///`x-ratelimit-dimensions`
    pub const X_RATELIMIT_DIMENSIONS: &str = "x-ratelimit-dimensions";
    ///`x-ratelimit-duration-limit`
    pub const X_RATELIMIT_DURATION_LIMIT: &str = "x-ratelimit-duration-limit";
    ///`x-ratelimit-duration-remaining`
    pub const X_RATELIMIT_DURATION_REMAINING: &str = "x-ratelimit-duration-remaining";
    ///`x-ratelimit-duration-reset`
    pub const X_RATELIMIT_DURATION_RESET: &str = "x-ratelimit-duration-reset";
    ///`x-ratelimit-limit`
    pub const X_RATELIMIT_LIMIT: &str = "x-ratelimit-limit";
    ///`x-ratelimit-remaining`
    pub const X_RATELIMIT_REMAINING: &str = "x-ratelimit-remaining";
    ///`x-ratelimit-request-limit`
    pub const X_RATELIMIT_REQUEST_LIMIT: &str = "x-ratelimit-request-limit";
    ///`x-ratelimit-request-remaining`
    pub const X_RATELIMIT_REQUEST_REMAINING: &str = "x-ratelimit-request-remaining";
    ///`x-ratelimit-request-reset`
    pub const X_RATELIMIT_REQUEST_RESET: &str = "x-ratelimit-request-reset";
    ///`x-ratelimit-reset`
    pub const X_RATELIMIT_RESET: &str = "x-ratelimit-reset";
    ///`x-request-id`
    pub const X_REQUEST_ID: &str = "x-request-id";
}
/// Limits of the API as a whole.
pub mod limits {
    use crate::runtime::Param;
    ///`embedding_dimension`
    pub const EMBEDDING_DIMENSION: Param = Param {
        name: "embedding_dimension",
        minimum: Some(512f64),
        exclusive_minimum: None,
        maximum: Some(512f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`media_aspect_ratio`
    pub const MEDIA_ASPECT_RATIO: Param = Param {
        name: "media_aspect_ratio",
        minimum: Some(1f64),
        exclusive_minimum: None,
        maximum: Some(2.4f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`media_duration_sec`
    pub const MEDIA_DURATION_SEC: Param = Param {
        name: "media_duration_sec",
        minimum: Some(4f64),
        exclusive_minimum: None,
        maximum: Some(14400f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`media_height_px`
    pub const MEDIA_HEIGHT_PX: Param = Param {
        name: "media_height_px",
        minimum: Some(360f64),
        exclusive_minimum: None,
        maximum: Some(5184f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`media_pixels`
    pub const MEDIA_PIXELS: Param = Param {
        name: "media_pixels",
        minimum: None,
        exclusive_minimum: None,
        maximum: Some(11197440f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`media_width_px`
    pub const MEDIA_WIDTH_PX: Param = Param {
        name: "media_width_px",
        minimum: Some(360f64),
        exclusive_minimum: None,
        maximum: Some(5184f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`retention_sec`
    pub const RETENTION_SEC: Param = Param {
        name: "retention_sec",
        minimum: None,
        exclusive_minimum: None,
        maximum: Some(604800f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
    ///`segment_duration_sec`
    pub const SEGMENT_DURATION_SEC: Param = Param {
        name: "segment_duration_sec",
        minimum: Some(2f64),
        exclusive_minimum: None,
        maximum: Some(10f64),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: None,
    };
}
/// The operations of the document.
pub mod operations {
    use crate::runtime::{Effect, Operation};
    ///`GET /embed/tasks`
    pub const EMBED_TASKS_LIST: Operation = Operation {
        id: "embed_tasks_list",
        method: "GET",
        path: "/embed/tasks",
        effect: Effect::Read,
        params: super::params::embed_tasks_list::ALL,
    };
    ///`POST /embed/tasks`
    pub const EMBED_TASKS_CREATE: Operation = Operation {
        id: "embed_tasks_create",
        method: "POST",
        path: "/embed/tasks",
        effect: Effect::Create,
        params: super::params::embed_tasks_create::ALL,
    };
    ///`GET /embed/tasks/{task_id}/status`
    pub const EMBED_TASKS_STATUS: Operation = Operation {
        id: "embed_tasks_status",
        method: "GET",
        path: "/embed/tasks/{task_id}/status",
        effect: Effect::Read,
        params: super::params::embed_tasks_status::ALL,
    };
    ///`GET /embed/tasks/{task_id}`
    pub const EMBED_TASKS_RETRIEVE: Operation = Operation {
        id: "embed_tasks_retrieve",
        method: "GET",
        path: "/embed/tasks/{task_id}",
        effect: Effect::Read,
        params: super::params::embed_tasks_retrieve::ALL,
    };
    /// All of them, in the order of the document.
    pub const ALL: &[Operation] = &[
        EMBED_TASKS_LIST,
        EMBED_TASKS_CREATE,
        EMBED_TASKS_STATUS,
        EMBED_TASKS_RETRIEVE,
    ];
}
/// The parameters and form fields of each operation, with their limits.
pub mod params {
    ///`GET /embed/tasks`
    pub mod embed_tasks_list {
        use crate::runtime::Param;
        ///`started_at`
        pub const STARTED_AT: Param = Param {
            name: "started_at",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`ended_at`
        pub const ENDED_AT: Param = Param {
            name: "ended_at",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`status`
        pub const STATUS: Param = Param {
            name: "status",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`page`
        pub const PAGE: Param = Param {
            name: "page",
            minimum: Some(1f64),
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: Some("1"),
        };
        ///`page_limit`
        pub const PAGE_LIMIT: Param = Param {
            name: "page_limit",
            minimum: Some(1f64),
            exclusive_minimum: None,
            maximum: Some(50f64),
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: Some("10"),
        };
        /// All of them.
        pub const ALL: &[Param] = &[STARTED_AT, ENDED_AT, STATUS, PAGE, PAGE_LIMIT];
    }
    ///`POST /embed/tasks`
    pub mod embed_tasks_create {
        use crate::runtime::Param;
        ///`model_name`
        pub const MODEL_NAME: Param = Param {
            name: "model_name",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`video_file`
        pub const VIDEO_FILE: Param = Param {
            name: "video_file",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: Some(1u64),
            max_length: Some(2147483648u64),
            default: None,
        };
        ///`video_url`
        pub const VIDEO_URL: Param = Param {
            name: "video_url",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`video_start_offset_sec`
        pub const VIDEO_START_OFFSET_SEC: Param = Param {
            name: "video_start_offset_sec",
            minimum: Some(0f64),
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: Some("0"),
        };
        ///`video_end_offset_sec`
        pub const VIDEO_END_OFFSET_SEC: Param = Param {
            name: "video_end_offset_sec",
            minimum: None,
            exclusive_minimum: Some(0f64),
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`video_clip_length`
        pub const VIDEO_CLIP_LENGTH: Param = Param {
            name: "video_clip_length",
            minimum: Some(2f64),
            exclusive_minimum: None,
            maximum: Some(10f64),
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: Some("6"),
        };
        ///`video_embedding_scope`
        pub const VIDEO_EMBEDDING_SCOPE: Param = Param {
            name: "video_embedding_scope",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: Some("[\"clip\"]"),
        };
        /// All of them.
        pub const ALL: &[Param] = &[
            MODEL_NAME,
            VIDEO_FILE,
            VIDEO_URL,
            VIDEO_START_OFFSET_SEC,
            VIDEO_END_OFFSET_SEC,
            VIDEO_CLIP_LENGTH,
            VIDEO_EMBEDDING_SCOPE,
        ];
    }
    ///`GET /embed/tasks/{task_id}/status`
    pub mod embed_tasks_status {
        use crate::runtime::Param;
        ///`task_id`
        pub const TASK_ID: Param = Param {
            name: "task_id",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: Some(1u64),
            max_length: None,
            default: None,
        };
        /// All of them.
        pub const ALL: &[Param] = &[TASK_ID];
    }
    ///`GET /embed/tasks/{task_id}`
    pub mod embed_tasks_retrieve {
        use crate::runtime::Param;
        ///`task_id`
        pub const TASK_ID: Param = Param {
            name: "task_id",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: Some(1u64),
            max_length: None,
            default: None,
        };
        ///`embedding_option`
        pub const EMBEDDING_OPTION: Param = Param {
            name: "embedding_option",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        /// All of them.
        pub const ALL: &[Param] = &[TASK_ID, EMBEDDING_OPTION];
    }
}
/// What the types look like on the wire.
#[cfg(feature = "schemars")]
pub mod schemas {
    /// The JSON Schema of every generated type, by name.
    pub fn all() -> Vec<(&'static str, ::schemars::Schema)> {
        vec![
            ("TaskId", ::schemars::schema_for!(super::types::TaskId)), ("ModelName",
            ::schemars::schema_for!(super::types::ModelName)), ("TaskStatus",
            ::schemars::schema_for!(super::types::TaskStatus)), ("EmbeddingOption",
            ::schemars::schema_for!(super::types::EmbeddingOption)), ("EmbeddingScope",
            ::schemars::schema_for!(super::types::EmbeddingScope)), ("Embedding",
            ::schemars::schema_for!(crate ::runtime::Embedding)), ("TasksCreateResponse",
            ::schemars::schema_for!(super::types::TasksCreateResponse)),
            ("TasksListResponse",
            ::schemars::schema_for!(super::types::TasksListResponse)), ("PageInfo",
            ::schemars::schema_for!(super::types::PageInfo)), ("MediaEmbeddingTask",
            ::schemars::schema_for!(super::types::MediaEmbeddingTask)),
            ("MediaEmbeddingTaskAudioEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskAudioEmbedding)),
            ("MediaEmbeddingTaskDocumentEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskDocumentEmbedding)),
            ("MediaEmbeddingTaskImageEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskImageEmbedding)),
            ("DocumentEmbeddingMetadata",
            ::schemars::schema_for!(super::types::DocumentEmbeddingMetadata)),
            ("ImageEmbeddingMetadata",
            ::schemars::schema_for!(super::types::ImageEmbeddingMetadata)),
            ("AudioEmbeddingMetadata",
            ::schemars::schema_for!(super::types::AudioEmbeddingMetadata)),
            ("TasksStatusResponse",
            ::schemars::schema_for!(super::types::TasksStatusResponse)),
            ("TasksStatusResponseVideoEmbedding",
            ::schemars::schema_for!(super::types::TasksStatusResponseVideoEmbedding)),
            ("BaseEmbeddingMetadata",
            ::schemars::schema_for!(super::types::BaseEmbeddingMetadata)),
            ("VideoEmbeddingMetadata",
            ::schemars::schema_for!(super::types::VideoEmbeddingMetadata)),
            ("TasksRetrieveResponse",
            ::schemars::schema_for!(super::types::TasksRetrieveResponse)),
            ("TasksRetrieveResponseVideoEmbedding",
            ::schemars::schema_for!(super::types::TasksRetrieveResponseVideoEmbedding)),
            ("AudioSegment", ::schemars::schema_for!(super::types::AudioSegment)),
            ("VideoSegment", ::schemars::schema_for!(super::types::VideoSegment)),
            ("ErrorBody", ::schemars::schema_for!(super::types::ErrorBody)),
            ("WrappedErrorBody",
            ::schemars::schema_for!(super::types::WrappedErrorBody)), ("ErrorCode",
            ::schemars::schema_for!(super::types::ErrorCode))
        ]
    }
}
/// The bodies of operations that take a form.
pub mod forms {
    use super::{types, Error};
    use crate::runtime::{FilePart, Multipart, SourceError, form_text};
    ///The form that creates a video embedding task.
    #[derive(Clone, Debug)]
    pub struct TasksCreateRequest {
        ///The model that computes the embeddings.
        pub model_name: types::ModelName,
        ///The video itself.
        pub video_file: Option<FilePart>,
        ///A direct link to the video file; pages of video hosts and share links are refused.
        pub video_url: Option<String>,
        ///Where the selected range starts, in seconds from the start of the video.
        pub video_start_offset_sec: Option<f64>,
        ///Where the selected range ends, in seconds from the start of the video. Must be greater than the start and comes only together with it; left out, the end of the video.
        pub video_end_offset_sec: Option<f64>,
        ///How long a clip is, in seconds. Must fit into the selected range.
        pub video_clip_length: Option<f64>,
        ///What to compute vectors for. `clip`, or `clip` and `video`; a vector for the whole video suits videos of 10 to 30 seconds.
        pub video_embedding_scope: Vec<types::EmbeddingScope>,
    }
    impl TasksCreateRequest {
        /// A form with its required fields.
        pub fn new(model_name: types::ModelName) -> Self {
            Self {
                model_name,
                video_file: None,
                video_url: None,
                video_start_offset_sec: None,
                video_end_offset_sec: None,
                video_clip_length: None,
                video_embedding_scope: Vec::new(),
            }
        }
        /// Writes the form; files are opened, and can be opened again by the next call if they are repeatable.
        pub async fn encode(&self) -> Result<Multipart<Self>, SourceError> {
            let mut form = Multipart::default();
            {
                let value = &self.model_name;
                form.text("model_name", &form_text(value));
            }
            if let Some(value) = &self.video_file {
                form.file("video_file", value).await?;
            }
            if let Some(value) = &self.video_url {
                form.text("video_url", value);
            }
            if let Some(value) = &self.video_start_offset_sec {
                form.text("video_start_offset_sec", &value.to_string());
            }
            if let Some(value) = &self.video_end_offset_sec {
                form.text("video_end_offset_sec", &value.to_string());
            }
            if let Some(value) = &self.video_clip_length {
                form.text("video_clip_length", &value.to_string());
            }
            for value in &self.video_embedding_scope {
                form.text("video_embedding_scope", &form_text(value));
            }
            Ok(form)
        }
    }
}
