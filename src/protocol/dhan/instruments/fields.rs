//! Lines and fields of a CSV text, as positions in its bytes.

/// Where the fields of a line begin. More than the longest header known are kept, further ones are left out.
pub(super) struct Fields {
    starts: [u32; Self::MOST],
    count: usize,
}

impl Fields {
    const MOST: usize = 64;

    pub fn count(&self) -> usize {
        self.count
    }

    fn restart(&mut self) {
        self.starts[0] = 0;
        self.count = 1;
    }

    #[inline]
    fn begin(&mut self, at: usize) {
        if let Some(slot) = self.starts.get_mut(self.count) {
            *slot = at as u32;
            self.count += 1;
        }
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self { starts: [0; Self::MOST], count: 0 }
    }
}

/// One line without its newline.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// The `n`-th field without blanks and quotes around it; blank where the line has no such field.
    #[inline]
    pub fn field(&self, fields: &Fields, n: usize) -> &'a [u8] {
        if n >= fields.count {
            return &[];
        }
        let start = fields.starts[n] as usize;
        let end = if n + 1 < fields.count { fields.starts[n + 1] as usize - 1 } else { self.bytes.len() };
        trimmed(self.bytes.get(start..end).unwrap_or_default())
    }
}

#[inline]
fn trimmed(field: &[u8]) -> &[u8] {
    let plain = |b: Option<&u8>| b.is_none_or(|b| *b > b' ' && *b != b'"');
    if plain(field.first()) && plain(field.last()) {
        return field;
    }
    let field = field.trim_ascii();
    match field {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => field,
    }
}

/// Takes the next line off `text` and notes where its fields begin. Returns the line and the rest.
///
/// A field in quotes may hold commas, but not a line break: a quote that is never closed must not swallow the file.
pub(super) fn next_line<'a>(text: &'a [u8], fields: &mut Fields) -> (Line<'a>, &'a [u8]) {
    fields.restart();
    let mut quoted = false;
    let mut end = text.len();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b',' => fields.begin(at + 1),
            b'\n' => {
                end = at;
                break;
            }
            b'"' => quoted = true,
            _ => {}
        }
    }
    let (line, rest) = text.split_at(end);
    let line = Line { bytes: line };
    if quoted {
        split_quoted(line, fields);
    }
    (line, rest.get(1..).unwrap_or_default())
}

/// Splits again, minding commas between quotes. Where a quote stays open, commas count as in the plain split.
#[cold]
fn split_quoted(line: Line<'_>, fields: &mut Fields) {
    let mut careful = Fields::default();
    careful.restart();
    let mut inside = false;
    let mut at_start = true;
    for (at, byte) in line.bytes.iter().enumerate() {
        match byte {
            b'"' if at_start => inside = true,
            // A doubled quote opens again at once, so it needs no case of its own.
            b'"' if inside => inside = false,
            b'"' if line.bytes.get(at.wrapping_sub(1)) == Some(&b'"') => inside = true,
            b',' if !inside => careful.begin(at + 1),
            _ => {}
        }
        at_start = *byte == b',' && !inside;
    }
    if !inside {
        *fields = careful;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut fields = Fields::default();
        let (line, _) = next_line(text.as_bytes(), &mut fields);
        (0..fields.count()).map(|n| String::from_utf8_lossy(line.field(&fields, n)).into_owned()).collect()
    }

    #[test]
    fn fields_are_what_stands_between_commas() {
        assert_eq!(split("NSE,D,13\r\nBSE,I"), ["NSE", "D", "13"]);
        assert_eq!(split("a,,c,"), ["a", "", "c", ""]);
        assert_eq!(split(" a , b "), ["a", "b"]);
        assert_eq!(split(""), [""]);
    }

    #[test]
    fn a_quoted_field_may_hold_commas() {
        assert_eq!(split("1,\"Tata, Sons\",x"), ["1", "Tata, Sons", "x"]);
        assert_eq!(split("1,\"He said \"\"a,b\"\"\",x"), ["1", "He said \"\"a,b\"\"", "x"]);
        assert_eq!(split("1,6\" pipes,x"), ["1", "6\" pipes", "x"]);
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_line() {
        assert_eq!(split("1,\"open,x\nnext"), ["1", "\"open", "x"]);
    }

    #[test]
    fn fields_beyond_the_most_are_left_out() {
        assert_eq!(split(&"x,".repeat(200)).len(), Fields::MOST);
    }
}
