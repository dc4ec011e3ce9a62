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

/// Appends the numbers of all vectors of a row group. Other programs may have written them.
pub(super) fn read(group: &dyn RowGroupReader, column: usize, rows: usize, values: &mut Vec<f32>) -> io::Result<()> {
    let before = values.len();
    if read_plain(group, column, values)? {
        return Ok(());
    }
    values.truncate(before);
    match group.get_column_reader(column).map_err(failed)? {
        ColumnReader::FloatColumnReader(reader) => decode(reader, rows, values),
        _ => Ok(()),
    }
}

/// Returns false if a page has anything but numbers as they are in memory, one after another.
fn read_plain(group: &dyn RowGroupReader, column: usize, values: &mut Vec<f32>) -> io::Result<bool> {
    let mut pages = group.get_column_page_reader(column).map_err(failed)?;
    while let Some(page) = pages.get_next_page().map_err(failed)? {
        let Some(bytes) = plain_numbers(&page) else { return Ok(false) };
        values.extend(bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)));
    }
    Ok(true)
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

fn decode(mut reader: ColumnReaderImpl<FloatType>, rows: usize, values: &mut Vec<f32>) -> io::Result<()> {
    let (mut definition, mut repetition) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < rows {
        definition.clear();
        repetition.clear();
        let levels = (Some(&mut definition), Some(&mut repetition));
        let next = DECODED.min(rows - done);
        let (records, ..) = reader.read_records(next, levels.0, levels.1, values).map_err(failed)?;
        if records == 0 {
            return Err(io::Error::other("the column of vectors ends early"));
        }
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

    /// Writes vectors as another program may, with a null in the middle if wanted, and reads them: whether they could be
    /// read without decoding, and the numbers.
    fn written(properties: WriterPropertiesBuilder, null: Option<usize>) -> (bool, Vec<f32>) {
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
        let mut read = vec![-1.0];
        super::read(group.as_ref(), 0, ROWS, &mut read).expect("readable");
        assert_eq!(read.remove(0), -1.0, "what was there is kept");
        assert_eq!(read, values);
        (read_plain(group.as_ref(), 0, &mut Vec::new()).expect("readable"), read)
    }

    #[test]
    fn vectors_of_other_writers_are_the_same_numbers() {
        let plain = || WriterProperties::builder().set_dictionary_enabled(false);
        let second = || plain().set_writer_version(WriterVersion::PARQUET_2_0).set_encoding(Encoding::PLAIN);
        for properties in [plain(), second()] {
            let (is_plain, numbers) = written(properties, None);
            assert!(is_plain && numbers.len() == ROWS * DIMENSIONS);
        }
        for (properties, null) in [
            (WriterProperties::builder(), None),
            (plain().set_encoding(Encoding::BYTE_STREAM_SPLIT), None),
            (plain(), Some(500)),
            (second(), Some(500)),
        ] {
            assert!(!written(properties, null).0);
        }
    }
}
