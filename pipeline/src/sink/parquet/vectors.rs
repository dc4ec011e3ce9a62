//! The column of vectors, read page by page: decoding the levels of each number would take most of the time of a search.

use std::io;

use parquet::{
    basic::{Encoding, Type},
    column::{
        page::Page,
        reader::{ColumnReader, ColumnReaderImpl},
    },
    data_type::FloatType,
    file::reader::RowGroupReader,
};

use super::failed;

/// How many vectors are decoded at a time: their levels, which take as much memory as they do, fit into a cache.
const DECODED: usize = 256;

/// What is done with whole vectors, which follow each other.
type Each<'e> = &'e mut dyn FnMut(&[f32]) -> io::Result<()>;

/// Hands over all vectors of a row group, some at a time. If another program may have written them, the levels tell how
/// long each of them is.
pub(super) fn read(
    group: &dyn RowGroupReader,
    column: usize,
    is_ours: bool,
    (rows, dimension): (usize, usize),
    each: Each<'_>,
) -> io::Result<()> {
    // The pages of other numbers look the same.
    let found = group.metadata().column(column).column_type();
    if found != Type::FLOAT {
        return Err(io::Error::other(format!("the numbers of the vectors must be FLOAT (got {found})")));
    }
    let plain = if is_ours { read_plain(group, column, dimension, each)? } else { Some(0) };
    let Some(done) = plain else { return Ok(()) };
    match group.get_column_reader(column).map_err(failed)? {
        ColumnReader::FloatColumnReader(reader) => decode(reader, done, rows, dimension, each),
        _ => Ok(()),
    }
}

/// Reads up to the first page that has anything but numbers as they are in memory, one after another. Returns the number
/// of vectors before that page; `None` if there is no such page.
fn read_plain(
    group: &dyn RowGroupReader,
    column: usize,
    dimension: usize,
    each: Each<'_>,
) -> io::Result<Option<usize>> {
    let mut pages = group.get_column_page_reader(column).map_err(failed)?;
    let (mut values, mut done) = (Vec::new(), 0);
    while let Some(page) = pages.get_next_page().map_err(failed)? {
        let Some(bytes) = plain_numbers(&page) else { return Ok(Some(done)) };
        values.extend(bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)));
        // A vector may go on in the next page.
        let whole = values.len() / dimension * dimension;
        each(&values[..whole])?;
        values.drain(..whole);
        done += whole / dimension;
    }
    if values.is_empty() { Ok(None) } else { Err(irregular(dimension)) }
}

fn irregular(dimension: usize) -> io::Error {
    io::Error::other(format!("a vector has not {dimension} numbers"))
}

/// The bytes of the numbers of a page without nulls: a null has a level, but no number.
fn plain_numbers(page: &Page) -> Option<&[u8]> {
    let (bytes, count) = match page {
        Page::DataPage {
            buf,
            num_values,
            encoding: Encoding::PLAIN,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            ..
        } => (after_levels(after_levels(buf)?)?, *num_values),
        Page::DataPageV2 {
            buf,
            num_values,
            encoding: Encoding::PLAIN,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let levels = usize::try_from(def_levels_byte_len.checked_add(*rep_levels_byte_len)?).ok()?;
            (buf.get(levels..)?, *num_values)
        }
        _ => return None,
    };
    (bytes.len() == usize::try_from(count).ok()?.checked_mul(4)?).then_some(bytes)
}

/// What follows levels that begin with their length.
fn after_levels(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)
}

fn decode(
    mut reader: ColumnReaderImpl<FloatType>,
    first: usize,
    rows: usize,
    dimension: usize,
    each: Each<'_>,
) -> io::Result<()> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    let mut done = reader.skip_records(first).map_err(failed)?;
    while done < rows {
        values.clear();
        definition.clear();
        repetition.clear();
        let levels = (Some(&mut definition), Some(&mut repetition));
        let next = DECODED.min(rows - done);
        let (records, ..) = reader.read_records(next, levels.0, levels.1, &mut values).map_err(failed)?;
        if records == 0 {
            return Err(io::Error::other("the column of vectors ends early"));
        }
        // A vector starts with level 0, and a null has no number.
        let starts = repetition.iter().enumerate().all(|(at, level)| (*level == 0) == (at % dimension == 0));
        if !starts || values.len() != records * dimension {
            return Err(irregular(dimension));
        }
        each(&values)?;
        done += records;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::Path, sync::Arc};

    use parquet::{
        data_type::Int32Type,
        file::{
            properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion},
            reader::{FileReader, SerializedFileReader},
            writer::SerializedFileWriter,
        },
        schema::parser::parse_message_type,
    };

    use super::*;

    const ROWS: usize = 1000;
    const DIMENSIONS: usize = 8;

    /// The file that another program may write, of vectors with these numbers. `None` is a null.
    fn write(path: &Path, properties: WriterPropertiesBuilder, vectors: &[Vec<Option<f32>>]) {
        let schema = "message m { required group vector (LIST) { repeated group list { optional float element; } } }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        // Several pages.
        let properties = properties.set_data_page_size_limit(4096).set_write_batch_size(64).build();
        let file = File::create(path).expect("a file");
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("readable").expect("a column");
        let numbers = || vectors.iter().flatten();
        let values: Vec<f32> = numbers().copied().flatten().collect();
        let definition: Vec<i16> = numbers().map(|number| if number.is_some() { 2 } else { 1 }).collect();
        let repetition: Vec<i16> =
            vectors.iter().flat_map(|vector| (0..vector.len()).map(|at| i16::from(at > 0))).collect();
        column.typed::<FloatType>().write_batch(&values, Some(&definition), Some(&repetition)).expect("written");
        column.close().expect("written");
        group.close().expect("written");
        writer.close().expect("written");
    }

    /// How many vectors are read without decoding, `None` for all, and the numbers or what is wrong.
    type Read = (Option<usize>, Result<Vec<f32>, String>);

    /// Written by us, or by another program.
    fn written(is_ours: bool, properties: WriterPropertiesBuilder, vectors: &[Vec<Option<f32>>]) -> Read {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet");
        write(&path, properties, vectors);
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a reader");
        let group = reader.get_row_group(0).expect("a group");
        let mut read = Vec::new();
        let mut each = |values: &[f32]| {
            read.extend_from_slice(values);
            Ok(())
        };
        let ended = super::read(group.as_ref(), 0, is_ours, (ROWS, DIMENSIONS), &mut each);
        let ended = ended.map_err(|error| error.to_string());
        let plain = read_plain(group.as_ref(), 0, DIMENSIONS, &mut |_| Ok(())).unwrap_or_default();
        (plain, ended.map(|()| read))
    }

    fn vectors() -> Vec<Vec<Option<f32>>> {
        (0..ROWS).map(|row| (0..DIMENSIONS).map(|at| Some((row * DIMENSIONS + at) as f32)).collect()).collect()
    }

    fn plain() -> WriterPropertiesBuilder {
        WriterProperties::builder().set_dictionary_enabled(false)
    }

    fn second() -> WriterPropertiesBuilder {
        plain().set_writer_version(WriterVersion::PARQUET_2_0).set_encoding(Encoding::PLAIN)
    }

    #[test]
    fn vectors_of_other_writers_are_the_same_numbers() {
        let expected: Vec<f32> = (0..ROWS * DIMENSIONS).map(|number| number as f32).collect();
        for (properties, is_plain) in [
            (plain(), true),
            (second(), true),
            (WriterProperties::builder(), false),
            (plain().set_encoding(Encoding::BYTE_STREAM_SPLIT), false),
        ] {
            let (plain, numbers) = written(true, properties.clone(), &vectors());
            assert_eq!((plain, numbers.as_ref()), (if is_plain { None } else { Some(0) }, Ok(&expected)));
            assert_eq!(written(false, properties, &vectors()).1.as_ref(), Ok(&expected));
        }
    }

    #[test]
    fn vectors_with_nulls_or_of_other_lengths_are_errors() {
        let wrong = "a vector has not 8 numbers";
        for properties in [plain, second, WriterProperties::builder] {
            let mut with_null = vectors();
            with_null[500][3] = None;
            let (before, error) = written(true, properties(), &with_null);
            assert_eq!(error.expect_err("a null"), wrong);
            assert!(before.is_some_and(|before| before < 500), "{before:?}");
            for row in [0, 500, ROWS - 1] {
                let (mut longer, mut shorter) = (vectors(), vectors());
                longer[row].push(Some(1.0));
                shorter[row].pop();
                for is_ours in [true, false] {
                    assert_eq!(written(is_ours, properties(), &longer).1.expect_err("longer"), wrong);
                    assert_eq!(written(is_ours, properties(), &shorter).1.expect_err("shorter"), wrong);
                }
            }
            // All numbers together are as many as they should be.
            let mut both = vectors();
            both[500].push(Some(1.0));
            both[501].pop();
            assert_eq!(written(false, properties(), &both).1.expect_err("both"), wrong);
        }
    }

    #[test]
    fn numbers_of_another_type_are_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet");
        let schema = "message m { required group vector (LIST) { repeated group list { optional int32 element; } } }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let file = File::create(&path).expect("a file");
        let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("readable").expect("a column");
        column.typed::<Int32Type>().write_batch(&[1, 2], Some(&[2, 2]), Some(&[0, 1])).expect("written");
        column.close().expect("written");
        group.close().expect("written");
        writer.close().expect("written");
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a reader");
        let group = reader.get_row_group(0).expect("a group");
        for is_ours in [true, false] {
            let ended = super::read(group.as_ref(), 0, is_ours, (1, 2), &mut |_| Ok(()));
            let error = ended.expect_err("another type").to_string();
            assert_eq!(error, "the numbers of the vectors must be FLOAT (got INT32)");
        }
    }
}
