//! Writes the demo's outline of the eleven areas to standard output:
//! `cargo run -p narhet-geo --example demo_outline > deploy/demo/areas.geojson`.

mod table;

use narhet_geo::{GeometryError, Shape};
use serde_json::json;

fn main() -> Result<(), GeometryError> {
    let head = json!({
        "note": "Hand-made, coarse outline for demonstrations; not the city's boundaries. Import those with `narhet area import`.",
        "validFrom": "2023-07-01",
    });
    println!("{{\n\"type\": \"FeatureCollection\",\n\"approximate\": true,");
    println!("\"note\": {},\n\"validFrom\": {},\n\"features\": [", head["note"], head["validFrom"]);
    for (number, (name, lines)) in table::AREAS.iter().enumerate() {
        let ring: Vec<[f64; 2]> = table::ring(lines).into_iter().map(|(lon, lat)| [lon, lat]).collect();
        let shape = Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }))?;
        let properties = json!({ "name": name, "approximate": true });
        let comma = if number + 1 < table::AREAS.len() { "," } else { "" };
        println!(r#"{{ "type": "Feature", "properties": {properties}, "geometry": {} }}{comma}"#, shape.to_geojson());
    }
    println!("]\n}}");
    Ok(())
}
