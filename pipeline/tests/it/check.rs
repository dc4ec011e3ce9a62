//! The check before the upload, compared with the local server.

use std::path::Path;

use twelvelabs::{
    ErrorCode, ModelName, TwelveLabs,
    embed::v2::{DocumentInput, EmbedTaskInput, ImageInput},
};

use crate::support::{Kept, client, folder, media, pipeline, server};

/// The error code of the server for a file, if it refuses it.
async fn code_of_server(client: &TwelveLabs, path: &Path, is_image: bool) -> Option<ErrorCode> {
    let asset = match client.assets().upload(path).with_wait_until_ready(true).await {
        Ok(asset) => asset,
        Err(error) => return error.code().cloned(),
    };
    let input: EmbedTaskInput =
        if is_image { ImageInput::new(&asset).into() } else { DocumentInput::new(&asset).into() };
    let created = client.embed().v2().tasks().create(ModelName::Marengo35, input).await;
    created.err().and_then(|error| error.code().cloned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_and_documents_that_the_server_refuses_are_refused_before_the_upload() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    let read = |name: &str| std::fs::read(media(name)).expect("the file");
    let small = [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &[0, 0, 0, 64, 0, 0, 4, 0]].concat();
    let long = "words ".repeat(30_000);
    let files = [
        ("box.png", read("box.png")),
        ("box.jpg", read("box.jpg")),
        ("jpeg.png", read("box.jpg")),
        ("fake.png", b"fake".to_vec()),
        ("movie.png", read("tiny.mp4")),
        ("small.png", small),
        ("notes.md", read("notes.md")),
        ("long.txt", long.clone().into_bytes()),
        ("fake.pdf", b"fake".to_vec()),
        ("movie.pdf", read("tiny.mp4")),
        ("latin.txt", b"gr\xfcn".to_vec()),
        ("late.txt", [long.as_bytes(), b"gr\xfcn"].concat()),
        ("nul.txt", b"a\0b".to_vec()),
        ("blank.md", b" \n\t\n".to_vec()),
        ("cut.md", "gr\u{fc}".as_bytes()[..3].to_vec()),
    ];
    let videos = folder.path().join("videos");
    std::fs::create_dir_all(&videos).expect("a folder");
    let mut expected = Vec::new();
    for (name, content) in files {
        let path = videos.join(name);
        std::fs::write(&path, content).expect("written");
        let is_image = ["png", "jpg"].iter().any(|extension| name.ends_with(extension));
        if let Some(code) = code_of_server(&client(&server), &path, is_image).await {
            expected.push((name.to_owned(), code.to_string()));
        }
    }
    let refused = pipeline(&server, folder.path(), &sink).build().expect("valid").estimate().await.expect("estimated");
    let name = |source: &str| source.rsplit('/').next().unwrap_or_default().to_owned();
    let mut found: Vec<_> =
        refused.refused.iter().map(|row| (name(&row.source), row.code.clone().unwrap_or_default())).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{refused:?}");
    assert_eq!(found.len(), 10);
}
