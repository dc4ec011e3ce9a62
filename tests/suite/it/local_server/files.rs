//! Small files that tests make.

/// A WAV file of 16 kHz with the sample of each moment, in seconds, between -1 and 1.
pub(super) fn wav(seconds: f64, sample: impl Fn(f64) -> f64) -> Vec<u8> {
    const RATE: u32 = 16_000;
    let samples = (0..(seconds * f64::from(RATE)) as u32).map(|at| sample(f64::from(at) / f64::from(RATE)));
    let data: Vec<u8> = samples.flat_map(|value| ((value * 32_000.0) as i16).to_le_bytes()).collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    file.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// A tone of this frequency in hertz.
pub(super) fn tone(seconds: f64, frequency: f64) -> Vec<u8> {
    wav(seconds, |time| 0.4 * (std::f64::consts::TAU * frequency * time).sin())
}

/// A PNG file of one colour.
pub(super) fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("in memory");
    writer.write_image_data(&colour.repeat((width * height) as usize)).expect("in memory");
    drop(writer);
    file
}

/// A PDF file with this number of empty pages and one line of text.
pub(super) fn pdf(pages: usize, text: &str) -> Vec<u8> {
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", page + 4)).collect();
    let page = |number: usize| format!("{} 0 obj<</Type/Page/Parent 2 0 R>>endobj\n", number + 4);
    let pages_text: String = (0..pages).map(page).collect();
    format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[{kids}]/Count {pages}>>endobj\n\
         3 0 obj<</Length 1>>stream\nBT ({text}) Tj ET\nendstream endobj\n{pages_text}%%EOF\n"
    )
    .into_bytes()
}
