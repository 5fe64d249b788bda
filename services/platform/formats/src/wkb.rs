//! Well-known binary of polygons: ISO's kinds with Z and M, and the older bits for them.

use crate::error::GeometryFault;
use narhet_geo::Ring;

/// Reads a Polygon or MultiPolygon; Z and M are left.
pub(crate) fn polygons(bytes: &[u8]) -> Result<Vec<Vec<Ring>>, GeometryFault> {
    let mut reader = Reader { rest: bytes, little_endian: true };
    let (kind, dimensions) = reader.header()?;
    match kind {
        3 => Ok(vec![reader.polygon(dimensions)?]),
        6 => {
            let count = reader.count(9)?;
            let mut polygons = Vec::with_capacity(count);
            for _ in 0..count {
                match reader.header()? {
                    (3, dimensions) => polygons.push(reader.polygon(dimensions)?),
                    (other, _) => return Err(unreadable(format!("a {} inside a MultiPolygon", kind_name(other)))),
                }
            }
            Ok(polygons)
        }
        other => Err(GeometryFault::NotAnArea { found: kind_name(other).to_owned() }),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    little_endian: bool,
}

impl Reader<'_> {
    /// The kind of the next geometry, and how many numbers a position has.
    fn header(&mut self) -> Result<(u32, usize), GeometryFault> {
        self.little_endian = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            [other] => return Err(unreadable(format!("byte order {other}"))),
        };
        let code = self.integer()?;
        let (old_z, old_m) = (code & 0x8000_0000 != 0, code & 0x4000_0000 != 0);
        if code & 0x2000_0000 != 0 {
            self.integer()?;
        }
        let code = code & 0x0fff_ffff;
        let (z, m) = match code / 1_000 {
            0 => (old_z, old_m),
            1 => (true, false),
            2 => (false, true),
            3 => (true, true),
            _ => return Err(unreadable(format!("geometry code {code}"))),
        };
        Ok((code % 1_000, 2 + usize::from(z) + usize::from(m)))
    }

    fn polygon(&mut self, dimensions: usize) -> Result<Vec<Ring>, GeometryFault> {
        let count = self.count(4)?;
        let mut rings = Vec::with_capacity(count);
        for _ in 0..count {
            let points = self.count(8 * dimensions)?;
            let mut ring = Ring::with_capacity(points);
            for _ in 0..points {
                ring.push([self.float()?, self.float()?]);
                for _ in 2..dimensions {
                    self.float()?;
                }
            }
            rings.push(ring);
        }
        Ok(rings)
    }

    /// A count of things that take at least so many bytes each, and so cannot be more than there is room for.
    fn count(&mut self, bytes_each: usize) -> Result<usize, GeometryFault> {
        let count = self.integer()? as usize;
        if count > self.rest.len() / bytes_each {
            return Err(unreadable(format!("{count} parts in the last {} bytes", self.rest.len())));
        }
        Ok(count)
    }

    fn integer(&mut self) -> Result<u32, GeometryFault> {
        let bytes = self.take()?;
        Ok(if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn float(&mut self) -> Result<f64, GeometryFault> {
        let bytes = self.take()?;
        Ok(if self.little_endian { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn take<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], GeometryFault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| unreadable("it ends too early".to_owned()))?;
        self.rest = rest;
        Ok(*taken)
    }
}

fn unreadable(what: String) -> GeometryFault {
    GeometryFault::Unreadable(what)
}

fn kind_name(kind: u32) -> &'static str {
    match kind {
        1 => "Point",
        2 => "LineString",
        3 => "Polygon",
        4 => "MultiPoint",
        5 => "MultiLineString",
        7 => "GeometryCollection",
        10 => "CurvePolygon",
        12 => "MultiSurface",
        _ => "geometry of another kind",
    }
}
