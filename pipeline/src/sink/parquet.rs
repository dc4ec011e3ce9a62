//! Tables as Parquet files, written and read column by column, without Arrow.

mod schema;
mod vectors;

use std::{
    fs::File,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        reader::{FileReader, SerializedFileReader},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::{parser::parse_message_type, types::ColumnPath},
};

use self::schema::{ARROW_KEY, Schema};
use crate::row::{FailureRow, VectorRow};

/// What the files say of who wrote them, before the version.
const WRITER: &str = "twelvelabs-pipeline ";

/// The leaf column of the vectors.
const VECTOR: [&str; 3] = ["vector", "list", "element"];

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

/// Writes the columns of one row group, in the order of the schema.
struct Columns<'w, W: Write + Send> {
    group: SerializedRowGroupWriter<'w, W>,
}

impl<W: Write + Send> Columns<'_, W> {
    fn write<T: DataType>(&mut self, values: &[T::T], levels: Option<(&[i16], Option<&[i16]>)>) -> io::Result<()> {
        let column = self.group.next_column().map_err(failed)?;
        let mut column = column.ok_or_else(|| io::Error::other("the schema has fewer columns"))?;
        let (definition, repetition) =
            levels.map_or((None, None), |(definition, repetition)| (Some(definition), repetition));
        column.typed::<T>().write_batch(values, definition, repetition).map_err(failed)?;
        column.close().map_err(failed)
    }

    fn required<T: DataType>(&mut self, values: impl Iterator<Item = T::T>) -> io::Result<()> {
        self.write::<T>(&values.collect::<Vec<_>>(), None)
    }

    fn optional<T: DataType>(&mut self, values: impl Iterator<Item = Option<T::T>>) -> io::Result<()> {
        let mut levels = Vec::new();
        let values: Vec<T::T> = values.inspect(|value| levels.push(i16::from(value.is_some()))).flatten().collect();
        self.write::<T>(&values, Some((&levels, None)))
    }

    fn text<'t>(&mut self, values: impl Iterator<Item = &'t str>) -> io::Result<()> {
        self.required::<ByteArrayType>(values.map(ByteArray::from))
    }

    fn optional_text<'t>(&mut self, values: impl Iterator<Item = Option<&'t str>>) -> io::Result<()> {
        self.optional::<ByteArrayType>(values.map(|value| value.map(ByteArray::from)))
    }
}

fn write<W: Write + Send>(
    file: &mut W,
    schema: Schema,
    columns: impl FnOnce(&mut Columns<'_, &mut W>) -> io::Result<()>,
) -> io::Result<()> {
    let vector = || ColumnPath::from(VECTOR.map(str::to_owned).to_vec());
    let arrow = KeyValue::new(ARROW_KEY.to_owned(), schema.arrow());
    let properties = WriterProperties::builder()
        .set_created_by(format!("{WRITER}{}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![arrow]))
        // No two numbers of vectors are equal.
        .set_column_dictionary_enabled(vector(), false)
        .set_column_statistics_enabled(vector(), EnabledStatistics::None)
        .build();
    let schema = Arc::new(parse_message_type(&schema.message()).map_err(failed)?);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(failed)?;
    {
        let mut group = Columns { group: writer.next_row_group().map_err(failed)? };
        columns(&mut group)?;
        group.group.close().map_err(failed)?;
    }
    writer.close().map_err(failed).map(drop)
}

/// Writes the rows as one row group.
pub(super) fn write_rows<W: Write + Send>(file: &mut W, rows: &[VectorRow]) -> io::Result<()> {
    let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    let dimension = rows.first().map_or(0, |row| row.vector.len());
    if let Some(other) = rows.iter().map(|row| row.vector.len()).find(|other| *other != dimension) {
        return Err(io::Error::other(format!("vectors have {dimension} and {other} dimensions")));
    }
    write(file, Schema::of_rows(dimension), |columns| {
        columns.text(rows.iter().map(|row| row.id.as_str()))?;
        columns.text(rows.iter().map(|row| row.source.as_str()))?;
        columns.text(rows.iter().map(|row| row.content_hash.as_str()))?;
        columns.text(rows.iter().map(|row| row.task.as_str()))?;
        columns.text(rows.iter().map(|row| row.asset.as_str()))?;
        columns.text(rows.iter().map(|row| row.model.as_str()))?;
        columns.required::<Int64Type>(rows.iter().map(|row| row.dimension.into()))?;
        columns.optional_text(rows.iter().map(|row| row.option.as_deref()))?;
        columns.optional_text(rows.iter().map(|row| row.scope.as_deref()))?;
        columns.optional::<DoubleType>(rows.iter().map(|row| row.start_sec))?;
        columns.optional::<DoubleType>(rows.iter().map(|row| row.end_sec))?;
        columns.optional::<Int64Type>(rows.iter().map(|row| number(row.start_page)))?;
        columns.optional::<Int64Type>(rows.iter().map(|row| number(row.end_page)))?;
        columns.optional_text(rows.iter().map(|row| row.quadrant.as_deref()))?;
        columns.optional::<Int64Type>(rows.iter().map(|row| number(row.chunk_index)))?;
        let mut values = Vec::with_capacity(rows.iter().map(|row| row.vector.len()).sum());
        let mut repetition = Vec::with_capacity(values.capacity());
        for row in rows {
            // A list starts with level 0. An empty one would have no element, and there is none.
            repetition.extend((0..row.vector.len()).map(|at| i16::from(at > 0)));
            values.extend_from_slice(&row.vector);
        }
        let definition = vec![1; values.len()];
        columns.write::<FloatType>(&values, Some((&definition, Some(&repetition))))
    })
}

/// Writes the table of failures.
pub(super) fn write_failures<W: Write + Send>(file: &mut W, rows: &[FailureRow]) -> io::Result<()> {
    write(file, Schema::of_failures(), |columns| {
        columns.text(rows.iter().map(|row| row.source.as_str()))?;
        columns.optional_text(rows.iter().map(|row| row.content_hash.as_deref()))?;
        columns.text(rows.iter().map(|row| row.status.as_str()))?;
        columns.optional_text(rows.iter().map(|row| row.code.as_deref()))?;
        columns.text(rows.iter().map(|row| row.reason.as_str()))?;
        columns.required::<BoolType>(rows.iter().map(|row| row.retryable))?;
        columns.optional_text(rows.iter().map(|row| row.task.as_deref()))
    })
}

/// All values of a column, `None` for those that are null.
fn read<T: DataType>(mut reader: ColumnReaderImpl<T>, rows: usize) -> io::Result<Vec<Option<T::T>>> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < rows {
        let (records, ..) = reader.read_records(rows - done, Some(&mut levels), None, &mut values).map_err(failed)?;
        if records == 0 {
            return Err(io::Error::other("a column ends early"));
        }
        done += records;
    }
    let mut values = values.into_iter();
    match levels.is_empty() {
        true => Ok(values.map(Some).collect()),
        false => Ok(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect()),
    }
}

/// Reads a file. Of some damaged ones, the crate `parquet` panics.
fn read_file<T>(path: &Path, read: impl FnOnce(&SerializedFileReader<File>) -> io::Result<T>) -> io::Result<T> {
    let read = || read(&SerializedFileReader::new(File::open(path)?).map_err(failed)?);
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(io::Error::other("the file is damaged")))
}

/// Reads the vectors of all rows.
pub(super) fn read_vectors(
    path: &Path,
    dimension: usize,
    each: &mut dyn FnMut(&[f32]) -> io::Result<()>,
) -> io::Result<()> {
    read_file(path, |reader| vectors_of(reader, dimension, each))
}

fn vectors_of(
    reader: &SerializedFileReader<File>,
    dimension: usize,
    each: &mut dyn FnMut(&[f32]) -> io::Result<()>,
) -> io::Result<()> {
    let is_ours = reader.metadata().file_metadata().created_by().is_some_and(|writer| writer.starts_with(WRITER));
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(failed)?;
        let count = usize::try_from(group.metadata().num_rows()).map_err(io::Error::other)?;
        let column = group.metadata().columns().iter().position(|column| column.column_path().parts() == VECTOR);
        let column = column.ok_or_else(|| io::Error::other("there is no column of vectors"))?;
        vectors::read(group.as_ref(), column, is_ours, (count, dimension), each)?;
    }
    Ok(())
}

/// Reads columns of the rows, without their vectors.
pub(super) fn read_rows(path: &Path, columns: &[&str]) -> io::Result<Vec<VectorRow>> {
    read_file(path, |reader| rows_of(reader, columns))
}

fn rows_of(reader: &SerializedFileReader<File>, columns: &[&str]) -> io::Result<Vec<VectorRow>> {
    let mut all = Vec::new();
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(failed)?;
        let count = usize::try_from(group.metadata().num_rows()).map_err(io::Error::other)?;
        let first = all.len();
        // A damaged file may say that it has more rows than fit into memory.
        all.try_reserve(count).map_err(io::Error::other)?;
        all.resize_with(first + count, VectorRow::default);
        let rows = &mut all[first..];
        for (at, column) in group.metadata().columns().iter().enumerate() {
            let name = column.column_path().parts().first().cloned().unwrap_or_default();
            if !columns.contains(&name.as_str()) {
                continue;
            }
            match (name.as_str(), group.get_column_reader(at).map_err(failed)?) {
                (name, ColumnReader::ByteArrayColumnReader(reader)) => {
                    for (row, value) in rows.iter_mut().zip(read(reader, count)?) {
                        let Some(value) = value else { continue };
                        let text = value.as_utf8().map_err(failed)?.to_owned();
                        match name {
                            "id" => row.id = text,
                            "source" => row.source = text,
                            "content_hash" => row.content_hash = text,
                            "task" => row.task = text,
                            "asset" => row.asset = text,
                            "model" => row.model = text,
                            "option" => row.option = Some(text),
                            "scope" => row.scope = Some(text),
                            "quadrant" => row.quadrant = Some(text),
                            _ => {}
                        }
                    }
                }
                (name, ColumnReader::DoubleColumnReader(reader)) => {
                    for (row, value) in rows.iter_mut().zip(read(reader, count)?) {
                        match name {
                            "start_sec" => row.start_sec = value,
                            "end_sec" => row.end_sec = value,
                            _ => {}
                        }
                    }
                }
                (name, ColumnReader::Int64ColumnReader(reader)) => {
                    for (row, value) in rows.iter_mut().zip(read(reader, count)?) {
                        let value = value.map(i64::cast_unsigned);
                        match name {
                            "dimension" => {
                                row.dimension = value.and_then(|value| value.try_into().ok()).unwrap_or_default()
                            }
                            "start_page" => row.start_page = value,
                            "end_page" => row.end_page = value,
                            "chunk_index" => row.chunk_index = value,
                            _ => {}
                        }
                    }
                }
                // Columns of other programs.
                _ => {}
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_an_error_or_still_readable() {
        let row = VectorRow { vector: vec![0.5; 16], dimension: 16, ..VectorRow::default() };
        let mut whole = Vec::new();
        write_rows(&mut whole, &vec![row; 4]).expect("written");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet");
        let mut errors = 0;
        // The last columns, and the first metadata.
        for at in whole.len() / 3..whole.len() * 2 / 3 {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            std::fs::write(&path, damaged).expect("written");
            errors += usize::from(read_rows(&path, &["id", "start_sec", "dimension"]).is_err());
            errors += usize::from(read_vectors(&path, 16, &mut |_| Ok(())).is_err());
        }
        assert!(errors > whole.len() / 6, "{errors} of {}", whole.len());
    }
}
