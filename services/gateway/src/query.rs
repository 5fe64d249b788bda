//! Query parameters: each by name, once unless it is a list, and none that is not known.

use narhet_geo::Point;
use narhet_kernel::{BoardId, Timestamp, Vector};
use narhet_proto::wire::{ErrorCode, FieldError, Problem};

/// The parameters of one request.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Takes a query string whose every name is among `known`.
    pub fn of(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or("").as_bytes()).into_owned().collect();
        let mut errors: Vec<FieldError> = Vec::new();
        for (name, _) in &pairs {
            let shown: String = name.chars().take(64).collect();
            if !known.contains(&name.as_str()) && !errors.iter().any(|error| error.parameter.as_ref() == Some(&shown)) {
                let detail = match known {
                    [] => "no parameters are taken here".to_owned(),
                    _ => format!("no such parameter; there are {}", known.join(", ")),
                };
                errors.push(FieldError { pointer: None, parameter: Some(shown), detail });
            }
        }
        let names: Vec<&str> = errors.iter().filter_map(|error| error.parameter.as_deref()).collect();
        if names.is_empty() {
            return Ok(Self(pairs));
        }
        let detail = format!("unknown query parameters: {}", names.join(", "));
        Err(Problem { errors, ..Problem::new(ErrorCode::InvalidInput, detail) })
    }

    /// The one value of a parameter.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Problem::parameter(name, format!("{name} is given more than once"))),
        }
    }

    /// All values of a list parameter: repeated, or separated by commas.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .flat_map(|(_, values)| values.split(','))
            .filter(|value| !value.is_empty())
            .collect()
    }

    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name)? {
            None | Some("false") => Ok(false),
            // `?dryRun` says it.
            Some("true" | "") => Ok(true),
            Some(_) => Err(Problem::parameter(name, format!("{name} is true or false"))),
        }
    }

    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        instant(text).map(Some).ok_or_else(|| {
            Problem::parameter(
                name,
                format!(
                    "{name} is not an instant of RFC 3339, such as 2026-11-20T20:00:00+01:00 or 2026-11-20T19:00:00Z"
                ),
            )
        })
    }

    pub fn board(&self, name: &str) -> Result<Option<BoardId>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        BoardId::new(text).map(Some).ok_or_else(|| Problem::parameter(name, format!("{name} is not a board's id")))
    }

    pub fn limit(&self, default: usize, max: usize) -> Result<usize, Problem> {
        let Some(text) = self.text("limit")? else { return Ok(default) };
        text.parse()
            .ok()
            .filter(|limit| (1..=max).contains(limit))
            .ok_or_else(|| Problem::parameter("limit", format!("limit is a number from 1 to {max}")))
    }

    pub fn cursor(&self, name: &str) -> Result<Option<Vector>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|error: narhet_kernel::vector::NotACursor| Problem::parameter(name, error.to_string()))
    }

    /// `lon` and `lat`.
    pub fn point(&self) -> Result<Point, Problem> {
        let (lon, lat) = (self.degrees("lon")?, self.degrees("lat")?);
        Point::new(lon, lat).map_err(|error| {
            let detail = error.to_string();
            let error =
                |name: &str| FieldError { pointer: None, parameter: Some(name.to_owned()), detail: detail.clone() };
            // Both are named where they are swapped, else the one that is off the earth.
            let errors = match ((-180.0..=180.0).contains(&lon), (-90.0..=90.0).contains(&lat)) {
                (false, true) => vec![error("lon")],
                (true, false) => vec![error("lat")],
                _ => vec![error("lon"), error("lat")],
            };
            Problem { errors, ..Problem::new(ErrorCode::InvalidInput, detail.clone()) }
        })
    }

    fn degrees(&self, name: &str) -> Result<f64, Problem> {
        let text = self
            .text(name)?
            .ok_or_else(|| Problem::parameter(name, format!("{name} is missing: give lon and lat in degrees")))?;
        text.parse()
            .ok()
            .filter(|degrees: &f64| degrees.is_finite())
            .ok_or_else(|| Problem::parameter(name, format!("{name} is not a finite number of degrees")))
    }
}

/// RFC 3339, any offset. A `+` that nobody escaped arrives as a space, and is meant as a `+`.
fn instant(text: &str) -> Option<Timestamp> {
    let date_and_time = text.as_bytes().get(..19)?;
    let shape = date_and_time.iter().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        separator => byte == separator,
    });
    if !shape {
        return None;
    }
    let repaired = match text.rsplit_once(' ') {
        Some((before, offset)) if offset.len() == 5 => format!("{before}+{offset}"),
        _ => text.to_owned(),
    };
    repaired.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(Some(text), &["lon", "lat", "at", "accept", "limit", "after"]).unwrap()
    }

    #[test]
    fn unknown_parameters_are_named() {
        let problem = Query::of(Some("lon=1&loon=2&x=3&x=4"), &["lon"]).unwrap_err();
        let named: Vec<_> = problem.errors.iter().filter_map(|error| error.parameter.as_deref()).collect();
        assert_eq!((problem.code, named), (ErrorCode::InvalidInput, vec!["loon", "x"]));
    }

    #[test]
    fn a_point_is_two_finite_numbers_on_earth_in_the_right_order() {
        assert!(query("lon=18.0649&lat=59.3326").point().is_ok());
        for (bad, parameters) in [
            ("lat=59.3", &["lon"][..]),
            ("lon=NaN&lat=59.3", &["lon"]),
            ("lon=18.0&lat=inf", &["lat"]),
            ("lon=18.0&lat=x", &["lat"]),
            ("lon=59.3326&lat=18.0649", &["lon", "lat"]),
            ("lon=18&lat=95", &["lat"]),
            ("lon=674032&lat=59", &["lon"]),
            ("lon=1&lon=2&lat=59", &["lon"]),
        ] {
            let problem = query(bad).point().unwrap_err();
            let named: Vec<_> = problem.errors.iter().filter_map(|error| error.parameter.as_deref()).collect();
            assert_eq!((problem.code, named), (ErrorCode::InvalidInput, parameters.to_vec()), "{bad}");
        }
    }

    #[test]
    fn instants_take_any_offset_and_an_unescaped_plus() {
        for good in [
            "2026-11-20T20:00:00%2B01:00",
            "2026-11-20T20:00:00+01:00",
            "2026-11-20T19:00:00Z",
            "2026-11-20T19:00:00.0Z",
        ] {
            let at = query(&format!("at={good}")).instant("at").unwrap().unwrap();
            assert_eq!(at.to_string(), "2026-11-20T19:00:00Z", "{good}");
        }
        for bad in ["", "now", "2026-11-20", "2026-11-20T20:00:00", "2026-13-20T20:00:00Z", "20261120T200000Z"] {
            assert_eq!(query(&format!("at={bad}")).instant("at").unwrap_err().code, ErrorCode::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn lists_may_be_repeated_or_separated_by_commas() {
        assert_eq!(query("accept=a,b&accept=c").list("accept"), ["a", "b", "c"]);
    }
}
