//! What no type of the API has: variants with a value, and a large array of numbers.

use super::*;

#[test]
fn only_what_is_open_counts_as_depth() {
    #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
    enum Kind {
        New(u8),
    }
    // More of them side by side than may be open at once.
    const COUNT: usize = 2 * DEEPEST;
    let side_by_side = |element: &str| format!("[{}]", vec![element; COUNT].join(","));
    let kinds: Vec<Kind> = decode(side_by_side(r#"{"New":7}"#).as_bytes()).expect("decodes");
    assert_eq!(kinds, vec![Kind::New(7); COUNT]);
    for element in ["[]", "{}", r#"[{"a":[1]}]"#] {
        assert!(decode::<Vec<Value>>(side_by_side(element).as_bytes()).is_ok(), "{element}");
    }
}

#[test]
fn a_number_at_the_end_of_a_chunk_may_go_on() {
    #[derive(Debug, serde::Deserialize)]
    struct Numbers {
        values: Vec<f64>,
    }
    impl LargeArray for Numbers {
        type Element = f64;
        const PATH: &'static [&'static str] = &["values"];

        fn elements_mut(&mut self) -> Option<&mut Vec<f64>> {
            Some(&mut self.values)
        }
    }
    let start = r#"{"values":[1,2.5"#;
    let (numbers, _) = in_blocks::<Numbers>(&[start.as_bytes(), b"e1]}"]).expect("complete");
    assert_eq!(numbers.values, [1.0, 25.0]);
    let error = in_blocks::<Numbers>(&[start.as_bytes()]).expect_err("not complete");
    assert_eq!((error.kind(), error.offset()), (JsonErrorKind::Truncated, start.len() as u64), "{error}");
    assert_eq!(error.path().as_deref(), Some("values[1]"));
}
