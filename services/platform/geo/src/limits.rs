//! Bounds of this crate, each with its reason.

/// Vertices in one geometry: the most detailed municipal boundary of Sweden has some tens of thousands, and a JSON body of
/// 1 MiB cannot hold many more than this.
pub const SHAPE_VERTICES_MAX: usize = 200_000;
/// How deep GeometryCollections may nest: RFC 7946 section 3.1.8 advises against nesting at all; some exporters wrap once or twice.
pub const COLLECTION_DEPTH_MAX: usize = 4;
/// Pairs of edges whose boxes are compared when a geometry is checked for crossings. Real boundaries need a few per vertex;
/// a comb drawn to be slow would need billions, and is refused after about a second instead.
pub const CROSSING_PAIRS_MAX: usize = 300_000_000;
/// Areas or neighbourhoods in one coverage: Stockholm has 117, all of Sweden's demographic areas are about 6,000.
pub const COVERAGE_FEATURES_MAX: usize = 20_000;
/// Places where one ring of a union may cross itself by a hair and is put right; Stockholm's areas have two such rings. More is
/// no hair's breadth but a broken boundary, and is refused.
pub const UNTANGLED_CROSSINGS_MAX: usize = 100;
/// Cells tried when the largest inscribed circle of one defect is sought; long slivers would otherwise need millions.
pub const INSCRIBED_CELLS_MAX: usize = 20_000;
/// The inscribed circle is refined until it cannot be more than this share wider.
pub const INSCRIBED_PRECISION: f64 = 0.001;

/// Longitudes and latitudes (degrees) that are Sweden's and its surroundings: a pair that falls here only when its two numbers
/// change places was written latitude first.
pub const SWEDEN_LON: std::ops::RangeInclusive<f64> = 10.0..=25.0;
/// See [`SWEDEN_LON`].
pub const SWEDEN_LAT: std::ops::RangeInclusive<f64> = 55.0..=70.0;

/// Northings (metres) of Sweden in SWEREF 99, with room around: Smygehuk lies at 6,132,000, Treriksröset at 7,670,000. What falls
/// outside has another coordinate system than the file says.
pub const SWEREF99_NORTHING: std::ops::RangeInclusive<f64> = 6_050_000.0..=7_750_000.0;
/// Eastings of Sweden in EPSG:3006: 268,000 to 918,000.
pub const SWEREF99_TM_EASTING: std::ops::RangeInclusive<f64> = 220_000.0..=970_000.0;
/// Eastings in EPSG:3011 that a file of this zone may reach: 100 km beyond the zones beside it. The ranges of the two systems
/// overlap by necessity; around Stockholm they do not.
pub const SWEREF99_1800_EASTING: std::ops::RangeInclusive<f64> = 0.0..=400_000.0;
/// A description of a coordinate system; WKT 2 with all its remarks has some kilobytes.
pub const WKT_BYTES_MAX: usize = 64 * 1024;
/// Levels in such a description; WKT 2 uses six.
pub const WKT_DEPTH_MAX: usize = 16;
/// Rings of one geometry that come without order and are each looked for in every other: the city's most broken shore has
/// some hundreds of islands.
pub const FLAT_RINGS_MAX: usize = 5_000;
/// Width of a cell of the lookup table in metres: of Stockholm's cells 3 in 100 are then crossed by a boundary, and the table (1.1 MiB) is
/// little more than a second-level cache.
pub const GRID_CELL_M: f64 = 32.0;
/// Cells of one lookup table, two bytes each: Stockholm's has 0.6 million of 32 m. A larger map has wider cells.
pub const GRID_CELLS_MAX: usize = 1 << 20;
/// Marks of edges in cells while a lookup table is built, 40 bytes each: Stockholm's has some hundred thousand. A map of many
/// long edges close together has wider cells.
pub const GRID_MARKS_MAX: usize = 4 << 20;
/// Marks that a map of very many edges may have for each: an edge within one cell may mark the eight around it too.
pub const GRID_EDGE_MARKS: usize = 16;
/// Bands of latitude that an edge stands in on average: a boundary of short edges needs two, a comb of long teeth would be in
/// every one, and take memory by the square of its vertices.
pub const EDGE_BANDS_MAX: usize = 8;
/// Pieces that a place is cut into when its neighbours are measured, each 160 m of line or a point: all vertices that a shape may
/// have, and 8,000 km of line beside the land. More is no place, and costs seconds.
pub const PLACE_PIECES_MAX: usize = 250_000;
/// Pieces that one edge is cut into when distances are measured: at 160 m each an edge of 600 km.
pub const EDGE_PIECES_MAX: usize = 4_096;
/// Areas of one map: the whole of Sweden has 290 municipalities; the table names an area with two bytes.
pub const AREAS_MAX: usize = 10_000;
/// Times that a cut is looked at again because its rounded crossings made new ones; the second look hardly ever finds any.
pub const CARVE_ROUNDS_MAX: usize = 10;
/// An outline this near to a boundary is taken to run on it: a tenth of a millimetre, so that a line drawn along a boundary, and
/// two parts with a common side, do not leave slivers of their rounding.
pub const CARVE_SNAP_DEGREES: f64 = 1e-9;
