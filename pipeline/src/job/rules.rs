//! The rules of the platform about settings, checked before anything is sent.

use futures_util::FutureExt;
use twelvelabs::TwelveLabs;

use super::{FileKind, ItemSettings, VectorSpace};

/// The id of an asset that no request is sent for.
const NO_ASSET: &str = "000000000000000000000000";

/// What settings are named in requests, and by users.
const FIELDS: [(&str, &str); 5] = [
    ("embedding_option", "options"),
    ("embedding_scope", "scopes"),
    ("segmentation", "clips"),
    ("start_sec", "start"),
    ("end_sec", "end"),
];

/// Checks settings as the client does when it sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    client: TwelveLabs,
    pub(crate) space: VectorSpace,
}

impl Rules {
    /// The rules of this model, as far as the client is told to check them.
    pub(crate) fn new(client: &TwelveLabs, space: &VectorSpace) -> Self {
        Self { client: client.clone(), space: space.clone() }
    }

    /// Checks settings for a file of this type. `None` if they are valid, else the name of the field, and the rule with
    /// the value.
    pub(crate) fn violation(&self, settings: &ItemSettings, kind: FileKind) -> Option<(&'static str, String)> {
        if *settings == ItemSettings::default() {
            return None;
        }
        settings.violation().or_else(|| {
            let tasks = self.client.embed().v2().tasks();
            let request = tasks.create(self.space.model_name(), settings.input(kind, NO_ASSET));
            // The request of an asset reads no file, so that its check waits for nothing.
            let error = request.validate().now_or_never()?.err()?;
            let broken = error.violations().first()?;
            let own = FIELDS.iter().find(|(name, _)| broken.parameter.contains(name));
            let field = own.map_or("settings", |(_, field)| field);
            let mut rule = broken.rule.clone();
            for (name, field) in FIELDS {
                rule = rule.replace(&format!("{}.{name}", kind.name()), field);
            }
            Some((field, format!("{rule} (got {})", broken.value)))
        })
    }

    /// Rules of the default model or another one, for tests.
    #[cfg(test)]
    pub(crate) fn of(model: &twelvelabs::ModelName) -> Self {
        let client = TwelveLabs::builder().api_key("none").base_url("http://127.0.0.1:9").no_proxy().build();
        Self::new(&client.expect("a client"), &VectorSpace::checked(model, None).expect("valid"))
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs::ModelName;

    use super::*;
    use crate::job::Clips;

    #[test]
    fn what_the_client_would_refuse_is_refused_before_anything_is_sent() {
        let of = |model: ModelName, kind, settings: &ItemSettings| {
            let broken = Rules::of(&model).violation(settings, kind);
            broken.map(|(field, rule)| format!("{field} {rule}"))
        };
        let options = ItemSettings { options: vec!["transcription".into()], ..ItemSettings::default() };
        assert_eq!(
            of(ModelName::Marengo35, FileKind::Video, &options).as_deref(),
            Some("options must be visual or audio when model_name is marengo3.5 (got transcription)")
        );
        assert_eq!(of(ModelName::Marengo30, FileKind::Video, &options), None);
        let clips = ItemSettings { clips: Some(Clips::Dynamic(4)), ..ItemSettings::default() };
        assert_eq!(
            of(ModelName::Marengo30, FileKind::Audio, &clips).as_deref(),
            Some("clips must be fixed when model_name is marengo3.0 (got dynamic)")
        );
        assert_eq!(of(ModelName::Marengo30, FileKind::Video, &clips), None);
        assert_eq!(of(ModelName::Marengo35, FileKind::Audio, &clips), None);
        let range = ItemSettings { start_sec: Some(1.0), end_sec: Some(15_000.0), ..ItemSettings::default() };
        assert_eq!(
            of(ModelName::Marengo35, FileKind::Video, &range).as_deref(),
            Some("end must be at most 14400 s after start, the longest duration of a file (got 15000)")
        );
        // A request of an image has none of them.
        assert_eq!(of(ModelName::Marengo35, FileKind::Image, &range), None);
    }
}
