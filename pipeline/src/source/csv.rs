//! CSV as in RFC 4180, with the place of every field.

/// A field, and where it starts: line and column, both counted from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A text that is not CSV: its place, and the rule.
pub(super) type CsvError = (usize, usize, &'static str);

/// Splits a text into records. Empty lines are left out.
pub(super) fn records(text: &str) -> Result<Vec<Vec<Field>>, CsvError> {
    let mut characters = text.chars().peekable();
    let (mut line, mut column) = (1, 1);
    let (mut records, mut record) = (Vec::new(), Vec::new());
    while characters.peek().is_some() {
        let mut field = Field { text: String::new(), line, column };
        if characters.next_if_eq(&'"').is_some() {
            column += 1;
            loop {
                let unclosed = (field.line, field.column, "a quoted field is not closed");
                match characters.next().ok_or(unclosed)? {
                    '"' if characters.next_if_eq(&'"').is_some() => {
                        field.text.push('"');
                        column += 2;
                    }
                    '"' => {
                        column += 1;
                        break;
                    }
                    '\n' => {
                        field.text.push('\n');
                        (line, column) = (line + 1, 1);
                    }
                    other => {
                        field.text.push(other);
                        column += 1;
                    }
                }
            }
            if characters.peek().is_some_and(|next| !matches!(next, ',' | '\r' | '\n')) {
                return Err((line, column, "a quoted field must be followed by a comma or the end of the line"));
            }
        } else {
            while let Some(next) = characters.next_if(|next| !matches!(next, ',' | '\n')) {
                if next == '"' {
                    return Err((line, column, "a quote must be at the start of its field"));
                }
                field.text.push(next);
                column += 1;
            }
            if field.text.ends_with('\r') {
                field.text.pop();
            }
        }
        record.push(field);
        characters.next_if_eq(&'\r');
        if characters.next_if_eq(&',').is_some() {
            column += 1;
            // A comma at the end of the text starts an empty field.
            if characters.peek().is_none() {
                record.push(Field { text: String::new(), line, column });
            }
        } else {
            characters.next_if_eq(&'\n');
            (line, column) = (line + 1, 1);
            push(&mut records, &mut record);
        }
    }
    push(&mut records, &mut record);
    Ok(records)
}

fn push(records: &mut Vec<Vec<Field>>, record: &mut Vec<Field>) {
    let record = std::mem::take(record);
    let is_blank = matches!(record.as_slice(), [only] if only.text.is_empty());
    if !record.is_empty() && !is_blank {
        records.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let records = records(text).expect("CSV");
        records.into_iter().map(|record| record.into_iter().map(|field| field.text).collect()).collect()
    }

    #[test]
    fn fields_are_split_with_quotes_and_line_breaks() {
        assert_eq!(texts("a,b\r\n\"c,\"\"d\",e\n\nf,\n"), [vec!["a", "b"], vec!["c,\"d", "e"], vec!["f", ""]]);
        assert_eq!(texts("a,\"b\nc\""), [vec!["a", "b\nc"]]);
        assert_eq!(texts("a,"), [vec!["a", ""]]);
        assert!(texts("\n\r\n").is_empty());
    }

    #[test]
    fn places_are_those_of_characters() {
        let found = records("\u{e9},b\n\"x\ny\",z").expect("CSV");
        let places: Vec<_> = found.iter().flatten().map(|field| (field.line, field.column)).collect();
        assert_eq!(places, [(1, 1), (1, 3), (2, 1), (3, 4)]);
        assert_eq!(records("a,\"b"), Err((1, 3, "a quoted field is not closed")));
        assert!(matches!(records("a\nb\"c"), Err((2, 2, _))));
        assert!(matches!(records("\"a\"b"), Err((1, 4, _))));
    }
}
