//! The peer: PostGIS as Debian ships it for PostgreSQL 15; points joined with polygons under a GiST index.

use crate::postgres::{Server, with_server};
use std::{fmt::Write, path::Path};

/// How many (point, polygon) pairs `ST_Covers` finds, the seconds of the join alone by the server's own clock, and the version.
/// `Err` says why there is no figure.
pub fn join(folder: &Path, lands: &[String], points: &[[f64; 2]]) -> Result<(usize, f64, String), String> {
    with_server(folder, |server| measure(server, folder, lands, points))
}

fn measure(
    server: &Server,
    folder: &Path,
    lands: &[String],
    points: &[[f64; 2]],
) -> Result<(usize, f64, String), String> {
    let mut rows = String::new();
    for land in lands {
        let _ = writeln!(rows, "INSERT INTO areas VALUES (ST_SetSRID(ST_GeomFromGeoJSON('{land}'), 4326));");
    }
    let mut places = String::new();
    for [lon, lat] in points {
        let _ = writeln!(places, "{lon}\t{lat}");
    }
    let (rows_file, places_file) = (folder.join("areas.sql"), folder.join("places.tsv"));
    std::fs::write(&rows_file, rows).map_err(|error| error.to_string())?;
    std::fs::write(&places_file, places).map_err(|error| error.to_string())?;
    server
        .sql("CREATE EXTENSION postgis; SET max_parallel_workers_per_gather = 0; CREATE TABLE areas (land geometry)")?;
    server.file(&rows_file)?;
    let load = format!(
        "CREATE TABLE raw (lon float8, lat float8); COPY raw FROM '{}'; \
         CREATE TABLE places AS SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS place FROM raw; \
         CREATE INDEX ON areas USING gist (land)",
        places_file.display()
    );
    for sql in [load.as_str(), "VACUUM ANALYZE areas", "VACUUM ANALYZE places"] {
        server.sql(sql)?;
    }
    // Loaded and warm; the second run counts, on the server's clock, by one process as all the others.
    let timed = "SET max_parallel_workers_per_gather = 0; SET jit = off; \
                 CREATE TEMP TABLE clock AS SELECT clock_timestamp() AS begun; \
                 CREATE TEMP TABLE found AS SELECT count(*) AS pairs FROM places JOIN areas ON ST_Covers(land, place); \
                 SELECT pairs, extract(epoch FROM clock_timestamp() - begun), postgis_lib_version() FROM found, clock";
    server.sql(timed)?;
    let said = server.sql(timed)?;
    let cells: Vec<&str> = said.trim().split('|').collect();
    let unreadable = || format!("psql said: {said}");
    let [pairs, seconds, version] = cells[..] else { return Err(unreadable()) };
    let pairs = pairs.parse().map_err(|_| unreadable())?;
    let seconds = seconds.parse().map_err(|_| unreadable())?;
    Ok((pairs, seconds, version.to_owned()))
}
