//! JSON text the way the reference writes it: two blanks per level, `"key": value`, empty
//! containers closed at once, floats in their shortest round-trip form with a fraction (`16.0`).

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

/// The text of `value`, without a newline at the end.
pub fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut buffer = Vec::new();
    write_pretty(&mut buffer, value, 0)?;
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

/// Writes `value` as it stands `depth` levels inside a document.
pub(crate) fn write_pretty(
    writer: impl io::Write,
    value: &impl Serialize,
    depth: usize,
) -> Result<(), serde_json::Error> {
    value.serialize(&mut Serializer::with_formatter(
        writer,
        Pretty {
            depth,
            has_value: false,
        },
    ))
}

/// The digits of a float. They differ from serde_json's only in the plus sign of a large exponent.
pub(crate) fn float_text(value: f64) -> String {
    let text = format!("{}", Value::from(value));
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with(['-', '+']) => {
            format!("{digits}e+{exponent}")
        }
        _ => text,
    }
}

/// `value` without the members that are null: files leave out what does not exist.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(key, member)| (key.clone(), without_nulls(member)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// serde_json's own pretty printer always starts at the margin; this one starts at any depth, so
/// that a long document can be written piece by piece.
struct Pretty {
    depth: usize,
    has_value: bool,
}

impl Pretty {
    fn new_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }

    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.new_line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn item<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }
}

impl Formatter for Pretty {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_text(value).as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_have_a_fraction_and_a_signed_exponent() {
        let cases = [
            (16.0, "16.0"),
            (0.1, "0.1"),
            (0.00001, "0.00001"),
            (1e-6, "1e-6"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (-2.5e300, "-2.5e+300"),
        ];
        for (value, text) in cases {
            assert_eq!(float_text(value), text);
            assert_eq!(pretty(&value).unwrap(), text);
        }
    }

    #[test]
    fn containers_are_indented_by_two_and_empty_ones_closed_at_once() {
        let value = json!({"a": [], "b": {}, "c": [1, {"d": "é\n"}]});
        assert_eq!(
            pretty(&value).unwrap(),
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"é\\n\"\n    }\n  ]\n}"
        );
    }

    #[test]
    fn a_piece_written_at_a_depth_equals_the_same_piece_inside_its_document() {
        let piece = json!({"x": [1, 2], "y": {}});
        let document = pretty(&json!([&piece])).unwrap();
        let mut buffer = Vec::new();
        write_pretty(&mut buffer, &piece, 1).unwrap();
        assert_eq!(
            document,
            format!("[\n  {}\n]", String::from_utf8(buffer).unwrap())
        );
    }

    #[test]
    fn null_members_are_left_out_and_null_items_stay() {
        let value = json!({"a": null, "b": {"c": null, "d": [null, {"e": null}]}});
        assert_eq!(without_nulls(&value), json!({"b": {"d": [null, {}]}}));
    }
}
