//! Code lists: fixed English codes with Swedish labels. In `.proto` they are strings, never enums.

use serde::{Deserialize, Serialize};

macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[serde(rename = $code)] $variant,)+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// The Swedish label.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

code_list! {
    /// What kind of body a board is.
    BoardKind {
        District = "district", "stadsdelsnämnd";
        Specialist = "specialist", "facknämnd";
        Company = "company", "bolagsstyrelse";
        Executive = "executive", "kommunstyrelse";
        Crisis = "crisis", "krisledningsnämnd";
        Federation = "federation", "kommunalförbund";
        State = "state", "statlig myndighet";
    }
}

code_list! {
    /// The tiers of area responsibility, nearest first.
    Tier {
        District = "district", "stadsdelsnämndsområde";
        City = "city", "kommun";
        County = "county", "län";
    }
}

code_list! {
    /// What gives a board the right to take over others' responsibility.
    TakeoverGround {
        Leh = "leh", "extraordinär händelse";
        War = "war", "höjd beredskap";
    }
}

code_list! {
    /// By which rule a board is proposed to coordinate. The codes are stored.
    LeadRule {
        LargestShare = "samordning/storst-andel", "den nämnd vars område har störst andel av platsen";
        FirstNamedDistrict = "samordning/forst-utpekad", "den stadsdelsnämnd som först pekades ut";
        Kommunstyrelsen = "samordning/kommunstyrelsen", "kommunstyrelsen, utanför stadens områden";
    }
}

code_list! {
    /// What an incident is about. No rule branches on it.
    IncidentKind {
        Fire = "fire", "brand";
        Violence = "violence", "våld";
        Accident = "accident", "olycka";
        Weather = "weather", "väder";
        Power = "power", "elavbrott";
        Water = "water", "vatten";
        It = "it", "it-störning";
        Telecom = "telecom", "teleavbrott";
        Transport = "transport", "trafikstörning";
        Hazmat = "hazmat", "farligt ämne";
        Health = "health", "smitta och hälsa";
        Threat = "threat", "hot";
        Other = "other", "annat";
    }
}

code_list! {
    /// The life of an incident.
    IncidentStatus {
        Expected = "expected", "väntad";
        Ongoing = "ongoing", "pågående";
        Ended = "ended", "avslutad";
    }
}

code_list! {
    /// Why a board is affected.
    AffectedBasis {
        Place = "place", "platsen ligger i nämndens område";
        Named = "named", "utpekad för hand";
    }
}

code_list! {
    /// Where crisis support for an incident stands.
    SupportState {
        None = "none", "inte begärt";
        Requested = "requested", "begärt";
        Held = "held", "hålls";
        Closed = "closed", "avslutat";
    }
}

code_list! {
    /// What kind of organisation an actor is.
    ActorKind {
        Authority = "authority", "myndighet";
        MunicipalBoard = "municipal-board", "kommunal nämnd";
        MunicipalCompany = "municipal-company", "kommunalt bolag";
        Company = "company", "företag";
        Voluntary = "voluntary", "frivilligorganisation";
        Faith = "faith", "trossamfund";
        Housing = "housing", "bostadsbolag";
        School = "school", "skola";
        Care = "care", "vård och omsorg";
        Infrastructure = "infrastructure", "infrastruktur";
        Region = "region", "region";
        Other = "other", "annat";
    }
}

code_list! {
    /// Why an actor is linked to an area.
    LinkBasis {
        Site = "site", "har en plats i området";
        OperatingArea = "operating-area", "verkar i området";
        Hand = "hand", "länkad för hand";
    }
}
mod readiness;
pub use readiness::*;
