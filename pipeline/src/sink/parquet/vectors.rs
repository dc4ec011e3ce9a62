//! The column of vectors, read page by page: decoding the levels of each number would take most of the time of a search.

use std::io;

use parquet::{
    basic::Encoding,
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

/// Hands over all vectors of a row group, some at a time. Other programs may have written them.
pub(super) fn read(
    group: &dyn RowGroupReader,
    column: usize,
    rows: usize,
    dimension: usize,
    each: Each<'_>,
) -> io::Result<()> {
    let done = read_plain(group, column, dimension, each)?;
    if done < rows
        && let ColumnReader::FloatColumnReader(reader) = group.get_column_reader(column).map_err(failed)?
    {
        decode(reader, done, rows, each)?;
    }
    Ok(())
}

/// Reads up to the first page that has anything but numbers as they are in memory, one after another. Returns the number
/// of vectors.
fn read_plain(group: &dyn RowGroupReader, column: usize, dimension: usize, each: Each<'_>) -> io::Result<usize> {
    let mut pages = group.get_column_page_reader(column).map_err(failed)?;
    let (mut values, mut done) = (Vec::new(), 0);
    while let Some(page) = pages.get_next_page().map_err(failed)? {
        let Some(bytes) = plain_numbers(&page) else { break };
        values.extend(bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)));
        // A vector may go on in the next page.
        let whole = values.len() / dimension * dimension;
        each(&values[..whole])?;
        values.drain(..whole);
        done += whole / dimension;
    }
    Ok(done)
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

fn decode(mut reader: ColumnReaderImpl<FloatType>, first: usize, rows: usize, each: Each<'_>) -> io::Result<()> {
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
        each(&values)?;
        done += records;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs::File, sync::Arc};

    use parquet::{
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

    /// Writes vectors as another program may, with a null in the middle if wanted, and reads them: how many could be
    /// read without decoding, and the numbers.
    fn written(properties: WriterPropertiesBuilder, null: Option<usize>) -> (usize, Vec<f32>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet");
        let schema = "message m { required group vector (LIST) { repeated group list { optional float element; } } }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        // Several pages.
        let properties = properties.set_data_page_size_limit(4096).set_write_batch_size(64).build();
        let file = File::create(&path).expect("a file");
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("readable").expect("a column");
        let count = ROWS * DIMENSIONS;
        let values: Vec<f32> = (0..count).filter(|at| Some(*at) != null).map(|at| at as f32).collect();
        let definition: Vec<i16> = (0..count).map(|at| if Some(at) == null { 1 } else { 2 }).collect();
        let repetition: Vec<i16> = (0..count).map(|at| i16::from(at % DIMENSIONS > 0)).collect();
        column.typed::<FloatType>().write_batch(&values, Some(&definition), Some(&repetition)).expect("written");
        column.close().expect("written");
        group.close().expect("written");
        writer.close().expect("written");
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a reader");
        let group = reader.get_row_group(0).expect("a group");
        let mut read = Vec::new();
        let mut each = |values: &[f32]| {
            read.extend_from_slice(values);
            Ok(())
        };
        super::read(group.as_ref(), 0, ROWS, DIMENSIONS, &mut each).expect("readable");
        assert_eq!(read, values);
        let plain = read_plain(group.as_ref(), 0, DIMENSIONS, &mut |_| Ok(())).expect("readable");
        (plain, read)
    }

    #[test]
    fn vectors_of_other_writers_are_the_same_numbers() {
        let plain = || WriterProperties::builder().set_dictionary_enabled(false);
        let second = || plain().set_writer_version(WriterVersion::PARQUET_2_0).set_encoding(Encoding::PLAIN);
        for properties in [plain(), second()] {
            let (plain, numbers) = written(properties, None);
            assert_eq!((plain, numbers.len()), (ROWS, ROWS * DIMENSIONS));
        }
        assert_eq!(written(WriterProperties::builder(), None).0, 0);
        assert_eq!(written(plain().set_encoding(Encoding::BYTE_STREAM_SPLIT), None).0, 0);
        // The pages before the one with a null.
        for properties in [plain(), second()] {
            let plain = written(properties, Some(4000)).0;
            assert!((1..500).contains(&plain), "{plain}");
        }
    }
}
