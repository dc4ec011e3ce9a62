//! Texts, images and sounds find what resembles them. The vocabulary is small: this is a demo, not a model.

use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ModelName, RequestOptions, TwelveLabs,
    embed::v2::{AudioInput, EmbedInput, EmbeddingData, ImageInput, MediaSource, Segmentation, VideoInput},
    wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

use super::{
    SOON,
    files::{png, tone, wav},
};
use crate::support::{KEY, without_tls};

/// Sixteen shots of four seconds: what they show and sound like is in `tests/media/make.sh`.
const SHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/shots.mp4");

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The shots, by how near their vectors of this option are.
fn ranked(query: &[f32], shots: &[EmbeddingData], option: &EmbeddingOption) -> Vec<usize> {
    let mut found: Vec<(f32, usize)> = shots
        .iter()
        .filter(|shot| shot.embedding_option.as_ref() == Some(option))
        .map(|shot| (cosine(query, &shot.embedding), (shot.start_sec.unwrap_or_default() / 4.0).round() as usize))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, shot)| shot).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_images_and_sounds_find_shots() {
    let server = LocalServer::start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_max_retries(0);
    let embed = client.build().expect("a client").embed().v2();
    for model in [ModelName::Marengo30, ModelName::Marengo35] {
        let video = VideoInput::new(MediaSource::bytes(std::fs::read(SHOTS).expect("the clip")))
            .segmentation(Segmentation::fixed(4))
            .embedding_scope([EmbeddingScope::Clip])
            .embedding_option([EmbeddingOption::Visual, EmbeddingOption::Audio]);
        let shots = embed.tasks().embed(model.clone(), video).sleep_interval(SOON).await.expect("embedded").data;
        assert_eq!(shots.len(), 32);
        let noise = wav(4.0, {
            let state = std::cell::Cell::new(1_u64);
            move |_| {
                state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
                (state.get() >> 40) as f64 / f64::from(1 << 24) - 0.5
            }
        });
        let picture = |colour| ImageInput::new(MediaSource::bytes(png(320, 180, colour)));
        let sound = |bytes| AudioInput::new(MediaSource::bytes(bytes)).embedding_option([EmbeddingOption::Audio]);
        // The best shot must be one of these.
        let mut queries: Vec<(&str, EmbedInput, EmbeddingOption, Vec<usize>)> = vec![
            ("navy blue", "navy blue".into(), EmbeddingOption::Visual, vec![8, 12, 14]),
            ("seagreen", "something green".into(), EmbeddingOption::Visual, vec![3, 9]),
            ("maroon", "the maroon one".into(), EmbeddingOption::Visual, vec![13]),
            ("noise", "some noise".into(), EmbeddingOption::Audio, vec![3, 6, 10, 14]),
            ("a tone", "a tone".into(), EmbeddingOption::Audio, vec![0, 1, 2, 4, 5, 7, 8, 9, 11, 12, 13, 15]),
            ("low", "a low sound".into(), EmbeddingOption::Audio, vec![0, 3, 8, 10, 13]),
            ("high", "a high sound".into(), EmbeddingOption::Audio, vec![6, 11, 12, 14]),
        ];
        if model == ModelName::Marengo30 {
            queries.push(("a green picture", picture([46, 139, 87]).into(), EmbeddingOption::Visual, vec![9]));
            queries.push(("a red picture", picture([128, 0, 0]).into(), EmbeddingOption::Visual, vec![13]));
            queries.push(("a sound of 220 Hz", sound(tone(4.0, 220.0)).into(), EmbeddingOption::Audio, vec![0]));
            queries.push(("white noise", sound(noise).into(), EmbeddingOption::Audio, vec![6, 14]));
        }
        let mut wrong = Vec::new();
        for (name, input, option, expected) in queries {
            let query = embed.create(model.clone(), input).await.expect(name).data.remove(0);
            let ranked = ranked(&query.embedding, &shots, &option);
            println!("{model}, {name}: {:?}", &ranked[..4]);
            if !expected.contains(&ranked[0]) {
                wrong.push(format!("{model}, {name}: {:?}, not {expected:?}", &ranked[..4]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    server.finish().await.expect("all requests are valid");
}
