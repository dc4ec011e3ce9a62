// GENERATED from an OpenAPI document; do not edit. To make it anew: cargo xtask generate
// Document (SHA-256): 85c5ffb72531805ac536500accac5f51a1c28726f87d1c9f13251cad90114d17

#![allow(missing_docs, unused, clippy::all, clippy::unwrap_used, rustdoc::all)]

#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{encode_path, ClientHooks, OperationInfo, RequestBuilderExt};
/// Types used as operation parameters and responses.
#[allow(clippy::all)]
pub mod types {
    impl Asset {
        /// A value with its required fields.
        pub fn new(id: AssetId, status: AssetStatus) -> Self {
            Self {
                created_at: Default::default(),
                duration: Default::default(),
                error: Default::default(),
                file_type: Default::default(),
                filename: Default::default(),
                hls: Default::default(),
                id,
                method: Default::default(),
                size: Default::default(),
                source: Default::default(),
                status,
                technical_metadata: Default::default(),
                thumbnail: Default::default(),
                user_metadata: Default::default(),
            }
        }
    }
    ///A stored media file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct Asset {
        ///Time of creation.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub created_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///Duration of a video or audio file, in seconds. Final when the asset is `ready`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration: ::std::option::Option<f64>,
        ///Reason of the failure. Present if the asset is `failed`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub error: ::std::option::Option<AssetError>,
        ///Media type of the file, for example `video/mp4`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub file_type: ::std::option::Option<::std::string::String>,
        ///Name of the file.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub filename: ::std::option::Option<::std::string::String>,
        ///HLS stream of the asset.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub hls: ::std::option::Option<AssetHls>,
        ///Identifier of the asset.
        #[serde(rename = "_id")]
        pub id: AssetId,
        ///How the file reached the server.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub method: ::std::option::Option<AssetMethod>,
        ///Size of the file, in bytes. Final when the asset is `ready`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub size: ::std::option::Option<i64>,
        ///Origin of an asset that was imported through a connector.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub source: ::std::option::Option<AssetSource>,
        ///Status of the asset.
        pub status: AssetStatus,
        ///Facts about the file. Absent while the asset is `processing`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub technical_metadata: ::std::option::Option<TechnicalMetadata>,
        ///Thumbnail of the asset.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub thumbnail: ::std::option::Option<AssetThumbnail>,
        ///Metadata set by the user. Absent if there is none.
        #[serde(default, skip_serializing_if = "::serde_json::Map::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub user_metadata: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    impl AssetError {
        /// A value with its required fields.
        pub fn new(message: ::std::string::String) -> Self {
            Self { message }
        }
    }
    ///Reason why processing an asset failed.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetError {
        ///Human-readable reason. Not stable.
        pub message: ::std::string::String,
    }
    impl AssetHls {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                manifest_url: Default::default(),
                status: Default::default(),
            }
        }
    }
    ///HLS stream of an asset.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetHls {
        ///URL of the manifest. Present if the stream is `ready`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub manifest_url: ::std::option::Option<::std::string::String>,
        ///Status of the stream.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub status: ::std::option::Option<AssetHlsStatus>,
    }
    ///Status of an HLS stream. `ready` and `error` are final.
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
    pub enum AssetHlsStatus {
        ///`pending`
        #[serde(rename = "pending")]
        Pending,
        ///`processing`
        #[serde(rename = "processing")]
        Processing,
        ///`ready`
        #[serde(rename = "ready")]
        Ready,
        ///`error`
        #[serde(rename = "error")]
        Error,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetHlsStatus {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "pending",
            "processing",
            "ready",
            "error",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Pending => "pending",
                Self::Processing => "processing",
                Self::Ready => "ready",
                Self::Error => "error",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetHlsStatus {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetHlsStatus {
        fn from(value: &str) -> Self {
            match value {
                "pending" => Self::Pending,
                "processing" => Self::Processing,
                "ready" => Self::Ready,
                "error" => Self::Error,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetHlsStatus {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetHlsStatus {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl ::std::fmt::Display for AssetId {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(&self.0)
        }
    }
    impl AssetId {
        /// The text.
        pub fn as_str(&self) -> &str {
            &self.0
        }
    }
    impl ::std::convert::From<&AssetId> for AssetId {
        fn from(value: &AssetId) -> Self {
            value.clone()
        }
    }
    impl ::std::convert::TryFrom<&::std::string::String> for AssetId {
        type Error = <Self as ::std::str::FromStr>::Err;
        fn try_from(
            value: &::std::string::String,
        ) -> ::std::result::Result<Self, Self::Error> {
            value.parse()
        }
    }
    impl ::std::convert::AsRef<str> for AssetId {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }
    ///Identifier of an asset.
    #[derive(::serde::Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    pub struct AssetId(::std::string::String);
    impl ::std::ops::Deref for AssetId {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<AssetId> for ::std::string::String {
        fn from(value: AssetId) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for AssetId {
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
    impl ::std::convert::TryFrom<&str> for AssetId {
        type Error = self::error::ConversionError;
        fn try_from(
            value: &str,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for AssetId {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for AssetId {
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
    ///How the file reached the server.
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
    pub enum AssetMethod {
        ///`direct`
        #[serde(rename = "direct")]
        Direct,
        ///`url`
        #[serde(rename = "url")]
        Url,
        ///`multipart`
        #[serde(rename = "multipart")]
        Multipart,
        ///`connector`
        #[serde(rename = "connector")]
        Connector,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetMethod {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "direct",
            "url",
            "multipart",
            "connector",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Direct => "direct",
                Self::Url => "url",
                Self::Multipart => "multipart",
                Self::Connector => "connector",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetMethod {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetMethod {
        fn from(value: &str) -> Self {
            match value {
                "direct" => Self::Direct,
                "url" => Self::Url,
                "multipart" => Self::Multipart,
                "connector" => Self::Connector,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetMethod {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetMethod {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl AssetSource {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                details: Default::default(),
                type_: Default::default(),
            }
        }
    }
    ///Origin of an imported asset.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetSource {
        ///The file at its origin.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub details: ::std::option::Option<AssetSourceDetails>,
        ///Type of the origin.
        #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
        pub type_: ::std::option::Option<AssetSourceType>,
    }
    impl AssetSourceDetails {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                original_filename: Default::default(),
                provider: Default::default(),
                source_id: Default::default(),
                source_link: Default::default(),
            }
        }
    }
    ///An imported file at its origin.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetSourceDetails {
        ///Name of the file at the provider at the time of the import.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub original_filename: ::std::option::Option<::std::string::String>,
        ///Provider that the file was imported from.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub provider: ::std::option::Option<AssetSourceProvider>,
        ///Identifier of the file at the provider.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub source_id: ::std::option::Option<::std::string::String>,
        ///URL of the file at the provider.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub source_link: ::std::option::Option<::std::string::String>,
    }
    ///Provider that files can be imported from.
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
    pub enum AssetSourceProvider {
        ///`google_drive`
        #[serde(rename = "google_drive")]
        GoogleDrive,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetSourceProvider {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &["google_drive"];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::GoogleDrive => "google_drive",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetSourceProvider {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetSourceProvider {
        fn from(value: &str) -> Self {
            match value {
                "google_drive" => Self::GoogleDrive,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetSourceProvider {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetSourceProvider {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    ///Type of the origin of an asset.
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
    pub enum AssetSourceType {
        ///`connector`
        #[serde(rename = "connector")]
        Connector,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetSourceType {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &["connector"];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Connector => "connector",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetSourceType {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetSourceType {
        fn from(value: &str) -> Self {
            match value {
                "connector" => Self::Connector,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetSourceType {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetSourceType {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    ///Status of an asset. `processing` changes to `ready` or `failed`; both are final.
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
    pub enum AssetStatus {
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
    impl AssetStatus {
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
    impl ::std::fmt::Display for AssetStatus {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetStatus {
        fn from(value: &str) -> Self {
            match value {
                "processing" => Self::Processing,
                "ready" => Self::Ready,
                "failed" => Self::Failed,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetStatus {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetStatus {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl AssetThumbnail {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                representative_url: Default::default(),
                status: Default::default(),
            }
        }
    }
    ///Thumbnail of an asset.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetThumbnail {
        ///URL of the image. Present if the thumbnail is `ready`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub representative_url: ::std::option::Option<::std::string::String>,
        ///Status of the thumbnail.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub status: ::std::option::Option<AssetThumbnailStatus>,
    }
    ///Status of a thumbnail. `ready` and `error` are final.
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
    pub enum AssetThumbnailStatus {
        ///`pending`
        #[serde(rename = "pending")]
        Pending,
        ///`processing`
        #[serde(rename = "processing")]
        Processing,
        ///`ready`
        #[serde(rename = "ready")]
        Ready,
        ///`error`
        #[serde(rename = "error")]
        Error,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetThumbnailStatus {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "pending",
            "processing",
            "ready",
            "error",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Pending => "pending",
                Self::Processing => "processing",
                Self::Ready => "ready",
                Self::Error => "error",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetThumbnailStatus {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetThumbnailStatus {
        fn from(value: &str) -> Self {
            match value {
                "pending" => Self::Pending,
                "processing" => Self::Processing,
                "ready" => Self::Ready,
                "error" => Self::Error,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetThumbnailStatus {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetThumbnailStatus {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    ///Type of media of an asset.
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
    pub enum AssetType {
        ///`image`
        #[serde(rename = "image")]
        Image,
        ///`video`
        #[serde(rename = "video")]
        Video,
        ///`audio`
        #[serde(rename = "audio")]
        Audio,
        ///`document`
        #[serde(rename = "document")]
        Document,
        /// A value that was not known when this crate was generated.
        #[serde(untagged)]
        Unknown(::std::string::String),
    }
    impl AssetType {
        /// The values known when this crate was generated.
        pub const KNOWN: &'static [&'static str] = &[
            "image",
            "video",
            "audio",
            "document",
        ];
        /// The value as it stands on the wire.
        pub fn as_str(&self) -> &str {
            match self {
                Self::Image => "image",
                Self::Video => "video",
                Self::Audio => "audio",
                Self::Document => "document",
                Self::Unknown(value) => value,
            }
        }
    }
    impl ::std::fmt::Display for AssetType {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::std::convert::From<&str> for AssetType {
        fn from(value: &str) -> Self {
            match value {
                "image" => Self::Image,
                "video" => Self::Video,
                "audio" => Self::Audio,
                "document" => Self::Document,
                other => Self::Unknown(other.to_owned()),
            }
        }
    }
    impl ::std::convert::From<::std::string::String> for AssetType {
        fn from(value: ::std::string::String) -> Self {
            Self::from(value.as_str())
        }
    }
    impl ::std::str::FromStr for AssetType {
        type Err = ::std::convert::Infallible;
        fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
            Ok(Self::from(value))
        }
    }
    impl AssetsListResponse {
        /// A value with its required fields.
        pub fn new(page_info: PageInfo) -> Self {
            Self {
                data: Default::default(),
                page_info,
            }
        }
    }
    ///A page of assets.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AssetsListResponse {
        ///Assets of this page, newest first.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub data: ::std::vec::Vec<Asset>,
        ///Position of this page.
        pub page_info: PageInfo,
    }
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
    ///Facts about an audio file and its embedding.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AudioEmbeddingMetadata {
        ///Embedding types of the task.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///Same as `audio_embedding_option`. Some versions of the API use this name.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_options: ::std::vec::Vec<EmbeddingOption>,
        ///Scopes of the vectors.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///Same as `audio_embedding_scope`. Some versions of the API use this name.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_embedding_scopes: ::std::vec::Vec<EmbeddingScope>,
        ///Duration of the audio, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration: ::std::option::Option<f64>,
        ///End of the embedded range, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub end_offset_sec: ::std::option::Option<f64>,
        ///Name of the file. Present for tasks created from an upload.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///URL of the file. Present for tasks created from a URL.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
        ///Start of the embedded range, in seconds.
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
    ///A time range and the vector that describes it.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AudioSegment {
        ///End of the segment, in seconds from the start of the file.
        pub end_offset_sec: f64,
        ///The vector.
        pub float: crate::runtime::Embedding,
        ///Start of the segment, in seconds from the start of the file.
        pub start_offset_sec: f64,
    }
    impl AudioStream {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                bit_depth: Default::default(),
                bitrate_bps: Default::default(),
                channel_layout: Default::default(),
                channels: Default::default(),
                codec: Default::default(),
                codec_long: Default::default(),
                duration_seconds: Default::default(),
                index: Default::default(),
                language: Default::default(),
                sample_rate: Default::default(),
            }
        }
    }
    ///An audio stream of a media file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct AudioStream {
        ///Bits per sample.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bit_depth: ::std::option::Option<u64>,
        ///Bit rate, in bits per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bitrate_bps: ::std::option::Option<i64>,
        ///Channel layout, for example `stereo`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub channel_layout: ::std::option::Option<::std::string::String>,
        ///Number of channels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub channels: ::std::option::Option<u64>,
        ///Codec.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub codec: ::std::option::Option<::std::string::String>,
        ///Descriptive name of the codec.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub codec_long: ::std::option::Option<::std::string::String>,
        ///Duration, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration_seconds: ::std::option::Option<f64>,
        ///Position of the stream in the file, counted from 0.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub index: ::std::option::Option<u64>,
        ///Language.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub language: ::std::option::Option<::std::string::String>,
        ///Sample rate, in hertz.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub sample_rate: ::std::option::Option<u64>,
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
    ///Origin of a media file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct BaseEmbeddingMetadata {
        ///Name of the file. Present for tasks created from an upload.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///URL of the file. Present for tasks created from a URL.
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
    ///Facts about a document and its embedding.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct DocumentEmbeddingMetadata {
        ///Embedding types of the task.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub document_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///Scopes of the vectors.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub document_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///Name of the file. Present for tasks created from an upload.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///URL of the file. Present for tasks created from a URL.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
    }
    ///Part of the video that a vector describes. `visual-text` is from Marengo 2.7, which is no longer available.
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
    ///Time range that a vector describes. `clip` is one clip, `video` is the whole selected range.
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
    ///Body of an error response.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct ErrorBody {
        ///Error code. Stable, unlike `message`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub code: ::std::option::Option<ErrorCode>,
        ///URL of the documentation of the error.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub docs_url: ::std::option::Option<::std::string::String>,
        ///Human-readable error message. May change without notice.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub message: ::std::option::Option<::std::string::String>,
    }
    ///Error code of the API.
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
    ///Facts about an image and its embedding.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct ImageEmbeddingMetadata {
        ///Embedding types of the task.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub image_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///Scopes of the vectors.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub image_embedding_scope: ::std::vec::Vec<EmbeddingScope>,
        ///Name of the file. Present for tasks created from an upload.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///URL of the file. Present for tasks created from a URL.
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
    ///An embedding task in a list, without vectors.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTask {
        ///Facts about the audio file. Present for audio tasks.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_embedding: ::std::option::Option<MediaEmbeddingTaskAudioEmbedding>,
        ///Time of creation.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub created_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///Facts about the document. Present for document tasks.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_embedding: ::std::option::Option<
            MediaEmbeddingTaskDocumentEmbedding,
        >,
        ///Identifier of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///Facts about the image. Present for image tasks.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_embedding: ::std::option::Option<MediaEmbeddingTaskImageEmbedding>,
        ///Model that computes the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///Status of the task.
        pub status: TaskStatus,
        ///Time of the last change.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub updated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///Facts about the video. Present for video tasks.
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
    ///Audio part of a task in a list.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskAudioEmbedding {
        ///Facts about the audio file and its embedding.
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
    ///Document part of a task in a list.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskDocumentEmbedding {
        ///Facts about the document and its embedding.
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
    ///Image part of a task in a list.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct MediaEmbeddingTaskImageEmbedding {
        ///Facts about the image and its embedding.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<ImageEmbeddingMetadata>,
    }
    ///Name of an embedding model.
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
    ///Position of a page in a paginated list.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct PageInfo {
        ///Maximum number of items per page.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub limit_per_page: ::std::option::Option<u64>,
        ///Number of this page, counted from 1.
        pub page: u64,
        ///Number of pages.
        pub total_page: u64,
        ///Number of items on all pages.
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
    ///Identifier of an embedding task. Currently 24 lowercase hexadecimal digits, which nothing relies on.
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
    ///Status of a task. `processing` changes to `ready` or `failed`; both are final.
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
        ///Identifier of the task.
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
    ///A page of embedding tasks.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksListResponse {
        ///Tasks of this page, newest first.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub data: ::std::vec::Vec<MediaEmbeddingTask>,
        ///Position of this page.
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
        ///Time of creation.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub created_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///Identifier of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///Model that computed the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///Status of the task. The vectors are present when it is `ready`.
        pub status: TaskStatus,
        ///Time of the last change.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub updated_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        ///The embeddings. Absent until the task is `ready`.
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
    ///Embeddings of a video.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksRetrieveResponseVideoEmbedding {
        ///Facts about the video and its embedding.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<VideoEmbeddingMetadata>,
        ///One segment per clip, embedding type and scope, in unspecified order.
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
    ///Status of a video embedding task.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksStatusResponse {
        ///Identifier of the task.
        #[serde(rename = "_id")]
        pub id: TaskId,
        ///Model that computes the embeddings.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub model_name: ::std::option::Option<ModelName>,
        ///Status of the task.
        pub status: TaskStatus,
        ///Facts about the video. Absent until the server has read it.
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
    ///Video part of the status of a task.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TasksStatusResponseVideoEmbedding {
        ///Facts about the video and its embedding.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub metadata: ::std::option::Option<VideoEmbeddingMetadata>,
    }
    impl TechnicalMetadata {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                audio_channels: Default::default(),
                audio_codec: Default::default(),
                audio_duration_seconds: Default::default(),
                audio_sample_rate: Default::default(),
                audio_streams: Default::default(),
                container_creation_time: Default::default(),
                document_author: Default::default(),
                document_creation_date: Default::default(),
                document_creator_tool: Default::default(),
                document_is_encrypted: Default::default(),
                document_is_tagged: Default::default(),
                document_keywords: Default::default(),
                document_language: Default::default(),
                document_modification_date: Default::default(),
                document_page_count: Default::default(),
                document_page_height_pt: Default::default(),
                document_page_width_pt: Default::default(),
                document_pdf_version: Default::default(),
                document_producer: Default::default(),
                document_subject: Default::default(),
                document_title: Default::default(),
                drop_frame: Default::default(),
                file_container_format: Default::default(),
                file_mime_type: Default::default(),
                file_size_bytes: Default::default(),
                geospatial_altitude_meters: Default::default(),
                geospatial_latitude: Default::default(),
                geospatial_longitude: Default::default(),
                has_alpha: Default::default(),
                has_audio: Default::default(),
                image_bit_depth: Default::default(),
                image_color_space: Default::default(),
                image_format: Default::default(),
                image_height: Default::default(),
                image_orientation: Default::default(),
                image_width: Default::default(),
                is_animated: Default::default(),
                is_hdr: Default::default(),
                start_timecode: Default::default(),
                storage_aspect_ratio: Default::default(),
                timecode_source: Default::default(),
                total_audio_streams: Default::default(),
                total_video_streams: Default::default(),
                video_bitrate_bps: Default::default(),
                video_codec: Default::default(),
                video_duration_seconds: Default::default(),
                video_fps: Default::default(),
                video_height: Default::default(),
                video_streams: Default::default(),
                video_width: Default::default(),
            }
        }
    }
    ///Facts about a media file. Which fields are present depends on the type of the file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct TechnicalMetadata {
        ///Number of channels of the main audio stream.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_channels: ::std::option::Option<u64>,
        ///Codec of the main audio stream.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_codec: ::std::option::Option<::std::string::String>,
        ///Duration of the main audio stream, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_duration_seconds: ::std::option::Option<f64>,
        ///Sample rate of the main audio stream, in hertz.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub audio_sample_rate: ::std::option::Option<u64>,
        ///Audio streams of the file.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub audio_streams: ::std::vec::Vec<AudioStream>,
        ///Time of creation stored in the container.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub container_creation_time: ::std::option::Option<
            ::chrono::DateTime<::chrono::offset::Utc>,
        >,
        ///Author of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_author: ::std::option::Option<::std::string::String>,
        ///Time of creation stored in the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_creation_date: ::std::option::Option<
            ::chrono::DateTime<::chrono::offset::Utc>,
        >,
        ///Program that the document was written with.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_creator_tool: ::std::option::Option<::std::string::String>,
        ///Whether the document is encrypted.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_is_encrypted: ::std::option::Option<bool>,
        ///Whether the document is a tagged PDF.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_is_tagged: ::std::option::Option<bool>,
        ///Keywords of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_keywords: ::std::option::Option<::std::string::String>,
        ///Language of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_language: ::std::option::Option<::std::string::String>,
        ///Time of the last change stored in the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_modification_date: ::std::option::Option<
            ::chrono::DateTime<::chrono::offset::Utc>,
        >,
        ///Number of pages of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_page_count: ::std::option::Option<u64>,
        ///Height of a page, in points.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_page_height_pt: ::std::option::Option<f64>,
        ///Width of a page, in points.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_page_width_pt: ::std::option::Option<f64>,
        ///PDF version of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_pdf_version: ::std::option::Option<::std::string::String>,
        ///Program that wrote the PDF.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_producer: ::std::option::Option<::std::string::String>,
        ///Subject of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_subject: ::std::option::Option<::std::string::String>,
        ///Title of the document.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub document_title: ::std::option::Option<::std::string::String>,
        ///Whether the timecode skips frame numbers.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub drop_frame: ::std::option::Option<bool>,
        ///Container format. Several names are separated by commas.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub file_container_format: ::std::option::Option<::std::string::String>,
        ///Detected media type of the file.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub file_mime_type: ::std::option::Option<::std::string::String>,
        ///Size of the file, in bytes.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub file_size_bytes: ::std::option::Option<i64>,
        ///Altitude stored in the file, in meters.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub geospatial_altitude_meters: ::std::option::Option<f64>,
        ///Latitude stored in the file, in degrees.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub geospatial_latitude: ::std::option::Option<f64>,
        ///Longitude stored in the file, in degrees.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub geospatial_longitude: ::std::option::Option<f64>,
        ///Whether the image has an alpha channel.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub has_alpha: ::std::option::Option<bool>,
        ///Whether the file has an audio stream.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub has_audio: ::std::option::Option<bool>,
        ///Bits per channel of the image.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_bit_depth: ::std::option::Option<u64>,
        ///Color space of the image.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_color_space: ::std::option::Option<::std::string::String>,
        ///Format of the image.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_format: ::std::option::Option<::std::string::String>,
        ///Height of the image, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_height: ::std::option::Option<u64>,
        ///EXIF orientation of the image.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_orientation: ::std::option::Option<i64>,
        ///Width of the image, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub image_width: ::std::option::Option<u64>,
        ///Whether the image is animated.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub is_animated: ::std::option::Option<bool>,
        ///Whether the dynamic range is high.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub is_hdr: ::std::option::Option<bool>,
        ///SMPTE timecode of the first frame.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub start_timecode: ::std::option::Option<::std::string::String>,
        ///Width of the video divided by its height, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub storage_aspect_ratio: ::std::option::Option<f64>,
        ///Origin of `start_timecode`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub timecode_source: ::std::option::Option<::std::string::String>,
        ///Number of audio streams.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub total_audio_streams: ::std::option::Option<u64>,
        ///Number of video streams.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub total_video_streams: ::std::option::Option<u64>,
        ///Bit rate of the main video stream, in bits per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_bitrate_bps: ::std::option::Option<i64>,
        ///Codec of the main video stream.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_codec: ::std::option::Option<::std::string::String>,
        ///Duration of the main video stream, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_duration_seconds: ::std::option::Option<f64>,
        ///Frame rate of the main video stream, in frames per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_fps: ::std::option::Option<f64>,
        ///Height of the main video stream, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_height: ::std::option::Option<u64>,
        ///Video streams of the file.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub video_streams: ::std::vec::Vec<VideoStream>,
        ///Width of the main video stream, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_width: ::std::option::Option<u64>,
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
    ///Facts about a video and its embedding.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct VideoEmbeddingMetadata {
        ///Duration of the video, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration: ::std::option::Option<f64>,
        ///Name of the file. Present for tasks created from an upload.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_filename: ::std::option::Option<::std::string::String>,
        ///URL of the file. Present for tasks created from a URL.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub input_url: ::std::option::Option<::std::string::String>,
        ///Length of a clip, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub video_clip_length: ::std::option::Option<f64>,
        ///Embedding types of the task.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        #[serde(deserialize_with = "crate::runtime::null_as_default")]
        pub video_embedding_option: ::std::vec::Vec<EmbeddingOption>,
        ///Scopes of the vectors.
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
    ///A time range of a video and the vector that describes one part of it.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct VideoSegment {
        ///Part of the video that the vector describes. Absent in results of models before Marengo 2.7.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub embedding_option: ::std::option::Option<EmbeddingOption>,
        ///Time range that the vector describes.
        pub embedding_scope: EmbeddingScope,
        ///End of the segment, in seconds from the start of the file.
        pub end_offset_sec: f64,
        ///The vector.
        pub float: crate::runtime::Embedding,
        ///Start of the segment, in seconds from the start of the file.
        pub start_offset_sec: f64,
    }
    impl VideoStream {
        /// A value with its required fields.
        pub fn new() -> Self {
            Self {
                avg_fps: Default::default(),
                bit_depth: Default::default(),
                bitrate_bps: Default::default(),
                codec: Default::default(),
                color_primaries: Default::default(),
                color_range: Default::default(),
                color_space: Default::default(),
                color_transfer: Default::default(),
                display_aspect_ratio: Default::default(),
                duration_seconds: Default::default(),
                fps: Default::default(),
                height: Default::default(),
                index: Default::default(),
                pixel_aspect_ratio: Default::default(),
                pixel_format: Default::default(),
                rotation: Default::default(),
                scan_type: Default::default(),
                width: Default::default(),
            }
        }
    }
    ///A video stream of a media file.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct VideoStream {
        ///Average frame rate, in frames per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub avg_fps: ::std::option::Option<f64>,
        ///Bits per color component.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bit_depth: ::std::option::Option<u64>,
        ///Bit rate, in bits per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bitrate_bps: ::std::option::Option<i64>,
        ///Codec.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub codec: ::std::option::Option<::std::string::String>,
        ///Color primaries.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub color_primaries: ::std::option::Option<::std::string::String>,
        ///Color range.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub color_range: ::std::option::Option<::std::string::String>,
        ///Color space.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub color_space: ::std::option::Option<::std::string::String>,
        ///Transfer characteristics.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub color_transfer: ::std::option::Option<::std::string::String>,
        ///Aspect ratio of the picture, for example `16:9`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub display_aspect_ratio: ::std::option::Option<::std::string::String>,
        ///Duration, in seconds.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub duration_seconds: ::std::option::Option<f64>,
        ///Nominal frame rate, in frames per second.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub fps: ::std::option::Option<f64>,
        ///Height, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub height: ::std::option::Option<u64>,
        ///Position of the stream in the file, counted from 0.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub index: ::std::option::Option<u64>,
        ///Aspect ratio of a pixel, for example `1:1`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub pixel_aspect_ratio: ::std::option::Option<::std::string::String>,
        ///Pixel format.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub pixel_format: ::std::option::Option<::std::string::String>,
        ///Rotation, in degrees.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub rotation: ::std::option::Option<i64>,
        ///Scan type, for example `progressive`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub scan_type: ::std::option::Option<::std::string::String>,
        ///Width, in pixels.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub width: ::std::option::Option<u64>,
    }
    impl WrappedErrorBody {
        /// A value with its required fields.
        pub fn new(error: ErrorBody) -> Self {
            Self { error }
        }
    }
    ///Body of an error response in newer families of the API.
    #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    #[non_exhaustive]
    pub struct WrappedErrorBody {
        ///The error.
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
/**Client for TwelveLabs API

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
    /**List embedding tasks

Lists tasks without their vectors, newest first. Without `started_at` and `ended_at`, lists the tasks of the last seven days.

Sends a `GET` request to `/embed/tasks`

Arguments:
- `ended_at`: Lists only tasks created before this time.
- `page`: Page number, counted from 1.
- `page_limit`: Number of tasks per page.
- `started_at`: Lists only tasks created after this time.
- `status`: Lists only tasks with this status.
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
    /**Create a video embedding task

Uploads a video, or names the URL of one, and starts to compute its embeddings. Takes `video_file` or `video_url`; if both are sent, the server uses the URL and ignores the file.

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
    /**Retrieve the status of a task

Returns the status and the known facts about the video, without vectors.

Sends a `GET` request to `/embed/tasks/{task_id}/status`

Arguments:
- `task_id`: Identifier of the task.
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
    /**Retrieve the embeddings of a task

Returns a task with the vectors of all its segments, in unspecified order. The response is not paginated. Intended for tasks whose status is `ready`.

Sends a `GET` request to `/embed/tasks/{task_id}`

Arguments:
- `task_id`: Identifier of the task.
- `embedding_option`: Embedding types to return. By default, all types that the task has.
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
    ///The request of [`Self::assets_list`], not sent. It has no key in it.
    pub fn assets_list_request<'a>(
        &'a self,
        asset_ids: Option<&'a ::std::vec::Vec<types::AssetId>>,
        asset_types: Option<&'a ::std::vec::Vec<types::AssetType>>,
        filename: Option<&'a str>,
        page: Option<u64>,
        page_limit: Option<u64>,
    ) -> Result<crate::runtime::ApiRequest<types::AssetsListResponse>, Error<()>> {
        let url = format!("{}/assets", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        let built = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("asset_ids", &asset_ids))
            .query(&progenitor_client::QueryParam::new("asset_types", &asset_types))
            .query(&progenitor_client::QueryParam::new("filename", &filename))
            .query(&progenitor_client::QueryParam::new("page", &page))
            .query(&progenitor_client::QueryParam::new("page_limit", &page_limit))
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::ASSETS_LIST))
    }
    /**List assets

Lists assets, newest first.

Sends a `GET` request to `/assets`

Arguments:
- `asset_ids`: Lists only assets with these identifiers.
- `asset_types`: Lists only assets of these types.
- `filename`: Lists only assets whose file name contains this text. Ignores case.
- `page`: Page number, counted from 1.
- `page_limit`: Number of assets per page.
*/
    pub async fn assets_list<'a>(
        &'a self,
        asset_ids: Option<&'a ::std::vec::Vec<types::AssetId>>,
        asset_types: Option<&'a ::std::vec::Vec<types::AssetType>>,
        filename: Option<&'a str>,
        page: Option<u64>,
        page_limit: Option<u64>,
    ) -> Result<ResponseValue<types::AssetsListResponse>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self
            .assets_list_request(asset_ids, asset_types, filename, page, page_limit)?
            .request;
        let info = OperationInfo {
            operation_id: "assets_list",
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
    ///The request of [`Self::assets_retrieve`], not sent. It has no key in it.
    pub fn assets_retrieve_request<'a>(
        &'a self,
        asset_id: &'a types::AssetId,
    ) -> Result<crate::runtime::ApiRequest<types::Asset>, Error<()>> {
        let url = format!(
            "{}/assets/{}", self.baseurl, crate ::runtime::path_segment(& asset_id
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
            .headers(header_map)
            .build()?;
        Ok(crate::runtime::ApiRequest::new(built, &operations::ASSETS_RETRIEVE))
    }
    /**Retrieve an asset

Returns an asset with its status and the known facts about the file.

Sends a `GET` request to `/assets/{asset_id}`

Arguments:
- `asset_id`: Identifier of the asset.
*/
    pub async fn assets_retrieve<'a>(
        &'a self,
        asset_id: &'a types::AssetId,
    ) -> Result<ResponseValue<types::Asset>, Error<()>> {
        #[allow(unused_mut)]
        let mut request = self.assets_retrieve_request(asset_id)?.request;
        let info = OperationInfo {
            operation_id: "assets_retrieve",
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
/// The OpenAPI document that this crate was generated from, as JSON.
pub const SPEC: &str = include_str!("codegen/openapi.json");
/// SHA-256 of [`SPEC`], in hexadecimal.
pub const SPEC_SHA256: &str = "85c5ffb72531805ac536500accac5f51a1c28726f87d1c9f13251cad90114d17";
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
    ///`GET /assets`
    pub const ASSETS_LIST: Operation = Operation {
        id: "assets_list",
        method: "GET",
        path: "/assets",
        effect: Effect::Read,
        params: super::params::assets_list::ALL,
    };
    ///`GET /assets/{asset_id}`
    pub const ASSETS_RETRIEVE: Operation = Operation {
        id: "assets_retrieve",
        method: "GET",
        path: "/assets/{asset_id}",
        effect: Effect::Read,
        params: super::params::assets_retrieve::ALL,
    };
    /// All of them, in the order of the document.
    pub const ALL: &[Operation] = &[
        EMBED_TASKS_LIST,
        EMBED_TASKS_CREATE,
        EMBED_TASKS_STATUS,
        EMBED_TASKS_RETRIEVE,
        ASSETS_LIST,
        ASSETS_RETRIEVE,
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
    ///`GET /assets`
    pub mod assets_list {
        use crate::runtime::Param;
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
        ///`asset_ids`
        pub const ASSET_IDS: Param = Param {
            name: "asset_ids",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`asset_types`
        pub const ASSET_TYPES: Param = Param {
            name: "asset_types",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        ///`filename`
        pub const FILENAME: Param = Param {
            name: "filename",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: None,
            max_length: None,
            default: None,
        };
        /// All of them.
        pub const ALL: &[Param] = &[PAGE, PAGE_LIMIT, ASSET_IDS, ASSET_TYPES, FILENAME];
    }
    ///`GET /assets/{asset_id}`
    pub mod assets_retrieve {
        use crate::runtime::Param;
        ///`asset_id`
        pub const ASSET_ID: Param = Param {
            name: "asset_id",
            minimum: None,
            exclusive_minimum: None,
            maximum: None,
            exclusive_maximum: None,
            min_length: Some(1u64),
            max_length: None,
            default: None,
        };
        /// All of them.
        pub const ALL: &[Param] = &[ASSET_ID];
    }
}
/// What the types look like on the wire.
#[cfg(feature = "schemars")]
pub mod schemas {
    /// The JSON Schema of every generated type, by name.
    pub fn all() -> Vec<(&'static str, ::schemars::Schema)> {
        vec![
            ("WrappedErrorBody",
            ::schemars::schema_for!(super::types::WrappedErrorBody)), ("ModelName",
            ::schemars::schema_for!(super::types::ModelName)), ("EmbeddingScope",
            ::schemars::schema_for!(super::types::EmbeddingScope)),
            ("TasksCreateResponse",
            ::schemars::schema_for!(super::types::TasksCreateResponse)), ("TaskId",
            ::schemars::schema_for!(super::types::TaskId)), ("TaskStatus",
            ::schemars::schema_for!(super::types::TaskStatus)), ("TasksListResponse",
            ::schemars::schema_for!(super::types::TasksListResponse)),
            ("MediaEmbeddingTask",
            ::schemars::schema_for!(super::types::MediaEmbeddingTask)),
            ("TasksStatusResponseVideoEmbedding",
            ::schemars::schema_for!(super::types::TasksStatusResponseVideoEmbedding)),
            ("VideoEmbeddingMetadata",
            ::schemars::schema_for!(super::types::VideoEmbeddingMetadata)),
            ("BaseEmbeddingMetadata",
            ::schemars::schema_for!(super::types::BaseEmbeddingMetadata)),
            ("EmbeddingOption", ::schemars::schema_for!(super::types::EmbeddingOption)),
            ("MediaEmbeddingTaskAudioEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskAudioEmbedding)),
            ("AudioEmbeddingMetadata",
            ::schemars::schema_for!(super::types::AudioEmbeddingMetadata)),
            ("MediaEmbeddingTaskDocumentEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskDocumentEmbedding)),
            ("DocumentEmbeddingMetadata",
            ::schemars::schema_for!(super::types::DocumentEmbeddingMetadata)),
            ("MediaEmbeddingTaskImageEmbedding",
            ::schemars::schema_for!(super::types::MediaEmbeddingTaskImageEmbedding)),
            ("ImageEmbeddingMetadata",
            ::schemars::schema_for!(super::types::ImageEmbeddingMetadata)), ("PageInfo",
            ::schemars::schema_for!(super::types::PageInfo)), ("TasksStatusResponse",
            ::schemars::schema_for!(super::types::TasksStatusResponse)),
            ("TasksRetrieveResponse",
            ::schemars::schema_for!(super::types::TasksRetrieveResponse)),
            ("TasksRetrieveResponseVideoEmbedding",
            ::schemars::schema_for!(super::types::TasksRetrieveResponseVideoEmbedding)),
            ("VideoSegment", ::schemars::schema_for!(super::types::VideoSegment)),
            ("AudioSegment", ::schemars::schema_for!(super::types::AudioSegment)),
            ("Embedding", ::schemars::schema_for!(crate ::runtime::Embedding)),
            ("AssetId", ::schemars::schema_for!(super::types::AssetId)), ("AssetType",
            ::schemars::schema_for!(super::types::AssetType)), ("AssetsListResponse",
            ::schemars::schema_for!(super::types::AssetsListResponse)), ("Asset",
            ::schemars::schema_for!(super::types::Asset)), ("AssetMethod",
            ::schemars::schema_for!(super::types::AssetMethod)), ("AssetStatus",
            ::schemars::schema_for!(super::types::AssetStatus)), ("AssetSource",
            ::schemars::schema_for!(super::types::AssetSource)), ("AssetSourceType",
            ::schemars::schema_for!(super::types::AssetSourceType)),
            ("AssetSourceDetails",
            ::schemars::schema_for!(super::types::AssetSourceDetails)),
            ("AssetSourceProvider",
            ::schemars::schema_for!(super::types::AssetSourceProvider)), ("AssetHls",
            ::schemars::schema_for!(super::types::AssetHls)), ("AssetHlsStatus",
            ::schemars::schema_for!(super::types::AssetHlsStatus)), ("AssetThumbnail",
            ::schemars::schema_for!(super::types::AssetThumbnail)),
            ("AssetThumbnailStatus",
            ::schemars::schema_for!(super::types::AssetThumbnailStatus)),
            ("TechnicalMetadata",
            ::schemars::schema_for!(super::types::TechnicalMetadata)), ("VideoStream",
            ::schemars::schema_for!(super::types::VideoStream)), ("AudioStream",
            ::schemars::schema_for!(super::types::AudioStream)), ("AssetError",
            ::schemars::schema_for!(super::types::AssetError)), ("ErrorBody",
            ::schemars::schema_for!(super::types::ErrorBody)), ("ErrorCode",
            ::schemars::schema_for!(super::types::ErrorCode))
        ]
    }
}
/// The bodies of operations that take a form.
pub mod forms {
    use super::{types, Error};
    use crate::runtime::{FilePart, Multipart, SourceError, form_text};
    ///Form of a request that creates a video embedding task.
    #[derive(Clone, Debug)]
    pub struct TasksCreateRequest {
        ///Model that computes the embeddings.
        pub model_name: types::ModelName,
        ///Video file to upload.
        pub video_file: Option<FilePart>,
        ///Direct URL of the video file. Pages of video hosts and share links are rejected.
        pub video_url: Option<String>,
        ///Start of the selected range, in seconds from the start of the video.
        pub video_start_offset_sec: Option<f64>,
        ///End of the selected range, in seconds from the start of the video. Must be greater than `video_start_offset_sec`, which is then required. By default, the end of the video.
        pub video_end_offset_sec: Option<f64>,
        ///Length of a clip, in seconds. Must fit into the selected range.
        pub video_clip_length: Option<f64>,
        ///Time ranges to compute vectors for: `clip`, or `clip` and `video`. A vector of the whole video is useful for videos of 10 to 30 seconds.
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
