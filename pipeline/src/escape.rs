//! Text from outside, such as file names, without characters that control a terminal.

use std::fmt::Write;

/// Escapes the characters of a text that control a terminal, such as those of a file name, or that change its direction:
/// they become `\u{1b}` and so on. Other characters stay as they are, unlike with [`str::escape_debug`].
pub fn escape_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Characters that change the direction of text can make a name look like another one.
        let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
        if c.is_control() || reorders {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape_control;

    #[test]
    fn control_characters_are_escaped_and_letters_are_not() {
        assert_eq!(escape_control("a b.mp4 \u{e9}\u{1f600}"), "a b.mp4 \u{e9}\u{1f600}");
        assert_eq!(escape_control("a\u{1b}[31m\nb\u{202e}"), "a\\u{1b}[31m\\u{a}b\\u{202e}");
    }
}
