//! Bytes to text that can be shown: encodings, the tokens of Python's JSON writer, control characters.

use super::{FileError, MAX_BYTES};

/// The text of a file: UTF-8, or UTF-16 with its mark (as Windows shells write it).
pub(super) fn decode(file: &str, bytes: &[u8]) -> Result<String, FileError> {
    if bytes.len() > MAX_BYTES {
        return Err(FileError::TooLarge { file: file.into(), bytes: bytes.len() });
    }
    let not_text = |offset| FileError::NotText { file: file.into(), offset };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).ok_or_else(|| not_text(2))?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).ok_or_else(|| not_text(2))?,
        _ => {
            let plain = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            let text = std::str::from_utf8(plain).map_err(|e| not_text(bytes.len() - plain.len() + e.valid_up_to()))?;
            text.to_owned()
        }
    };
    if text.trim().is_empty() { Err(FileError::Empty { file: file.into() }) } else { Ok(text) }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<String, _>>().ok()).flatten()
}

/// The name without folders, whichever way the slashes lean, fit for the screen.
pub(super) fn base_name(path: &str) -> String {
    clean(path.rsplit(['/', '\\']).next().unwrap_or(path), 120).0
}

/// Replaces the bare `NaN`, `Infinity` and `-Infinity` that Python writes (outside strings) by JSON of the same length, so
/// that places in error messages stay true: an empty text for a number that is none, a text that names the infinite.
pub(super) fn tame_tokens(json: &mut [u8]) {
    const TOKENS: [(&[u8], &[u8]); 3] =
        [(b"-Infinity", b"\"-inf\"   "), (b"Infinity", b"\"inf\"   "), (b"NaN", b"\"\" ")];
    let mut at = 0;
    let mut in_string = false;
    while at < json.len() {
        match json[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'I' | b'N' if !in_string => {
                let whole = |token: &[u8]| {
                    let apart = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
                    json[at..].starts_with(token)
                        && apart(json.get(at + token.len()))
                        && (at == 0 || apart(json.get(at - 1)))
                };
                if let Some((token, tame)) = TOKENS.iter().find(|(token, _)| whole(token)) {
                    json[at..at + token.len()].copy_from_slice(tame);
                    at += token.len() - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Text fit for a terminal, at most `longest` characters, and whether anything unfit was taken out. Line breaks and
/// runs of space become one space; escape sequences, control characters and invisible direction marks go.
pub(super) fn clean(text: &str, longest: usize) -> (String, bool) {
    let mut out = String::new();
    let mut removed = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                removed = true;
                match chars.next() {
                    Some('[') => skip_sequence(&mut chars),
                    Some(']' | 'P' | '_' | '^') => skip_command(&mut chars),
                    _ => {}
                }
            }
            '\u{9b}' => {
                removed = true;
                skip_sequence(&mut chars);
            }
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_control() || is_invisible(c) => removed = true,
            c => out.push(c),
        }
    }
    let mut out = out.trim().to_owned();
    if let Some((cut, _)) = out.char_indices().nth(longest) {
        out.truncate(cut);
        out.pop();
        out.push('…');
    }
    (out, removed)
}

/// A foreign text inside a message: cleaned, short, in backticks.
pub(super) fn shown(text: &str) -> String {
    format!("`{}`", clean(text, 40).0)
}

fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for c in chars.by_ref() {
        if matches!(c, '\u{40}'..='\u{7e}') {
            break;
        }
    }
}

fn skip_command(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next() {
        if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
            break;
        }
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tamed(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        tame_tokens(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn bare_tokens_become_json_of_the_same_length() {
        assert_eq!(tamed(r#"{"a": NaN, "b": [Infinity,-Infinity]}"#), r#"{"a": "" , "b": ["inf"   ,"-inf"   ]}"#);
        assert_eq!(tamed("NaN"), "\"\" ");
    }

    #[test]
    fn tokens_in_texts_and_words_stay() {
        for same in [r#"{"NaN": "NaN \" Infinity"}"#, "NaNa", "xNaN", "[1, -5]", r#""\\"#] {
            assert_eq!(tamed(same), same);
        }
        assert_eq!(tamed(r#"["\\", NaN]"#), r#"["\\", "" ]"#);
    }

    #[test]
    fn text_loses_what_would_move_the_cursor() {
        assert_eq!(clean("Bear Call Spread\u{1b}[2J", 60), ("Bear Call Spread".into(), true));
        assert_eq!(clean("a\u{1b}]0;title\u{7}b\u{202e}c\u{0}", 60), ("abc".into(), true));
        assert_eq!(clean("  two\r\n  lines\t", 60), ("two lines".into(), false));
        assert_eq!(clean("कॉल ₹ 5", 60), ("कॉल ₹ 5".into(), false));
        assert_eq!(clean("abcdef", 4).0, "abc…");
    }

    #[test]
    fn marks_of_encodings_are_understood() {
        assert_eq!(decode("f", b"\xef\xbb\xbf{}").unwrap(), "{}");
        assert_eq!(decode("f", b"\xff\xfe{\0}\0").unwrap(), "{}");
        assert_eq!(decode("f", b"\xfe\xff\0{\0}").unwrap(), "{}");
        assert_eq!(decode("f", b"\xef\xbb\xbf\n"), Err(FileError::Empty { file: "f".into() }));
        assert_eq!(decode("f", b"ab\xe9"), Err(FileError::NotText { file: "f".into(), offset: 2 }));
        assert_eq!(decode("f", b"\xff\xfe{"), Err(FileError::NotText { file: "f".into(), offset: 2 }));
    }
}
