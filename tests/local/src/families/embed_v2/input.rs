//! Audio and video as inputs: the rules for their parameters, by model.

use serde::{Deserialize, Serialize};
use twelvelabs_api::types::{
    AsyncAudioInputRequest, AsyncAudioInputRequestSegmentation, AsyncVideoInputRequest,
    AsyncVideoInputRequestSegmentation, AudioInputRequest, AudioSegmentation, EmbeddingOption, EmbeddingScope,
    EmbeddingType, MediaSourceRequest, ModelName, TemporalSegmentation, TimeBasedMetadataEntry, VideoInputRequest,
};

use super::{one_of, without_repeats};
use crate::error_response::ErrorResponse;

/// The parameters of an audio file or a video as sent.
#[derive(Clone, Debug)]
pub(super) struct TimedInput {
    pub(super) source: MediaSourceRequest,
    start: Option<f64>,
    end: Option<f64>,
    division: Option<SentDivision>,
    options: Vec<EmbeddingOption>,
    scopes: Vec<EmbeddingScope>,
    types: Vec<EmbeddingType>,
    texts: Vec<TimeBasedMetadataEntry>,
}

/// A division in the form of Marengo 3.0, or inside `temporal`, as Marengo 3.5 takes it.
#[derive(Clone, Copy, Debug)]
struct SentDivision {
    division: Division,
    is_wrapped: bool,
}

/// How a file is divided into clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Division {
    /// Clips of this many seconds.
    Fixed(u64),
    /// Clips of at least this many seconds, from one change of the content to the next.
    Dynamic(u64),
}

/// What to compute for an audio file or a video. Defaults are filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Timed {
    pub(super) options: Vec<EmbeddingOption>,
    /// As requested: `local` is the same as `clip`.
    pub(super) scopes: Vec<EmbeddingScope>,
    /// Whether to compute a vector of each option.
    pub(super) separate: bool,
    /// Whether to compute a vector of all options together.
    pub(super) fused: bool,
    pub(super) division: Division,
    /// In seconds. Without an end until the file is read.
    pub(super) start: f64,
    pub(super) end: Option<f64>,
    /// Texts for ranges of time, which belong to the fused vectors.
    pub(super) texts: Vec<TimeBasedMetadataEntry>,
}

/// Whether a file has pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Video,
}

impl Kind {
    /// The name of the input in a request.
    pub(super) fn name(self) -> &'static str {
        if self == Self::Audio { "audio" } else { "video" }
    }
}

/// What the rules depend on, besides the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'c> {
    pub(super) model: &'c ModelName,
    /// The call creates a task.
    pub(super) is_task: bool,
    /// Whether a second vector with the uncertainty is requested.
    pub(super) uncertainty: bool,
}

impl Call<'_> {
    pub(super) fn is_35(&self) -> bool {
        *self.model == ModelName::Marengo35
    }
}

impl From<AudioSegmentation> for SentDivision {
    fn from(sent: AudioSegmentation) -> Self {
        Self { division: Division::Fixed(sent.fixed.duration_sec), is_wrapped: false }
    }
}

impl From<TemporalSegmentation> for SentDivision {
    fn from(sent: TemporalSegmentation) -> Self {
        let division = match sent {
            TemporalSegmentation::Fixed { fixed } => Division::Fixed(fixed.duration_sec),
            TemporalSegmentation::Dynamic { dynamic } => Division::Dynamic(dynamic.min_duration_sec),
            // The document has no other.
            _ => Division::Dynamic(4),
        };
        Self { division, is_wrapped: false }
    }
}

impl From<AsyncAudioInputRequestSegmentation> for SentDivision {
    fn from(sent: AsyncAudioInputRequestSegmentation) -> Self {
        match sent {
            AsyncAudioInputRequestSegmentation::AudioSegmentation(sent) => sent.into(),
            AsyncAudioInputRequestSegmentation::AsyncTemporalSegmentation(sent) => {
                Self { is_wrapped: true, ..sent.temporal.into() }
            }
            _ => Self { division: Division::Fixed(6), is_wrapped: false },
        }
    }
}

impl From<AsyncVideoInputRequestSegmentation> for SentDivision {
    fn from(sent: AsyncVideoInputRequestSegmentation) -> Self {
        match sent {
            AsyncVideoInputRequestSegmentation::TemporalSegmentation(sent) => sent.into(),
            AsyncVideoInputRequestSegmentation::AsyncTemporalSegmentation(sent) => {
                Self { is_wrapped: true, ..sent.temporal.into() }
            }
            _ => Self { division: Division::Dynamic(4), is_wrapped: false },
        }
    }
}

macro_rules! timed_input {
    (@texts $sent:ident) => { Vec::new() };
    (@texts $sent:ident $texts:ident) => { $sent.$texts };
    ($($request:ident $(with $texts:ident)?),+) => {$(
        impl From<$request> for TimedInput {
            fn from(sent: $request) -> Self {
                Self {
                    source: sent.media_source,
                    start: sent.start_sec,
                    end: sent.end_sec,
                    division: sent.segmentation.map(Into::into),
                    options: sent.embedding_option,
                    scopes: sent.embedding_scope,
                    types: sent.embedding_type,
                    texts: timed_input!(@texts sent $($texts)?),
                }
            }
        }
    )+};
}

timed_input!(
    AudioInputRequest,
    VideoInputRequest,
    AsyncAudioInputRequest with time_based_metadata,
    AsyncVideoInputRequest with time_based_metadata
);

impl TimedInput {
    /// Checks the parameters, and fills in the defaults.
    pub(super) fn check(self, kind: Kind, call: &Call<'_>) -> Result<Timed, ErrorResponse> {
        let at = |field: &str| format!("{}.{field}", kind.name());
        let division = self.division(kind, call)?;
        if let (start, Some(end)) = (self.start.unwrap_or(0.0), self.end)
            && end <= start
        {
            let rule = format!("should be greater than {}, which is {start}", at("start_sec"));
            return Err(ErrorResponse::invalid(&at("end_sec"), rule));
        }
        let options: &[&str] = match (kind, call.is_35()) {
            (Kind::Video, false) => &["visual", "audio", "transcription"],
            (Kind::Video, true) => &["visual", "audio"],
            (Kind::Audio, false) => &["audio", "transcription"],
            (Kind::Audio, true) => &["audio"],
        };
        one_of(&at("embedding_option"), &self.options, options)?;
        let scopes: &[&str] = if call.is_35() { &["clip", "local", "asset"] } else { &["clip", "asset"] };
        one_of(&at("embedding_scope"), &self.scopes, scopes)?;
        one_of(&at("embedding_type"), &self.types, EmbeddingType::KNOWN)?;
        let all = |names: &[&str]| names.iter().map(|name| EmbeddingOption::from(*name)).collect();
        let mut plan = Timed {
            separate: self.types.is_empty() || self.types.contains(&EmbeddingType::SeparateEmbedding),
            fused: self.types.contains(&EmbeddingType::FusedEmbedding),
            options: if self.options.is_empty() { all(options) } else { self.options },
            scopes: match self.scopes.is_empty() {
                true => vec![EmbeddingScope::Clip, EmbeddingScope::Asset],
                false => self.scopes,
            },
            division,
            start: self.start.unwrap_or(0.0),
            end: self.end,
            texts: self.texts,
        };
        (plan.options, plan.scopes) = (without_repeats(plan.options), without_repeats(plan.scopes));
        let fuses_text = plan.fused && !plan.texts.is_empty();
        if !self.types.is_empty() && plan.options.len() < 2 && !fuses_text {
            let rule = format!("should be sent with two or more values of {} only", at("embedding_option"));
            return Err(ErrorResponse::invalid(&at("embedding_type"), rule));
        }
        check_texts(&at("time_based_metadata"), &plan, call)?;
        if call.uncertainty && plan.scopes.contains(&EmbeddingScope::Asset) {
            let rule = format!("should be sent only if {} has no asset", at("embedding_scope"));
            return Err(ErrorResponse::invalid("embedding_uncertainty", rule));
        }
        Ok(plan)
    }

    fn division(&self, kind: Kind, call: &Call<'_>) -> Result<Division, ErrorResponse> {
        let name = format!("{}.segmentation", kind.name());
        let Some(SentDivision { division, is_wrapped }) = self.division else {
            return Ok(match (kind, call.is_35()) {
                (_, true) => Division::Dynamic(2),
                (Kind::Video, false) => Division::Dynamic(4),
                (Kind::Audio, false) => Division::Fixed(6),
            });
        };
        if is_wrapped != call.is_35() {
            let verb = if call.is_35() { "should be inside" } else { "should not be inside" };
            return Err(ErrorResponse::invalid(&name, format!("{verb} temporal with {}", call.model)));
        }
        Ok(division)
    }
}

fn check_texts(name: &str, plan: &Timed, call: &Call<'_>) -> Result<(), ErrorResponse> {
    if plan.texts.is_empty() {
        return match plan.fused && call.is_35() {
            true => Err(ErrorResponse::missing(name)),
            false => Ok(()),
        };
    }
    if !call.is_35() || !call.is_task {
        return Err(ErrorResponse::invalid(name, "should be sent with marengo3.5 only"));
    }
    if !plan.fused {
        return Err(ErrorResponse::invalid(name, "should be sent with fused_embedding only"));
    }
    match plan.texts.iter().position(|entry| entry.end < entry.start) {
        Some(index) => Err(ErrorResponse::invalid(&format!("{name}.{index}.end"), "should not be less than its start")),
        None => Ok(()),
    }
}

impl Timed {
    /// Selects the range of a file with this duration in seconds.
    pub(super) fn select(&mut self, kind: Kind, duration: f64) -> Result<(), ErrorResponse> {
        let invalid = |field: &str| {
            let rule = format!("should not exceed the duration of the file, {duration:.3} seconds");
            ErrorResponse::invalid(&format!("{}.{field}", kind.name()), rule)
        };
        if self.start >= duration {
            return Err(invalid("start_sec"));
        }
        if self.end.is_some_and(|end| end > duration + 1e-3) {
            return Err(invalid("end_sec"));
        }
        self.end = Some(self.end.unwrap_or(duration).min(duration));
        Ok(())
    }

    pub(super) fn has_clips(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, EmbeddingScope::Clip | EmbeddingScope::Local))
    }

    pub(super) fn has_asset(&self) -> bool {
        self.scopes.contains(&EmbeddingScope::Asset)
    }
}
