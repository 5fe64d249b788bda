//! `narhet area check`: boundaries examined on the spot, without a house.

use crate::{
    area_picture, area_report,
    arguments::{AreaCheck, ReportFormat},
    commands::say,
};
use anyhow::{Context as _, bail};
use narhet_area::check::{Checked, Files, check as examine};
use narhet_kernel::limits::IMPORT_BYTES_MAX;
use std::{
    fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub fn check(asked: &AreaCheck) -> anyhow::Result<ExitCode> {
    let boundaries = read(&asked.file)?;
    let mapping = asked.mapping.as_deref().map(read).transpose()?;
    let mapping = mapping.map(|bytes| String::from_utf8(bytes).context("the mapping is not UTF-8")).transpose()?;
    let exceptions = asked.exceptions.as_deref().map(read).transpose()?;
    tell(&format!("reading {} and checking every boundary …", asked.file.display()));
    let checked = examine(&Files {
        boundaries: &boundaries,
        layer: asked.layer.as_deref(),
        mapping: mapping.as_deref(),
        exceptions: exceptions.as_deref(),
        accept: &asked.accepted,
    })?;
    drop(boundaries);
    let picture = draw(asked, &checked)?;
    let report = serde_json::to_value(&checked.report)?;
    match asked.format {
        ReportFormat::Json => say(&serde_json::to_string_pretty(&report)?),
        ReportFormat::Table => say(&area_report::text(&report, "checked: nothing was changed")),
    };
    tell(&format!("{} shows them on the map", picture.display()));
    Ok(if checked.report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.len() > IMPORT_BYTES_MAX {
        bail!("{} has {} bytes, an import takes at most {IMPORT_BYTES_MAX}", path.display(), bytes.len());
    }
    Ok(bytes)
}

fn draw(asked: &AreaCheck, checked: &Checked) -> anyhow::Result<PathBuf> {
    let name = asked.file.file_name().map_or_else(|| PathBuf::from("areas"), PathBuf::from);
    let path = asked.svg.clone().unwrap_or_else(|| name.with_extension("svg"));
    let picture = area_picture::svg(&name.to_string_lossy(), &checked.features, &checked.plan.coverage);
    fs::write(&path, picture).with_context(|| format!("the picture cannot be written to {}", path.display()))?;
    Ok(path)
}

/// What only a person who waits wants to know.
fn tell(text: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}
