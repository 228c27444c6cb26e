//! Names and places of people who do not exist. Telephone numbers are from the ranges that are kept free for fiction:
//! <https://www.bundesnetzagentur.de/DE/Fachthemen/Telekommunikation/Nummerierung/Rufnummern/Drama-Rufnummern/start.html> and
//! <https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama>; domains are those of RFC 2606.

/// Initials, name, e-mail (if any) and whether they are still there.
pub(super) const PEOPLE: [(&str, &str, Option<&str>, bool); 12] = [
    ("HW", "Dr. Hanna Weber", Some("weber@kanzlei.example.org"), true),
    ("TM", "Thomas Möller", Some("moeller@kanzlei.example.org"), true),
    ("AK", "Aylin Kaya", Some("kaya@kanzlei.example.org"), true),
    ("JS", "James Sutherland", Some("sutherland@kanzlei.example.org"), true),
    ("MR", "Marta Rossi", Some("rossi@kanzlei.example.org"), true),
    ("PG", "Paul Groß", Some("gross@kanzlei.example.org"), true),
    ("LN", "Linh Nguyen", Some("nguyen@kanzlei.example.org"), true),
    ("SB", "Sabine Brandt", Some("brandt@kanzlei.example.org"), true),
    ("EO", "Emeka Okafor", Some("okafor@kanzlei.example.org"), true),
    ("KF", "Klara Fuchs", Some("fuchs@kanzlei.example.org"), true),
    ("RZ", "Rolf Zimmermann", Some("zimmermann@kanzlei.example.org"), false),
    ("EM", "Empfang", None, true),
];

pub(super) const FIRST_NAMES: [&str; 32] = [
    "Anna",
    "Bernd",
    "Carla",
    "David",
    "Elif",
    "Friedrich",
    "Greta",
    "Henrik",
    "Ines",
    "Jörg",
    "Katharina",
    "Lukas",
    "Miriam",
    "Nils",
    "Olga",
    "Peter",
    "Quentin",
    "Renate",
    "Sören",
    "Tamara",
    "Uwe",
    "Vera",
    "Wolfgang",
    "Xenia",
    "Yusuf",
    "Zoë",
    "Margaret",
    "William",
    "Chloe",
    "Oliver",
    "Niamh",
    "Rhys",
];

pub(super) const SURNAMES: [&str; 36] = [
    "Albrecht",
    "Bäcker",
    "Conradi",
    "Dietrich",
    "Engel",
    "Förster",
    "Graf",
    "Hübner",
    "Ivanova",
    "Jäger",
    "Köhler",
    "Lindner",
    "Maier",
    "Neumann",
    "Özdemir",
    "Petersen",
    "Quandt",
    "Richter",
    "Schäfer",
    "Thiele",
    "Ulbricht",
    "Vogel",
    "Wagner",
    "Xanthopoulos",
    "Yıldız",
    "Zeller",
    "Ashworth",
    "Bennett",
    "Clarke",
    "Davies",
    "Ellis",
    "O'Brien",
    "McAllister",
    "von der Heide",
    "Nowak",
    "Horváth",
];

pub(super) const COMPANIES: [&str; 16] = [
    "Nordlicht Logistik GmbH",
    "Bäckerei Sonnenschein KG",
    "Rheintal Maschinenbau AG",
    "Alpenblick Immobilien GmbH",
    "Hafenkontor Reederei",
    "Grünwald & Söhne OHG",
    "Stadtwerke Musterstadt",
    "Kreativkollektiv eG",
    "Harbour Lane Ltd",
    "Thistle & Co LLP",
    "Weißenfels Textil GmbH",
    "Elbe Medizintechnik GmbH",
    "Amtsgericht Musterstadt",
    "Landgericht Musterstadt",
    "Versicherung Vorsorge a.G.",
    "Notariat am Markt",
];

pub(super) const ROLES: [&str; 10] = [
    "Geschäftsführerin",
    "Prokurist",
    "Richterin",
    "Sachbearbeiter",
    "Legal Counsel",
    "Vorstand",
    "Notar",
    "Head of Claims",
    "Steuerberaterin",
    "Gutachter",
];

/// Town, postal code, country.
pub(super) const TOWNS: [(&str, &str, &str); 10] = [
    ("Berlin", "10115", "Deutschland"),
    ("Hamburg", "20095", "Deutschland"),
    ("München", "80331", "Deutschland"),
    ("Köln", "50667", "Deutschland"),
    ("Frankfurt am Main", "60311", "Deutschland"),
    ("Zürich", "8001", "Schweiz"),
    ("Wien", "1010", "Österreich"),
    ("London", "EC1A 1BB", "United Kingdom"),
    ("Edinburgh", "EH1 1YZ", "United Kingdom"),
    ("Straßburg", "67000", "Frankreich"),
];

pub(super) const STREETS: [&str; 12] = [
    "Hauptstraße",
    "Lindenallee",
    "Am Markt",
    "Bahnhofstraße",
    "Gartenweg",
    "Schlossgasse",
    "Uferpromenade",
    "Königsallee",
    "Mühlenweg",
    "High Street",
    "Church Lane",
    "Rosenweg",
];

/// The fixed part of numbers that belong to nobody; three digits follow.
pub(super) const NUMBERS: [&str; 6] =
    ["+49 30 23125 ", "+49 69 90009 ", "+49 40 66969 ", "+49 221 4710 ", "+49 89 99998 ", "+44 20 7946 0"];

/// Subject, category and length in minutes of an event.
pub(super) const EVENTS: [(&str, &str, i64); 14] = [
    ("Hauptverhandlung", "Hearing", 120),
    ("Gütetermin Arbeitsgericht", "Hearing", 60),
    ("Mündliche Verhandlung", "Hearing", 90),
    ("Zeugenvernehmung", "Hearing", 180),
    ("Mandantengespräch", "Meeting", 60),
    ("Erstberatung", "Meeting", 45),
    ("Vertragsverhandlung", "Meeting", 120),
    ("Besprechung Schriftsatz", "Meeting", 30),
    ("Team meeting", "Meeting", 45),
    ("Telefonat Gegenseite", "Call", 15),
    ("Call with counsel", "Call", 30),
    ("Notartermin", "Meeting", 60),
    ("Video conference with client", "Call", 60),
    ("Ortstermin mit Gutachter", "Hearing", 150),
];

pub(super) const PLACES: [&str; 9] = [
    "Landgericht, Saal 12",
    "Amtsgericht, Zimmer 204",
    "Besprechungsraum Elbe",
    "Besprechungsraum Spree",
    "Arbeitsgericht, Saal 3",
    "Video",
    "Telefon",
    "Office of Thistle & Co LLP",
    "Kanzlei, 2. OG",
];

pub(super) const TASKS: [&str; 12] = [
    "Berufungsfrist",
    "Klageerwiderung einreichen",
    "Begründungsfrist",
    "Rechnung prüfen",
    "Vollmacht einholen",
    "Akteneinsicht beantragen",
    "Draft settlement agreement",
    "Wiedervorlage",
    "Mandant anrufen",
    "Review lease",
    "Verjährung prüfen",
    "Kostenfestsetzung beantragen",
];

pub(super) const MATTERS: [&str; 12] = [
    "Kündigungsschutz",
    "Mietsache",
    "Unternehmenskauf",
    "Erbengemeinschaft",
    "Verkehrsunfall",
    "Baumängel",
    "Markenverletzung",
    "Software licence dispute",
    "Scheidungsfolgen",
    "Forderung",
    "Boundary dispute",
    "Gesellschaftsvertrag",
];
