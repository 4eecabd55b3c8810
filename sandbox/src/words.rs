//! The texts that records are made of. Many are not ASCII, to catch clients that expect it.

use crate::noise::Draw;

pub const FIRST_NAMES: &[&str] = &[
    "Sarah",
    "Omar",
    "Žofie",
    "Jiří",
    "太郎",
    "花子",
    "محمد",
    "נועה",
    "Åsa",
    "Ivy",
    "Lee",
    "Ж",
    "Zoë",
    "Siobhán",
    "Nguyễn",
    "Ada",
    "D'Arcy",
    "Emoji 🐘",
    "",
    "Maria José",
];
pub const LAST_NAMES: &[&str] = &[
    "Chen",
    "Diaz",
    "Nováková",
    "Dvořák",
    "山田",
    "佐藤",
    "الخوارزمي",
    "לוי",
    "Ångström",
    "O'Neil",
    "Tan",
    "Ünïcode",
    "van der Berg",
    "Lovelace \"the first\"",
    "Øster",
    "Ferreira-Gonçalves",
];
pub const JOB_TITLES: &[&str] = &[
    "CTO",
    "Founder & CEO",
    "VP Sales",
    "Vedoucí prodeje",
    "営業部長",
    "Head of RevOps",
    "Account Executive, \"Enterprise\"",
    "مدير المبيعات",
    "Engineer / founder",
    "",
];
pub const DEPARTMENTS: &[&str] = &["Sales", "Marketing", "Finance", "Vývoj", "人事", "R&D"];
/// Names of companies, and what their domains are made of.
pub const COMPANIES: &[(&str, &str)] = &[
    ("Acme Corporation", "acme"),
    ("Globex", "globex"),
    ("Initech", "initech"),
    ("Analytical Engines", "analytical"),
    ("Žluťoučký kůň s.r.o.", "zlutoucky"),
    ("株式会社サンプル", "sample-jp"),
    ("Ünïcode GmbH & Co. KG", "unicode"),
    ("شركة المثال", "mithal"),
    ("O\\Reilly \"Quoted\" Ltd", "quoted"),
    ("Elephant 🐘 Inc.", "elephant"),
];
pub const INDUSTRIES: &[&str] = &[
    "Software",
    "Manufacturing",
    "Zdravotnictví",
    "金融",
    "Retail",
];
pub const TOPICS: &[&str] = &[
    "Discovery call",
    "Enterprise deal",
    "Follow-up",
    "Čtvrtletní přehled",
    "更新の打ち合わせ",
    "Security questionnaire",
    "مراجعة العقد",
    "Website \"redesign\"",
    "Onboarding 🚀",
    "1:1",
];
pub const PROSE: &[&str] = &[
    "Industrial widgets.\nSecond line.",
    "He said: \"C:\\temp\\new\" is not a newline.",
    "Tab\tseparated\tvalues,\r\nwith a Windows line end.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "いろはにほへと ちりぬるを。色は匂へど散りぬるを。",
    "נוסח בעברית, then English, ثم العربية.",
    "Emoji with joiners: 👩‍👩‍👧‍👦, flags 🇨🇿🇯🇵, skin 👋🏽, and e\u{301} decomposed.",
    "",
    "A {\"json\": [\"inside\", 1.50]} text; a comma, a; semicolon, 'quotes' and `backticks`.",
    "Line separators \u{2028} and \u{2029}, a byte order mark \u{feff}, a no-break\u{a0}space, DEL \u{7f}.",
    "NULL",
    "=1+1; 0123; 1e5; true; 2026-01-01",
    "Send the security questionnaire before Friday and ask whether the procurement team needs the \
     framework agreement translated; the previous one was rejected because the annexes were missing, \
     and nobody had told the account team, which is why this text is a little longer than the others.",
];
pub const HTML: &[&str] = &[
    "<p>Discovery call recap.</p>",
    "<ul><li>Intro &amp; scope</li><li>Ceny &lt; 100&nbsp;Kč</li></ul>",
    "<p dir=\"rtl\">ملاحظات الاجتماع</p>\n<p>Next: <a href=\"https://example.com/?a=1&b=2\">link</a></p>",
    "<h1>議事録</h1><script>alert('no \\ no')</script>",
    "<p>Hello <b>there</b> 👋</p>",
];
pub const CITIES: &[(&str, Option<&str>, &str, &str)] = &[
    ("San Francisco", Some("CA"), "US", "94105"),
    ("Seattle", Some("WA"), "US", "98109"),
    ("London", None, "GB", "SW1A 2AA"),
    ("Plzeň", None, "CZ", "301 00"),
    ("東京", Some("東京都"), "JP", "100-0001"),
    ("القاهرة", None, "EG", ""),
];
/// Decimals, some of which a float would round.
pub const DECIMALS: &[&str] = &[
    "87.5",
    "0",
    "-3.25",
    "100.00",
    "0.1",
    "12",
    "9007199254740993",
    "12345678901234567890.123456789",
    "-0.000001",
    "42.50",
];
pub const PERCENTS: &[&str] = &["12.5", "0.00", "7.5", "100", "-2.25", "37.25", "99.999999"];
pub const AMOUNTS: &[&str] = &[
    "150000.00",
    "12500000.00",
    "0.00",
    "50000.00",
    "-199.99",
    "99999999999999999.99",
    "1.10",
    "12345678901234567890.123456789",
];
pub const TIME_ZONES: &[&str] = &["America/Los_Angeles", "Europe/Prague", "Asia/Tokyo"];

/// A person's name; the same draws give the same name.
pub struct Person {
    pub first: &'static str,
    pub last: &'static str,
}

impl Person {
    pub fn draw(draw: &mut Draw) -> Self {
        Person {
            first: draw.pick(FIRST_NAMES),
            last: draw.pick(LAST_NAMES),
        }
    }

    pub fn full_name(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// A mail address that no other index has.
pub fn mail(index: u64, draw: &mut Draw) -> String {
    let (_, domain) = draw.pick(COMPANIES);
    format!("person.{index}@{domain}.example")
}

pub fn phone(draw: &mut Draw) -> String {
    format!("+1415555{:04}", draw.below(10_000))
}

/// A text that names the version, so that every change of a record shows; the first version adds
/// nothing.
pub fn revised(text: &str, version: u64) -> String {
    if version == 1 {
        text.to_owned()
    } else {
        format!("{text} · revision {version}")
    }
}
