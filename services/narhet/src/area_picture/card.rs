//! One defect enlarged: all of it, and its widest place.

use super::{
    marker,
    plane::{Extent, Land, Metres, View, path},
    words::{escaped, kind, list},
};
use crate::figures::{metres, square_metres};
use narhet_geo::{Defect, DefectKind};
use std::fmt::Write as _;

const HEIGHT: f64 = 226.0;
const COLUMNS: usize = 3;
const SPACE: f64 = 20.0;
const WINDOW_TOP: f64 = 62.0;
const WINDOW_HEIGHT: f64 = 138.0;
/// All of a defect is this share of its window.
const FILLED: f64 = 0.8;
/// The window on the widest place is so many times as wide as the defect is there.
const AROUND_WIDEST: f64 = 6.0;
/// A defect so much longer than it is wide gets a window of its own on its widest place.
const LONG: f64 = 5.0;
/// Narrower ones are not shown by themselves: there the digits of the coordinates end.
const WIDEST_METRES_MIN: f64 = 1e-5;
/// The neighbours' fills, told apart also without colour by their lightness.
const NEIGHBOURS: [&str; 4] = ["#f3e3bd", "#d5e6d2", "#e4d8ea", "#cfe3ea"];

/// Where cards lie.
pub(super) struct Grid {
    top: f64,
    margin: f64,
    width: f64,
    count: usize,
}

impl Grid {
    pub fn below(top: f64, sheet: f64, margin: f64, count: usize) -> Grid {
        let width = (sheet - 2.0 * margin - SPACE * (COLUMNS - 1) as f64) / COLUMNS as f64;
        Grid { top, margin, width, count }
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.count.div_ceil(COLUMNS) as f64 * (HEIGHT + SPACE)
    }

    /// Left, top and width of a card.
    pub fn place(&self, number: usize) -> (f64, f64, f64) {
        let (row, column) = (number / COLUMNS, number % COLUMNS);
        (self.margin + column as f64 * (self.width + SPACE), self.top + row as f64 * (HEIGHT + SPACE), self.width)
    }
}

pub(super) fn draw(
    out: &mut String,
    number: usize,
    defect: &Defect,
    lands: &[Land],
    (left, top, width): (f64, f64, f64),
) {
    let ring: Vec<Metres> = defect.ring.iter().map(|&at| Metres::of(at)).collect();
    let Some(extent) = Extent::of(ring.iter().copied()) else { return };
    let (neighbours, others): (Vec<&Land>, Vec<&Land>) =
        lands.iter().partition(|land| defect.between.contains(&land.name));
    let (area, wide) = (square_metres(defect.area_m2), metres(defect.width_m));
    let facts = format!("{} {area}", kind(defect.kind));
    let _ = write!(
        out,
        "<g role=\"group\"><title>{}</title>{}<text class=\"mt\" x=\"{:.1}\" y=\"{:.1}\">{number}</text>\
         <text class=\"t\" x=\"{:.1}\" y=\"{:.1}\">{}</text><text class=\"c\" x=\"{:.1}\" y=\"{:.1}\" \
         text-anchor=\"end\">bredd {}</text>",
        escaped(&format!("{number} {facts}, {wide} bred, mellan {}", list(&defect.between))),
        marker(defect.kind, left + 12.0, top + 14.0),
        left + 12.0,
        top + 18.2,
        left + 32.0,
        top + 19.5,
        escaped(&facts),
        left + width,
        top + 19.5,
        escaped(&wide),
    );
    swatches(out, &neighbours, left, top + 44.0);
    let long = extent.width().max(extent.height()) > LONG * defect.width_m && defect.width_m >= WIDEST_METRES_MIN;
    let half = (width - SPACE / 2.0) / 2.0;
    let window = |left: f64, width: f64, middle: Metres, metres: f64| {
        View::window(middle, metres.max(WIDEST_METRES_MIN), left, top + WINDOW_TOP, width, WINDOW_HEIGHT)
    };
    // As wide as shows all of it, whichever way it is long.
    let whole = |width: f64| extent.width().max(extent.height() * width / WINDOW_HEIGHT) / FILLED;
    let around = (neighbours.as_slice(), others.as_slice());
    if long {
        let left_window = window(left, half, extent.middle(), whole(half));
        pane(out, &format!("a{number}"), &left_window, (left, top), "hela", defect.kind, &ring, around);
        let right = left + width - half;
        let widest = window(right, half, Metres::of(defect.at), defect.width_m * AROUND_WIDEST);
        pane(out, &format!("b{number}"), &widest, (right, top), "bredaste stället", defect.kind, &ring, around);
    } else {
        let only = window(left, width, extent.middle(), whole(width));
        pane(out, &format!("a{number}"), &only, (left, top), "hela", defect.kind, &ring, around);
    }
    out.push_str("</g>\n");
}

/// The neighbours by name, each with the fill it has in the windows.
fn swatches(out: &mut String, neighbours: &[&Land], left: f64, y: f64) {
    let mut x = left;
    for (number, land) in neighbours.iter().enumerate() {
        let _ = write!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\" stroke=\"#8b968f\"/><text class=\"c\" x=\"{:.1}\" \
             y=\"{y:.1}\">{}</text>",
            y - 10.5,
            NEIGHBOURS[number % NEIGHBOURS.len()],
            x + 18.0,
            escaped(&land.name)
        );
        // About the width of the letters.
        x += 34.0 + 9.2 * land.name.chars().count() as f64;
    }
}

#[allow(clippy::too_many_arguments)]
fn pane(
    out: &mut String,
    id: &str,
    view: &View,
    (left, top): (f64, f64),
    caption: &str,
    kind: DefectKind,
    ring: &[Metres],
    (neighbours, others): (&[&Land], &[&Land]),
) {
    let (top, width) = (top + WINDOW_TOP, view.width);
    let _ = write!(
        out,
        "<clipPath id=\"{id}\"><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{WINDOW_HEIGHT}\"/></clipPath>\
         <g clip-path=\"url(#{id})\">"
    );
    let rings = |land: &Land| -> String { land.rings.iter().map(|ring| path(view.clipped(ring))).collect() };
    for land in others.iter().filter(|land| land.meets(&view.extent())) {
        let _ = write!(out, "<path class=\"land\" fill-rule=\"evenodd\" d=\"{}\"/>", rings(land));
    }
    for (number, land) in neighbours.iter().enumerate().filter(|(_, land)| land.meets(&view.extent())) {
        let _ = write!(
            out,
            "<path d=\"{}\" fill=\"{}\" fill-rule=\"evenodd\" fill-opacity=\".75\" stroke=\"#6c7a72\" stroke-width=\"1\"/>",
            rings(land),
            NEIGHBOURS[number % NEIGHBOURS.len()]
        );
    }
    let class = match kind {
        DefectKind::Gap => "fgap",
        DefectKind::Overlap => "foverlap",
    };
    let _ = write!(
        out,
        "<path class=\"{class}\" d=\"{}\"/></g><rect class=\"frame\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
         height=\"{WINDOW_HEIGHT}\"/><text class=\"k\" x=\"{left:.1}\" y=\"{:.1}\">{caption}</text>",
        path(view.clipped(ring)),
        top + WINDOW_HEIGHT + 15.0,
    );
    let (length, pixels) = bar(view.scale);
    let (right, y) = (left + width, top + WINDOW_HEIGHT + 11.0);
    let _ = write!(
        out,
        "<path class=\"bar\" d=\"M{:.1} {:.1}v5h{pixels:.1}v-5\"/><text class=\"k\" text-anchor=\"end\" x=\"{:.1}\" \
         y=\"{:.1}\">{}</text>",
        right - pixels,
        y - 4.0,
        right - pixels - 6.0,
        y + 4.0,
        escaped(&metres(length))
    );
}

/// A round length for the scale bar, and its pixels.
fn bar(scale: f64) -> (f64, f64) {
    const LONGEST: f64 = 70.0;
    let power = 10_f64.powf((LONGEST / scale).log10().floor());
    let length = [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|length| length * scale <= LONGEST);
    let length = length.unwrap_or(power);
    (length, length * scale)
}
