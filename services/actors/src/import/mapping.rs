//! Which column is what: by its heading, as spreadsheets in the districts call them.

use narhet_kernel::id::slug;
use narhet_proto::wire::Problem;
use std::collections::BTreeMap;

/// A field of a row and the headings it goes by; the first is that of exports and the template.
pub const HEADINGS: &[(&str, &[&str])] = &[
    ("id", &["id", "narhet-id"]),
    ("externalId", &["externt id", "externalId", "external id", "ref", "lopnr", "kundnr", "nr", "nummer", "id-nummer"]),
    ("name", &["namn", "name", "aktör", "organisation", "verksamhet", "företag", "förening"]),
    ("aliases", &["alias", "aliases", "kallas", "andra namn"]),
    ("kind", &["typ", "kind", "slag", "kategori", "aktörstyp"]),
    ("orgNumber", &["organisationsnummer", "orgNumber", "orgnr", "org nr", "org.nr", "org number"]),
    ("siteName", &["plats", "site", "anläggning", "lokal"]),
    ("address", &["adress", "address", "besöksadress", "gatuadress"]),
    ("lat", &["lat", "latitud", "latitude", "y"]),
    ("lon", &["lon", "long", "longitud", "longitude", "x", "lng"]),
    ("tags", &["märkning", "tags", "taggar", "etikett"]),
    ("operatingArea", &["verkar i", "operatingArea", "verksamhetsområde", "område"]),
    ("capabilities", &["resurser", "capabilities", "förmågor", "resurs", "förmåga"]),
    ("availability", &["tillgänglighet", "availability", "öppet", "öppettider"]),
    ("function", &["funktion", "function", "kontaktfunktion", "roll"]),
    ("purpose", &["ändamål", "purpose", "syfte"]),
    // Whose they are, the function's or the person's, each row says: see `Row::read`.
    ("phone", &["telefon", "phone", "tel", "telefonnummer"]),
    ("email", &["e-post", "email", "epost", "mejl", "mail"]),
    ("functionPhone", &["telefon funktion", "functionPhone", "växel", "jour"]),
    ("functionEmail", &["e-post funktion", "functionEmail", "funktionsbrevlåda"]),
    ("personName", &["kontaktperson", "personName", "person", "kontakt"]),
    ("personPhone", &["kontaktperson telefon", "personPhone", "mobil", "telefon person", "mobiltelefon"]),
    ("personEmail", &["kontaktperson e-post", "personEmail", "e-post person"]),
    ("onBehalfOf", &["på uppdrag av", "onBehalfOf", "uppdragsgivare"]),
    ("readers", &["läsare", "readers", "delas med"]),
    ("notes", &["anteckningar", "notes", "anteckning", "kommentar", "övrigt", "noteringar"]),
    ("more", &["mer (json)", "more"]),
];

/// The fields of exports, each with its heading: those whose meaning does not depend on the other cells.
pub fn exported() -> impl Iterator<Item = (&'static str, &'static str)> {
    let known = HEADINGS.iter().filter(|(field, _)| !["phone", "email"].contains(field));
    known.map(|(field, names)| (*field, names[0]))
}

/// Every field that a column may be taken for.
pub const FIELDS: [&str; HEADINGS.len()] = {
    let mut fields = [""; HEADINGS.len()];
    let mut index = 0;
    while index < HEADINGS.len() {
        fields[index] = HEADINGS[index].0;
        index += 1;
    }
    fields
};

/// The field of each column; `None` for a column nobody knows. Said by hand goes before what is guessed.
pub fn guess(columns: &[String], by_hand: &BTreeMap<String, String>) -> Result<Vec<Option<&'static str>>, Problem> {
    let field = |name: &str| FIELDS.iter().copied().find(|field| *field == name);
    let mut mapping: Vec<Option<&'static str>> = Vec::with_capacity(columns.len());
    for column in columns {
        let found = match by_hand.get(column) {
            Some(said) if said.is_empty() => None,
            Some(said) => Some(field(said).ok_or_else(|| {
                Problem::parameter("mapping", format!("no field is called {said:?}: {}", FIELDS.join(", ")))
            })?),
            None => {
                let heading = slug(column);
                let known = HEADINGS.iter().find(|(_, names)| names.iter().any(|name| slug(name) == heading));
                known.map(|(field, _)| *field).filter(|_| !heading.is_empty())
            }
        };
        // Of two columns for the same field the first counts.
        mapping.push(found.filter(|field| !mapping.contains(&Some(*field))));
    }
    if let Some(unknown) = by_hand.keys().find(|said| !columns.contains(said)) {
        return Err(Problem::parameter(
            "mapping",
            format!("the file has no column {unknown:?}: {}", columns.join(", ")),
        ));
    }
    if !mapping.contains(&Some("name")) {
        let detail =
            format!("no column is taken for the name: say which with mapping; the file has {}", columns.join(", "));
        return Err(Problem::parameter("mapping", detail));
    }
    Ok(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_however_they_are_written_and_the_hand_goes_first() {
        let columns = ["Förening", "Org.nr", "E-post", "Hemligt", "LAT"].map(str::to_owned);
        let guessed = guess(&columns, &BTreeMap::new()).unwrap();
        assert_eq!(guessed, [Some("name"), Some("orgNumber"), Some("email"), None, Some("lat")]);
        let said = BTreeMap::from([("Hemligt".to_owned(), "notes".to_owned()), ("LAT".to_owned(), String::new())]);
        let mapped = guess(&columns, &said).unwrap();
        assert_eq!(mapped, [Some("name"), Some("orgNumber"), Some("email"), Some("notes"), None]);
        assert!(guess(&["Ort".to_owned()], &BTreeMap::new()).unwrap_err().detail.contains("Ort"));
    }
}
