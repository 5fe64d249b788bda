#!/usr/bin/env python3
"""Makes sweref99.csv: reference values for EPSG:3006 and EPSG:3011, which src/crs/tests.rs holds ours against.

Made with pyproj 3.7.2 (PROJ's Poder/Engsager transverse Mercator, an independent method):

    python3 -m venv venv && venv/bin/pip install pyproj==3.7.2 && venv/bin/python sweref99.py > sweref99.csv

Places: corners, capes and towns of the country, the check value of the city's centre, and a grid over all of it.
"""
from pyproj import Transformer, __version__

PLACES = [
    (18.0686, 59.3293), (18.0649, 59.3326), (17.7, 59.2), (18.2, 59.5), (11.0277, 58.9), (24.1563, 65.8),
    (20.5487, 69.0599), (13.3594, 55.3366), (19.2, 57.9), (15.0, 62.0), (18.0, 62.0), (18.000001, 59.000001),
]
GRID = [(11.0 + 1.37 * i, 55.1 + 1.63 * j) for i in range(10) for j in range(9)]

print(f"# lon,lat in degrees; easting,northing in metres of EPSG:3006 and of EPSG:3011; pyproj {__version__}")
print("lon,lat,e3006,n3006,e3011,n3011")
to = {code: Transformer.from_crs("EPSG:4619", f"EPSG:{code}", always_xy=True) for code in (3006, 3011)}
for lon, lat in PLACES + GRID:
    values = [f"{value:.6f}" for code in (3006, 3011) for value in to[code].transform(lon, lat)]
    print(",".join([f"{lon:.9f}", f"{lat:.9f}", *values]))
