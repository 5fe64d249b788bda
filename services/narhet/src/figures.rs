//! Areas and lengths from a city's to a thousandth of a millimetre, in the unit in which they can be read; decimal comma.

/// `5 245 m²`, `4,5 m²`, `26 cm²`, `0,3 mm²`.
pub fn square_metres(area: f64) -> String {
    match area {
        _ if area >= 100.0 => format!("{} m²", grouped(area)),
        _ if area >= 0.01 => format!("{} m²", digits(area)),
        _ if area >= 0.000_1 => format!("{} cm²", digits(area * 10_000.0)),
        _ if area >= 1e-8 => format!("{} mm²", digits(area * 1_000_000.0)),
        _ => "< 0,01 mm²".to_owned(),
    }
}

/// `47 m`, `16 cm`, `0,70 mm`, `12 µm`.
pub fn metres(length: f64) -> String {
    match length {
        _ if length >= 1_000.0 => format!("{} km", digits(length / 1_000.0)),
        _ if length >= 1.0 => format!("{} m", digits(length)),
        _ if length >= 0.01 => format!("{} cm", digits(length * 100.0)),
        _ if length >= 1e-4 => format!("{} mm", digits(length * 1_000.0)),
        _ if length >= 1e-6 => format!("{} µm", digits(length * 1_000_000.0)),
        _ => "< 1 µm".to_owned(),
    }
}

/// Two digits that matter, with a comma.
fn digits(value: f64) -> String {
    let text = match value {
        _ if value >= 10.0 => format!("{value:.0}"),
        _ if value >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    text.replace('.', ",")
}

/// Thousands apart by a thin space.
fn grouped(value: f64) -> String {
    let whole = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_unit_in_which_they_can_be_read() {
        let areas = [5_245.018, 4.5278, 0.0426, 0.0026, 0.000_003, 1e-12].map(square_metres);
        assert_eq!(areas, ["5\u{202f}245 m²", "4,5 m²", "0,04 m²", "26 cm²", "3,0 mm²", "< 0,01 mm²"]);
        let lengths = [24_900.0, 47.2967, 0.165, 0.0007, 1.2e-5, 1e-7].map(metres);
        assert_eq!(lengths, ["25 km", "47 m", "16 cm", "0,70 mm", "12 µm", "< 1 µm"]);
    }
}
