//! Audio and video: inputs with a time axis.

use std::marker::PhantomData;

use twelvelabs_api::{
    limits::{INLINE_MEDIA_BYTES, MEDIA_DURATION_SEC, SYNC_MEDIA_DURATION_SEC},
    params::embed_v2_create as limits,
    types::{
        AsyncAudioInputRequest, AsyncAudioInputRequestSegmentation, AsyncTemporalSegmentation, AsyncVideoInputRequest,
        AsyncVideoInputRequestSegmentation, AudioInputRequest, AudioSegmentation, AudioSegmentationStrategy,
        DynamicSegmentation, EmbeddingOption, EmbeddingScope, EmbeddingType, FixedSegmentation, ModelName,
        TemporalSegmentation, TimeBasedMetadataEntry, VideoInputRequest,
    },
};

use super::{MediaSource, rules::Call, source::Content};
use crate::error::{Checks, Violation};

/// The kind of a [`TimedInput`]: [`Audio`] or [`Video`]. Not for other types.
pub trait Timeline: Clone + Send + Sync + 'static {
    /// The name of the input on the wire.
    #[doc(hidden)]
    const NAME: &'static str;
}

/// The kind of an [`AudioInput`].
#[derive(Clone, Copy, Debug)]
pub enum Audio {}

/// The kind of a [`VideoInput`].
#[derive(Clone, Copy, Debug)]
pub enum Video {}

impl Timeline for Audio {
    const NAME: &'static str = "audio";
}

impl Timeline for Video {
    const NAME: &'static str = "video";
}

/// An audio file and how to embed it. Options: `audio`, and `transcription` with Marengo 3.0. Marengo 3.0 takes WAV,
/// MP3 and FLAC.
pub type AudioInput = TimedInput<Audio>;

/// A video and how to embed it. Options: `visual`, `audio`, and `transcription` with Marengo 3.0. Marengo 3.0 takes
/// sides of 360–5184 pixels.
pub type VideoInput = TimedInput<Video>;

/// An audio file or a video, and how to embed it.
///
/// There is a vector for each clip and option, and one per option for the whole file, unless
/// [`embedding_scope`](Self::embedding_scope) says otherwise. In a task, the file may last 4 s to 4 h and have up to
/// 4 GB; without a task, 10 min with Marengo 3.0. Marengo 3.5 without a task takes it without options, up to 30 s, for
/// one vector. Rules about several settings are checked when the request is sent.
///
/// ```
/// use twelvelabs::{EmbeddingOption, EmbeddingScope, embed::v2::{MediaSource, Segmentation, VideoInput}};
///
/// let video = VideoInput::new(MediaSource::url("https://example.com/talk.mp4"))
///     .start_sec(60)
///     .end_sec(120)
///     .segmentation(Segmentation::fixed(6))
///     .embedding_option([EmbeddingOption::Visual])
///     .embedding_scope([EmbeddingScope::Clip]);
/// # let _ = video;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TimedInput<K> {
    pub(super) source: MediaSource,
    start: Option<f64>,
    end: Option<f64>,
    segmentation: Option<Segmentation>,
    options: Vec<EmbeddingOption>,
    scopes: Vec<EmbeddingScope>,
    types: Vec<EmbeddingType>,
    metadata: Vec<TimeBasedMetadataEntry>,
    kind: PhantomData<K>,
}

/// How a file is divided into clips: in whole seconds. Shorter clips locate a moment more precisely, and make more
/// vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segmentation(Division);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Division {
    Dynamic(u64),
    Fixed(u64),
}

impl Segmentation {
    /// Clips that begin at changes of the content, of at least this many seconds: 2–5 s, default 4 s with Marengo
    /// 3.0 and 2 s with Marengo 3.5. Marengo 3.0 divides audio into clips of equal length only.
    pub fn dynamic(min_duration_sec: u64) -> Self {
        Self(Division::Dynamic(min_duration_sec))
    }

    /// Clips of this many seconds: 2–10 s. The last clip may be shorter, and is kept, unlike in version 1. A value of
    /// 1 is sent with a warning in the log, because official samples use it although the documentation does not allow
    /// it.
    pub fn fixed(duration_sec: u64) -> Self {
        Self(Division::Fixed(duration_sec))
    }

    fn to_wire(self) -> TemporalSegmentation {
        match self.0 {
            Division::Dynamic(seconds) => TemporalSegmentation::Dynamic { dynamic: DynamicSegmentation::new(seconds) },
            Division::Fixed(seconds) => TemporalSegmentation::Fixed { fixed: FixedSegmentation::new(seconds) },
        }
    }

    /// As Marengo 3.0 takes it for audio; `None` if it cannot be expressed.
    fn to_audio(self) -> Option<AudioSegmentation> {
        match self.0 {
            Division::Dynamic(_) => None,
            Division::Fixed(seconds) => {
                let fixed = FixedSegmentation::new(seconds);
                Some(AudioSegmentation::new(AudioSegmentationStrategy::Fixed, fixed))
            }
        }
    }

    fn check(self, at: &str, checks: &mut Checks) {
        let (bounds, seconds) = match self.0 {
            Division::Dynamic(seconds) => (&limits::VIDEO_SEGMENTATION_DYNAMIC_MIN_DURATION_SEC, seconds),
            Division::Fixed(seconds) => (&limits::VIDEO_SEGMENTATION_FIXED_DURATION_SEC, seconds),
        };
        let field: Vec<&str> = bounds.name.rsplit('.').take(2).collect();
        let name = format!("{at}.segmentation.{}.{}", field[1], field[0]);
        // Official samples use 1 second, which the documentation does not allow.
        if seconds == 1 {
            tracing::warn!("{name} is 1, which the documentation does not allow; sent as it is");
        } else {
            checks.range_as(&name, bounds, Some(seconds as f64));
        }
    }
}

impl<K: Timeline> TimedInput<K> {
    /// A file from a URL, from bytes, or an asset that is `ready`, with the server's defaults.
    pub fn new(source: impl Into<MediaSource>) -> Self {
        Self {
            source: source.into(),
            start: None,
            end: None,
            segmentation: None,
            options: Vec::new(),
            scopes: Vec::new(),
            types: Vec::new(),
            metadata: Vec::new(),
            kind: PhantomData,
        }
    }

    /// Start of the embedded range, in seconds from the start of the file. At least 0, default 0.
    ///
    /// Times in the response are from the start of the file too.
    pub fn start_sec(mut self, seconds: impl Into<f64>) -> Self {
        self.start = Some(seconds.into());
        self
    }

    /// End of the embedded range, in seconds from the start of the file. Greater than the start, default the end of the
    /// file.
    ///
    /// The range may be as long as the longest file that the call takes. A range shorter than a clip of a fixed length
    /// is sent with a warning in the log: what the server does is not documented.
    pub fn end_sec(mut self, seconds: impl Into<f64>) -> Self {
        self.end = Some(seconds.into());
        self
    }

    /// How the file is divided into clips. The form on the wire follows from the model.
    ///
    /// Default with Marengo 3.0: [`dynamic(4)`](Segmentation::dynamic) for video, [`fixed(6)`](Segmentation::fixed) for
    /// audio. Default with Marengo 3.5: `dynamic(2)`.
    pub fn segmentation(mut self, segmentation: Segmentation) -> Self {
        self.segmentation = Some(segmentation);
        self
    }

    /// What to compute vectors for: `visual` (video only), `audio`, `transcription` (Marengo 3.0 only). Default all of
    /// them.
    ///
    /// Options that are left out here cannot be retrieved later, unlike in version 1. With Marengo 3.5, `audio` has the
    /// speech too.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    /// Which ranges to compute vectors for: `clip`, `asset`, or both. Default both. `local` is the same as `clip`, for
    /// tasks with Marengo 3.5.
    ///
    /// A vector for the whole file suits 10–30 s. With
    /// [`embedding_uncertainty`](crate::Request::embedding_uncertainty), a task allows no `asset`.
    pub fn embedding_scope(mut self, scopes: impl IntoIterator<Item = EmbeddingScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Whether to compute one vector per option, one for all of them, or both. Default one per option.
    ///
    /// Only for two or more options. With Marengo 3.5, `fused_embedding` needs
    /// [`time_based_metadata`](Self::time_based_metadata).
    pub fn embedding_type(mut self, types: impl IntoIterator<Item = EmbeddingType>) -> Self {
        self.types = types.into_iter().collect();
        self
    }

    /// Adds a text for a range of time, in seconds from the start of the file: fused vectors of the clips that overlap
    /// it include the text.
    ///
    /// For tasks with Marengo 3.5 and the type `fused_embedding`. `start` and `end` are equal for a moment.
    pub fn time_based_metadata(mut self, start: impl Into<f64>, end: impl Into<f64>, text: impl Into<String>) -> Self {
        self.metadata.push(TimeBasedMetadataEntry::new(start.into(), end.into(), text.into()));
        self
    }

    /// There is nothing but a file, which any form of request can express.
    pub(super) fn is_plain(&self) -> bool {
        let Self { start, end, segmentation, options, scopes, types, metadata, source: _, kind: _ } = self;
        start.is_none()
            && end.is_none()
            && segmentation.is_none()
            && options.is_empty()
            && scopes.is_empty()
            && types.is_empty()
            && metadata.is_empty()
    }

    /// Checks what the OpenAPI document does not state, and the ranges of numbers.
    pub(super) fn check(&self, call: Call<'_>, checks: &mut Checks) {
        let at = K::NAME;
        let field = |name: &str| format!("{at}.{name}");
        self.source.check(&field("media_source"), &INLINE_MEDIA_BYTES, checks);
        self.check_range(&field("start_sec"), &field("end_sec"), call, checks);
        if let Some(segmentation) = self.segmentation {
            segmentation.check(at, checks);
            if at == Audio::NAME && segmentation.to_audio().is_none() {
                let violation = |rule: &str| Violation::new(&field("segmentation"), "dynamic", rule);
                if !call.is_task {
                    // The form of a request without a task has no other division of audio.
                    checks.refuse(violation("must be fixed for audio without a task"));
                } else if call.is_30() {
                    checks.limit(violation("must be fixed when model_name is marengo3.0"));
                }
            }
        }
        let metadata = field("time_based_metadata");
        // The form of a request without a task does not have it.
        if !call.is_task && !self.metadata.is_empty() {
            checks.refuse(Violation::absent(&metadata, "requires a task with marengo3.5"));
        }
        for (index, entry) in self.metadata.iter().enumerate() {
            let at = |field: &str| format!("{metadata}[{index}].{field}");
            checks.range_as(&at("start"), &limits::VIDEO_START_SEC, Some(entry.start));
            checks.range_as(&at("end"), &limits::VIDEO_START_SEC, Some(entry.end));
        }
    }

    /// The range must fit into the longest file that the call takes.
    fn check_range(&self, start_name: &str, end_name: &str, call: Call<'_>, checks: &mut Checks) {
        checks.range_as(start_name, &limits::VIDEO_START_SEC, self.start);
        checks.range_as(end_name, &limits::VIDEO_END_SEC, self.end);
        let start = self.start.unwrap_or_default();
        // A rule of the document.
        if self.end.is_some_and(|end| self.start.is_some() && end <= start) {
            return;
        }
        // The limits are those of the file, which the range is a part of.
        let longest = match call.is_task {
            true => MEDIA_DURATION_SEC.maximum,
            false => SYNC_MEDIA_DURATION_SEC.maximum.filter(|_| call.is_30()),
        };
        let Some(longest) = longest.filter(|_| call.is_30() || call.is_35()) else { return };
        let whose = if call.is_task { "a file" } else { "a file without a task" };
        if let Some(start) = self.start.filter(|start| *start >= longest) {
            let rule = format!("must be less than {longest}, the longest duration of {whose} in seconds");
            checks.limit(Violation::new(start_name, start, rule));
        } else if let Some(end) = self.end.filter(|end| end - start > longest) {
            let rule = format!("must be at most {longest} s after {start_name}, the longest duration of {whose}");
            checks.limit(Violation::new(end_name, end, rule));
        }
        // Whether a clip may be longer than the range is not documented.
        if let (Some(Segmentation(Division::Fixed(seconds))), Some(end)) = (self.segmentation, self.end)
            && seconds as f64 > end - start
        {
            tracing::warn!("the clips of {seconds} s are longer than the range up to {end_name}; sent as it is");
        }
    }
}

impl AudioInput {
    /// The clips have no fixed length, as they must with Marengo 3.0.
    pub(super) fn has_dynamic_clips(&self) -> bool {
        self.segmentation.is_some_and(|segmentation| segmentation.to_audio().is_none())
    }

    /// The input as it is sent without a task.
    pub(super) fn to_request(&self, content: Content) -> AudioInputRequest {
        let mut wire = AudioInputRequest::new(self.source.to_wire(content));
        wire.segmentation = self.segmentation.and_then(Segmentation::to_audio);
        (wire.start_sec, wire.end_sec) = (self.start, self.end);
        (wire.embedding_option, wire.embedding_scope, wire.embedding_type) =
            (self.options.clone(), self.scopes.clone(), self.types.clone());
        wire
    }

    /// The input as it is sent in a task.
    pub(super) fn to_task_request(&self, model: &ModelName, content: Content) -> AsyncAudioInputRequest {
        let mut wire = AsyncAudioInputRequest::new(self.source.to_wire(content));
        wire.segmentation = self.segmentation.map(|division| match division.to_audio() {
            Some(audio) if *model == ModelName::Marengo30 => {
                AsyncAudioInputRequestSegmentation::AudioSegmentation(audio)
            }
            _ => AsyncTemporalSegmentation::new(division.to_wire()).into(),
        });
        (wire.start_sec, wire.end_sec, wire.time_based_metadata) = (self.start, self.end, self.metadata.clone());
        (wire.embedding_option, wire.embedding_scope, wire.embedding_type) =
            (self.options.clone(), self.scopes.clone(), self.types.clone());
        wire
    }
}

impl VideoInput {
    /// The input as it is sent without a task.
    pub(super) fn to_request(&self, content: Content) -> VideoInputRequest {
        let mut wire = VideoInputRequest::new(self.source.to_wire(content));
        wire.segmentation = self.segmentation.map(Segmentation::to_wire);
        (wire.start_sec, wire.end_sec) = (self.start, self.end);
        (wire.embedding_option, wire.embedding_scope, wire.embedding_type) =
            (self.options.clone(), self.scopes.clone(), self.types.clone());
        wire
    }

    /// The input as it is sent in a task.
    pub(super) fn to_task_request(&self, model: &ModelName, content: Content) -> AsyncVideoInputRequest {
        let mut wire = AsyncVideoInputRequest::new(self.source.to_wire(content));
        wire.segmentation = self.segmentation.map(|division| match model {
            ModelName::Marengo30 => AsyncVideoInputRequestSegmentation::from(division.to_wire()),
            _ => AsyncTemporalSegmentation::new(division.to_wire()).into(),
        });
        (wire.start_sec, wire.end_sec, wire.time_based_metadata) = (self.start, self.end, self.metadata.clone());
        (wire.embedding_option, wire.embedding_scope, wire.embedding_type) =
            (self.options.clone(), self.scopes.clone(), self.types.clone());
        wire
    }
}
