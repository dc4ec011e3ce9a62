//! Many small items: memory, CPU per item, and whether the cost grows in proportion.

use std::{error::Error, fs, path::Path};

use crate::{
    Outcome, Size,
    process::{Server, Usage, measure},
    ratio,
};

pub(crate) fn run(size: Size) -> Outcome {
    let few = embed(size.items / 10)?;
    let many = embed(size.items)?;
    let (few_each, many_each) = (few.cpu_seconds * 10.0, many.cpu_seconds);
    ratio("CPU per item of ten times as many items, against the fewer", many_each, few_each, 1.2);
    println!("CPU per item: {:.2} ms", many.cpu_seconds * 1e3 / size.items as f64);
    ratio("peak memory, against 200 MiB", many.peak_mib, 200.0, 1.0);
    Ok(())
}

/// Embeds so many clips of 4 s with the program against a server of its own.
fn embed(items: usize) -> Result<Usage, Box<dyn Error>> {
    let (server, folder) = (Server::start()?, tempfile::tempdir()?);
    write_clips(&folder.path().join("clips"), items, 0)?;
    let mut command = server.program();
    command.arg("embed").arg(folder.path().join("clips")).arg("--out").arg(folder.path().join("table"));
    let usage = measure(command.args(["--poll-interval", "1s", "--batch-delay", "1s", "--json"]))?;
    println!("{items} items: {usage}, {:.0} items/s", items as f64 / usage.seconds);
    Ok(usage)
}

/// Writes different clips of 4 s with so many bytes that players skip.
pub(crate) fn write_clips(folder: &Path, items: usize, bytes: usize) -> Outcome {
    let clip = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/tiny.mp4"))?;
    fs::create_dir_all(folder)?;
    for number in 0..items {
        let mut skipped = number.to_be_bytes().to_vec();
        skipped.resize(bytes.max(8), 0x5a);
        let length = u32::try_from(skipped.len() + 8)?;
        let file = [clip.as_slice(), &length.to_be_bytes(), b"free", &skipped].concat();
        fs::write(folder.join(format!("{number:06}.mp4")), file)?;
    }
    Ok(())
}
