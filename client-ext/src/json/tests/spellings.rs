//! Documents in all the spellings that JSON has for them: order of members, white space, escapes, duplicate keys,
//! nesting, objects as arrays. Whatever serde_json decodes from a whole document comes out of its chunks.

use super::{Random, Splitter, TasksRetrieveResponse, Value, agree, decode, is_complete, is_long, retrieve};

/// A JSON value before it is spelt.
#[derive(Clone)]
enum Tree {
    /// A literal or a number.
    Plain(&'static str),
    Text(&'static str),
    Array(Vec<Tree>),
    Object(Vec<(&'static str, Tree)>),
}

use Tree::{Array, Object, Plain, Text};

/// Keys that look like steps of the path, among others.
const KEYS: &[&str] =
    &["video_embedding", "segments", "segment", "Segments", "float", "new", "", "a/b", "status", "\"", "\\"];
const TEXTS: &[&str] =
    &["segments", "video_embedding", "]", "}", "{\"segments\":[", "\\", "\"", "é", "\u{1f600}", "", "/"];
const NUMBERS: &[&str] = &["0", "1", "-0.5", "2e-3", "12", "0.1", "3.5E1"];

/// Anything, in which the names of the path occur in wrong places.
fn other(random: &mut Random, depth: usize) -> Tree {
    match random.below(if depth > 3 { 4 } else { 6 }) {
        0 => Plain(["null", "true", "false"][random.below(3)]),
        1 => Plain(NUMBERS[random.below(NUMBERS.len())]),
        2 | 3 => Text(TEXTS[random.below(TEXTS.len())]),
        4 => Array((0..random.below(4)).map(|_| other(random, depth + 1)).collect()),
        _ => Object((0..random.below(4)).map(|_| (KEYS[random.below(KEYS.len())], other(random, depth + 1))).collect()),
    }
}

/// Shuffles members, adds unknown ones, and rarely repeats one; or spells the object as an array, as serde accepts it
/// for a struct.
fn object(random: &mut Random, mut members: Vec<(&'static str, Tree)>) -> Tree {
    if random.below(40) == 0 {
        return Array(members.into_iter().map(|(_, value)| value).collect());
    }
    for _ in 0..random.below(3) {
        members.push((["new", "x", "segment", "", "\\", "video_embeddings"][random.below(6)], other(random, 0)));
    }
    if random.below(30) == 0 {
        let (key, value) = members[random.below(members.len())].clone();
        members.push((key, if random.below(2) == 0 { value } else { Plain("null") }));
    }
    for index in (1..members.len()).rev() {
        members.swap(index, random.below(index + 1));
    }
    Object(members)
}

fn segment(random: &mut Random) -> Tree {
    // A vector without numbers is invalid, and rare.
    let length = random.below(4).max(usize::from(random.below(8) > 0));
    let numbers = (0..length).map(|_| Plain(NUMBERS[random.below(NUMBERS.len())])).collect();
    let option = if random.below(3) == 0 { Plain("null") } else { Text("visual") };
    // In the order of the fields, for the spelling as an array.
    let members = vec![
        ("embedding_option", option),
        ("embedding_scope", Text("clip")),
        ("end_offset_sec", Plain("6")),
        ("float", Array(numbers)),
        ("start_offset_sec", Plain("0.5")),
    ];
    object(random, members)
}

fn document(random: &mut Random) -> Tree {
    let segments = match random.below(12) {
        0 => Plain("null"),
        1 => other(random, 0),
        _ => Array((0..random.below(4)).map(|_| segment(random)).collect()),
    };
    let video = match random.below(12) {
        0 => Plain("null"),
        1 => other(random, 0),
        _ => object(random, vec![("metadata", Plain("null")), ("segments", segments)]),
    };
    let members = vec![
        ("created_at", Plain("null")),
        ("_id", Text("a")),
        ("model_name", Text("marengo3.0")),
        ("status", Text("ready")),
        ("updated_at", Plain("null")),
        ("video_embedding", video),
    ];
    object(random, members)
}

fn blank(random: &mut Random, out: &mut String) {
    while random.below(4) == 0 {
        out.push([' ', '\n', '\t', '\r'][random.below(4)]);
    }
}

/// A string with random escapes; `rarity` 1 escapes every character.
fn spell_text(random: &mut Random, text: &str, rarity: usize, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '/' if random.below(2) == 0 => out.push_str("\\/"),
            _ if random.below(rarity) == 0 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let digits = if random.below(2) == 0 { format!("{unit:04x}") } else { format!("{unit:04X}") };
                    out.push_str("\\u");
                    out.push_str(&digits);
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn spell(random: &mut Random, tree: &Tree, rarity: usize, out: &mut String) {
    blank(random, out);
    match tree {
        Plain(text) => out.push_str(text),
        Text(text) => spell_text(random, text, rarity, out),
        Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                spell(random, element, rarity, out);
            }
            blank(random, out);
            out.push(']');
        }
        Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                blank(random, out);
                spell_text(random, key, rarity, out);
                blank(random, out);
                out.push(':');
                spell(random, value, rarity, out);
            }
            blank(random, out);
            out.push('}');
        }
    }
    blank(random, out);
}

#[test]
fn every_spelling_decodes_in_chunks_as_serde_json_decodes_it_whole() {
    let mut random = Random(0x5eed_0f5e_9e11_1465);
    let rounds = if is_long() { 50_000 } else { 5_000 };
    let (mut accepted, mut vectors) = (0, 0);
    for round in 0..rounds {
        let tree = document(&mut random);
        let rarity = [1, 4, 1_000_000][random.below(3)];
        let mut text = String::new();
        spell(&mut random, &tree, rarity, &mut text);
        let size = 1 + random.below(text.len());
        agree(text.as_bytes(), size).unwrap_or_else(|why| panic!("round {round}: {why}"));
        if let Ok(theirs) = serde_json::from_str::<TasksRetrieveResponse>(&text) {
            accepted += 1;
            let expected = theirs.video_embedding.map_or(0, |video| video.segments.len());
            let (_, count) = retrieve(&[text.as_bytes()]).expect("decodes");
            assert_eq!(count, expected, "round {round}: {text}");
            vectors += count;
        }
    }
    assert!(
        accepted > rounds / 2 && accepted < rounds && vectors > rounds / 2,
        "{accepted} accepted, {vectors} vectors"
    );
}

#[test]
fn an_array_whose_key_is_spelt_with_escapes_is_not_lost() {
    let element = r#"{"float":[1],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
    for (video, segments) in [
        ("video_embedding", r"segm\u0065nts"),
        (r"\u0076ideo_embedding", "segments"),
        (r"video\u005Fembedding", r"\u0073\u0065\u0067\u006d\u0065\u006e\u0074\u0073"),
    ] {
        let text = format!(r#"{{"_id":"a","status":"ready","{video}":{{"{segments}":[{element},{element}]}}}}"#);
        let expected: TasksRetrieveResponse = serde_json::from_str(&text).expect("a good document");
        for size in [1, 9, text.len()] {
            let blocks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(retrieve(&blocks).expect(&text), (expected.clone(), 2), "{text}");
        }
    }
}

#[test]
fn escapes_in_strings_before_the_array_do_not_delay_its_elements() {
    for text in [r"\\", r#"\""#, r#"\\\""#, r#"]}\",[{"#, r"\u0022"] {
        let start = format!(r#"{{"new":"{text}","_id":"a","video_embedding":{{"segments":[{{"float":[1],"#);
        let segment = r#""start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
        let mut splitter = Splitter::<TasksRetrieveResponse>::default();
        let mut count = 0;
        for chunk in [start.as_str(), segment] {
            splitter.feed(chunk.as_bytes(), |_| count += 1).expect("nothing wrong");
        }
        assert_eq!(count, 1, "{start}");
    }
}

#[test]
fn commas_are_between_two_values_and_nowhere_else() {
    for text in ["[,]", "[,1]", "[1,]", "[1,,2]", "[1 2]", "{,}", r#"{,"a":1}"#, r#"{"a":1,}"#, r#"{"a":1,,"b":2}"#] {
        assert!(decode::<Value>(text.as_bytes()).is_err(), "{text}");
        assert!(!is_complete(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_bracket_is_closed_by_one_of_its_kind() {
    for text in ["[1}", "[[]}", r#"{"a":1]"#, r#"{"a":{}]"#, r#"[{"a":1]}"#] {
        assert!(decode::<Value>(text.as_bytes()).is_err(), "{text}");
        assert!(!is_complete(text.as_bytes()), "{text}");
    }
}
