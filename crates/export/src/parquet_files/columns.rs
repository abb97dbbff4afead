//! A table in memory that becomes one group of rows after the other.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

use super::{UNITS_KEY, arrow};
use crate::ExportError;
use crate::write::{Access, PendingFile};

/// The values of one column since the last group of rows. `levels` tell where there is a value; a
/// list has `repeats` too.
pub(super) enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Flag(Vec<bool>),
    Floats { values: Vec<f64>, repeats: Vec<i16> },
    Ints { values: Vec<i64>, repeats: Vec<i16> },
}

pub(super) struct Column {
    name: String,
    unit: Option<String>,
    values: Values,
    levels: Vec<i16>,
}

impl Column {
    pub(super) fn new(name: &str, values: Values) -> Self {
        Self {
            name: name.to_owned(),
            unit: None,
            values,
            levels: Vec::new(),
        }
    }

    /// The same with a unit.
    pub(super) fn in_unit(mut self, unit: &str) -> Self {
        self.unit = Some(unit.to_owned());
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    pub(super) fn text(name: &str) -> Self {
        Self::new(name, Values::Text(Vec::new()))
    }

    pub(super) fn int(name: &str) -> Self {
        Self::new(name, Values::Int(Vec::new()))
    }

    pub(super) fn float(name: &str) -> Self {
        Self::new(name, Values::Float(Vec::new()))
    }

    pub(super) fn flag(name: &str) -> Self {
        Self::new(name, Values::Flag(Vec::new()))
    }

    fn schema(&self) -> String {
        let name = &self.name;
        let list = |element: &str| {
            format!(
                "optional group {name} (LIST) {{ repeated group list {{ required {element} element; }} }}"
            )
        };
        match &self.values {
            Values::Text(_) => format!("optional binary {name} (STRING);"),
            Values::Int(_) => format!("optional int64 {name};"),
            Values::Float(_) => format!("optional double {name};"),
            Values::Flag(_) => format!("optional boolean {name};"),
            Values::Floats { .. } => list("double"),
            Values::Ints { .. } => list("int64"),
        }
    }

    /// No value in this row.
    pub(super) fn push_null(&mut self) {
        self.levels.push(0);
        match &mut self.values {
            Values::Floats { repeats, .. } | Values::Ints { repeats, .. } => repeats.push(0),
            _ => {}
        }
    }

    pub(super) fn push_text(&mut self, text: Option<&str>) {
        match (&mut self.values, text) {
            (Values::Text(values), Some(text)) => {
                values.push(ByteArray::from(text));
                self.levels.push(1);
            }
            _ => self.push_null(),
        }
    }

    pub(super) fn push_int(&mut self, int: Option<i64>) {
        match (&mut self.values, int) {
            (Values::Int(values), Some(int)) => {
                values.push(int);
                self.levels.push(1);
            }
            _ => self.push_null(),
        }
    }

    pub(super) fn push_float(&mut self, float: Option<f64>) {
        match (&mut self.values, float) {
            (Values::Float(values), Some(float)) => {
                values.push(float);
                self.levels.push(1);
            }
            _ => self.push_null(),
        }
    }

    pub(super) fn push_flag(&mut self, flag: bool) {
        if let Values::Flag(values) = &mut self.values {
            values.push(flag);
            self.levels.push(1);
        }
    }

    /// A number or list in the column's own type.
    pub(super) fn push_metric(&mut self, data: Option<&aiperf_model::MetricData>) {
        let Some(data) = data else {
            return self.push_null();
        };
        let numbers = data.numbers();
        match &mut self.values {
            Values::Int(_) => self.push_int(data.as_f64().map(|float| float as i64)),
            Values::Float(_) => self.push_float(data.as_f64()),
            Values::Floats { values, repeats } => {
                values.extend(numbers.iter().map(|number| number.as_f64()));
                push_levels(numbers.len(), &mut self.levels, repeats);
            }
            Values::Ints { values, repeats } => {
                values.extend(numbers.iter().map(|number| number.as_f64() as i64));
                push_levels(numbers.len(), &mut self.levels, repeats);
            }
            Values::Text(_) | Values::Flag(_) => self.push_null(),
        }
    }

    fn clear(&mut self) {
        self.levels.clear();
        match &mut self.values {
            Values::Text(values) => values.clear(),
            Values::Int(values) => values.clear(),
            Values::Float(values) => values.clear(),
            Values::Flag(values) => values.clear(),
            Values::Floats { values, repeats } => {
                values.clear();
                repeats.clear();
            }
            Values::Ints { values, repeats } => {
                values.clear();
                repeats.clear();
            }
        }
    }
}

/// The levels of a list of `length` elements: an empty one is there, without an element.
fn push_levels(length: usize, levels: &mut Vec<i16>, repeats: &mut Vec<i16>) {
    levels.extend(std::iter::repeat_n(2, length));
    repeats.extend((0..length).map(|index| i16::from(index > 0)));
    if length == 0 {
        levels.push(1);
        repeats.push(0);
    }
}

/// A file that grows by groups of rows.
pub(super) struct ColumnFile {
    path: PathBuf,
    writer: SerializedFileWriter<PendingFile>,
}

impl ColumnFile {
    /// Begins the file; types and units of the columns stand in its metadata.
    pub(super) fn create(path: &Path, columns: &[Column]) -> Result<Self, ExportError> {
        Self::create_about(path, columns, Vec::new())
    }

    /// The same with further metadata of the file.
    pub(super) fn create_about(
        path: &Path,
        columns: &[Column],
        mut metadata: Vec<(String, String)>,
    ) -> Result<Self, ExportError> {
        let fields: Vec<String> = columns.iter().map(Column::schema).collect();
        let failed = |source| failed(path, source);
        let schema = parse_message_type(&format!("message schema {{ {} }}", fields.join(" ")));
        metadata.push((UNITS_KEY.to_owned(), units(columns)));
        let described = arrow::encoded(columns, &metadata);
        metadata.push((arrow::KEY.to_owned(), described));
        let metadata = metadata.into_iter();
        let metadata = metadata
            .map(|(key, value)| KeyValue::new(key, value))
            .collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("aiperf".to_owned())
            .set_key_value_metadata(Some(metadata))
            .build();
        let file = PendingFile::create(path, Access::Usual)?;
        let schema = Arc::new(schema.map_err(failed)?);
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties));
        Ok(Self {
            path: path.to_owned(),
            writer: writer.map_err(failed)?,
        })
    }

    /// Writes the rows of `columns` and empties them.
    pub(super) fn write_group(&mut self, columns: &mut [Column]) -> Result<(), ExportError> {
        let path = self.path.clone();
        self.try_write_group(columns)
            .map_err(|source| failed(&path, source))?;
        columns.iter_mut().for_each(Column::clear);
        Ok(())
    }

    fn try_write_group(&mut self, columns: &[Column]) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in columns {
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            let levels = Some(&column.levels[..]);
            match &column.values {
                Values::Text(values) => writer
                    .typed::<ByteArrayType>()
                    .write_batch(values, levels, None)?,
                Values::Int(values) => writer
                    .typed::<Int64Type>()
                    .write_batch(values, levels, None)?,
                Values::Float(values) => writer
                    .typed::<DoubleType>()
                    .write_batch(values, levels, None)?,
                Values::Flag(values) => writer
                    .typed::<BoolType>()
                    .write_batch(values, levels, None)?,
                Values::Floats { values, repeats } => {
                    writer
                        .typed::<DoubleType>()
                        .write_batch(values, levels, Some(repeats))?
                }
                Values::Ints { values, repeats } => {
                    writer
                        .typed::<Int64Type>()
                        .write_batch(values, levels, Some(repeats))?
                }
            };
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Completes the file and gives it its name.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let mut file = self
            .writer
            .into_inner()
            .map_err(|source| failed(&self.path, source))?;
        file.flush().map_err(|source| file.failed(source))?;
        file.commit()
    }
}

/// Column to unit, as JSON.
fn units(columns: &[Column]) -> String {
    let known = columns.iter().filter_map(|column| {
        let unit = column.unit.as_deref()?;
        Some((column.name.clone(), Value::from(unit)))
    });
    Value::Object(known.collect()).to_string()
}

fn failed(path: &Path, source: ParquetError) -> ExportError {
    ExportError::Columns {
        path: path.to_owned(),
        source,
    }
}
