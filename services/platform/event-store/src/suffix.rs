//! The last four members of every stored event: written by the store, read back from the end of the bytes.
//!
//! `,"position":"12","version":"3","time":"2026-11-20T20:00:00.123456Z","prevhash":"<64 hex>"}`

use jiff::{Timestamp, tz::TimeZone};

const POSITION: &[u8] = b",\"position\":\"";
const VERSION: &[u8] = b"\",\"version\":\"";
const TIME: &[u8] = b"\",\"time\":\"";
const PREVHASH: &[u8] = b"\",\"prevhash\":\"";
const END: &[u8] = b"\"}";
const TIME_BYTES: usize = 27;
const HASH_BYTES: usize = 64;

/// The most that the suffix adds to an event.
pub const SUFFIX_BYTES_MAX: usize =
    POSITION.len() + VERSION.len() + TIME.len() + PREVHASH.len() + END.len() + 20 + 20 + TIME_BYTES + HASH_BYTES;

/// Writes suffixes; remembers the text of the current second, because most events share it with the one before.
#[derive(Debug, Default)]
pub struct Suffixes {
    second: i64,
    text: [u8; 19],
    known: bool,
}

impl Suffixes {
    /// Appends the suffix; `time` is in microseconds since 1970.
    pub fn write(&mut self, event: &mut Vec<u8>, position: u64, version: u64, time: i64, previous: &[u8; 32]) {
        event.extend_from_slice(POSITION);
        write_decimal(event, position);
        event.extend_from_slice(VERSION);
        write_decimal(event, version);
        event.extend_from_slice(TIME);
        self.write_time(event, time);
        event.extend_from_slice(PREVHASH);
        write_hex(event, previous);
        event.extend_from_slice(END);
    }

    fn write_time(&mut self, event: &mut Vec<u8>, time: i64) {
        let (second, micros) = (time.div_euclid(1_000_000), time.rem_euclid(1_000_000));
        if !self.known || second != self.second {
            self.text = second_text(second);
            self.second = second;
            self.known = true;
        }
        event.extend_from_slice(&self.text);
        let mut fraction = *b".000000Z";
        let mut rest = micros;
        for digit in fraction[1..7].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        event.extend_from_slice(&fraction);
    }
}

fn second_text(second: i64) -> [u8; 19] {
    let civil = Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).datetime();
    let mut text = *b"0000-00-00T00:00:00";
    let mut put = |at: usize, digits: usize, value: i64| {
        let mut rest = value;
        for digit in text[at..at + digits].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    };
    put(0, 4, i64::from(civil.year()));
    put(5, 2, i64::from(civil.month()));
    put(8, 2, i64::from(civil.day()));
    put(11, 2, i64::from(civil.hour()));
    put(14, 2, i64::from(civil.minute()));
    put(17, 2, i64::from(civil.second()));
    text
}

fn write_decimal(event: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    event.extend_from_slice(&digits[start..]);
}

fn write_hex(event: &mut Vec<u8>, hash: &[u8; 32]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0_u8; HASH_BYTES];
    for (pair, byte) in text.chunks_exact_mut(2).zip(hash) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    event.extend_from_slice(&text);
}

/// What the suffix of a stored event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suffix {
    pub position: u64,
    pub version: u64,
    /// Microseconds since 1970.
    pub time: i64,
    pub previous: [u8; 32],
}

impl Suffix {
    /// Reads the suffix; `None` when the bytes do not end in exactly one.
    pub fn read(event: &[u8]) -> Option<Suffix> {
        let rest = event.strip_suffix(END)?;
        let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(HASH_BYTES)?)?;
        let rest = rest.strip_suffix(PREVHASH)?;
        let (rest, time) = rest.split_at_checked(rest.len().checked_sub(TIME_BYTES)?)?;
        let rest = rest.strip_suffix(TIME)?;
        let (rest, version) = split_decimal(rest)?;
        let rest = rest.strip_suffix(VERSION)?;
        let (rest, position) = split_decimal(rest)?;
        rest.strip_suffix(POSITION)?;
        let time: Timestamp = std::str::from_utf8(time).ok()?.parse().ok()?;
        let mut previous = [0; 32];
        for (byte, pair) in previous.iter_mut().zip(hash.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Suffix { position, version, time: time.as_microsecond(), previous })
    }
}

fn split_decimal(text: &[u8]) -> Option<(&[u8], u64)> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, digits) = text.split_at(text.len() - digits);
    Some((rest, std::str::from_utf8(digits).ok()?.parse().ok()?))
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_reads_back_as_it_was_written_and_is_json() {
        for (position, version, time) in [(1, 1, 0), (u64::MAX, 10, 1_795_000_000_123_456), (1_000_000, 7, -1)] {
            let mut event = br#"{"id":"x""#.to_vec();
            Suffixes::default().write(&mut event, position, version, time, &[0xa7; 32]);
            assert_eq!(Suffix::read(&event), Some(Suffix { position, version, time, previous: [0xa7; 32] }));
            let json: serde_json::Value = serde_json::from_slice(&event).unwrap();
            assert_eq!(json["position"], position.to_string());
            assert_eq!(json["time"], format!("{:.6}", Timestamp::from_microsecond(time).unwrap()));
        }
        assert_eq!(Suffix::read(br#"{"id":"x"}"#), None);
    }
}
