// Swedish holidays 1990-2100 by npm `date-holidays` (3.37.0): node npm_date_holidays.mjs > npm-date-holidays.csv
// Only `public` and `bank` (the eves that banks keep): observances such as Mors dag are working days or Sundays.
import Holidays from "date-holidays"

const swedish = new Holidays("SE")
const rows = []
for (let year = 1990; year <= 2100; year++) {
  for (const day of swedish.getHolidays(year, "sv")) {
    if (day.type === "public" || day.type === "bank") rows.push(`${day.date.slice(0, 10)},${day.type},${day.name}`)
  }
}
console.log(["date,category,name", ...rows.sort()].join("\n"))
