//! Swedish words of the picture, and text made safe for it.

use narhet_geo::DefectKind;

pub(super) fn kind(kind: DefectKind) -> &'static str {
    match kind {
        DefectKind::Gap => "Lucka",
        DefectKind::Overlap => "Överlapp",
    }
}

/// `A och B`, `A, B och C`.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} och sig själv"),
        [first @ .., last] => format!("{} och {last}", first.join(", ")),
    }
}

pub(super) fn escaped(text: &str) -> String {
    let harmless = |letter: char| !letter.is_control() || letter == '\n';
    let text: String = text.chars().filter(|letter| harmless(*letter)).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_and_made_safe() {
        assert_eq!(list(&["A".into(), "B".into(), "C".into()]), "A, B och C");
        assert_eq!(escaped("<A & \"B\">\u{1}"), "&lt;A &amp; &quot;B&quot;&gt;");
    }
}
