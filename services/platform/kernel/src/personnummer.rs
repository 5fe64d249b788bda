//! Personnummer and samordningsnummer in free text: found by their form, date and check digit, and masked.
//!
//! Ten or twelve digits, `YYMMDD-NNNC` or `YYYYMMDD-NNNC`, with `-`, `+` (from the year one turns a hundred), a space or
//! nothing before the last four; the day of a coordination number has 60 added (folkbokföringslagen 18-18 b §§). The last
//! digit is the Luhn sum of the nine before it.

/// What stands in the text instead.
pub const MASK: &str = "[personnummer]";
/// Separators between the date and the last four digits: people write " - " too.
const SEPARATORS_MAX: usize = 3;

/// A text without personnummer, and how many there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    pub text: String,
    pub found: usize,
}

/// Masks every personnummer; a text without any comes back as it is.
pub fn mask(text: &str) -> Masked {
    let mut masked = Masked { text: String::with_capacity(text.len()), found: 0 };
    let mut rest = text;
    let mut after_digit = false;
    while let Some(first) = rest.chars().next() {
        let length = if after_digit { None } else { length_of_number(rest) };
        match length {
            Some(length) => {
                masked.text.push_str(MASK);
                masked.found += 1;
                rest = &rest[length..];
            }
            None => {
                masked.text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        after_digit = length.is_none() && first.is_ascii_digit();
    }
    masked
}

/// The bytes of the number that the text begins with.
fn length_of_number(text: &str) -> Option<usize> {
    let run = digits(text);
    let (number, length) = match run {
        10 | 12 => (text[..run].to_owned(), run),
        6 | 8 => {
            let separator: usize = text[run..]
                .chars()
                .take(SEPARATORS_MAX)
                .take_while(|c| matches!(c, '-' | '+' | ' ' | '\u{2010}'..='\u{2014}' | '\u{2212}' | '\u{a0}'))
                .map(char::len_utf8)
                .sum();
            let last = &text[run + separator..];
            if separator == 0 || digits(last) != 4 {
                return None;
            }
            (format!("{}{}", &text[..run], &last[..4]), run + separator + 4)
        }
        _ => return None,
    };
    is_personnummer(&number).then_some(length)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Whether ten or twelve digits are one: a century, a date, a check digit.
fn is_personnummer(number: &str) -> bool {
    let (century, ten) = number.split_at(number.len() - 10);
    let two = |from: usize| ten[from..from + 2].parse::<u8>().unwrap_or(0);
    let day = two(4) % 60;
    matches!(century, "" | "18" | "19" | "20")
        && (1..=12).contains(&two(2))
        && (1..=31).contains(&day)
        && two(4) < 92
        && luhn_holds(ten)
}

fn luhn_holds(ten: &str) -> bool {
    let sum: u32 = ten
        .bytes()
        .map(|byte| u32::from(byte - b'0'))
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, factor)| digit * factor)
        .map(|product| product / 10 + product % 10)
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_as_a_table() {
        // 121212-1212 and the tax agency's own test numbers; no living person has them.
        for (text, masked) in [
            ("ring 121212-1212 nu", "ring [personnummer] nu"),
            ("19121212-1212", "[personnummer]"),
            ("1212121212", "[personnummer]"),
            ("191212121212", "[personnummer]"),
            ("121212+1212", "[personnummer]"),
            ("121212 1212, 121212 - 1212", "[personnummer], [personnummer]"),
            ("121212–1212.", "[personnummer]."),
            ("samordningsnummer 701063-2391", "samordningsnummer [personnummer]"),
            ("å121212-1212ö", "å[personnummer]ö"),
        ] {
            assert_eq!(mask(text).text, masked);
            assert!(mask(text).found >= 1);
        }
    }

    #[test]
    fn what_is_left_as_a_table() {
        for text in [
            "",
            "121212-1213",   // the check digit is wrong
            "121312-1212",   // no such month
            "129912-1212",   // nor this
            "21121212-1212", // nobody is born in that century
            "0121212-1212",  // seven digits are no date
            "121212-12123",  // five last digits
            "1212121212123", // a longer number
            "kl. 12.12, 12 personer",
            "dnr 2026/1212-12",
        ] {
            assert_eq!(mask(text), Masked { text: text.to_owned(), found: 0 });
        }
    }
}
