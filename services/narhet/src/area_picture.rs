//! The picture of a check: the areas with their names, every hole and overlap by number, and each one enlarged.
//!
//! A sliver of a millimetre cannot be seen on a map of a city, so each has a card with two windows: all of it, and its widest
//! place at whatever scale that takes. Kind is told by shape and words, never by colour alone; what the picture shows also stands
//! in its description.

mod card;
mod plane;
mod words;

use crate::figures::{metres, square_metres};
use narhet_area::domain::boundaries::Feature;
use narhet_geo::{Coverage, Defect, DefectKind};
use plane::{Land, Metres, View, path};
use std::fmt::Write as _;
use words::{escaped, kind};

/// Pixels of the sheet; everything else follows from them.
const WIDTH: f64 = 1_600.0;
const MARGIN: f64 = 32.0;
const HEADER: f64 = 112.0;
const MAP_HEIGHT_MAX: f64 = 1_600.0;
const MARKER: f64 = 11.0;
/// Cards that are drawn; the largest defects come first.
const CARDS_MAX: usize = 120;
/// A name is written where its area is at least this wide.
const NAMED_WIDTH_MIN: f64 = 30.0;
/// About what a letter of a name takes across.
const NAME_LETTER: f64 = 6.4;

const STYLE: &str = "text{font-family:'Noto Sans','Source Sans 3','Segoe UI',Helvetica,Arial,sans-serif;fill:#1c2733}\
    .h{font-size:30px;font-weight:600}.s{font-size:16px;fill:#43525f}.n{font-size:8.5px;fill:#4d5b66;text-anchor:middle}\
    .land{fill:#eef0ea;stroke:#8b968f;stroke-width:.7;stroke-linejoin:round}.m{fill:#fff;stroke-width:2.2}\
    .gap{stroke:#b3261e}.overlap{stroke:#1d4f91}.mt{font-size:11.5px;font-weight:600;text-anchor:middle}\
    .lead{stroke:#1c2733;stroke-width:.9;fill:none}.t{font-size:16px;font-weight:600}.c{font-size:13.5px}\
    .k{font-size:11px;fill:#43525f}.frame{fill:none;stroke:#c5ccd1}.bar{stroke:#1c2733;stroke-width:1.6;fill:none}\
    .fgap{fill:#fff;stroke:#b3261e;stroke-width:1.8;stroke-linejoin:round}\
    .foverlap{fill:url(#hatch);stroke:#1d4f91;stroke-width:1.8;stroke-linejoin:round}";

/// Draws the sheet. `name` is what the file is called.
pub fn svg(name: &str, features: &[Feature], coverage: &Coverage) -> String {
    let lands: Vec<Land> = features.iter().map(|feature| Land::of(&feature.name, &feature.shape)).collect();
    let defects = coverage.defects();
    let view = View::around(&lands, MARGIN, HEADER, WIDTH - 2.0 * MARGIN, MAP_HEIGHT_MAX);
    let cards = card::Grid::below(HEADER + view.height + MARGIN, WIDTH, MARGIN, defects.len().min(CARDS_MAX));
    let height = cards.bottom() + MARGIN;
    let title = format!("Luckor och överlapp i {name}");
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         lang=\"sv\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"7\" height=\"7\" fill=\"#cfdcf0\"/><path d=\"M0 0V7\" stroke=\"#1d4f91\" \
         stroke-width=\"2.4\"/></pattern></defs>\n<rect width=\"{WIDTH}\" height=\"{height:.0}\" fill=\"#fff\"/>\n",
        escaped(&title),
        escaped(&description(features.len(), defects)),
    );
    header(&mut out, &title, features.len(), defects);
    map(&mut out, &lands, &view);
    let places = markers_apart(defects, &view);
    names(&mut out, &lands, &view, &places);
    markers(&mut out, defects, &view, &places);
    for (number, defect) in defects.iter().take(CARDS_MAX).enumerate() {
        card::draw(&mut out, number + 1, defect, &lands, cards.place(number));
    }
    out.push_str("</svg>\n");
    out
}

fn counts(defects: &[Defect]) -> (usize, usize) {
    let gaps = defects.iter().filter(|defect| defect.kind == DefectKind::Gap).count();
    (gaps, defects.len() - gaps)
}

/// The same in words, for whoever does not see it.
fn description(features: usize, defects: &[Defect]) -> String {
    let (gaps, overlaps) = counts(defects);
    let mut text = format!("Karta med {features} områden, {gaps} luckor och {overlaps} överlapp mellan dem.");
    for (number, defect) in defects.iter().take(CARDS_MAX).enumerate() {
        let _ = write!(
            text,
            " {}: {} på {}, {} bred, mellan {}.",
            number + 1,
            kind(defect.kind).to_lowercase(),
            square_metres(defect.area_m2),
            metres(defect.width_m),
            words::list(&defect.between)
        );
    }
    text
}

fn header(out: &mut String, title: &str, features: usize, defects: &[Defect]) {
    let (gaps, overlaps) = counts(defects);
    let verdict = match defects.len() {
        0 => format!("{features} områden täcker sin mark en gång och utan luckor."),
        _ => format!(
            "{features} områden · {gaps} luckor (mark utan område) · {overlaps} överlapp (mark med två) · störst först, numren är \
             kortens nedanför kartan"
        ),
    };
    let _ = write!(
        out,
        "<text class=\"h\" x=\"{MARGIN}\" y=\"50\">{}</text>\n<text class=\"s\" x=\"{MARGIN}\" y=\"78\">{verdict}</text>\n",
        escaped(title)
    );
    if !defects.is_empty() {
        let y = 72.0;
        let (gap, overlap) = (WIDTH - MARGIN - 190.0, WIDTH - MARGIN - 90.0);
        let _ = writeln!(
            out,
            "<g aria-hidden=\"true\">{}<text class=\"s\" x=\"{}\" y=\"78\">lucka</text>{}<text class=\"s\" x=\"{}\" \
             y=\"78\">överlapp</text></g>",
            marker(DefectKind::Gap, gap, y),
            gap + 17.0,
            marker(DefectKind::Overlap, overlap, y),
            overlap + 17.0,
        );
    }
}

fn map(out: &mut String, lands: &[Land], view: &View) {
    out.push_str("<g>\n");
    for land in lands {
        let _ = writeln!(
            out,
            "<path class=\"land\" fill-rule=\"evenodd\" d=\"{}\"><title>{}</title></path>",
            land.rings.iter().map(|ring| path(ring.iter().map(|&at| view.pixel(at)))).collect::<String>(),
            escaped(&land.name)
        );
    }
    out.push_str("</g>\n");
}

/// Names, those of wide areas first; one that finds no room above or below is left out (it is its area's title still).
fn names(out: &mut String, lands: &[Land], view: &View, markers: &[(f64, f64)]) {
    let mut named: Vec<&Land> = lands.iter().filter(|land| land.width() * view.scale >= NAMED_WIDTH_MIN).collect();
    named.sort_by(|one, other| other.width().total_cmp(&one.width()));
    let mut taken: Vec<(f64, f64, f64, f64)> =
        markers.iter().map(|&(x, y)| (x, y, MARKER + 1.0, MARKER + 1.0)).collect();
    out.push_str("<g aria-hidden=\"true\">\n");
    for land in named {
        let (x, y) = view.pixel(land.middle);
        // Half of what a name takes across and up.
        let (across, up) = (NAME_LETTER / 2.0 * land.name.chars().count() as f64, NAME_LETTER);
        let free = |y: &f64| {
            taken.iter().all(|(a, b, half, high)| (a - x).abs() > half + across || (b - y).abs() > high + up - 3.0)
        };
        let Some(y) = [0.0, -9.0, 9.0, -18.0, 18.0].map(|shift| y + shift).into_iter().find(free) else { continue };
        taken.push((x, y, across, up - 1.0));
        let _ = writeln!(out, "<text class=\"n\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", y + 3.0, escaped(&land.name));
    }
    out.push_str("</g>\n");
}

/// A circle for a gap, a square for an overlap.
fn marker(kind: DefectKind, x: f64, y: f64) -> String {
    match kind {
        DefectKind::Gap => format!("<circle class=\"m gap\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{MARKER}\"/>"),
        DefectKind::Overlap => format!(
            "<rect class=\"m overlap\" x=\"{:.1}\" y=\"{:.1}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
            x - MARKER,
            y - MARKER,
            2.0 * MARKER,
            2.0 * MARKER
        ),
    }
}

/// Where the markers are put: where two would cover each other one steps aside.
fn markers_apart(defects: &[Defect], view: &View) -> Vec<(f64, f64)> {
    let mut taken: Vec<(f64, f64)> = Vec::with_capacity(defects.len());
    for defect in defects {
        let place = view.pixel(Metres::of(defect.at));
        let free = |&(x, y): &(f64, f64)| taken.iter().all(|(a, b)| (a - x).hypot(b - y) > 2.4 * MARKER);
        taken.push(plane::spiral(place, MARKER).find(free).unwrap_or(place));
    }
    taken
}

/// Every defect by its number, with a line to its place where the marker has stepped aside.
fn markers(out: &mut String, defects: &[Defect], view: &View, places: &[(f64, f64)]) {
    out.push_str("<g>\n");
    for (number, (defect, &(mx, my))) in defects.iter().zip(places).enumerate() {
        let (x, y) = view.pixel(Metres::of(defect.at));
        let words = format!(
            "{} {}: {}, {}",
            number + 1,
            kind(defect.kind),
            square_metres(defect.area_m2),
            words::list(&defect.between)
        );
        let _ = write!(out, "<g><title>{}</title>", escaped(&words));
        if (mx, my) != (x, y) {
            let _ = write!(
                out,
                "<path class=\"lead\" d=\"M{x:.1} {y:.1}L{mx:.1} {my:.1}\"/><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.2\"/>"
            );
        }
        let _ = writeln!(
            out,
            "{}<text class=\"mt\" x=\"{mx:.1}\" y=\"{:.1}\">{}</text></g>",
            marker(defect.kind, mx, my),
            my + 4.2,
            number + 1
        );
    }
    out.push_str("</g>\n");
}

#[cfg(test)]
mod tests;
