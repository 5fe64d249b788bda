//! Code lists of readiness and alarms.

use serde::{Deserialize, Serialize};

code_list! {
    /// What a duty function is for.
    FunctionKind {
        CrisisSupport = "crisis-support", "krisstöd";
        OfficerOnDuty = "officer-on-duty", "tjänsteman i beredskap";
        SocialEmergency = "social-emergency", "socialjour";
        ManagementGroup = "management-group", "ledningsgrupp";
        Other = "other", "annan funktion";
    }
}

code_list! {
    /// A way out of the house. `exercise` never leaves it.
    Channel {
        Webhook = "webhook", "webhook";
        Mail = "mail", "e-post";
        Sms = "sms", "sms";
        Voice = "voice", "telefon";
        Nats = "nats", "nats";
        Exercise = "exercise", "övningskanal";
    }
}

code_list! {
    /// What a shift does on the days of law 1989:253 and on eves that are kept free like them.
    OnHolidays {
        Alike = "alike", "som vanlig dag";
        Skip = "skip", "utgår på helgdag";
        Only = "only", "bara på helgdag";
    }
}

code_list! {
    /// Why somebody is alarmed.
    AlarmPurpose {
        Case = "case", "krisstödsärende";
        PlaceTheCase = "place-the-case", "ärende utan känd nämnd";
        Handover = "handover", "överlämning som inte har tagits emot";
        AnswerTheOffer = "answer-the-offer", "erbjudande att ta över ett ärende";
        Gap = "gap", "lucka i beredskapen";
        CallIn = "call-in", "inkallning";
        Exercise = "exercise", "övning";
        Proof = "proof", "nattligt prov";
    }
}

code_list! {
    /// Why deliveries were ordered.
    OrderedBecause {
        Step = "step", "steget började";
        NextWay = "next-way", "nästa kontaktväg";
        ShiftBorder = "shift-border", "annan i tjänst";
    }
}

code_list! {
    /// What became of one attempt to send.
    AttemptOutcome {
        Dispatched = "dispatched", "avsänt";
        Failed = "failed", "misslyckat, görs om";
        Dead = "dead", "uppgivet";
    }
}

code_list! {
    /// How far a delivery has come, as its receiver says. Voicemail is not reach.
    Reach {
        Voicemail = "voicemail", "röstbrevlåda";
        Delivered = "delivered", "framme";
        Read = "read", "läst";
        Declined = "declined", "avböjt";
        Accepted = "accepted", "accepterat";
        OnPlace = "on-place", "på plats";
    }
}

code_list! {
    /// How an alarm ended.
    AlarmOutcome {
        Acknowledged = "acknowledged", "kvitterat";
        Filled = "filled", "tillräckligt många har accepterat";
        Exhausted = "exhausted", "alla vågor har gått utan att tillräckligt många accepterat";
        StoodDown = "stood-down", "återkallat";
        Proven = "proven", "prövat";
        Unproven = "unproven", "provet gick inte fram på varje kanal";
    }
}

code_list! {
    /// How an offered swap ended.
    SwapOutcome {
        Taken = "taken", "övertaget";
        Declined = "declined", "avböjt";
        Withdrawn = "withdrawn", "återtaget";
    }
}
