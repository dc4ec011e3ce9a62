//! What the body of an error response says: the code and the message of the API, also if the body is cut.

use twelvelabs_api::types::{WrappedError, WrappedErrorBody};

/// The error of the API in a body, flat or nested. Empty if there is none.
///
/// A body that is cut, because it is too large or its connection broke, says what its whole members say.
pub(super) fn error_of(body: &str) -> WrappedError {
    // A byte order mark is no part of the JSON behind it.
    let body = body.trim_start_matches('\u{feff}');
    parse(body).or_else(|| parse(&closed(body)?)).unwrap_or_default()
}

fn parse(body: &str) -> Option<WrappedError> {
    let wrapped = serde_json::from_str::<WrappedErrorBody>(body).map(|body| body.error);
    wrapped.or_else(|_| serde_json::from_str(body)).ok()
}

/// Whether a body is no JSON, but a page or a text.
pub(super) fn is_page(body: &str) -> bool {
    let start = body.trim_start();
    // A large body may be cut JSON.
    let is_json = || start.starts_with(['{', '[']) || serde_json::from_str::<serde::de::IgnoredAny>(start).is_ok();
    !start.is_empty() && !is_json()
}

/// The start of a JSON text, closed after the last member that is whole. `None` if there is none.
fn closed(start: &str) -> Option<String> {
    // What closes the objects and arrays that are open.
    let mut open = Vec::new();
    // Where the text can be closed, and how much of `open` is needed there: nothing that is open there is closed later
    // without moving it.
    let mut end = None;
    let (mut in_string, mut is_escaped, mut is_value) = (false, false, false);
    for (index, byte) in start.bytes().enumerate() {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    in_string = false;
                    if is_value {
                        end = Some((index + 1, open.len()));
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                is_value = byte == b'[';
                open.push(if is_value { ']' } else { '}' });
            }
            b'}' | b']' => {
                open.pop();
                end = Some((index + 1, open.len()));
            }
            b':' => is_value = true,
            b',' => {
                is_value = open.last() == Some(&']');
                end = Some((index, open.len()));
            }
            _ => {}
        }
    }
    let (index, depth) = end?;
    Some(start[..index].chars().chain(open[..depth].iter().rev().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::char_boundary, *};

    const FLAT: &str = r#"{"code":"too_many_requests","message":"Say \"no\", {then} [wait]","details":{"a":[1,{"b":2}]},"docs_url":"u"}"#;
    const NESTED: &str =
        r#"{"request":[{"id":"1"}],"error":{"message":"Say \"no\", {then} [wait]","code":"too_many_requests"}}"#;

    #[test]
    fn a_body_that_is_cut_anywhere_says_what_came_before() {
        for whole in [FLAT, NESTED] {
            for length in 0..=whole.len() {
                let error = error_of(&whole[..length]);
                let has = |text: &str| whole[..length].contains(text);
                let code = error.code.as_ref().map(|code| code.as_str());
                assert_eq!(code, has(r#""too_many_requests""#).then_some("too_many_requests"), "{}", &whole[..length]);
                let message = has(r#"[wait]""#).then_some(r#"Say "no", {then} [wait]"#);
                assert_eq!(error.message.as_deref(), message, "{}", &whole[..length]);
            }
        }
    }

    #[test]
    fn what_is_no_error_of_the_api_says_nothing() {
        for body in
            ["", "<html>", "null", "[]", "7", r#"{"code""#, r#"{"code":5}"#, r#"{"a":"code","b"#, "}{", "]", ","]
        {
            assert_eq!(error_of(body), WrappedError::default(), "{body}");
        }
        assert_eq!(error_of(&"[".repeat(1000)), WrappedError::default());
        assert!(is_page("<html>") && is_page(" Forbidden") && is_page("\u{feff}{}"));
        assert!(!is_page(" {\"a\"") && !is_page("[]") && !is_page(" \n"));
    }

    proptest::proptest! {
        #[test]
        fn a_text_that_is_closed_is_json_if_its_start_was(
            value in proptest::collection::btree_map("[a-c\"\\\\{,]{0,3}", proptest::collection::vec("[\"\\\\\\]:é]{0,3}", 0..3), 0..4),
            length in 0usize..80,
        ) {
            let whole = serde_json::to_string(&value).expect("JSON");
            let start = &whole[..char_boundary(&whole, length)];
            if let Some(closed) = closed(start) {
                assert!(serde_json::from_str::<serde_json::Value>(&closed).is_ok(), "{start} became {closed}");
            }
        }
    }
}
