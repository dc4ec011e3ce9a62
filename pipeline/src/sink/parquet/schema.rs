//! The columns of the files: as a schema of Parquet, and as one of Arrow.
//!
//! Parquet has no type for lists of a fixed size. Readers that know Arrow find the type of the vectors in the metadata
//! of the file, as a schema of Arrow's IPC format; the others read a list.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, WIPOffset};

/// The key of the schema of Arrow in the metadata of a file.
pub(super) const ARROW_KEY: &str = "ARROW:schema";

/// The columns of a file.
pub(super) struct Schema {
    name: &'static str,
    columns: &'static [Column],
    /// The number of numbers of a vector.
    dimension: usize,
}

/// Name, type, and whether a value can be missing.
type Column = (&'static str, Type, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Integer,
    Double,
    Flag,
    Vector,
}

const ROWS: &[Column] = &[
    ("id", Type::Text, false),
    ("source", Type::Text, false),
    ("content_hash", Type::Text, false),
    ("task", Type::Text, false),
    ("asset", Type::Text, false),
    ("model", Type::Text, false),
    ("dimension", Type::Integer, false),
    ("option", Type::Text, true),
    ("scope", Type::Text, true),
    ("start_sec", Type::Double, true),
    ("end_sec", Type::Double, true),
    ("start_page", Type::Integer, true),
    ("end_page", Type::Integer, true),
    ("quadrant", Type::Text, true),
    ("chunk_index", Type::Integer, true),
    ("vector", Type::Vector, false),
];

const FAILURES: &[Column] = &[
    ("source", Type::Text, false),
    ("content_hash", Type::Text, true),
    ("status", Type::Text, false),
    ("code", Type::Text, true),
    ("reason", Type::Text, false),
    ("retryable", Type::Flag, false),
    ("task", Type::Text, true),
];

impl Schema {
    pub(super) fn of_rows(dimension: usize) -> Self {
        Self { name: "rows", columns: ROWS, dimension }
    }

    pub(super) fn of_failures() -> Self {
        Self { name: "failures", columns: FAILURES, dimension: 0 }
    }

    /// The schema in the language of Parquet.
    pub(super) fn message(&self) -> String {
        let mut message = format!("message {} {{\n", self.name);
        for (name, of, is_optional) in self.columns {
            let rule = if *is_optional { "optional" } else { "required" };
            message += &match of {
                Type::Text => format!("{rule} binary {name} (STRING);\n"),
                Type::Integer => format!("{rule} int64 {name};\n"),
                Type::Double => format!("{rule} double {name};\n"),
                Type::Flag => format!("{rule} boolean {name};\n"),
                Type::Vector => {
                    format!("{rule} group {name} (LIST) {{ repeated group list {{ required float element; }} }}\n")
                }
            };
        }
        message + "}"
    }

    /// The schema of Arrow: an encapsulated IPC message in base64.
    pub(super) fn arrow(&self) -> String {
        let mut builder = FlatBufferBuilder::new();
        let fields: Vec<_> = self.columns.iter().map(|column| self.field(&mut builder, *column)).collect();
        let fields = builder.create_vector(&fields);
        let schema = builder.start_table();
        builder.push_slot_always(slot(1), fields);
        let schema = builder.end_table(schema);
        let message = builder.start_table();
        builder.push_slot_always(slot(0), METADATA_V5);
        builder.push_slot_always(slot(1), HEADER_IS_SCHEMA);
        builder.push_slot_always(slot(2), schema);
        let message = builder.end_table(message);
        builder.finish_minimal(message);
        let mut content = builder.finished_data().to_vec();
        content.resize(content.len().next_multiple_of(8), 0);
        let length = u32::try_from(content.len()).unwrap_or_default();
        STANDARD.encode([&[0xff; 4][..], &length.to_le_bytes(), &content].concat())
    }

    fn field(&self, builder: &mut FlatBufferBuilder<'_>, (name, of, is_optional): Column) -> Table {
        let dimension = i32::try_from(self.dimension).unwrap_or_default();
        let (number, detail): (u8, &[(u16, Value)]) = match of {
            Type::Text => (5, &[]),
            Type::Integer => (2, &[(0, Value::Int(64)), (1, Value::Flag(true))]),
            Type::Double => (3, &[(0, Value::Short(DOUBLE))]),
            Type::Flag => (6, &[]),
            Type::Vector => (16, &[(0, Value::Int(dimension))]),
        };
        let children = match of {
            Type::Vector => vec![named(builder, "element", false, 3, &[(0, Value::Short(SINGLE))], &[])],
            _ => Vec::new(),
        };
        named(builder, name, is_optional, number, detail, &children)
    }
}

// Numbers of Arrow's `Message.fbs` and `Schema.fbs`. Those of types are in `Schema::field`.
const METADATA_V5: i16 = 4;
const HEADER_IS_SCHEMA: u8 = 1;
const SINGLE: i16 = 1;
const DOUBLE: i16 = 2;

type Table = WIPOffset<TableFinishedWIPOffset>;

/// A number in the table of a type.
#[derive(Clone, Copy)]
enum Value {
    Flag(bool),
    Short(i16),
    Int(i32),
}

/// Where a field of a table is in its index.
fn slot(field: u16) -> u16 {
    4 + 2 * field
}

/// A field of a schema.
fn named(
    builder: &mut FlatBufferBuilder<'_>,
    name: &str,
    is_optional: bool,
    number: u8,
    detail: &[(u16, Value)],
    children: &[Table],
) -> Table {
    let name = builder.create_string(name);
    let children = builder.create_vector(children);
    let of = builder.start_table();
    for (field, value) in detail {
        match value {
            Value::Flag(flag) => builder.push_slot_always(slot(*field), *flag),
            Value::Short(number) => builder.push_slot_always(slot(*field), *number),
            Value::Int(number) => builder.push_slot_always(slot(*field), *number),
        }
    }
    let of = builder.end_table(of);
    let field = builder.start_table();
    builder.push_slot_always(slot(0), name);
    builder.push_slot_always(slot(1), is_optional);
    builder.push_slot_always(slot(2), number);
    builder.push_slot_always(slot(3), of);
    builder.push_slot_always(slot(5), children);
    builder.end_table(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pipeline/tests/read_table.sh` has pyarrow read it.
    #[test]
    fn both_schemas_have_the_same_columns() {
        for schema in [Schema::of_rows(512), Schema::of_failures()] {
            let parquet = parquet::schema::parser::parse_message_type(&schema.message()).expect("valid");
            let message = STANDARD.decode(schema.arrow()).expect("base64");
            let length = u32::from_le_bytes(message[4..8].try_into().expect("four bytes"));
            assert_eq!((message[..4].as_ref(), message.len() % 8), ([0xff; 4].as_ref(), 0));
            assert_eq!(length as usize, message.len() - 8);
            for field in parquet.get_fields() {
                let name = field.name().as_bytes();
                // A text has its length before it, and a zero after it.
                let text = [&u32::try_from(name.len()).expect("short").to_le_bytes(), name, &[0]].concat();
                assert!(message.windows(text.len()).any(|part| part == text), "{}", field.name());
            }
            assert_eq!(parquet.get_fields().len(), schema.columns.len());
        }
        let size = 512_i32.to_le_bytes();
        let message = STANDARD.decode(Schema::of_rows(512).arrow()).expect("base64");
        assert!(message.windows(4).any(|part| part == size));
        assert!(message.len() < 4096, "{} bytes in each file", message.len());
    }
}
