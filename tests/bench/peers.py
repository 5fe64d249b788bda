"""Peers of the point lookup, each timed on the same polygons and points: `peers.py shapely|duckdb POLYGONS POINTS`.

POLYGONS is GeoJSON, POINTS raw little-endian float64 pairs (lon, lat). Prints `matches seconds version`: how many
(point, polygon) pairs were found, and the wall time of the join alone, polygons and points already loaded and indexed.
"""

import json
import sys
import time

import numpy as np


def polygons(path):
    with open(path, encoding="utf-8") as file:
        return [json.dumps(feature["geometry"]) for feature in json.load(file)["features"]]


def with_shapely(areas, points):
    import shapely

    tree = shapely.STRtree(shapely.from_geojson(areas))
    places = shapely.points(points)
    tree.query(places[:1000], predicate="intersects")  # prepares every polygon, outside the timed part
    begin = time.perf_counter()
    pairs = tree.query(places, predicate="intersects")
    return pairs.shape[1], time.perf_counter() - begin, shapely.__version__


def with_duckdb(areas, points):
    import duckdb
    import duckdb_extension_spatial  # the extension comes as a package; nothing is downloaded

    base = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
    import pathlib

    extension = next(pathlib.Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension"))
    base.execute(f"LOAD '{extension}'")
    lon, lat = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    table = {"lon": lon, "lat": lat}
    base.register("raw", table)
    base.execute("CREATE TABLE places AS SELECT ST_Point(lon, lat) AS place FROM raw")
    base.execute("CREATE TABLE areas (land GEOMETRY)")
    for area in areas:
        base.execute("INSERT INTO areas VALUES (ST_GeomFromGeoJSON(?))", [area])
    begin = time.perf_counter()
    (count,) = base.execute("SELECT count(*) FROM places JOIN areas ON ST_Intersects(land, place)").fetchone()
    return count, time.perf_counter() - begin, duckdb.__version__


if __name__ == "__main__":
    peer, areas_path, points_path = sys.argv[1:]
    run = {"shapely": with_shapely, "duckdb": with_duckdb}[peer]
    matches, seconds, version = run(polygons(areas_path), np.fromfile(points_path, dtype="<f8").reshape(-1, 2))
    print(matches, seconds, version)
