//! Organisation numbers: Swedish ones are checked, foreign ones carry their country, a sole trader's is a personnummer.

/// A number that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgNumber {
    /// `NNNNNN-NNNN`.
    Organisation(String),
    /// The same form, and a person's own number: to be sealed.
    SoleTrader(String),
    /// `FI 1234567-8`.
    Foreign(String),
}

/// The text is no organisation number; why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrgNumber {
    #[error(
        "not an organisation number: ten digits as in 556000-0001, or a country and a foreign number as in FI 1234567-8"
    )]
    Form,
    #[error("the check digit of the organisation number is wrong: a digit is mistyped")]
    CheckDigit,
}

const FOREIGN_CHARS_MAX: usize = 30;

/// Reads a number as people write it: with or without hyphen and century.
pub fn read(text: &str) -> Result<OrgNumber, NotAnOrgNumber> {
    let text = text.trim();
    let mut letters = text.chars();
    if let (Some(first), Some(second)) = (letters.next(), letters.next())
        && first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !text.starts_with("SE")
    {
        let rest = letters.as_str().trim();
        let sound = rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == ' ');
        let fits = !rest.is_empty() && rest.chars().any(|c| c.is_ascii_digit()) && text.len() <= FOREIGN_CHARS_MAX;
        return if sound && fits { Ok(OrgNumber::Foreign(text.to_owned())) } else { Err(NotAnOrgNumber::Form) };
    }
    let sound = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ' '));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    // 16 and a century stand before twelve-digit forms.
    let ten: &[u8] = match (sound, digits.len()) {
        (true, 10) => &digits,
        (true, 12) if matches!(digits[..2], [1, 6] | [1, 8..=9] | [2, 0]) => &digits[2..],
        _ => return Err(NotAnOrgNumber::Form),
    };
    if luhn(ten) != 0 {
        return Err(NotAnOrgNumber::CheckDigit);
    }
    let text: String = ten.iter().map(|digit| char::from(b'0' + digit)).collect();
    let number = format!("{}-{}", &text[..6], &text[6..]);
    // The third digit of an organisation number is 2 or more: no month looks like that (SKV 709).
    Ok(if ten[2] < 2 { OrgNumber::SoleTrader(number) } else { OrgNumber::Organisation(number) })
}

/// The Luhn sum modulo 10, with the check digit included: 0 for a sound number.
fn luhn(digits: &[u8]) -> u32 {
    let weigh = |(index, digit): (usize, &u8)| {
        let doubled = u32::from(*digit) * if index % 2 == 0 { 2 } else { 1 };
        doubled / 10 + doubled % 10
    };
    digits.iter().enumerate().map(weigh).sum::<u32>() % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let city = OrgNumber::Organisation("212000-0142".to_owned());
        for text in ["212000-0142", "2120000142", " 212000 0142 ", "162120000142"] {
            assert_eq!(read(text), Ok(city.clone()), "{text}");
        }
        assert_eq!(read("FI 1234567-8"), Ok(OrgNumber::Foreign("FI 1234567-8".to_owned())));
        assert_eq!(read("212000-0143"), Err(NotAnOrgNumber::CheckDigit));
        for bad in ["", "12", "abc", "SE212000", "=cmd|x", "2120000142x"] {
            assert_eq!(read(bad), Err(NotAnOrgNumber::Form), "{bad}");
        }
    }

    #[test]
    fn a_personnummer_is_known_for_what_it_is() {
        // From Skatteverket's own test numbers: 121212-1212.
        assert_eq!(read("19121212-1212"), Ok(OrgNumber::SoleTrader("121212-1212".to_owned())));
    }
}
