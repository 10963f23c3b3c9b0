//! How well a few typed letters fit a text: they must all be in it, in their order. Beginnings of words and letters that
//! stand together count more.

/// Larger fits better; `None`: the letters are not in it. Blanks between the letters mean nothing, case neither.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    const LETTER: i32 = 1;
    const TOGETHER: i32 = 5;
    const WORD: i32 = 8;
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut score, mut from, mut last) = (0, 0, None);
    for letter in typed.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let starts = |at: usize| at == 0 || !text[at - 1].is_alphanumeric();
        // A letter goes on where the one before stood, else to the next beginning of a word, else to the next place.
        let next = last.map(|at: usize| at + 1).filter(|at| text.get(*at) == Some(&letter));
        let word = (from..text.len()).find(|at| text[*at] == letter && starts(*at));
        let any = (from..text.len()).find(|at| text[*at] == letter);
        let at = next.or(word).or(any)?;
        score += match (next.is_some(), starts(at)) {
            (_, true) => WORD,
            (true, false) => TOGETHER,
            (false, false) => LETTER,
        };
        (from, last) = (at + 1, Some(at));
    }
    // Of equal ones the shorter is meant.
    Some(score * 100 - i32::try_from(text.len()).unwrap_or(i32::MAX).min(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(typed: &str, texts: &[&'a str]) -> Option<&'a str> {
        let scored = texts.iter().filter_map(|t| Some((score(typed, t)?, *t)));
        scored.max_by_key(|(score, _)| *score).map(|(_, t)| t)
    }

    #[test]
    fn beginnings_of_words_and_letters_together_go_first() {
        let texts = ["cancel order", "cancel entries", "cockpit", "close", "#12 NIFTY Iron Condor"];
        assert_eq!(best("co", &texts), Some("cancel order"), "c and o begin words");
        assert_eq!(best("clo", &texts), Some("close"));
        assert_eq!(best("ce", &texts), Some("cancel entries"));
        assert_eq!(best("n ic", &texts), Some("#12 NIFTY Iron Condor"));
        assert_eq!(best("ICON", &texts), Some("#12 NIFTY Iron Condor"));
        assert_eq!(best("xyz", &texts), None);
    }

    #[test]
    fn nothing_typed_fits_everything() {
        assert!(score("", "").is_some() && score("  ", "close").is_some() && score("c", "").is_none());
    }
}
