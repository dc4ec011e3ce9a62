//! The length of texts in tokens. The platform's tokenizer is not known: here, a token is a word or four characters,
//! whichever are more.

use crate::error_response::ErrorResponse;

/// Maximum number of tokens with Marengo 3.0.
pub(crate) const MARENGO_30: usize = 500;
/// Maximum number of tokens with Marengo 3.5.
pub(crate) const MARENGO_35: usize = 2000;

/// The number of tokens of a text.
pub(crate) fn tokens(text: &str) -> usize {
    text.split_whitespace().count().max(text.chars().count().div_ceil(4))
}

/// Checks that a text is not empty and has at most this many tokens.
pub(crate) fn check(parameter: &str, text: &str, most: usize) -> Result<(), ErrorResponse> {
    match tokens(text) {
        _ if text.trim().is_empty() => Err(ErrorResponse::invalid(parameter, "should not be empty")),
        count if count > most => {
            Err(ErrorResponse::invalid(parameter, format!("should have at most {most} tokens, and has {count}")))
        }
        _ => Ok(()),
    }
}

/// The start of a text that has at most this many tokens.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let words = text.split_whitespace().nth(most).map(|word| word.as_ptr() as usize - text.as_ptr() as usize);
    let characters = text.char_indices().nth(most * 4).map(|(at, _)| at);
    &text[..words.into_iter().chain(characters).min().unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_has_the_maximum_of_tokens() {
        for text in ["a b c d e f", "abcdefghijklmnop", "ä ö ü é ß", ""] {
            let short = cut(text, 3);
            assert!(text.starts_with(short) && tokens(short) <= 3, "{short}");
            assert!(short == text || tokens(text) > 3, "{short}");
        }
        assert!(
            check("text", "a b c", 3).is_ok() && check("text", "a b c d", 3).is_err() && check("text", " ", 3).is_err()
        );
    }
}
