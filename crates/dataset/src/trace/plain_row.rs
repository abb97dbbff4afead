//! Rows of `mooncake_trace` as traces of millions have them, read without a tree of values.
//!
//! Knows lengths, times, hash ids and names of sessions, in any order. Everything else, and
//! everything that is wrong, is left to the careful reader, which also finds the words for it.

/// What stands in a row.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PlainRow<'a> {
    pub(super) timestamp: Option<f64>,
    pub(super) delay: Option<f64>,
    pub(super) input_length: u32,
    pub(super) output_length: Option<u32>,
    pub(super) hash_ids: Vec<u64>,
    pub(super) session_id: Option<&'a str>,
}

/// Numbers of so many digits fit into 64 bits, whatever they are.
const SAFE_DIGITS: usize = 18;

/// Ids that rows usually have at most.
const USUAL_IDS: usize = 16;

const TIMESTAMP: u8 = 1;
const DELAY: u8 = 2;
const INPUT_LENGTH: u8 = 4;
const OUTPUT_LENGTH: u8 = 8;
const HASH_IDS: u8 = 16;
const SESSION_ID: u8 = 32;

/// The row, if it is a plain one.
pub(super) fn read(line: &[u8]) -> Option<PlainRow<'_>> {
    let mut cursor = Cursor { rest: line };
    let mut row = PlainRow::default();
    let mut seen = 0;
    cursor.expect(b'{')?;
    loop {
        let key = key_of(cursor.quoted()?)?;
        if seen & key != 0 {
            return None;
        }
        seen |= key;
        cursor.expect(b':')?;
        match key {
            TIMESTAMP => row.timestamp = cursor.or_null(Cursor::number)?,
            DELAY => row.delay = cursor.or_null(Cursor::number)?,
            INPUT_LENGTH => row.input_length = cursor.length()?,
            OUTPUT_LENGTH => row.output_length = cursor.or_null(Cursor::length)?,
            HASH_IDS => row.hash_ids = cursor.or_null(Cursor::ids)?.unwrap_or_default(),
            _ => row.session_id = cursor.or_null(Cursor::string)?,
        }
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    row.session_id = row.session_id.filter(|id| !id.is_empty());
    (cursor.rest.trim_ascii().is_empty() && seen & INPUT_LENGTH != 0).then_some(row)
}

fn key_of(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"timestamp" => TIMESTAMP,
        b"delay" => DELAY,
        b"input_length" => INPUT_LENGTH,
        b"output_length" => OUTPUT_LENGTH,
        b"hash_ids" => HASH_IDS,
        b"session_id" => SESSION_ID,
        _ => return None,
    })
}

/// What of a line is still to be read.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The next byte that is no white space, which is left where it is.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.rest.first()? {
                b' ' | b'\t' | b'\r' | b'\n' => self.rest = &self.rest[1..],
                byte => return Some(byte),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.rest = &self.rest[1..];
        Some(byte)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn or_null<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.peek()? != b'n' {
            return read(self).map(Some);
        }
        self.rest = self.rest.strip_prefix(b"null")?;
        Some(None)
    }

    /// A string that is written as it is meant.
    fn string(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.quoted()?).ok()
    }

    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let rest = self.rest;
        let end = rest
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
        if rest[end] != b'"' {
            return None;
        }
        self.rest = &rest[end + 1..];
        Some(&rest[..end])
    }

    /// A whole number without sign, and without zeros that mean nothing.
    fn whole(&mut self) -> Option<u64> {
        self.peek()?;
        let mut number = 0u64;
        let mut digits = 0;
        for &byte in self.rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits += 1;
        }
        if digits == 0 || digits > SAFE_DIGITS || (digits > 1 && self.rest[0] == b'0') {
            return None;
        }
        self.rest = &self.rest[digits..];
        Some(number)
    }

    /// Whether a number ends here, instead of going on with a fraction or an exponent.
    fn ends_number(&self) -> bool {
        !matches!(self.rest.first(), Some(b'.' | b'e' | b'E'))
    }

    fn length(&mut self) -> Option<u32> {
        let number = self.whole()?;
        self.ends_number().then(|| u32::try_from(number).ok())?
    }

    /// A number without sign and exponent, rounded as the careful reader does it.
    fn number(&mut self) -> Option<f64> {
        self.peek()?;
        let start = self.rest;
        let whole = self.whole()?;
        if self.ends_number() {
            return Some(whole as f64);
        }
        if self.rest[0] == b'.' {
            self.rest = &self.rest[1..];
            let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit());
            let digits = digits.count();
            self.rest = &self.rest[digits..];
            if digits == 0 {
                return None;
            }
        }
        if !self.ends_number() {
            return None;
        }
        let written = &start[..start.len() - self.rest.len()];
        serde_json::from_slice(written).ok()
    }

    fn ids(&mut self) -> Option<Vec<u64>> {
        self.expect(b'[')?;
        if self.peek()? == b']' {
            self.rest = &self.rest[1..];
            return Some(Vec::new());
        }
        let mut ids = Vec::with_capacity(USUAL_IDS);
        loop {
            let id = self.whole()?;
            if !self.ends_number() {
                return None;
            }
            ids.push(id);
            match self.next()? {
                b',' => {}
                b']' => return Some(ids),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_rows_are_read_in_any_order_and_with_any_white_space() {
        let row = read(
            b" { \"hash_ids\" : [ 3 ,4],\"output_length\":null , \"timestamp\":1.5,\
              \"session_id\":\"a\",\"input_length\" : 7,\"delay\":0 } ",
        );
        assert_eq!(
            row,
            Some(PlainRow {
                timestamp: Some(1.5),
                delay: Some(0.0),
                input_length: 7,
                output_length: None,
                hash_ids: vec![3, 4],
                session_id: Some("a"),
            })
        );
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_careful_reader() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"input_length":5"#,
            r#"{"input_length":5}}"#,
            r#"{"input_length":5,}"#,
            r#"{"input_length":05}"#,
            r#"{"input_length":5.0}"#,
            r#"{"input_length":-5}"#,
            r#"{"input_length":4294967296}"#,
            r#"{"input_length":5,"input_length":6}"#,
            r#"{"output_length":5}"#,
            r#"{"input_length":5,"timestamp":1e3}"#,
            r#"{"input_length":5,"timestamp":1.}"#,
            r#"{"input_length":5,"timestamp":-1}"#,
            r#"{"input_length":5,"hash_ids":[1,]}"#,
            r#"{"input_length":5,"hash_ids":[-1]}"#,
            r#"{"input_length":5,"hash_ids":[1.5]}"#,
            r#"{"input_length":5,"hash_ids":[12345678901234567890]}"#,
            r#"{"input_length":5,"session_id":"a\n"}"#,
            r#"{"input_length":5,"session_id":7}"#,
            r#"{"input_length":5,"text_input":"x"}"#,
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }
}
