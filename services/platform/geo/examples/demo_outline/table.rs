//! The hand-made outline of the eleven areas: corners where three areas (or two and the outside) meet, lines between them,
//! each drawn once by eye from general geography, and areas as rings over the lines, so that neighbours share every vertex.

/// Corners: name, longitude, latitude.
pub const CORNERS: &[(&str, f64, f64)] = &[
    ("hasselby_jarva_north", 17.8420, 59.3960),
    ("hasselby_jarva_bromma", 17.8930, 59.3740),
    ("jarva_bromma_east", 17.9480, 59.3745),
    ("hasselby_bromma_malaren", 17.8840, 59.3370),
    ("bromma_hagersten_malaren", 17.9350, 59.3100),
    ("skarholmen_hagersten_malaren", 17.9270, 59.2990),
    ("bromma_kungsholmen_hagersten", 17.9800, 59.3190),
    ("bromma_kungsholmen_north", 17.9950, 59.3440),
    ("kungsholmen_innerstaden_north", 18.0150, 59.3420),
    ("riddarfjarden", 18.0600, 59.3270),
    ("kungsholmen_sodermalm_hagersten", 18.0140, 59.3210),
    ("arstaviken_west", 18.0330, 59.3070),
    ("hammarby", 18.0900, 59.2995),
    ("sodermalm_skarpnack_east", 18.1130, 59.3010),
    ("saltsjon", 18.1150, 59.3190),
    ("enskede_skarpnack_farsta", 18.1000, 59.2740),
    ("farsta_skarpnack_south", 18.1380, 59.2420),
    ("enskede_farsta_south", 18.0450, 59.2460),
    ("hagersten_enskede_south", 17.9990, 59.2620),
    ("skarholmen_hagersten_south", 17.9420, 59.2800),
];

/// Name, first corner, last corner, the vertices between them.
pub type Line = (&'static str, &'static str, &'static str, &'static [(f64, f64)]);

/// Every common line once.
#[rustfmt::skip]
pub const LINES: &[Line] = &[
    ("hasselby_shore", "hasselby_jarva_north", "hasselby_bromma_malaren", &[
        (17.8200, 59.3990), (17.7950, 59.3960), (17.7720, 59.3880), (17.7600, 59.3790), (17.7680, 59.3690), (17.7850, 59.3620),
        (17.8050, 59.3580), (17.8230, 59.3540), (17.8400, 59.3480), (17.8560, 59.3440), (17.8700, 59.3400),
    ]),
    ("bromma_shore", "hasselby_bromma_malaren", "bromma_hagersten_malaren", &[
        (17.8960, 59.3290), (17.9040, 59.3240), (17.9130, 59.3190), (17.9240, 59.3140),
    ]),
    ("hagersten_shore", "bromma_hagersten_malaren", "skarholmen_hagersten_malaren", &[
        (17.9320, 59.3050),
    ]),
    ("skarholmen_outside", "skarholmen_hagersten_malaren", "skarholmen_hagersten_south", &[
        (17.9130, 59.2990), (17.8980, 59.2960), (17.8830, 59.2920), (17.8700, 59.2860), (17.8620, 59.2790), (17.8650, 59.2710),
        (17.8760, 59.2660), (17.8900, 59.2640), (17.9040, 59.2660), (17.9160, 59.2690), (17.9270, 59.2730), (17.9360, 59.2770),
    ]),
    ("alvsjo_south", "skarholmen_hagersten_south", "hagersten_enskede_south", &[
        (17.9510, 59.2760), (17.9580, 59.2710), (17.9670, 59.2680), (17.9780, 59.2650), (17.9890, 59.2630),
    ]),
    ("vantor_south", "hagersten_enskede_south", "enskede_farsta_south", &[
        (18.0030, 59.2570), (18.0100, 59.2530), (18.0190, 59.2500), (18.0280, 59.2480), (18.0370, 59.2460),
    ]),
    ("farsta_south", "enskede_farsta_south", "farsta_skarpnack_south", &[
        (18.0530, 59.2420), (18.0630, 59.2390), (18.0740, 59.2360), (18.0830, 59.2310), (18.0940, 59.2290), (18.1060, 59.2275),
        (18.1150, 59.2310), (18.1200, 59.2350), (18.1280, 59.2380),
    ]),
    ("skarpnack_east", "farsta_skarpnack_south", "sodermalm_skarpnack_east", &[
        (18.1480, 59.2390), (18.1590, 59.2370), (18.1720, 59.2400), (18.1860, 59.2440), (18.1960, 59.2500), (18.1900, 59.2570),
        (18.1790, 59.2620), (18.1670, 59.2660), (18.1590, 59.2720), (18.1510, 59.2780), (18.1420, 59.2830), (18.1330, 59.2860),
        (18.1280, 59.2910), (18.1210, 59.2960),
    ]),
    ("sodermalm_east", "sodermalm_skarpnack_east", "saltsjon", &[
        (18.1110, 59.3050), (18.1080, 59.3090), (18.1090, 59.3140),
    ]),
    ("innerstaden_outside", "saltsjon", "kungsholmen_innerstaden_north", &[
        (18.1280, 59.3180), (18.1430, 59.3180), (18.1580, 59.3190), (18.1740, 59.3210), (18.1870, 59.3250), (18.1800, 59.3300),
        (18.1650, 59.3320), (18.1500, 59.3340), (18.1400, 59.3400), (18.1340, 59.3470), (18.1290, 59.3540), (18.1190, 59.3590),
        (18.1070, 59.3640), (18.0950, 59.3690), (18.0820, 59.3730), (18.0700, 59.3720), (18.0620, 59.3660), (18.0520, 59.3610),
        (18.0440, 59.3560), (18.0360, 59.3510), (18.0270, 59.3470),
    ]),
    ("kungsholmen_north", "kungsholmen_innerstaden_north", "bromma_kungsholmen_north", &[
        (18.0080, 59.3430), (18.0010, 59.3445),
    ]),
    ("bromma_east", "bromma_kungsholmen_north", "jarva_bromma_east", &[
        (17.9870, 59.3480), (17.9800, 59.3530), (17.9780, 59.3590), (17.9690, 59.3640), (17.9600, 59.3690),
    ]),
    ("jarva_outside", "jarva_bromma_east", "hasselby_jarva_north", &[
        (17.9440, 59.3810), (17.9480, 59.3880), (17.9560, 59.3950), (17.9660, 59.4010), (17.9700, 59.4080), (17.9620, 59.4150),
        (17.9480, 59.4210), (17.9350, 59.4290), (17.9240, 59.4370), (17.9100, 59.4410), (17.8960, 59.4370), (17.8880, 59.4290),
        (17.8800, 59.4210), (17.8700, 59.4130), (17.8580, 59.4050), (17.8490, 59.4000),
    ]),
    ("hasselby_jarva", "hasselby_jarva_north", "hasselby_jarva_bromma", &[
        (17.8510, 59.3910), (17.8600, 59.3870), (17.8700, 59.3830), (17.8790, 59.3790), (17.8870, 59.3760),
    ]),
    ("hasselby_bromma", "hasselby_jarva_bromma", "hasselby_bromma_malaren", &[
        (17.8910, 59.3690), (17.8950, 59.3640), (17.8980, 59.3590), (17.8950, 59.3530), (17.8890, 59.3480), (17.8850, 59.3420),
    ]),
    ("jarva_bromma", "hasselby_jarva_bromma", "jarva_bromma_east", &[
        (17.9020, 59.3745), (17.9120, 59.3755), (17.9230, 59.3745), (17.9350, 59.3755),
    ]),
    ("bromma_kungsholmen", "bromma_kungsholmen_hagersten", "bromma_kungsholmen_north", &[
        (17.9790, 59.3230), (17.9810, 59.3270), (17.9850, 59.3310), (17.9880, 59.3350), (17.9910, 59.3395),
    ]),
    ("bromma_hagersten", "bromma_hagersten_malaren", "bromma_kungsholmen_hagersten", &[
        (17.9470, 59.3110), (17.9580, 59.3130), (17.9690, 59.3160),
    ]),
    ("kungsholmen_hagersten", "bromma_kungsholmen_hagersten", "kungsholmen_sodermalm_hagersten", &[
        (17.9840, 59.3165), (17.9920, 59.3155), (18.0000, 59.3175), (18.0070, 59.3200),
    ]),
    ("kungsholmen_sodermalm", "kungsholmen_sodermalm_hagersten", "riddarfjarden", &[
        (18.0220, 59.3240), (18.0310, 59.3255), (18.0410, 59.3250), (18.0510, 59.3250),
    ]),
    ("kungsholmen_innerstaden", "kungsholmen_innerstaden_north", "riddarfjarden", &[
        (18.0210, 59.3400), (18.0280, 59.3385), (18.0360, 59.3365), (18.0450, 59.3340), (18.0530, 59.3310),
    ]),
    ("sodermalm_innerstaden", "riddarfjarden", "saltsjon", &[
        (18.0670, 59.3275), (18.0740, 59.3270), (18.0800, 59.3235), (18.0890, 59.3210), (18.1020, 59.3195),
    ]),
    ("sodermalm_hagersten", "kungsholmen_sodermalm_hagersten", "arstaviken_west", &[
        (18.0160, 59.3165), (18.0220, 59.3140), (18.0290, 59.3125), (18.0320, 59.3095),
    ]),
    ("sodermalm_enskede", "arstaviken_west", "hammarby", &[
        (18.0430, 59.3045), (18.0530, 59.3025), (18.0630, 59.3030), (18.0720, 59.3030), (18.0800, 59.3015),
    ]),
    ("sodermalm_skarpnack", "hammarby", "sodermalm_skarpnack_east", &[
        (18.0970, 59.3005), (18.1050, 59.3000),
    ]),
    ("hagersten_enskede", "arstaviken_west", "hagersten_enskede_south", &[
        (18.0270, 59.3030), (18.0250, 59.2970), (18.0270, 59.2910), (18.0300, 59.2850), (18.0290, 59.2790), (18.0250, 59.2740),
        (18.0160, 59.2690), (18.0070, 59.2650),
    ]),
    ("skarholmen_hagersten", "skarholmen_hagersten_malaren", "skarholmen_hagersten_south", &[
        (17.9330, 59.2950), (17.9390, 59.2900), (17.9430, 59.2850),
    ]),
    ("enskede_skarpnack", "hammarby", "enskede_skarpnack_farsta", &[
        (18.0920, 59.2940), (18.0950, 59.2890), (18.0960, 59.2840), (18.0970, 59.2790),
    ]),
    ("enskede_farsta", "enskede_skarpnack_farsta", "enskede_farsta_south", &[
        (18.0900, 59.2730), (18.0800, 59.2720), (18.0700, 59.2720), (18.0610, 59.2690), (18.0560, 59.2630), (18.0530, 59.2570),
        (18.0490, 59.2510),
    ]),
    ("farsta_skarpnack", "enskede_skarpnack_farsta", "farsta_skarpnack_south", &[
        (18.1060, 59.2690), (18.1120, 59.2640), (18.1220, 59.2600), (18.1300, 59.2540), (18.1350, 59.2480),
    ]),
];

/// Areas: name and the lines of its ring in order; a hyphen before a line runs it backwards.
#[rustfmt::skip]
pub const AREAS: &[(&str, &[&str])] = &[
    ("Bromma", &["hasselby_bromma", "bromma_shore", "bromma_hagersten", "bromma_kungsholmen", "bromma_east", "-jarva_bromma"]),
    ("Enskede-Årsta-Vantör", &["hagersten_enskede", "vantor_south", "-enskede_farsta", "-enskede_skarpnack", "-sodermalm_enskede"]),
    ("Farsta", &["enskede_farsta", "farsta_south", "-farsta_skarpnack"]),
    ("Hägersten-Älvsjö", &["hagersten_shore", "skarholmen_hagersten", "alvsjo_south", "-hagersten_enskede", "-sodermalm_hagersten", "-kungsholmen_hagersten", "-bromma_hagersten"]),
    ("Hässelby-Vällingby", &["hasselby_shore", "-hasselby_bromma", "-hasselby_jarva"]),
    ("Järva", &["hasselby_jarva", "jarva_bromma", "jarva_outside"]),
    ("Kungsholmen", &["kungsholmen_hagersten", "kungsholmen_sodermalm", "-kungsholmen_innerstaden", "kungsholmen_north", "-bromma_kungsholmen"]),
    ("Norra innerstaden", &["kungsholmen_innerstaden", "sodermalm_innerstaden", "innerstaden_outside"]),
    ("Skarpnäck", &["enskede_skarpnack", "farsta_skarpnack", "skarpnack_east", "-sodermalm_skarpnack"]),
    ("Skärholmen", &["skarholmen_outside", "-skarholmen_hagersten"]),
    ("Södermalm", &["sodermalm_hagersten", "sodermalm_enskede", "sodermalm_skarpnack", "sodermalm_east", "-sodermalm_innerstaden", "-kungsholmen_sodermalm"]),
];

/// The closed ring of one area; a line that does not begin where the last one ended is a mistake in the tables.
pub fn ring(lines: &[&str]) -> Vec<(f64, f64)> {
    let corner = |name: &str| {
        let found = CORNERS.iter().find(|corner| corner.0 == name);
        found.map(|&(_, lon, lat)| (lon, lat)).unwrap_or_else(|| panic!("no corner {name}"))
    };
    let mut ring: Vec<(f64, f64)> = Vec::new();
    for &name in lines {
        let (plain, backwards) = name.strip_prefix('-').map_or((name, false), |plain| (plain, true));
        let &(_, first, last, between) =
            LINES.iter().find(|line| line.0 == plain).unwrap_or_else(|| panic!("no line {plain}"));
        let mut path = vec![corner(first)];
        path.extend_from_slice(between);
        path.push(corner(last));
        if backwards {
            path.reverse();
        }
        if let Some(end) = ring.pop() {
            assert_eq!(end, path[0], "{name} does not begin where the line before it ends");
        }
        ring.extend(path);
    }
    ring
}
