"""Swedish holidays 1990-2100 by PyPI `holidays` (0.84): python3 pypi_holidays.py > pypi-holidays.csv

The package counts midsommarafton, julafton and nyårsafton as public, and as `bank` too. Sundays without a name are left out.
"""

import csv
import sys

import holidays

rows = set()
for category in sorted(holidays.Sweden.supported_categories):
    for year in range(1990, 2101):
        days = holidays.Sweden(years=year, categories=category, include_sundays=False, language="sv")
        for date, name in days.items():
            rows.update((date.isoformat(), category, one) for one in name.split("; "))
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["date", "category", "name"])
writer.writerows(sorted(rows))
