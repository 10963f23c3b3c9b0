//! One-time passwords as the broker takes them: six digits, new every 30 seconds (RFC 6238 with SHA-1).

use ring::hmac;

use crate::domain::time::Timestamp;

/// Seconds for which one password is good.
pub const STEP: i64 = 30;

/// The password at an instant, from the key as the broker's page shows it (base 32, with or without spaces and padding);
/// `None` for a key that is not one.
pub fn password(key: &str, at: Timestamp) -> Option<String> {
    let count = u64::try_from(at.as_second().div_euclid(STEP)).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(key)?);
    let tag = hmac::sign(&key, &count.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last()? & 0x0F);
    let word = bytes.get(offset..offset + 4)?;
    let number = u32::from_be_bytes(word.try_into().ok()?) & 0x7FFF_FFFF;
    Some(format!("{:06}", number % 1_000_000))
}

/// Whether a password is good at an instant: that of the moment, or of the step before or after (clocks differ).
pub fn accepts(key: &str, typed: &str, at: Timestamp) -> bool {
    let steps = [0, -STEP, STEP];
    let near = steps.into_iter().filter_map(|s| at.checked_add(jiff::SignedDuration::from_secs(s)).ok());
    near.into_iter().any(|at| password(key, at).is_some_and(|right| right == typed.trim()))
}

fn base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.bytes().filter(|c| !matches!(c, b' ' | b'-' | b'=')) {
        let value = match c.to_ascii_uppercase() {
            c @ b'A'..=b'Z' => c - b'A',
            c @ b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `12345678901234567890`, the key of the standard's test vectors.
    const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_standards_vectors() {
        for (second, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(password(KEY, at(second)).as_deref(), Some(digits), "{second}");
        }
    }

    #[test]
    fn a_key_is_read_as_people_copy_it_and_nonsense_is_none() {
        assert_eq!(password("gezd gnbv-gy3t qojq gezd gnbv gy3t qojq==", at(59)).as_deref(), Some("287082"));
        for wrong in ["", "1", "0189", "ä"] {
            assert_eq!(password(wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_is_good_a_step_early_and_a_step_late_and_no_longer() {
        let now = at(1_111_111_109);
        for (away, good) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let typed = password(KEY, at(now.as_second() + away)).unwrap();
            assert_eq!(accepts(KEY, &typed, now), good, "{away}");
        }
    }
}
