//! Samples of what the context `area` records about takeovers and renamed boards.

use super::{Sample, at, jarva, named, pair, text};
use narhet_proto::{
    codes::TakeoverGround,
    events::takeover::{
        BoardRenamed, CrisisBoardActivated, CrisisBoardEnded, TakeoverRecorded, TakeoverReported, TakeoverReturned,
    },
};

const TAKEOVER: &str = "01977420-9c00-7000-8000-00000000d011";
const ACTIVATION: &str = "01977420-9c00-7000-8000-00000000d012";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![renamed(), activated(), ended(), recorded(), reported(), returned()]
}

fn renamed() -> Vec<Sample> {
    let renamed = |decided_at| BoardRenamed {
        id: text("jarva"),
        name: text("Järvafältets stadsdelsnämnd"),
        valid_from: at("2026-12-31T23:00:00Z"),
        decided_at,
        reference: text("KS 2026/456"),
    };
    pair("board", "jarva", renamed(Some(at("2026-10-05T16:00:00Z"))), renamed(None))
}

fn activated() -> Vec<Sample> {
    let activated = || CrisisBoardActivated {
        activation_id: text(ACTIVATION),
        valid_from: at("2026-11-02T03:10:00Z"),
        decided_by: text("chair"),
        decided_at: at("2026-11-02T03:05:00Z"),
        reference: text("KLN 2026/1"),
    };
    pair("crisis-board", ACTIVATION, activated(), activated())
}

fn ended() -> Vec<Sample> {
    let ended = || CrisisBoardEnded {
        activation_id: text(ACTIVATION),
        valid_to: at("2026-11-09T12:00:00Z"),
        decided_at: at("2026-11-09T11:30:00Z"),
        reference: text("KLN 2026/9"),
    };
    pair("crisis-board", ACTIVATION, ended(), ended())
}

fn recorded() -> Vec<Sample> {
    let full = TakeoverRecorded {
        takeover_id: text(TAKEOVER),
        ground: TakeoverGround::Leh,
        by: named("krisledningsnamnden", "Krisledningsnämnden"),
        from: vec![jarva()],
        areas: vec![named("jarva", "Järva")],
        activity: Some(text("hemtjänst")),
        valid_from: at("2026-11-02T03:30:00Z"),
        decided_at: at("2026-11-02T03:20:00Z"),
        reference: text("KLN 2026/2"),
        urgent: true,
        report_due: at("2026-11-16T15:00:00Z"),
    };
    let least = TakeoverRecorded { areas: vec![], activity: None, urgent: false, ..full.clone() };
    pair("takeover", TAKEOVER, full, least)
}

fn reported() -> Vec<Sample> {
    let reported = || TakeoverReported {
        takeover_id: text(TAKEOVER),
        to: text("council"),
        reported_at: at("2026-11-16T16:00:00Z"),
        reference: text("KF 2026/77"),
    };
    pair("takeover", TAKEOVER, reported(), reported())
}

fn returned() -> Vec<Sample> {
    let returned = || TakeoverReturned {
        takeover_id: text(TAKEOVER),
        valid_to: at("2026-11-09T12:00:00Z"),
        decided_at: at("2026-11-09T11:30:00Z"),
        reference: text("KLN 2026/8"),
    };
    pair("takeover", TAKEOVER, returned(), returned())
}
