//! The tokens of prose whose change matters.

/// Words that are numbers or that negate a sentence.
const SIGNIFICANT: &[&str] = &[
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twelve",
    "fifteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "hundred",
    "thousand",
    "million",
    "not",
    "no",
    "never",
    "only",
    "cannot",
    "must",
    "unsupported",
];

/// The significant tokens of prose, in their order: numbers, code tokens, words of deprecation and negation. The API
/// states its limits only in prose.
pub fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, piece) in text.replace("<code>", "`").replace("</code>", "`").split('`').enumerate() {
        if index % 2 == 1 {
            found.push(format!("`{piece}`"));
            continue;
        }
        for word in piece.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | '_' | '-' | '%'))) {
            let word = word.trim_matches(['.', ',']);
            let lower = word.to_lowercase();
            let is_number = word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
            let is_end = ["deprecat", "sunset", "remov", "retire", "discontinu", "legacy"]
                .iter()
                .any(|stem| lower.starts_with(stem));
            if is_number || is_end || SIGNIFICANT.contains(&lower.as_str()) || (word.contains('_') && word.len() > 1) {
                found.push(lower);
            }
        }
    }
    found
}
