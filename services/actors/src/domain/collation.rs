//! How Swedes sort and search: å, ä, ö after z in order; without their rings and dots, and by the beginnings of words, in search.

/// The key by which names sort: digits, a-z, å, ä, ö; case and punctuation do not count.
pub fn sort_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'å' => key.push('{'),
            'ä' | 'æ' => key.push('|'),
            'ö' | 'ø' => key.push('}'),
            'ü' => key.push('y'),
            letter if letter.is_ascii_alphanumeric() => key.push(letter),
            letter if letter.is_alphabetic() => key.push(plain(letter)),
            _ if key.is_empty() || key.ends_with(' ') => {}
            _ => key.push(' '),
        }
    }
    key.truncate(key.trim_end().len());
    key
}

/// The words of a text as search knows them.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(folded)
}

/// A word without case, rings and dots.
pub fn folded(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).map(plain).collect()
}

fn plain(letter: char) -> char {
    match letter {
        'å' | 'ä' | 'á' | 'à' | 'â' | 'æ' => 'a',
        'ö' | 'ø' | 'ó' | 'ô' => 'o',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'ü' | 'ú' => 'u',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_swedes_sort() {
        let mut names = ["Öppna dörren", "Zebra", "ÄLDREBOENDE", "årsta kyrka", "alvik", "2:a hjälpen", "Alviks torg"];
        names.sort_by_key(|name| sort_key(name));
        let expected = ["2:a hjälpen", "alvik", "Alviks torg", "Zebra", "årsta kyrka", "ÄLDREBOENDE", "Öppna dörren"];
        assert_eq!(names, expected);
    }

    #[test]
    fn search_sees_through_rings_dots_and_case() {
        assert_eq!(words("Ängby-Åkeshovs Röda Kors").collect::<Vec<_>>(), ["angby", "akeshovs", "roda", "kors"]);
    }
}
